// The place to drop a file: it lights up, and tells the name of what was chosen.
const place = (event) => event.target.closest?.("[data-drop]");

for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => place(event)?.classList.add("is-over"));
for (const name of ["dragleave", "drop"]) document.addEventListener(name, (event) => place(event)?.classList.remove("is-over"));
document.addEventListener("change", (event) => {
  const drop = place(event);
  if (drop) drop.querySelector(".drop-name").textContent = [...event.target.files].map((file) => file.name).join(", ");
});
