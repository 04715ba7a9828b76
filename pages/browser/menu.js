// The phone's menu lies over the page: it closes once a page is chosen.

const OVER = matchMedia("(max-width: 768px)"); // there Streamlit's menu is a sheet

addEventListener("click", ({ target }) => {
  if (!OVER.matches || !(target instanceof Element) || !target.closest("[data-testid=stSidebarNavLink]")) return;
  const close = /** @type {HTMLElement} */ (document.querySelector("[data-testid=stSidebarCollapseButton] button"));
  setTimeout(() => close?.click());
});
