// Tags: Enter or a comma adds the one that was typed, Backspace in an empty field takes the last one.
const add = (field, text) => {
  const box = field.closest("[data-tags]");
  const name = text.trim();
  const there = [...box.querySelectorAll("input[type=hidden]")].map((each) => each.value.toLowerCase());
  field.value = "";
  if (!name || there.includes(name.toLowerCase())) return;
  const chip = box.querySelector("template").content.firstElementChild.cloneNode(true);
  chip.querySelector(".chip-text").textContent = name;
  chip.querySelector("input").value = name;
  chip.querySelector("button").setAttribute("aria-label", box.dataset.remove.replace("{}", name));
  field.before(chip);
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest(".tags-input");
  if (!field || event.isComposing) return;
  if (event.key === "Enter" && field.value.trim()) add(field, field.value);
  else if (event.key === ",") add(field, field.value);
  else if (event.key === "Backspace" && !field.value) return field.closest("[data-tags]").querySelector(".chip:last-of-type")?.remove();
  else return;
  event.preventDefault();
});
document.addEventListener("focusout", (event) => {
  const field = event.target.closest(".tags-input");
  if (field) add(field, field.value);
});
document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-tags]");
  if (!box) return;
  const remove = event.target.closest(".chip-remove");
  if (remove) remove.closest(".chip").remove();
  box.querySelector(".tags-input").focus();
});
