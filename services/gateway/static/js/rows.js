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

// Up and down go from row to row by their links, or by their check boxes.
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const row = event.target.closest(".sheet tbody tr");
  const kind = ["th.first a", "[data-pick]"].find((each) => event.target.closest(each));
  if (!row || !kind) return;
  const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  next?.querySelector(kind)?.focus();
  event.preventDefault();
});
