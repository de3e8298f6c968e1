// A choice among many, fed by the server: WAI-ARIA "editable combobox with list autocomplete".
import { activate, active, move, options } from "./listbox.js";

const WAIT_MS = 120;
const state = new WeakMap();

const parts = (input) => {
  const box = input.closest("[data-combobox]");
  return {
    box,
    input,
    list: box.querySelector('[role="listbox"]'),
    value: box.querySelector("input[type=hidden]"),
    clear: box.querySelector(".combobox-clear"),
    status: box.querySelector('[role="status"]'),
  };
};

// typed: the list is of what was typed; waiting: it is not there yet; entered: Enter came before it.
const kept = (input) => {
  if (!state.has(input)) state.set(input, { shown: input.value, timer: 0, asked: null, typed: false, waiting: false, entered: false });
  return state.get(input);
};

const isOpen = (input) => input.getAttribute("aria-expanded") === "true";

const close = (input) => {
  const { list } = parts(input);
  const own = kept(input);
  clearTimeout(own.timer);
  own.asked?.abort();
  own.typed = own.waiting = own.entered = false;
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  activate(input, list, null);
};

const say = (at, text) => {
  at.list.innerHTML = "";
  const line = document.createElement("p");
  line.className = "combobox-none";
  line.textContent = text;
  at.list.append(line);
  at.status.textContent = text;
};

// Ask the server for what fits; the list opens with the answer. `then`: what to do once it is there.
const load = async (input, text, then = () => {}) => {
  const at = parts(input);
  const own = kept(input);
  clearTimeout(own.timer);
  own.asked?.abort();
  own.asked = new AbortController();
  own.waiting = true;
  const { signal } = own.asked;
  try {
    const query = new URLSearchParams({ q: text, list: at.list.id });
    const answer = await fetch(`${at.box.dataset.combobox}?${query}`, { signal, headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    if (signal.aborted) return;
    at.list.innerHTML = html;
    const found = options(at.list).length;
    if (found) at.status.textContent = String(found);
    else say(at, at.box.dataset.none);
  } catch (error) {
    if (error.name === "AbortError") return;
    say(at, at.box.dataset.failed);
  }
  own.waiting = false;
  input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-expanded", "true");
  at.list.hidden = false;
  const below = innerHeight - input.getBoundingClientRect().bottom;
  at.list.classList.toggle("is-above", below < 240 && input.getBoundingClientRect().top > below);
  then();
  if (own.entered) enter(input);
};

const choose = (input, value, shown) => {
  const at = parts(input);
  at.value.value = value;
  input.value = shown;
  kept(input).shown = shown;
  at.clear.hidden = !value;
  close(input);
  at.value.dispatchEvent(new Event("change", { bubbles: true }));
};

const take = (input, option) => choose(input, option.dataset.value, option.dataset.shown);

// Take what is marked; of what was typed, the first that was found. It waits for the answer: what the list shows before
// it was found for another text.
const enter = (input) => {
  const { list } = parts(input);
  const own = kept(input);
  own.entered = own.waiting;
  if (own.waiting) return;
  const option = active(list) ?? (own.typed ? options(list)[0] : null);
  if (option) take(input, option);
};

const keys = (input, event) => {
  const { list } = parts(input);
  const own = kept(input);
  const openNow = isOpen(input) && !own.waiting;
  const chosen = openNow ? active(list) : null;
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp": {
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (event.altKey && by < 0) close(input);
      else if (openNow) move(input, list, by);
      else load(input, input.value === own.shown ? "" : input.value, event.altKey ? undefined : () => move(input, list, by));
      break;
    }
    case "Enter":
      if (!openNow && !own.waiting) return;
      enter(input);
      break;
    case "Escape":
      if (openNow || own.waiting) close(input);
      else if (input.value) choose(input, "", "");
      else return;
      event.stopPropagation();
      break;
    case "Home":
    case "End": {
      if (!chosen) return;
      activate(input, list, null);
      const place = event.key === "Home" ? 0 : input.value.length;
      input.setSelectionRange(place, place);
      break;
    }
    case "Tab":
      if (chosen) take(input, chosen);
      return;
    default:
      return;
  }
  event.preventDefault();
};

const field = (event) => (event.target.matches?.("[data-combobox] > [role=combobox]") ? event.target : null);

document.addEventListener("focusin", (event) => field(event) && kept(event.target));
document.addEventListener("keydown", (event) => field(event) && keys(event.target, event));
document.addEventListener("input", (event) => {
  const input = field(event);
  if (!input) return;
  const own = kept(input);
  clearTimeout(own.timer);
  own.typed = own.waiting = true;
  own.entered = false;
  own.timer = setTimeout(() => load(input, input.value), WAIT_MS);
});
document.addEventListener("focusout", (event) => {
  const input = field(event);
  if (!input || parts(input).box.contains(event.relatedTarget)) return;
  const own = kept(input);
  close(input);
  if (input.value === "") { if (parts(input).value.value) choose(input, "", ""); }
  else input.value = own.shown;
});
// The focus stays in the field while one picks with the pointer.
document.addEventListener("mousedown", (event) => event.target.closest(".combobox-list, .combobox-clear") && event.preventDefault());
document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-combobox]");
  if (!box) return;
  const input = box.querySelector("[role=combobox]");
  const option = event.target.closest('[role="option"]');
  if (option) take(input, option);
  else if (event.target.closest(".combobox-clear")) {
    kept(input);
    choose(input, "", "");
    input.focus();
  } else if (event.target === input && !isOpen(input)) load(input, input.value === kept(input).shown ? "" : input.value);
});
