// Messages at the edge of the page: good ones leave by themselves, bad ones stay until they are closed.
const STAY_MS = 6000;
const MOST = 4;

const place = () => document.getElementById("toasts");

// Words of the server: data-lost, data-failed, data-denied.
export const words = (name) => place()?.dataset[name] ?? "";

export const toast = (text, kind = "good") => {
  const region = place();
  if (!region || !text) return;
  const line = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  line.classList.add(`toast-${kind}`);
  line.querySelector(".toast-sign").append(document.getElementById(`toast-${kind}`).content.cloneNode(true));
  line.querySelector(".toast-text").textContent = text;
  region.append(line);
  while (region.children.length > MOST) region.firstElementChild.remove();
  if (kind === "good") leave(line);
};

// A message does not leave while one reads it with the pointer or the keyboard on it.
const leave = (line) =>
  setTimeout(() => (line.matches(":hover, :focus-within") ? leave(line) : line.remove()), STAY_MS);

document.addEventListener("click", (event) => {
  event.target.closest(".toast-close")?.closest(".toast-line").remove();
  const shown = event.target.closest("[data-toast]");
  if (shown) toast(shown.dataset.text, shown.dataset.toast);
});
