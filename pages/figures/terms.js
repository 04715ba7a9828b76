// What a symbol means: hover, tap or focus says it in one sentence, and the same thing stands out in the figures.

import { element } from "../browser/element.js";
import { given } from "../browser/given.js";
import { entryOf, letStandOut, nameOf } from "../inside/plotly.js";
import { app } from "../inside/streamlit.js";

/** @typedef {import("../browser/given.js").Term} Term */

const bubble = element("div", "u-term");
bubble.role = "tooltip";

/** The terms of the page that is open, first those that mean it there only. */
function here() {
  const page = location.pathname.split("/").pop() || "chain";
  const own = given.terms.filter(({ pages }) => pages?.includes(page));
  return [...own, ...given.terms.filter(({ pages }) => !pages)];
}

/** What a part of a formula stands for: a derivative as a whole, a symbol with its index, or the quantity of a number. @param {Element} part */
export function termOf(part) {
  const line = part.closest(".u-line");
  const terms = here();
  const slot = /** @type {HTMLElement | null} */ (part.closest("[data-slot]"));
  const color = slot?.style.color.match(/--u-([\w-]+)/)?.[1];
  const colored = color && terms.find((term) => term.color === color);
  if (colored) return colored;
  /** @type {Term | undefined} */
  let found;
  for (let node = /** @type {Element | null} */ (part); node && node !== line; node = node.parentElement) {
    const names = namesOf(node);
    const term = terms.find(({ symbols = [] }) => symbols.some((symbol) => names.includes(symbol)));
    if (term && (!found || node.localName === "mfrac" || node.localName === "msub" || node.localName === "msup")) found = term;
  }
  return found;
}

/** How the glossary may write what stands there. @param {Element} node */
function namesOf({ localName, textContent, children }) {
  const plain = (/** @type {string | null} */ text) => (text ?? "").replaceAll("'", "′").replaceAll("ϕ", "φ").replace(/\s/g, "");
  const [first, second] = [...children].map((child) => plain(child.textContent));
  if (localName === "mfrac") {
    const [above, below] = [first, second].map((text) => text.match(/^∂(.)/)?.[1]);
    return above && below ? [`∂${above}/∂${below}`] : [];
  }
  if (localName === "msub") return [`${first}_${second}`];
  return localName === "mi" || localName === "msup" || localName === "mover" ? [plain(textContent)] : [];
}

/** All that is written in a formula, in the glossary's order. @param {Element} lines */
function termsIn(lines) {
  const met = new Set([...lines.querySelectorAll("mi, mfrac, [data-slot]")].map(termOf));
  return here().filter((term) => met.has(term));
}

/** Says a term beside what stands for it. @param {Element} place @param {Term} term */
export function tell(place, { name, says, shows = [] }) {
  const { left, top, bottom } = place.getBoundingClientRect();
  bubble.replaceChildren(element("b", "", name), ` ${says}`);
  (app() ?? document.body).append(bubble); // where our colours are
  bubble.style.left = `${Math.max(8, Math.min(left, innerWidth - bubble.offsetWidth - 8))}px`;
  const high = bubble.offsetHeight + 6;
  bubble.style.top = `${bottom + high < innerHeight ? bottom + 6 : Math.max(top - high, 0)}px`;
  letStandOut(shows);
}

export function untell() {
  bubble.remove();
  letStandOut([]);
}

/** Lets the symbols of a formula speak, and lists them behind a button for keyboards and fingers. @param {HTMLElement} lines */
export function speaking(lines) {
  const list = element("dl", "u-terms");
  list.hidden = true;
  const open = Object.assign(element("button", "u-button", "Symbols"), { type: "button", onclick: toggle });
  open.ariaExpanded = "false";

  function toggle() {
    list.hidden = !list.hidden;
    open.ariaExpanded = String(!list.hidden);
    if (list.hidden) return untell();
    list.replaceChildren(...termsIn(lines).map((term) => {
      const entry = element("div", "", element("dt", "", term.name), element("dd", "", term.says));
      entry.tabIndex = 0;
      for (const type of ["focus", "pointerenter"]) entry.addEventListener(type, () => letStandOut(term.shows ?? []));
      for (const type of ["blur", "pointerleave"]) entry.addEventListener(type, () => letStandOut([]));
      return entry;
    }));
    list.scrollIntoView({ block: "nearest" });
  }

  const onPart = (/** @type {Event} */ { target }) => {
    const part = /** @type {Element} */ (target);
    const term = termOf(part);
    if (term) tell(part, term);
    else untell();
  };
  lines.addEventListener("pointerover", onPart);
  lines.addEventListener("click", onPart);
  lines.addEventListener("pointerleave", untell);
  return { open, list };
}

/** Says what an entry of a figure's legend is. @param {HTMLElement} plot */
export function legendSpeaks(plot) {
  plot.addEventListener("pointerover", ({ target }) => {
    const entry = entryOf(/** @type {Element} */ (target));
    const name = entry && nameOf(entry);
    const term = name && here().find(({ shows = [] }) => shows[0] === name);
    if (entry && term) tell(entry, term);
    else if (bubble.isConnected) untell();
  });
  plot.addEventListener("pointerleave", untell);
}
