// A value edited where it stands: a click on it or its pencil brings a small form (htmx), Esc brings the value back. On a
// page the form takes the place of the value's line; in a table (data-cell) it lies over the cell, which keeps its width.
const before = new Map(); // id of the line → the line with its value

const place = (of) => of.closest("[data-cell], [id]:not(button, form)");

const cancel = (form) => {
  const line = place(form);
  if (line.dataset.cell) {
    form.remove();
    home(line).focus();
    return;
  }
  const value = before.get(line.id);
  if (!value) return;
  before.delete(line.id);
  line.replaceWith(value);
  window.htmx?.process(value);
  value.querySelector("[data-in-place]").focus();
};

document.addEventListener(
  "click",
  (event) => {
    const pencil = event.target.closest("[data-in-place]");
    const line = pencil && place(pencil);
    if (line && !line.dataset.cell) before.set(line.id, line.cloneNode(true));
  },
  { capture: true },
);
document.addEventListener("click", (event) => {
  const selected = document.getSelection();
  const plain = !event.target.closest("a, button, form") && (!selected || selected.isCollapsed);
  const value = plain && event.target.closest(".in-place-value");
  const cell = plain && event.target.closest("td[data-cell]");
  if (value) value.parentElement.querySelector("[data-in-place]").click();
  else if (cell) edit(cell);
  const wanted = event.target.closest("[data-in-place-cancel]");
  if (wanted) cancel(wanted.form);
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-in-place-form]");
  if (form) {
    if (event.key === "Escape") cancel(form);
    else if (event.key === "Enter" && event.target.matches("select")) form.requestSubmit();
    else return;
    event.preventDefault();
    return;
  }
  const cell = event.target.closest?.("[data-cell]");
  if (!cell || !(event.key === "F2" || (event.key === "Enter" && event.target === cell))) return;
  event.preventDefault();
  edit(cell);
});

// ---- cells: one pencil for the table, which comes to the cell that one points at or is in

const narrow = matchMedia("(max-width: 767.98px)"); // on a phone the client's page is the place to edit

const home = (cell) => cell.querySelector("a") ?? cell;

const pencil = (cell) => {
  const made = document.getElementById("cell-pencil")?.content.firstElementChild;
  if (!made || narrow.matches || cell.querySelector("[data-in-place-form]")) return null;
  const there = cell.querySelector("[data-passing]");
  if (there) return there;
  const come = made.cloneNode(true);
  const field = cell.dataset.cell;
  const label = come.getAttribute(`data-${field.replace("_", "-")}`);
  come.setAttribute("aria-label", label);
  come.title = `${label} (F2)`;
  const { pathname } = new URL(cell.parentElement.querySelector("th a").href);
  come.setAttribute("hx-get", `${pathname}/set/${field}?place=cell`);
  come.setAttribute("hx-target", "closest [data-cell]");
  come.setAttribute("hx-swap", "innerHTML");
  cell.append(come);
  window.htmx?.process(come);
  return come;
};

const edit = (cell) => pencil(cell)?.click();

const left = (cell) => {
  if (!cell.matches(":hover, :focus-within")) cell.querySelector("[data-passing]")?.remove();
};

for (const [came, went] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  document.addEventListener(came, (event) => {
    const cell = event.target.closest?.("[data-cell]");
    if (cell) pencil(cell);
  });
  document.addEventListener(went, (event) => {
    const cell = event.target.closest?.("[data-cell]");
    if (cell && !cell.contains(event.relatedTarget)) setTimeout(left, 0, cell);
  });
}

// What is chosen in a list of a cell is saved at once; by keys, with Enter: arrows go through the list.
let keyed = false;
document.addEventListener("keydown", () => (keyed = true), { capture: true });
document.addEventListener("pointerdown", () => (keyed = false), { capture: true });
document.addEventListener("change", (event) => {
  if (!keyed && event.target.matches("[data-cell] [data-in-place-form] select")) event.target.form.requestSubmit();
});

// Who saved a cell, or took it back, goes on from it.
document.addEventListener("htmx:after:swap", (event) => {
  const cell = event.detail.ctx.target;
  if (cell?.matches?.("[data-cell]") && !cell.querySelector("[data-in-place-form]")) home(cell).focus();
});
