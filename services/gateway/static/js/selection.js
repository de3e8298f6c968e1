// Check boxes of a list, the bar that tells how many rows are chosen, and the dialogs that say what is done with them.
import { counted } from "./plural.js";

const boxes = (list) => [...list.querySelectorAll("[data-pick]")];
const lists = () => [...document.querySelectorAll("[data-selectable]")];
const chosen = (list) => boxes(list).filter((box) => box.checked);

// All that match, also on other pages: until a row of this page is left out.
const every = (list) => "every" in list.dataset;
const count = (list) => (every(list) ? Number(list.querySelector(".selection").dataset.total) : chosen(list).length);

const refresh = (list) => {
  const all = boxes(list).length;
  const some = chosen(list).length;
  if (some < all) delete list.dataset.every;
  const head = list.querySelector("[data-pick-all]");
  head.checked = some > 0 && some === all;
  head.indeterminate = some > 0 && some < all;
  const bar = list.querySelector(".selection");
  const words = bar.querySelector("[data-count]");
  bar.hidden = some === 0;
  words.textContent = some ? counted(words.dataset, count(list)) : "";
  const more = bar.querySelector("[data-pick-every]");
  if (more) more.hidden = some < all || every(list);
};

const set = (list, checked) => {
  for (const box of boxes(list)) box.checked = checked;
  refresh(list);
};

let last = null;

// With Shift all rows from the one that was chosen last; they become what this one is.
const pick = (list, box, range) => {
  const all = boxes(list);
  const [from, to] = [all.indexOf(last), all.indexOf(box)];
  if (range && from >= 0) {
    for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = box.checked;
  }
  last = box;
  refresh(list);
};

document.addEventListener("click", (event) => {
  const list = event.target.closest("[data-selectable]");
  if (!list) return;
  const box = event.target.closest("[data-pick]");
  if (box) pick(list, box, event.shiftKey);
  else if (event.target.closest("[data-pick-all]")) set(list, event.target.checked);
  else if (event.target.closest("[data-pick-every]")) {
    list.dataset.every = "";
    refresh(list);
    list.querySelector(".selection-acts button").focus();
  } else if (event.target.closest("[data-pick-none]")) {
    set(list, false);
    list.querySelector("[data-pick-all]").focus();
  }
});

// Space chooses the row one is at; on a check box the browser does it, but knows no ranges.
document.addEventListener("keydown", (event) => {
  if (event.key !== " ") return;
  const list = event.target.closest("[data-selectable]");
  const row = event.target.closest("tbody tr");
  const box = row?.querySelector("[data-pick]");
  if (!list || !box || !event.target.matches("th.first a, [data-pick]")) return;
  if (event.target === box && !event.shiftKey) return;
  event.preventDefault();
  box.checked = !box.checked;
  pick(list, box, event.shiftKey);
});
document.addEventListener("keyup", (event) => {
  if (event.key === " " && event.shiftKey && event.target.matches("[data-pick]")) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], [popover]:popover-open")) return;
  for (const list of lists()) if (chosen(list).length) set(list, false);
});

const ids = (list) =>
  chosen(list)
    .map((box) => box.value)
    .join(",");

// A form of the bar goes to a page about the chosen rows; without ids that page is about all that match.
document.addEventListener("submit", (event) => {
  const list = event.target.matches("form[data-picked]") && event.target.closest("[data-selectable]");
  if (list) event.target.elements.ids.value = every(list) ? "" : ids(list);
});

document.addEventListener("opened", (event) => {
  if (!event.target.matches("[data-picked]")) return;
  const [list] = lists();
  const form = event.target.querySelector("form");
  form.elements.ids.value = ids(list);
  form.elements.every.value = every(list) ? "1" : "";
  const words = event.target.querySelector("[data-count]");
  words.textContent = counted(words.dataset, count(list));
});

// A page that the browser shows again may have boxes checked.
addEventListener("pageshow", () => lists().forEach(refresh));
