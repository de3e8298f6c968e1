// Theme, folded menu and height of rows change in place; the cookie is what the server would have set.
const keep = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `voronka-${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
};

const chooseTheme = (link) => {
  const theme = link.dataset.themeChoice;
  document.documentElement.dataset.bsTheme = theme;
  document.querySelector("meta[name=color-scheme]").content = theme === "auto" ? "light dark" : theme;
  for (const each of document.querySelectorAll("[data-theme-choice]")) {
    if (each === link) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
  keep("theme", theme);
};

const fold = () => {
  const root = document.documentElement;
  root.dataset.menu = root.dataset.menu === "narrow" ? "wide" : "narrow";
  keep("menu", root.dataset.menu);
};

const chooseRows = (button) => {
  document.documentElement.dataset.density = button.dataset.rows;
  for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
};

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const theme = event.target.closest("[data-theme-choice]");
  const folding = event.target.closest("[data-fold]");
  const rows = event.target.closest("[data-rows]");
  if (theme) chooseTheme(theme);
  if (folding) fold();
  if (rows) chooseRows(rows);
  if (theme || folding) event.preventDefault();
});
