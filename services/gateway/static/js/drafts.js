// What one types in a form (data-draft: its name, data-draft-version: that of the record) is kept in this window until it
// is saved, discarded, or somebody signs out: a reload, a lost session or connection loses nothing. Passwords, files and
// what seals a form are never kept.
const PREFIX = "draft|";
const NEVER = ["csrf", "key"];
const UNKEPT = ["password", "file", "submit", "button", "reset", "fieldset"];

const me = document.querySelector("meta[name=voronka-me]")?.content ?? "";
const begun = new WeakMap(); // form → its values as the server sent them
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("voronka-drafts");

const nameOf = (field) => field.name || `#${field.id}`;
const kept = (form) =>
  [...form.elements].filter((each) => nameOf(each) !== "#" && !NEVER.includes(each.name) && !UNKEPT.includes(each.type));

// first: as the server sent them, whatever the browser itself has restored.
const read = (form, first = false) => {
  const values = {};
  for (const field of kept(form)) {
    const name = nameOf(field);
    if (field.type === "radio") {
      if (first ? field.defaultChecked : field.checked) values[name] = field.value;
    } else if (field.type === "checkbox") values[name] = first ? field.defaultChecked : field.checked;
    else if (first && field.tagName === "SELECT") values[name] = ([...field.options].find((each) => each.defaultSelected) ?? field.options[0])?.value ?? "";
    else values[name] = first ? field.defaultValue : field.value;
  }
  return values;
};

const write = (form, values) => {
  for (const field of kept(form)) {
    const value = values[nameOf(field)];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else if (field.type === "checkbox") field.checked = value;
    else {
      if (field.value !== value) field.closest("details")?.setAttribute("open", "");
      field.value = value;
    }
    const clear = field.closest("[data-combobox]")?.querySelector(".combobox-clear");
    if (clear && field.type === "hidden") clear.hidden = !value;
  }
};

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const keys = () => Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX));
const own = (form) => `${PREFIX}${me}|${form.dataset.draft}|`;

const wipe = (those = () => true) => {
  for (const key of keys()) if (those(key)) sessionStorage.removeItem(key);
};

// Forget what was typed in a form: it is saved, or not wanted.
export const forget = (form) => {
  begun.delete(form);
  wipe((key) => key.startsWith(own(form)));
};

// A form that the server sent back: what it was at first is what it was before.
export const goOn = (before, form) => {
  if (!form || !begun.has(before)) return;
  Object.assign(form.dataset, { draft: before.dataset.draft, draftVersion: before.dataset.draftVersion });
  begun.set(form, begun.get(before));
  keep(form);
};

export const keep = (form) => {
  if (!me || !begun.has(form)) return;
  const values = read(form);
  const key = own(form) + (form.dataset.draftVersion ?? "");
  try {
    if (same(values, begun.get(form))) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(values));
  } catch {
    // there is no room: what is typed is still on the page
  }
};

const discard = (form) => {
  const first = begun.get(form);
  forget(form);
  write(form, first);
  begun.set(form, first);
  form.querySelector(".draft-notice")?.remove();
  form.querySelector("input:not([type=hidden]), textarea")?.focus();
};

const restore = (form) => {
  begun.set(form, read(form, true));
  const version = form.dataset.draftVersion ?? "";
  const key = keys().find((each) => each === own(form) + version) ?? keys().find((each) => each.startsWith(own(form)));
  if (!key) return;
  const values = JSON.parse(sessionStorage.getItem(key));
  form.dataset.draftVersion = key.slice(own(form).length); // it is of the record as one saw it
  write(form, values);
  form.prepend(document.getElementById("draft-restored").content.cloneNode(true));
};

const begin = () => {
  const out = location.pathname === "/sign-in" && new URLSearchParams(location.search).has("out");
  if (out) wipe();
  if (!me) return;
  wipe((key) => !key.startsWith(`${PREFIX}${me}|`));
  for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
};

for (const name of ["input", "change"]) document.addEventListener(name, (event) => event.target.form && keep(event.target.form));
document.addEventListener("click", (event) => {
  const wanted = event.target.closest("[data-draft-discard]");
  const form = wanted?.closest("form[data-draft]");
  if (!form) return;
  if (wanted.matches("a")) forget(form);
  else discard(form);
});
// Signing out wipes what is kept, here and in the other windows.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-signs-out]")) return;
  wipe();
  channel?.postMessage("out");
});
channel?.addEventListener("message", () => {
  for (const form of document.querySelectorAll("form[data-draft]")) begun.delete(form);
  wipe();
});
begin();
