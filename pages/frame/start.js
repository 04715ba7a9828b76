// The strip that leads on from the first page, until it is dismissed in this browser.

import { element } from "../browser/element.js";

const KEY = "unrolled-start-dismissed";

function dismissed() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false; // where there is no storage, it comes again with the next visit
  }
}

/**
 * Called by Streamlit with the ways to go.
 * @param {import("../inside/streamlit.js").Component<{ways: {label: string, href: string}[]}>} component
 */
export function render({ parentElement, data }) {
  if (dismissed() || parentElement.querySelector(".u-start")) return;
  const strip = element("nav", "u-start");
  strip.setAttribute("aria-label", "Where to begin");
  const links = data.ways.map(({ label, href }) => Object.assign(element("a", "", label), { href, target: "_self" }));
  const close = Object.assign(element("button", "u-button", "Dismiss"), { type: "button", onclick: () => {
    try {
      localStorage.setItem(KEY, "1");
    } catch { /* then for this page only */ }
    strip.remove();
  } });
  strip.append(...links, close);
  parentElement.append(strip);
}
