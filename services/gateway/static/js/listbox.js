// Moving through a list of options while the focus stays in its text field (WAI-ARIA combobox).
export const options = (list) => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];

export const active = (list) => list.querySelector('[role="option"][aria-selected="true"]');

export const activate = (input, list, option) => {
  active(list)?.setAttribute("aria-selected", "false");
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
};

// by: 1 down, -1 up; round at both ends.
export const move = (input, list, by) => {
  const all = options(list);
  if (!all.length) return;
  const at = all.indexOf(active(list));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
  activate(input, list, all[next]);
};
