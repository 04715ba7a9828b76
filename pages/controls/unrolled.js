// All that runs in the browser stands in the page itself, so no line can lose it. Components call their parts by name.

import * as builder from "./builder.js";
import * as figures from "./figures.js";
import * as present from "./present.js";
import * as progress from "./progress.js";
import * as start from "./start.js";
import { askForReload } from "./whole.js";

/** @type {Object<string, {render: (component: any) => void, release?: (parentElement: Element) => void}>} */
const PARTS = { builder, figures, present, progress, start };
const { release } = document.currentScript.dataset;

/**
 * A part as Streamlit wants a component. A page that was opened before the server was updated goes on as it can.
 * @param {string} name @param {string} now  the server's release
 */
function part(name, now) {
  return (component) => {
    try {
      PARTS[name].render(component);
    } catch (error) {
      if (now === release) throw error;
    }
    if (now !== release) askForReload("Unrolled has been updated.");
    return () => setTimeout(() => PARTS[name]?.release?.(component.parentElement));
  };
}

Object.assign(globalThis, { unrolled: part });
