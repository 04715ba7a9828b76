// The phone's menu lies over the page: it closes once a page is chosen.

import { closeMenu, isMenuLink } from "../inside/streamlit.js";

const OVER = matchMedia("(max-width: 768px)"); // there Streamlit's menu is a sheet

addEventListener("click", ({ target }) => {
  if (OVER.matches && target instanceof Element && isMenuLink(target)) setTimeout(closeMenu);
});
