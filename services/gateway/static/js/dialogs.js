// Dialogs open by data-opens="id" and close by data-closes. The browser closes them by Esc and gives the focus back.
export const open = (dialog) => {
  if (dialog.open) return;
  for (const each of document.querySelectorAll("[popover]:popover-open")) each.hidePopover();
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
};

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) open(document.getElementById(opener.dataset.opens));
  event.target.closest("[data-closes]")?.closest("dialog").close();
});

// Up and down go through an open menu of actions.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest(".popover-menu") ?? open_menu_of(event.target);
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const entries = [...menu.querySelectorAll("a[href], button")];
  const at = entries.indexOf(document.activeElement);
  const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? entries.length - 1 : at - 1;
  entries[(next + entries.length) % entries.length]?.focus();
  event.preventDefault();
});

const open_menu_of = (element) => {
  const menu = document.getElementById(element.getAttribute?.("popovertarget") ?? "");
  return menu?.matches(".popover-menu:popover-open") ? menu : null;
};
