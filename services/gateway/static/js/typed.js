// What is hard to undo is asked for by typing a name or number: until then its button cannot be pressed.
const plain = (text) => text.trim().replace(/\s+/g, " ").toLocaleLowerCase();

const check = (form) => {
  const wanted = [form.dataset.name, form.dataset.number].map(plain);
  form.querySelector("[data-typed-act]").disabled = !wanted.includes(plain(form.elements.typed.value));
};

document.addEventListener("input", (event) => event.target.form?.matches("[data-typed]") && check(event.target.form));
addEventListener("pageshow", () => document.querySelectorAll("form[data-typed]").forEach(check));
