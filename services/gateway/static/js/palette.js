// The palette: `/` opens it, arrows choose, Enter opens what is chosen. `c` opens quick create.
import { open } from "./dialogs.js";
import { activate, active, move, options } from "./listbox.js";

const palette = () => document.getElementById("palette");
const field = () => palette().querySelector("[role=combobox]");
const list = () => document.getElementById("palette-list");
const writing = (element) => element.closest("input, textarea, select, [contenteditable], dialog[open]");

document.addEventListener("opened", (event) => {
  if (event.target !== palette()) return;
  field().select();
  list().dispatchEvent(new CustomEvent("open-palette"));
});
document.addEventListener("htmx:after:swap", () => {
  if (palette()?.open) activate(field(), list(), options(list())[0]);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (palette()?.open && event.target === field()) {
    if (event.key === "ArrowDown") move(field(), list(), 1);
    else if (event.key === "ArrowUp") move(field(), list(), -1);
    else if (event.key === "Enter") active(list())?.click();
    else return;
    event.preventDefault();
  } else if (!writing(event.target)) {
    const create = document.querySelector('[aria-keyshortcuts="c"]');
    if (event.key === "/" && palette()) open(palette());
    else if (event.key === "c" && create) {
      create.focus(); // arrows go on from there
      create.click();
    } else return;
    event.preventDefault();
  }
});
// An address of the same page closes the palette instead of leaving it over what was opened.
document.addEventListener("click", (event) => {
  if (event.target.closest("#palette a")) palette().close();
});
