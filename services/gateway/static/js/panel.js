// The side panel: a link with data-panel shows its record beside the list, which stays as it is. The address is the
// link's own, so that Back, a reload and a sent link do what one expects.
let opener = null;

const panel = () => document.getElementById("panel");

const show = async (source) => {
  await htmx.ajax("GET", source, { target: "#panel", swap: "innerHTML" });
  panel().hidden = panel().childElementCount === 0;
};

const hide = () => {
  if (panel().hidden) return;
  panel().hidden = true;
  panel().replaceChildren();
  const back = opener;
  opener = null;
  if (back?.isConnected) back.focus({ preventScroll: true });
};

document.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-panel]");
  if (link) {
    event.preventDefault();
    opener = link;
    const { pathname, search } = new URL(link.href);
    history.pushState({ panel: link.dataset.panel }, "", pathname + search);
    await show(link.dataset.panel);
    panel().querySelector("[data-panel-close]")?.focus({ preventScroll: true });
  } else if (event.target.closest("[data-panel-close]")) {
    event.preventDefault();
    leave(event.target.closest("[data-panel-close]"));
  }
});

// Closing goes back if the list is what one came from; an address opened directly goes to the list's own.
const leave = (link) => {
  if (history.state?.panel) history.back();
  else {
    history.replaceState(null, "", link.href);
    hide();
  }
};

// A record opened beside its list and then as a page is in the same place of the browser's history: Back from there
// changes the address alone, so the list has to be fetched.
const own = location.pathname;

addEventListener("popstate", (event) => {
  if (event.state?.panel) show(event.state.panel);
  else if (location.pathname !== own) location.reload();
  else if (!new URL(location.href).searchParams.has("panel")) hide();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || panel()?.hidden !== false) return;
  if (document.querySelector("dialog[open], [popover]:popover-open")) return;
  event.preventDefault();
  leave(panel().querySelector("[data-panel-close]"));
});
