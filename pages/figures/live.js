// A figure that follows the thumb. Streamlit's slider reports its release only, but its `value` attribute changes
// with every move. If that should change one day, figures follow on release, as they do without this file.

import { fromHome } from "../browser/home.js";
import { isAtRest, isHeld, keyOf, onMove, sliderOf, stepOf, valueOf } from "../inside/streamlit.js";
import { at, unpack } from "./message.js";

/**
 * @typedef {import("./message.js").Message} Message
 * @typedef {{url: string, main: string, around: string[], choices: Record<string, string>,
 *   ends: Record<string, number>}} Live
 *   where sweeps come from, the slider whose sweep comes with the page, the sliders whose sweeps span only what is
 *   around their choice, all choices that the exact message belongs to, and where sliders stand for those that lie
 *   beyond their ends
 * @typedef {{items: unknown[], blob: ArrayBuffer, at: ArrayLike<number>, reach?: number | null}} Sweep
 * @typedef {{key: string, position: number, sweep: Sweep}} Move
 * @typedef {ReturnType<typeof follower>} Follower
 */

const KEPT = 16; // sweeps
const PASSING = 80; // ms; a pointer on its way to another slider does not stay that long
const CALM = 1000; // ms; thumbs that say something else than the picture for so long, and nothing under way: a move was lost

const AGAIN = [3, 6, 12, 24]; // s after which that is asked for once more

/**
 * Follows the sliders of one page.
 * @param {(items: import("./views.js").Item[]) => void} show  draws what a position shows
 * @param {() => void} settle  draws the exact message again: the thumb is back where it began
 * @param {() => void} ask  asks for the page again
 */
export function follower(show, settle, ask) {
  /** @type {Map<string, Sweep | null>} by address; null while they are on their way */
  const sweeps = new Map();
  /** @type {Map<string, {key: string, stop: AbortController}>} by address: sweeps on their way */
  const coming = new Map();
  /** @type {Live | undefined} */ let live;
  /** @type {Move | null} */ let move = null;
  let frame = 0;
  let near = ""; // the slider that pointer or focus have reached
  let timer = 0;
  let pressed = false;
  let apart = ""; // what the thumbs say, where that is not what the picture shows
  let asked = ""; // for what of it
  let pauses = /** @type {number[]} */ ([]); // s that are left between the times of asking
  let calm = 0; // s since the last of them

  /** A server that has just come back forgets a move that it cannot place yet. */
  const watch = setInterval(() => {
    const before = apart;
    apart = live && !pressed && isAtRest() ? lagging(live).join() : "";
    calm += CALM / 1000;
    if (!apart || apart !== before) return;
    if (apart !== asked) [asked, pauses] = [apart, [0, ...AGAIN]];
    if (!pauses.length || calm < pauses[0]) return; // what was asked for may be lost as well
    pauses.shift();
    calm = 0;
    ask();
  }, CALM);
  /** @param {Event} event */
  const onPress = ({ type }) => { pressed = type === "pointerdown"; };

  /** Asks for a slider's sweep, unless it is here or on its way; a refused one is asked for at the next reach. @param {string} key */
  function want(key) {
    if (!live) return;
    const href = address(live, key);
    if (sweeps.has(href)) return;
    if (sweeps.size >= KEPT) sweeps.delete([...sweeps.keys()][0]);
    sweeps.set(href, null);
    const stop = new AbortController();
    coming.set(href, { key, stop });
    load(href, stop.signal).then((sweep) => sweeps.set(href, sweep), () => sweeps.delete(href)).finally(() => coming.delete(href));
  }

  /** What belongs to other choices than those shown now keeps no place in the server's line. */
  function giveUp() {
    for (const [href, { key, stop }] of coming) if (!live || href !== address(live, key)) stop.abort();
  }

  /** @param {any} event  of a pointer or of the focus */
  function onReach({ type, target, pointerType, buttons }) {
    const key = keyOf(target);
    if ((pointerType === "mouse" && buttons) || (key === near && type !== "focusin")) return;
    clearTimeout(timer);
    near = live && key in live.choices && sliderOf(key) ? key : "";
    if (near) timer = setTimeout(want, type === "focusin" ? 0 : PASSING, near);
  }

  const stopListening = onMove((slider) => {
    const key = keyOf(slider);
    if (!live || !(key in live.choices)) return;
    if (isExact(slider, live, key)) {
      if (move) {
        move = null;
        settle();
      }
      return;
    }
    const sweep = sweeps.get(address(live, key));
    if (!sweep) return;
    const position = nearest(sweep, valueOf(slider));
    if (position < 0 || (move?.sweep === sweep && move.position === position)) return;
    move = { key, position, sweep };
    frame ||= requestAnimationFrame(draw);
  });

  function draw() {
    frame = 0;
    if (!move) return;
    const { sweep, position } = move;
    show(sweep.items.map((item) => at(item, position, sweep.blob)));
  }

  document.addEventListener("pointerover", onReach);
  document.addEventListener("focusin", onReach);
  for (const type of PRESSES) document.addEventListener(type, onPress, { capture: true });
  /** Whether the thumb is still where these choices do not have it. @param {Live} live @param {Move} move */
  function isOn(live, { key, sweep }) {
    const slider = sliderOf(key);
    return slider !== null && isHeld(slider) && !isExact(slider, live, key) && sweeps.get(address(live, key)) === sweep;
  }

  return {
    isMoving: () => move !== null,
    /** Takes an exact message; whether the thumb has gone on since, so that the message is not to be shown. @param {Message} message */
    isAhead(message) {
      const first = !live;
      live = message.live;
      giveUp();
      if (near) want(near);
      else if (first && live) setTimeout(want, 0, live.main); // after the picture
      const ahead = live !== undefined && move !== null && isOn(live, move);
      if (!ahead) move = null;
      return ahead;
    },
    release() {
      live = undefined;
      giveUp();
      stopListening();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      document.removeEventListener("pointerover", onReach);
      document.removeEventListener("focusin", onReach);
      for (const type of PRESSES) document.removeEventListener(type, onPress, { capture: true });
      clearInterval(watch);
    },
  };
}

/**
 * Where the sweep of a slider is: all choices are in it, but its own where the sweep spans the whole range.
 * @param {Live} live @param {string} key
 */
export function address(live, key) {
  const others = Object.entries(live.choices).filter(([name]) => name !== key || live.around.includes(key));
  return `${live.url}/${key}?${new URLSearchParams(others)}`;
}

/**
 * The position of a sweep that is nearest to a value; -1 where none is near enough to stand for it.
 * @param {Pick<Sweep, "at" | "reach">} sweep @param {number} value
 */
export function nearest({ at: positions, reach = null }, value) {
  const away = (/** @type {number} */ s) => Math.abs(positions[s] - value);
  let best = 0;
  for (let s = 1; s < positions.length; s++) if (away(s) < away(best)) best = s;
  return reach !== null && away(best) > reach ? -1 : best;
}

/** @param {string} href @param {AbortSignal} signal @returns {Promise<Sweep>} */
async function load(href, signal) {
  const response = await fetch(fromHome(href), { signal });
  if (!response.ok) throw new Error(`${response.status} for ${href}`); // then the figure follows on release
  const sweep = unpack(new Uint8Array(await response.arrayBuffer()));
  return { ...sweep, at: at(sweep.at, 0, sweep.blob) };
}

/** Whether a thumb stands at its choice, or at its end for what lies beyond. @param {Element} slider @param {Live} live @param {string} key */
const isExact = (slider, { choices, ends }, key) => standsFor(valueOf(slider), Number(ends[key] ?? choices[key]), stepOf(slider));

/** Whether a thumb's step is the nearest to a number, which may lie between two of them. @param {number} step @param {number} value @param {number} width */
export const standsFor = (step, value, width) => Math.abs(step - value) <= width / 2 + 1e-9;

/** What thumbs say that is not what was chosen. @param {Live} live */
function lagging(live) {
  return Object.keys(live.choices).flatMap((key) => {
    const slider = sliderOf(key);
    return slider && !isExact(slider, live, key) ? [`${key}=${valueOf(slider)}`] : [];
  });
}

const PRESSES = ["pointerdown", "pointerup", "pointercancel"];
