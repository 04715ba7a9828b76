// The strip that leads on from the first page, until it is dismissed in this browser.

import { element } from "./views.js";

const KEY = "unrolled-start-dismissed";
const styles = element("link");
const styled = new Promise((resolve) => {
  Object.assign(styles, { rel: "stylesheet", href: new URL("scenes.css", import.meta.url).href, onload: resolve });
  document.head.append(styles);
});

function dismissed() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false; // where there is no storage, it comes again with the next visit
  }
}

/** Called by Streamlit with the ways to go: {label, href, name}. */
export async function render({ parentElement, data, setTriggerValue }) {
  if (dismissed() || parentElement.querySelector(".u-start")) return;
  await styled;
  if (parentElement.querySelector(".u-start")) return;
  const strip = element("nav", "u-start");
  strip.setAttribute("aria-label", "Where to begin");
  const links = data.ways.map(({ label, href, name }) => {
    const link = Object.assign(element("a", "", label), { href });
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      setTriggerValue("go", name);
    });
    return link;
  });
  const close = Object.assign(element("button", "u-button", "Dismiss"), { type: "button", onclick: () => {
    try {
      localStorage.setItem(KEY, "1");
    } catch { /* then for this page only */ }
    strip.remove();
  } });
  strip.append(...links, close);
  parentElement.append(strip);
}
