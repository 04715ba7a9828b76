// Which scenes this browser has seen. It is kept in the browser only; where storage is forbidden, until the page closes.

import { element } from "../browser/element.js";
import { toTop } from "../inside/streamlit.js";

/**
 * @typedef {{name: string, title: string, group: string}} Scene
 * @typedef {{scenes: Scene[], now: string, revealed: boolean}} Given  what Python tells
 * @typedef {import("../inside/streamlit.js").Component<Given>} Component
 */

const KEY = "unrolled-scenes-seen";
/** @type {string[]} */
let remembered = []; // where there is no storage

/** @returns {string[]} */
function seen() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return remembered;
  }
}

/** @param {string} name */
function add(name) {
  remembered = [...new Set([...seen(), name])];
  try {
    localStorage.setItem(KEY, JSON.stringify(remembered));
  } catch { /* then it lasts as long as the page */ }
}

/** Called by Streamlit whenever the scene or its state has changed. @param {Component} component */
export function render({ parentElement, data, setTriggerValue }) {
  if (data.revealed) add(data.now);
  const known = new Set(seen());
  const count = data.scenes.filter(({ name }) => known.has(name)).length;
  const root = parentElement.querySelector(".u-scenes") ?? parentElement.appendChild(element("nav", "u-scenes"));
  const focused = root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.scene : "";
  root.setAttribute("aria-label", "All scenes");
  const head = element("p", "u-count", `${count} of ${data.scenes.length} seen`);
  const groups = [...new Set(data.scenes.map(({ group }) => group))].map((group) => {
    const list = element("ol", "");
    for (const scene of data.scenes) if (scene.group === group) list.append(line(scene, data.now, known, setTriggerValue));
    return element("section", "", element("h2", "", group), list);
  });
  root.replaceChildren(head, element("div", "u-groups", ...groups));
  if (focused) /** @type {HTMLElement} */ (root.querySelector(`[data-scene="${focused}"]`))?.focus();
}

/**
 * A link that also works in a new tab; followed here, the page stays.
 * @param {Scene} scene @param {string} now @param {Set<string>} known
 * @param {Component["setTriggerValue"]} setTriggerValue
 */
function line({ name, title }, now, known, setTriggerValue) {
  const link = element("a", "", title);
  link.href = `scenes?scene=${name}`;
  link.dataset.scene = name;
  if (name === now) link.setAttribute("aria-current", "page");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setTriggerValue("go", name);
    toTop();
  });
  return element("li", "", link, ...(known.has(name) ? [element("span", "u-mark", "seen")] : []));
}
