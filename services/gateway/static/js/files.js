// The place to drop a file: it lights up, tells the name of what was chosen, and refuses what is too large to be sent.
const place = (event) => event.target.closest?.("[data-drop]");

for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => place(event)?.classList.add("is-over"));
for (const name of ["dragleave", "drop"]) document.addEventListener(name, (event) => place(event)?.classList.remove("is-over"));
document.addEventListener("change", (event) => {
  const drop = place(event);
  if (!drop) return;
  const files = [...event.target.files];
  const most = Number(drop.dataset.most ?? 0);
  const large = most > 0 && files.some((file) => file.size > most);
  event.target.setCustomValidity(large ? drop.dataset.large : "");
  drop.classList.toggle("is-wrong", large);
  drop.querySelector(".drop-name").textContent = large ? drop.dataset.large : files.map((file) => file.name).join(", ");
});
