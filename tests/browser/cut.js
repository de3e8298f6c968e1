// Finds what is wider than the screen, and text that a box cuts or that spills out of its control. Names that people
// gave (dir=auto) may end in an ellipsis; scrolling boxes may hide what one scrolls to.
() => {
  const found = [];
  const tell = (what, e) => found.push(`${what}: ${e.tagName}.${e.className} «${e.textContent.trim().slice(0, 60)}»`);
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    tell(`page is ${root.scrollWidth} wide`, root);
    for (const e of document.body.querySelectorAll("*"))
      if (e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table-scroll, .tabs")) tell("reaches", e);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || !e.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (getComputedStyle(e).clipPath !== "none" || e.closest("option, progress, template, .visually-hidden")) continue;
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    for (let box = e; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.clipPath !== "none") break;
      const b = box.getBoundingClientRect();
      const aside = text.right > b.right + 1 || text.left < b.left - 1;
      const out = aside || text.bottom > b.bottom + 1 || text.top < b.top - 1;
      const scrolls = [style.overflowX, style.overflowY].some((o) => o === "auto" || o === "scroll");
      if (scrolls) break;
      if (style.overflowX !== "visible" && out && !box.closest('[dir="auto"], [title]')
          && !box.querySelector(':scope > [dir="auto"]')) { tell("cut", box); break; }
      if (style.overflowX !== "visible") break;
      const holds = style.display !== "inline" && box.matches("button, a, th, td, label, li, dd, dt, .badge, .chip");
      if (holds && aside) { tell("spills", box); break; }
    }
  }
  return found;
}
