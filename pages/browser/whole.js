// The page as a whole. Where a file of Streamlit's own was lost the page is asked for again: a few times by itself, as
// long as no picture is there that a reader may have begun with; then the reader is asked.

import { element } from "./element.js";
import { isDrawn } from "../inside/plotly.js";
import * as streamlit from "../inside/streamlit.js";

const KEY = "unrolled-loads"; // of this address, without success
const PAUSES = [1000, 2000, 4000, 8000]; // ms before each
const SOON = 1000; // ms after which is said what the page waits for
const SLOW = 30_000; // ms after which the reader may want to try again
const GRACE = 1000; // ms that Streamlit has to begin, once all is loaded

const line = element("div", "u-word");
line.setAttribute("role", "status");
document.body.append(line);
const hasBegun = () => streamlit.root()?.firstChild;
let lost = false;

/** @param {string} text */
function say(text, act = "") {
  if (line.firstChild?.textContent === text) return;
  line.replaceChildren(...(text ? [element("span", "", text)] : []), ...(act ? [again(act)] : []));
}

/** @param {string} text */
function again(text) {
  return Object.assign(element("button", "", text), { type: "button", onclick: () => location.reload() });
}

/** @param {string} text  why */
export function askForReload(text) {
  say(text, "Reload the page");
}

function onLoss() {
  if (lost) return;
  lost = true;
  const tried = counted();
  if (tried >= PAUSES.length || isDrawn()) return askForReload("Part of this page was lost on its way.");
  say("Part of this page was lost on its way. Trying again …");
  setTimeout(() => {
    keep(tried + 1);
    location.reload();
  }, PAUSES[tried]);
}

function counted() {
  try {
    return Number(sessionStorage.getItem(KEY));
  } catch {
    return PAUSES.length; // who cannot count asks
  }
}

/** @param {number} count */
function keep(count) {
  try {
    if (count) sessionStorage.setItem(KEY, String(count));
    else sessionStorage.removeItem(KEY);
  } catch { /* then it is not counted */ }
}

streamlit.onLoss(onLoss);
addEventListener("load", () => setTimeout(() => { if (!hasBegun()) onLoss(); }, GRACE));

const began = performance.now();
const watch = setInterval(() => {
  if (hasBegun()) {
    clearInterval(watch);
    if (!lost) say("");
    setTimeout(() => { if (!lost) keep(0); }, SLOW);
  } else if (!lost) {
    const waited = performance.now() - began;
    if (waited > SLOW) askForReload("This page is slow to come.");
    else if (waited > SOON) say("Loading …");
  }
}, 250);
