// A row that one opens is named in the address of its list: Back finds it in view, also in a table that scrolls by itself.
document.addEventListener(
  "click",
  (event) => {
    const row = event.target.closest("a[href]")?.closest("tbody tr[id]");
    if (row) history.replaceState(history.state, "", `#${row.id}`);
  },
  { capture: true },
);

// The browser scrolls the page back, but not what scrolls inside of it: then this does both.
const named = document.getElementById(location.hash.slice(1));
if (named?.matches("tbody tr")) {
  history.scrollRestoration = "manual";
  named.scrollIntoView({ block: "center" });
}

// Up and down go from row to row by their links, their check boxes, or by a cell that can be edited; left and right go
// from the link through these cells.
document.addEventListener("keydown", (event) => {
  const row = event.target.closest(".sheet tbody tr");
  if (!row || event.target.closest("form")) return;
  const next = { ArrowUp: above, ArrowDown: below, ArrowLeft: beside, ArrowRight: beside }[event.key]?.(row, event);
  if (next === undefined) return;
  next?.focus();
  event.preventDefault();
});

const kind = (at) => {
  if (at.matches("td[data-cell]")) return `td[data-cell="${at.dataset.cell}"]`;
  return ["th.first a", "[data-pick]"].find((each) => at.closest(each));
};
const same = (row, at) => kind(at) && (row?.querySelector(kind(at)) ?? null);
const above = (row, { target }) => same(row.previousElementSibling, target);
const below = (row, { target }) => same(row.nextElementSibling, target);
const beside = (row, { target, key }) => {
  const all = [...row.querySelectorAll("th[data-cell] a, td[data-cell]")];
  const at = all.indexOf(target);
  return at < 0 ? undefined : all[at + (key === "ArrowRight" ? 1 : -1)];
};
