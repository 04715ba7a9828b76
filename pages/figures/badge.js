// Whether another way of computing leads to the number shown: asked on a click, and by itself once all is calm.

import { fromHome } from "../browser/home.js";
import { element } from "../browser/element.js";

/**
 * @typedef {{text: string, short: string, title: string, agrees: boolean | null}} Verdict
 * @typedef {{place: number, text: string}} Told  to who is in line
 * @typedef {ReturnType<typeof badge>} Badge
 */

const CALM = 1500; // ms after the last change
const KEPT = 32; // verdicts
const AGAIN = 1000; // ms after which who is in line asks again
const ASK = { text: "Check", short: "Check", title: "Compute this number once more in another way", agrees: null };
const ASKING = { ...ASK, text: "Checking …", short: "…" };

export function badge() {
  const [long, brief] = [element("span", "u-long"), element("span", "u-short")];
  const node = element("button", "u-button u-badge", long, brief);
  /** @type {Map<string, Verdict>} by address */
  const verdicts = new Map();
  let href = ""; // of the choices shown
  let timer = 0;
  let asking = false;
  let stop = new AbortController();

  /** @param {Verdict} verdict */
  function say({ text, short, title, agrees }) {
    long.textContent = text;
    brief.textContent = short;
    node.title = title;
    node.ariaLabel = `${text}. ${title}`;
    node.dataset.agrees = String(agrees);
    node.style.visibility = "";
  }

  /** @param {boolean} clicked  then it is not put off for want of time */
  async function ask(clicked) {
    const asked = href;
    if (asking || !asked || verdicts.has(asked)) return;
    asking = true;
    stop = new AbortController();
    say(ASKING);
    const inLine = (/** @type {Told} */ { place, text }) => say({ text: `In line: ${place}`, short: `#${place}`, title: text, agrees: null });
    const answer = clicked ? wait(`${asked}&clicked`, inLine, stop.signal) : load(asked, stop.signal);
    const verdict = await answer.catch(() => ASK); // a click tries again
    asking = false;
    if (verdict !== ASK) {
      if (verdicts.size >= KEPT) verdicts.delete([...verdicts.keys()][0]);
      verdicts.set(asked, verdict);
    }
    if (asked === href) say(verdict);
    else if (href) rest();
  }

  function rest() {
    clearTimeout(timer);
    timer = setTimeout(() => "requestIdleCallback" in globalThis ? requestIdleCallback(() => ask(false)) : ask(false), CALM);
  }

  Object.assign(node, { type: "button", onclick: () => ask(true) });
  return {
    node,
    /** An exact message is shown. @param {import("./message.js").Message} message */
    expect({ check, live }) {
      const before = href;
      href = check && live ? address(check, live.choices) : "";
      if (href !== before) stop.abort(); // nobody waits for it any more
      node.hidden = !href;
      say(verdicts.get(href) ?? ASK);
      if (href && !verdicts.has(href)) rest();
    },
    /** The number moves: nothing is known of it, and nothing is asked. */
    blank() {
      href = "";
      stop.abort();
      clearTimeout(timer);
      node.style.visibility = "hidden"; // its place is kept
    },
  };
}

/** Where a check is: all choices are in it. @param {string} url @param {Record<string, string>} choices */
export function address(url, choices) {
  return `${url}?${new URLSearchParams(choices)}`;
}

/** A refusal says why. */
class Refused extends Error {
  /** @param {Response} response @param {string} href */
  constructor(response, href) {
    super(`${response.status} for ${href}`);
    this.response = response;
  }
}

/** @param {string} href @param {AbortSignal} signal @returns {Promise<Verdict>} */
async function load(href, signal) {
  const response = await fetch(fromHome(href), { signal });
  if (!response.ok) throw new Refused(response, href);
  return response.json();
}

/**
 * Asks again as long as there is a place in the server's line, and somebody who waits.
 * @param {string} href @param {(told: Told) => void} tell  shows the place
 * @param {AbortSignal} signal  nobody waits any more
 */
async function wait(href, tell, signal) {
  for (;;) {
    try {
      return await load(href, signal);
    } catch (error) {
      const told = error instanceof Refused && error.response.status === 503 && await error.response.json();
      if (!told?.place || signal.aborted) throw error;
      tell(told);
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}
