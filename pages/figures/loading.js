// Plotly, which draws the pictures: the one file that a page of ours fetches. Where the line loses it, it is asked for
// again, and what the reader waits for is said.

import { given } from "../browser/given.js";
import { fromHome } from "../browser/home.js";
import { element } from "../browser/element.js";
import { plotly, quicken } from "../inside/plotly.js";

/** @typedef {"" | "soon" | "coming" | "slow" | "lost" | "here"} State */

const PAUSES = [500, 1000, 2000, 4000, 8000]; // ms before it is asked for again
const SOON = 700; // ms after which is said that it is on its way
const SLOW = 20_000; // ms after which the reader may want to try again
/** @type {Partial<Record<State, string>>} */
const SAID = {
  coming: "Loading the picture …",
  slow: "The picture is slow to come.",
  lost: "The picture was lost on its way.",
};

/** @type {State} */
let state = "";
/** @type {Set<() => void>} */
const waiting = new Set();

/**
 * A line that says how far Plotly is, and goes when it is here.
 * @param {() => void} ready  called then
 * @returns {{node: HTMLElement, release: () => void}}
 */
export function wait(ready) {
  const text = element("span");
  const act = Object.assign(element("button", "u-button", "Load the picture again"), { type: "button", onclick: fetchIt });
  const node = element("div", "u-waiting", text, act);
  node.setAttribute("role", "status");
  const renew = () => {
    text.textContent = SAID[state] ?? "";
    act.hidden = state !== "slow" && state !== "lost";
    if (state !== "here") return;
    release();
    ready();
  };
  const release = () => {
    waiting.delete(renew);
    node.remove();
  };
  waiting.add(renew);
  if (!state) fetchIt();
  renew();
  return { node, release };
}

function fetchIt() {
  become(state ? "coming" : "soon");
  setTimeout(() => { if (state === "soon") become("coming"); }, SOON);
  attempt(0);
}

/** @param {number} number */
function attempt(number) {
  const late = setTimeout(() => { if (state === "coming") become("slow"); }, SLOW);
  const src = fromHome(given.plotly) + (number ? `?again=${number}` : ""); // whatever was kept of an answer that was wrong
  const script = element("script");
  const over = () => {
    clearTimeout(late);
    script.remove();
    if (state === "here") return;
    if (plotly()) {
      quicken();
      become("here");
    } else if (number < PAUSES.length) {
      setTimeout(attempt, PAUSES[number], number + 1);
    } else {
      become("lost");
    }
  };
  document.head.append(Object.assign(script, { src, onload: over, onerror: over }));
}

/** @param {State} next */
function become(next) {
  state = next;
  for (const renew of [...waiting]) renew();
}

addEventListener("online", () => { if (state === "lost") fetchIt(); });
