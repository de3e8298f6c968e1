// A value edited where it stands: a click on it or its pencil brings a small form (htmx), Esc brings the value back.
const before = new Map(); // id of the line → the line with its value

const cancel = (form) => {
  const line = form.closest("[id]:not(form)");
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
    const line = event.target.closest("[data-in-place]")?.closest("[id]:not(button)");
    if (line) before.set(line.id, line.cloneNode(true));
  },
  { capture: true },
);
document.addEventListener("click", (event) => {
  const value = event.target.closest(".in-place-value");
  const selected = document.getSelection();
  if (value && !event.target.closest("a") && (!selected || selected.isCollapsed)) value.parentElement.querySelector("[data-in-place]").click();
  const wanted = event.target.closest("[data-in-place-cancel]");
  if (wanted) cancel(wanted.form);
});
document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.("[data-in-place-form]");
  if (!form) return;
  event.preventDefault();
  cancel(form);
});
