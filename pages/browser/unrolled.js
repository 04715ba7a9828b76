// All that runs in the browser stands in the page itself, so no line can lose it. Components call their parts by name.

import { given } from "./given.js";
import { askForReload } from "./whole.js";

/**
 * What a component is to Streamlit: called with every run, it returns what is called when that is over. Only a part
 * itself knows what data it gets.
 * @typedef {import("../inside/streamlit.js").Component<any>} Component
 * @typedef {{render: (component: Component) => void, release?: (parentElement: HTMLElement) => void}} Part
 */

/**
 * Offers the parts, each as Streamlit wants a component. A page that was opened before the server was updated goes on
 * as it can.
 * @param {Record<string, Part>} parts
 */
export function offer(parts) {
  /** @param {string} name @param {string} now  the server's release */
  const part = (name, now) => (/** @type {Component} */ component) => {
    try {
      parts[name].render(component);
    } catch (error) {
      if (now === given.release) throw error;
    }
    if (now !== given.release) askForReload("Unrolled has been updated.");
    return () => setTimeout(() => parts[name]?.release?.(component.parentElement));
  };
  Object.assign(globalThis, { unrolled: part });
}
