// The gradient's walk: a pulse starts as 1 at the last state and crosses one arrow at a time. It shows what the message
// holds and sends none; where it stands is in the address, as `played`.

import { element } from "../browser/element.js";
import { axesOf } from "../inside/plotly.js";

/**
 * @typedef {object} Inset
 * @property {{z: number[], y: number[]}} curve @property {number[]} z @property {number[]} y @property {number[]} slope
 * @property {string[]} said  slopes as text @property {string} name
 * @typedef {object} Play
 * @property {number[]} x  where each stop is on the figure's axis @property {string[]} product  what is left there
 * @property {string[]} factor  of each arrow @property {string[]} name  of what is left @property {string[]} slots
 * @property {number[]} log @property {number[]} sign @property {Inset | null} inset
 */

const PACE = 400; // ms for an arrow
const LONGEST = 8000; // ms for all of them
const LOW = 150; // px of an axis below which hanging bars leave no room for the inset
const ROW = -0.2; // where the cells stand on their axis
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @param {import("../inside/plotly.js").Plot} plot
 * @param {(slot: string) => Element[]} slotsOf  the places of a number in the formulas
 */
export function walk(plot, slotsOf) {
  const sign = element("span"), long = element("span", "u-long"), short = element("span", "u-short");
  const start = act("", () => isRunning() ? stop() : run());
  start.append(sign, long, short);
  const back = act("◀", () => step(1));
  const forth = act("▶", () => step(-1));
  back.ariaLabel = "One step further back";
  forth.ariaLabel = "One step towards the end";
  start.classList.add("u-send");
  const said = element("span", "u-walked");
  said.setAttribute("role", "status");
  const controls = element("div", "u-play", start, back, forth, said);
  const veil = element("div", "u-veil");
  const mark = element("div", "u-pulse");
  const left = element("span", "u-chip"), lit = element("span", "u-chip");
  const leftAt = element("div", "u-left", left), litAt = element("div", "u-crossed", lit);
  const inset = element("div", "u-inset");
  const overlay = element("div", "u-walk", veil, litAt, mark, leftAt, inset);
  overlay.ariaHidden = "true";
  /** @type {Play | null} */
  let play = null;
  /** @type {number | null} */
  let crossed = null; // arrows; null: the picture stands as a whole
  let timer = 0;
  let note = "";
  let scale = "linear"; // of the picture
  let moving = true; // a thumb moves the picture, or there is none yet
  let lights = /** @type {Element[]} */ ([]);

  const isRunning = () => timer !== 0;
  const arrows = () => play ? play.product.length - 1 : 0;

  function run() {
    if (!arrows()) return;
    if (crossed === null || crossed >= arrows()) {
      crossed = 0;
      place(0);
    }
    note = "";
    next();
  }

  function next() {
    const pause = Math.min(PACE, LONGEST / arrows());
    timer = setTimeout(() => {
      crossed = (crossed ?? 0) + 1;
      place(pause);
      if (crossed < arrows()) next();
      else stop();
    }, pause);
    label();
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    keep();
    place(0);
  }

  /** One arrow further back (1) or forth (-1). @param {1 | -1} by */
  function step(by) {
    if (!arrows()) return;
    if (isRunning()) stop();
    const from = crossed ?? 0;
    crossed = crossed === null && by > 0 ? 1 : Math.min(Math.max(from + by, 0), arrows());
    note = "";
    keep();
    place(PACE);
  }

  /** @param {number} to */
  function jump(to) {
    if (isRunning()) stop();
    crossed = to;
    note = "";
    keep();
    place(0);
  }

  /** Where an address wants the pulse. @param {string | null} text */
  function take(text) {
    const known = text !== null && /^\d{1,6}$/.test(text);
    crossed = known ? Math.min(Number(text), arrows()) : null;
    if (text === null || String(crossed) === text) return;
    note = known ? `There ${arrows() === 1 ? "is 1 arrow" : `are ${arrows()} arrows`}, not ${text}` : `played = “${text.slice(0, 20)}” is no number of arrows`;
    keep();
  }

  /** The address says where the pulse stands. */
  function keep() {
    const url = new URL(location.href);
    if (crossed === null) url.searchParams.delete("played");
    else url.searchParams.set("played", String(crossed));
    if (url.href !== location.href) history.replaceState(history.state, "", url.href);
  }

  function label() {
    const verb = isRunning() ? "Pause" : crossed !== null && crossed > 0 && crossed < arrows() ? "Go on" : "Send the gradient back";
    put(sign, isRunning() ? "❚❚" : "▶");
    put(long, verb);
    put(short, verb.replace(" the gradient", ""));
    back.disabled = !arrows() || crossed === arrows();
    forth.disabled = !arrows() || !crossed;
    start.disabled = !arrows();
    if (!play || crossed === null) return put(said, note);
    const way = `${crossed} of ${arrows()} ${arrows() === 1 ? "arrow" : "arrows"}`;
    put(said, `${way}: ${play.name[crossed]} = ${play.product[crossed]}${note && `. ${note}`}`);
  }

  /** Puts all marks where the pulse stands; over `time` ms, if it has just moved. @param {number} time */
  function place(time) {
    label();
    const axes = axesOf(plot);
    lights.forEach((node) => node.classList.remove("u-lit"));
    lights = [];
    overlay.hidden = !play || moving || crossed === null || !axes;
    if (!play || moving || crossed === null || !axes) return;
    const at = play.x[crossed], here = { x: axes.x(at), y: axes.row(ROW) };
    const duration = calm.matches ? 0 : 0.8 * time;
    const edge = crossed === arrows() ? 0 : axes.x(at - 0.5) - axes.left;
    Object.assign(veil.style, { left: `${axes.left}px`, width: `${axes.width}px`, height: `${axes.bottom - 1}px` });
    moved(veil, `scaleX(${Math.max(0, edge / axes.width)})`, duration);
    moved(mark, `translate(${here.x}px, ${here.y}px)`, duration);
    moved(leftAt, `translate(${Math.min(Math.max(here.x, 30), axes.left + axes.width - 20)}px, ${axes.row(-1.25)}px)`, duration);
    put(left, play.product[crossed]);
    const size = Math.min(Math.max(1 + 0.12 * play.log[crossed], 0.45), 2);
    mark.style.setProperty("--u-size", String(Number.isFinite(size) ? size : 0.45));
    mark.dataset.way = play.sign[crossed] === 0 ? "dead" : "";
    litAt.hidden = crossed === 0;
    if (crossed) {
      put(lit, play.factor[crossed - 1]);
      moved(litAt, `translate(${axes.x(at + 0.5)}px, ${axes.row(0.45)}px)`, 0);
      if (duration) lit.animate([{ opacity: 0.2, scale: "1.6" }, { opacity: 1, scale: "1" }], { duration });
      lights = slotsOf(play.slots[crossed - 1]);
      lights.forEach((node) => node.classList.add("u-lit"));
    }
    const small = play.log[arrows()] < 0; // then the bars are low at the left, or hang down there
    const room = axes.bottom > LOW || !(small && scale === "log");
    draw(inset, crossed && room ? play.inset : null, crossed - 1);
    inset.style.left = `${small && scale === "linear" ? axes.left + 8 : axes.left + axes.width - 128}px`;
    inset.style.top = `${small && scale === "log" ? axes.bottom - 100 : 4}px`;
  }

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    /** @type {Record<string, () => void>} */
    const acts = { " ": () => isRunning() ? stop() : run(), ArrowLeft: () => step(1), ArrowRight: () => step(-1), Home: () => jump(0), End: () => jump(arrows()) };
    if (event.altKey || event.ctrlKey || event.metaKey || !acts[event.key] || event.target !== plot) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  };
  plot.addEventListener("keydown", onKey);

  return {
    controls,
    overlay,
    toggle: () => start.click(),
    /**
     * Takes the walk of an item at rest; while a thumb moves it only the bars are up to date.
     * @param {import("./views.js").FigureItem} item
     */
    update(item) {
      moving = !item.play;
      if (!item.play) return place(0);
      play = item.play;
      scale = item.scale ?? "linear";
      plot.tabIndex = 0;
      if (isRunning()) crossed = Math.min(crossed ?? 0, arrows());
      else take(new URLSearchParams(location.search).get("played"));
    },
    place: () => place(0),
    release() {
      clearTimeout(timer);
      plot.removeEventListener("keydown", onKey);
    },
  };
}

/**
 * φ, today's working point on it, and the tangent there.
 * @param {HTMLElement} node @param {Inset | null} inset @param {number} place
 */
function draw(node, inset, place) {
  node.hidden = !inset;
  if (!inset) return;
  const { curve, z, y, slope, said, name } = inset;
  const wide = 112, high = 64, low = Math.min(...curve.y), top = Math.max(...curve.y), reach = curve.z[curve.z.length - 1];
  const px = (/** @type {number} */ value) => ((value + reach) / (2 * reach)) * wide;
  const py = (/** @type {number} */ value) => high - 4 - ((value - low) / (top - low || 1)) * (high - 8);
  const line = Array.from(curve.z, (value, j) => `${px(value).toFixed(1)},${py(curve.y[j]).toFixed(1)}`).join(" ");
  const run = 0.3 * reach, at = z[place], is = y[place], rise = slope[place] * run;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  const add = (/** @type {string} */ tag, /** @type {Record<string, string | number>} */ attributes) => {
    const part = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, String(value));
  };
  add("polyline", { points: line, class: "u-curve" });
  add("line", { x1: px(at - run), y1: py(is - rise), x2: px(at + run), y2: py(is + rise), class: "u-tangent" });
  add("circle", { cx: px(at), cy: py(is), r: 4, class: "u-point" });
  node.replaceChildren(svg, element("span", "", `${name}, slope ${said[place]}`));
}

/** Moves a node there, in time. @param {HTMLElement} node @param {string} transform @param {number} duration */
function moved(node, transform, duration) {
  const before = node.style.transform;
  node.style.transform = transform;
  if (duration && before && before !== transform) node.animate([{ transform: before }, { transform }], { duration, easing: "ease-in-out" });
}

/** @param {string} text @param {() => void} onclick @returns {HTMLButtonElement} */
function act(text, onclick) {
  return Object.assign(element("button", "u-button", text), { type: "button", onclick });
}

/** @param {HTMLElement} node @param {string} text */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
