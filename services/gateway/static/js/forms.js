// Ctrl+Enter saves a form; one that was sent is not sent again by a second click.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-save]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-save]")) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-save]")) delete form.dataset.sent;
});
