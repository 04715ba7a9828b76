// All that runs in the browser stands in the page itself, so no line can lose it. Components call their parts by name.

import { askForReload } from "./whole.js";

const { release } = document.currentScript.dataset;

/**
 * Offers the parts, each as Streamlit wants a component. A page that was opened before the server was updated goes on
 * as it can.
 * @param {Object<string, {render: (component: any) => void, release?: (parentElement: Element) => void}>} parts
 */
export function offer(parts) {
  /** @param {string} name @param {string} now  the server's release */
  const part = (name, now) => (component) => {
    try {
      parts[name].render(component);
    } catch (error) {
      if (now === release) throw error;
    }
    if (now !== release) askForReload("Unrolled has been updated.");
    return () => setTimeout(() => parts[name]?.release?.(component.parentElement));
  };
  Object.assign(globalThis, { unrolled: part });
}
