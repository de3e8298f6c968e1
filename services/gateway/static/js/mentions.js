// @ in a text (data-mentions: what answers it) offers employees. Whom a sign @ means stands in the hidden field before the
// text: "0:<id> 2:<id>" for the first and the third of them; it follows what is typed. Whose name is not whole any more is
// left out by the server (pages/mentions/marks.py).
import { activate, active, move, options } from "./listbox.js";

const WAIT_MS = 120;
const TYPED = /(?:^|[^\p{L}\p{N}_])@([\p{L}\p{N}][\p{L}\p{N}'’.-]*(?: [\p{L}\p{N}'’.-]*){0,2})?$/u;

const before = new WeakMap(); // text field → what stood in it
let timer = 0;
let asked = null;

const field = (event) => (event.target.matches?.("textarea[data-mentions]") ? event.target : null);
const parts = (text) => {
  const box = text.closest(".mentioning");
  return { said: box.querySelector("input[name=mentions]"), list: box.querySelector("[role=listbox]"), status: box.querySelector("[role=status]") };
};
const signs = (text) => text.split("@").length - 1;

const marks = (text) =>
  parts(text).said.value.split(" ").filter(Boolean).map((mark) => {
    const at = mark.indexOf(":");
    return { number: Number(mark.slice(0, at)), id: mark.slice(at + 1) };
  });

const keep = (text, found) => {
  found.sort((one, other) => one.number - other.number);
  parts(text).said.value = found.map(({ number, id }) => `${number}:${id}`).join(" ");
};

// Marks behind what was changed move with their signs; one whose sign was changed itself is gone.
const follow = (text) => {
  const [old, now] = [before.get(text) ?? text.defaultValue, text.value];
  before.set(text, now);
  const shortest = Math.min(old.length, now.length);
  let head = 0;
  while (head < shortest && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const first = signs(old.slice(0, head));
  const behind = signs(old.slice(0, old.length - tail));
  const by = signs(now) - signs(old);
  const found = marks(text).filter(({ number }) => number < first || number >= behind);
  keep(text, found.map(({ number, id }) => ({ number: number < first ? number : number + by, id })));
};

const close = (text) => {
  clearTimeout(timer);
  asked?.abort();
  const { list, status } = parts(text);
  list.hidden = true;
  status.textContent = "";
  activate(text, list, null);
};

const typed = (text) => (text.selectionStart === text.selectionEnd ? TYPED.exec(text.value.slice(0, text.selectionStart)) : null);

const load = async (text) => {
  const found = typed(text);
  if (!found) return close(text);
  const { list, status } = parts(text);
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const address = new URL(text.dataset.mentions, location.href);
  address.searchParams.set("q", found[1] ?? "");
  address.searchParams.set("list", list.id);
  const owner = text.form?.elements.owner_id?.value;
  if (owner) address.searchParams.set("owner", owner);
  try {
    const answer = await fetch(address, { signal, headers: { "HX-Request": "true" } });
    const html = answer.ok ? await answer.text() : "";
    if (signal.aborted) return;
    list.innerHTML = html;
  } catch {
    return; // the text is typed on without help
  }
  const count = options(list).length;
  if (!count) return close(text);
  list.hidden = false;
  status.textContent = String(count);
  list.classList.toggle("is-above", innerHeight - text.getBoundingClientRect().bottom < 240);
  activate(text, list, options(list)[0]);
};

const take = (text, option) => {
  const found = typed(text);
  if (!found) return close(text);
  const end = text.selectionStart;
  const start = end - (found[1] ?? "").length - 1;
  close(text);
  text.setRangeText(`@${option.dataset.shown} `, start, end, "end");
  follow(text);
  const number = signs(text.value.slice(0, start));
  keep(text, [...marks(text).filter((mark) => mark.number !== number), { number, id: option.dataset.value }]);
  text.focus();
  text.dispatchEvent(new CustomEvent("change", { bubbles: true })); // the draft is kept
};

const keys = (text, event) => {
  const { list } = parts(text);
  if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowDown") move(text, list, 1);
  else if (event.key === "ArrowUp") move(text, list, -1);
  else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) take(text, active(list));
  else if (event.key === "Escape") close(text);
  else return;
  event.preventDefault();
  event.stopPropagation();
};

document.addEventListener("focusin", (event) => field(event) && before.set(event.target, event.target.value));
document.addEventListener("input", (event) => {
  const text = field(event);
  if (!text) return;
  follow(text);
  clearTimeout(timer);
  if (typed(text)) timer = setTimeout(() => load(text), WAIT_MS);
  else if (!parts(text).list.hidden) close(text);
});
document.addEventListener("keydown", (event) => field(event) && keys(event.target, event), true);
document.addEventListener("focusout", (event) => field(event) && close(event.target));
// The focus stays in the text while one picks with the pointer.
document.addEventListener("mousedown", (event) => event.target.closest(".mentioning > [role=listbox]") && event.preventDefault());
document.addEventListener("click", (event) => {
  const option = event.target.closest('.mentioning > [role=listbox] > [role="option"]');
  if (option) take(option.closest(".mentioning").querySelector("textarea"), option);
});
