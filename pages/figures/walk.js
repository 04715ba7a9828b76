// The gradient's walk: pulses start at the last state, one in each lane, and cross an arrow at a time. They show what the
// message holds and send none; where they stand is in the address, as `played`.

import { element } from "../browser/element.js";
import { axesOf } from "../inside/plotly.js";
import { isNarrow } from "./theme.js";

/**
 * @typedef {object} Inset
 * @property {{z: number[], y: number[]}} curve @property {number[]} z @property {number[]} y @property {number[]} slope
 * @property {string[]} said  slopes as text @property {string} name
 * @typedef {object} Lane
 * @property {number[]} x  where each stop is on the figure's axes @property {number[]} y
 * @property {{x: number[], y: number[]}} [slim]  the same where the figure is narrow
 * @property {string[]} product  what is left there @property {number[]} log @property {number[]} sign
 * @property {string[]} [crossed]  what each arrow does to it @property {string} color
 * @property {number} [under]  where on that axis the number stands, if not just below the pulse
 * @property {1 | -1} [side]  of the lane on which it is told what an arrow did: 1 below
 * @typedef {object} Play
 * @property {Lane[]} lanes @property {string[]} said  at each stop @property {"y" | "y2"} axis  that the lanes lie on
 * @property {string[]} [slots]  of the formula, for each arrow @property {Inset | null} [inset]
 * @typedef {NonNullable<ReturnType<typeof axesOf>>} Axes
 */

const PACE = 400; // ms for an arrow
const LONGEST = 8000; // ms for all of them
const LOW = 150; // px of an axis below which hanging bars leave no room for the inset
const UNDER = 34, OVER = 21; // px between a row of cells and the numbers below and above it
const BESIDE = 70; // px that a number beside its pulse takes
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
  const rowsVeil = element("div", "u-veil");
  const inset = element("div", "u-inset");
  const marks = /** @type {ReturnType<typeof pulse>[]} */ ([]); // of each lane
  const overlay = element("div", "u-walk", veil, rowsVeil, inset);
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
  const arrows = () => play ? Math.max(0, play.said.length - 1) : 0;

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
    put(said, `${way}: ${play.said[crossed]}${note && `. ${note}`}`);
  }

  /** Puts all marks where the pulses stand; over `time` ms, if they have just moved. @param {number} time */
  function place(time) {
    label();
    const axes = axesOf(plot, play?.axis);
    lights.forEach((node) => node.classList.remove("u-lit"));
    lights = [];
    overlay.hidden = !play || moving || crossed === null || !axes;
    if (!play || moving || crossed === null || !axes) return;
    const now = crossed, duration = calm.matches ? 0 : 0.8 * time;
    const several = play.lanes.length > 1, [first] = play.lanes;
    while (marks.length < play.lanes.length) {
      const mark = pulse();
      marks.push(mark);
      overlay.append(mark.lit, mark.dot, mark.left);
    }
    marks.forEach((mark, number) => {
      const lane = play?.lanes[number];
      mark.dot.hidden = mark.left.hidden = mark.lit.hidden = !lane;
      if (lane) advance(mark, lane, now, { axes, duration, several });
    });
    unveil(axes, axes.x(first.x[now] - 0.5), duration, several);
    lights = now && play.slots ? slotsOf(play.slots[now - 1]) : [];
    lights.forEach((node) => node.classList.add("u-lit"));
    const small = first.log[arrows()] < 0; // then the bars are low at the left, or hang down there
    const room = axes.bottom > LOW || !(small && scale === "log");
    draw(inset, now && room && play.inset || null, now - 1);
    inset.style.left = `${small && scale === "linear" ? axes.left + 8 : axes.left + axes.width - 128}px`;
    inset.style.top = `${small && scale === "log" ? axes.bottom - 100 : 4}px`;
  }

  /** What is not reached yet stays hidden. @param {Axes} axes @param {number} edge @param {number} duration @param {boolean} several */
  function unveil(axes, edge, duration, several) {
    veil.hidden = play?.axis === "y";
    rowsVeil.hidden = veil.hidden || !several;
    const ends = play?.lanes[0].x ?? [], start = axes.x(ends[arrows()] - 0.5);
    const top = several ? axes.top : 0; // a bar's number may stand above the axis, a legend does
    cover(veil, { left: axes.left, width: axes.width, top, height: axes.bottom - top - 1 }, edge, duration);
    cover(rowsVeil, { left: start, width: axes.left + axes.width - start, top: axes.bottom + 2, height: axes.below - axes.bottom - 4 }, edge, duration);
  }

  /** @param {HTMLElement} node @param {{left: number, width: number, top: number, height: number}} box @param {number} edge @param {number} duration */
  function cover(node, { left, width, top, height }, edge, duration) {
    const share = crossed === arrows() ? 0 : Math.max(0, (edge - left) / width);
    Object.assign(node.style, { left: `${left}px`, width: `${width}px`, top: `${top}px`, height: `${height}px` });
    moved(node, `scaleX(${share})`, duration);
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

/** The marks of a lane: the pulse, what is left, and what the last arrow did. */
function pulse() {
  const product = element("span", "u-chip"), factor = element("span", "u-chip");
  return { dot: element("div", "u-pulse"), product, left: element("div", "u-left", product), factor, lit: element("div", "u-crossed", factor) };
}

/**
 * Puts a lane's marks where its pulse stands.
 * @param {ReturnType<typeof pulse>} mark @param {Lane} lane @param {number} now  arrows crossed
 * @param {{axes: Axes, duration: number, several: boolean}} how
 */
function advance({ dot, product, left, factor, lit }, lane, now, { axes, duration, several }) {
  const places = isNarrow(axes.whole) && lane.slim || lane;
  const x = axes.x(places.x[now]), y = axes.y(places.y[now]);
  for (const node of [dot, left, lit]) node.style.setProperty("--u-lane", `var(${lane.color})`);
  const size = Math.min(Math.max(1 + 0.12 * lane.log[now], 0.45), 2);
  dot.style.setProperty("--u-size", String(Number.isFinite(size) ? several ? 0.7 * size : size : 0.45));
  dot.style.opacity = several && Number.isFinite(size) ? String(Math.min(size, 1)) : "";
  dot.dataset.way = lane.sign[now] === 0 ? "dead" : "";
  moved(dot, `translate(${x}px, ${y}px)`, duration);
  put(product, lane.product[now]);
  const side = x - axes.left > 2 * BESIDE ? -1 : 1;
  const beside = `translate(${x + side * BESIDE / 2 + side * 12}px, ${y}px)`;
  left.classList.toggle("u-beside", several);
  moved(left, several ? beside : `translate(${Math.min(Math.max(x, 30), axes.left + axes.width - 20)}px, ${lane.under === undefined ? y + UNDER : axes.y(lane.under)}px)`, duration);
  lit.hidden = !now || !lane.crossed;
  if (!lane.crossed || !now) return;
  put(factor, lane.crossed[now - 1]);
  moved(lit, `translate(${(x + axes.x(places.x[now - 1])) / 2}px, ${y + (lane.side ?? -1) * OVER}px)`, 0);
  if (duration) factor.animate([{ opacity: 0.2, scale: "1.6" }, { opacity: 1, scale: "1" }], { duration });
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
