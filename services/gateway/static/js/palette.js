// The palette: `/` opens it, arrows choose, Enter opens what is chosen. `c` opens quick create.
import { open } from "./dialogs.js";
import { activate, active, move, options } from "./listbox.js";

const palette = () => document.getElementById("palette");
const field = () => palette().querySelector("[role=combobox]");
const list = () => document.getElementById("palette-list");
let begun = ""; // what stood in the field when it was opened: the list shows then what one was at lately
let answered = null; // the text that the list answers
let entered = false; // Enter came before the answer

const writing = (element) => element.closest("input, textarea, select, [contenteditable], dialog[open]");

const enter = () => {
  entered = answered !== field().value;
  if (!entered) active(list())?.click();
};

document.addEventListener("opened", (event) => {
  if (event.target !== palette()) return;
  begun = field().value;
  answered = null;
  field().select();
  list().dispatchEvent(new CustomEvent("open-palette"));
});
document.addEventListener("htmx:after:swap", (event) => {
  if (!palette()?.open) return;
  activate(field(), list(), options(list())[0]);
  const asked = new URL(event.detail.ctx.request.action, location.href).searchParams;
  answered = asked.get("q") ?? begun;
  if (entered) enter();
});
document.addEventListener("input", (event) => {
  if (event.target === (palette() && field())) entered = false;
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (palette()?.open && event.target === field()) {
    if (event.key === "ArrowDown") move(field(), list(), 1);
    else if (event.key === "ArrowUp") move(field(), list(), -1);
    else if (event.key === "Enter") enter();
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
