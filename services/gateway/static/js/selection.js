// Check boxes of a list and the bar that tells how many are chosen.
const boxes = (card) => [...card.querySelectorAll("[data-pick]")];

const refresh = (card) => {
  const all = boxes(card);
  const chosen = all.filter((box) => box.checked).length;
  const head = card.querySelector("[data-pick-all]");
  head.checked = chosen > 0 && chosen === all.length;
  head.indeterminate = chosen > 0 && chosen < all.length;
  const bar = card.querySelector(".selection");
  const count = bar.querySelector(".selection-count");
  bar.hidden = chosen === 0;
  count.textContent = chosen === 1 ? count.dataset.one : count.dataset.many.replace("{}", String(chosen));
};

let last = null;

document.addEventListener("click", (event) => {
  const card = event.target.closest("[data-selectable]");
  if (!card) return;
  const box = event.target.closest("[data-pick]");
  if (box) {
    const all = boxes(card);
    const from = all.indexOf(last);
    const to = all.indexOf(box);
    if (event.shiftKey && from >= 0) {
      for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = box.checked;
    }
    last = box;
  } else if (event.target.closest("[data-pick-all]")) {
    for (const each of boxes(card)) each.checked = event.target.checked;
  } else if (event.target.closest("[data-pick-none]")) {
    for (const each of boxes(card)) each.checked = false;
    card.querySelector("[data-pick-all]").focus();
  } else return;
  refresh(card);
});

// Up and down go from row to row by their links.
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const row = event.target.closest(".sheet tbody tr");
  const link = event.target.closest("th.first a");
  if (!row || !link) return;
  const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  next?.querySelector("th.first a")?.focus();
  event.preventDefault();
});
