// Messages at the edge of the page: good ones leave by themselves, bad ones stay until they are closed.
const STAY_MS = 6000;
const ACT_MS = 12000;
const MOST = 4;

const place = () => document.getElementById("toasts");

// Words of the server: data-lost, data-failed, data-denied.
export const words = (name) => place()?.dataset[name] ?? "";

// act: what can be done about it, as content of a template.
export const toast = (text, kind = "good", act = null) => {
  const region = place();
  if (!region || !text) return;
  const line = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  line.classList.add(`toast-${kind}`);
  line.querySelector(".toast-sign").append(document.getElementById(`toast-${kind}`).content.cloneNode(true));
  line.querySelector(".toast-text").textContent = text;
  if (act?.childElementCount) line.querySelector(".toast-text").after(act);
  region.append(line);
  window.htmx?.process(line);
  while (region.children.length > MOST) region.firstElementChild.remove();
  if (kind === "good") leave(line, line.querySelector("form, a") ? ACT_MS : STAY_MS);
};

// A message does not leave while one reads it with the pointer or the keyboard on it, nor before what it sent is answered.
const leave = (line, milliseconds) =>
  setTimeout(() => (line.matches(":hover, :focus-within, [hidden]") ? leave(line, STAY_MS) : line.remove()), milliseconds);

// What was said once is not said again when the page is loaded anew: its word leaves the address.
const forget = (name) => {
  const address = new URL(location.href);
  address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
};

// Messages that came with an answer or the page.
const say = () => {
  for (const each of document.querySelectorAll("template[data-say]")) {
    each.remove();
    if (each.dataset.once) forget(each.dataset.once);
    toast(each.dataset.text, each.dataset.say, each.content);
  }
};

document.addEventListener("htmx:after:swap", say);
document.addEventListener("submit", (event) => event.target.closest(".toast-line")?.toggleAttribute("hidden", true));
document.addEventListener("htmx:finally:request", () => {
  for (const done of document.querySelectorAll(".toast-line[hidden]")) done.remove();
});
document.addEventListener("click", (event) => {
  event.target.closest(".toast-close, .toast-line a")?.closest(".toast-line").remove();
  const shown = event.target.closest("[data-toast]");
  if (shown) toast(shown.dataset.text, shown.dataset.toast);
});
say();
