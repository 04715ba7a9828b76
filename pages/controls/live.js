// A figure that follows the thumb. Streamlit's slider reports its release only; its `value` attribute changes with
// every move. If that should change one day, figures follow on release, as they do without this file.

import { at, unpack } from "./message.js";

/**
 * @typedef {import("./message.js").Message} Message
 * @typedef {{key: string, value: number, sweep: Message, position: number}} Move
 * @typedef {object} Live  what a page's exact message says of its sliders
 * @property {string} url @property {string} main  the slider whose sweep comes with the page
 * @property {Object<string, number | string>} choices
 */

const KEPT = 16; // sweeps

/**
 * Follows the sliders of one page.
 * @param {(items: object[]) => void} show  draws the items of a position
 */
export function follower(show) {
  /** @type {Map<string, Promise<Message> | Message>} */
  const sweeps = new Map();
  /** @type {Live} */ let live;
  /** @type {Move | null} */ let move = null;
  let frame = 0;
  let near = ""; // the slider that pointer or focus have reached

  const address = (key) => {
    const { [key]: _, ...others } = live.choices;
    return `${live.url}/${key}?${new URLSearchParams(others)}`;
  };

  function fetched(key) {
    const href = address(key);
    if (!sweeps.has(href)) {
      if (sweeps.size >= KEPT) sweeps.delete(sweeps.keys().next().value);
      sweeps.set(href, load(href).then(
        (sweep) => { sweeps.set(href, sweep); return sweep; },
        () => sweeps.delete(href), // then it follows on release
      ));
    }
    return sweeps.get(href);
  }

  function reached({ target }) {
    const key = keyOf(target);
    if (!live || key === near) return;
    near = key in live.choices && sliderOf(key) ? key : "";
    if (near) fetched(near);
  }

  function moved(records) {
    const target = records.at(-1).target;
    const key = keyOf(target);
    if (!live || !(key in live.choices) || !target.matches("input[type=range]:focus")) return;
    const value = Number(target.getAttribute("value"));
    const sweep = fetched(key);
    if (sweep instanceof Promise || !inReach(sweep, value)) return;
    move = { key, value, sweep, position: nearest(sweep.at, value) };
    frame ||= requestAnimationFrame(draw);
  }

  function draw() {
    frame = 0;
    if (move) show(move.sweep.items.map((item) => at(item, move.position, move.sweep.blob)));
  }

  const observer = new MutationObserver(moved);
  observer.observe(document.body, { subtree: true, attributeFilter: ["value"] });
  document.addEventListener("pointerover", reached);
  document.addEventListener("focusin", reached);
  return {
    /** Takes an exact message; whether the thumb has gone on since, so that the message is not to be shown. */
    isAhead(message) {
      const first = !live;
      live = message.live;
      if (near) fetched(near);
      else if (first && live) setTimeout(() => fetched(live.main));
      const slider = move && sliderOf(move.key);
      const ahead = slider && sweeps.get(address(move.key)) === move.sweep && !same(slider, live.choices[move.key]);
      if (!ahead) move = null;
      return Boolean(ahead);
    },
    isMoving: () => move !== null,
    release() {
      observer.disconnect();
      cancelAnimationFrame(frame);
      document.removeEventListener("pointerover", reached);
      document.removeEventListener("focusin", reached);
    },
  };
}

async function load(href) {
  const response = await fetch(href);
  if (!response.ok) throw new Error(`${response.status} for ${href}`);
  const sweep = unpack(new Uint8Array(await response.arrayBuffer()));
  return { ...sweep, at: at(sweep.at, 0, sweep.blob) };
}

const keyOf = (node) => node.closest?.("[class*=st-key-]")?.className.match(/st-key-(\w+)/)[1] ?? "";
const sliderOf = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
const same = (slider, value) => Math.abs(slider.getAttribute("value") - value) < 1e-9;
const inReach = (sweep, value) => sweep.reach === null || Math.abs(sweep.at[nearest(sweep.at, value)] - value) < sweep.reach;

function nearest(positions, value) {
  let best = 0;
  for (let s = 1; s < positions.length; s++) {
    if (Math.abs(positions[s] - value) < Math.abs(positions[best] - value)) best = s;
  }
  return best;
}
