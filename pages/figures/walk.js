// The gradient's walk: pulses start at the last state, one in each lane, and cross an arrow at a time. They show what the
// message holds and send none; where they stand is in the address, as `played`.

import { element } from "../browser/element.js";
import { axesOf, reach } from "../inside/plotly.js";
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
 * @typedef {ReturnType<typeof pulse>} Marks
 * @typedef {{axes: Axes, several: boolean, duration: number}} How
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
  const marks = /** @type {Marks[]} */ ([]); // of each lane
  const overlay = element("div", "u-walk", veil, rowsVeil, inset);
  overlay.ariaHidden = "true";
  /** @type {Play | null} */
  let play = null;
  /** @type {number | null} */
  let crossed = null; // arrows; null: the picture stands as a whole
  let timer = 0;
  let goal = /** @type {number | null} */ (null); // of a single step that is on its way
  let arrival = 0; // the timer that ends it
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
      place();
    }
    note = "";
    next();
  }

  function next() {
    const pause = Math.min(PACE, LONGEST / arrows());
    const to = (crossed ?? 0) + 1;
    travel(to, 0.8 * pause);
    timer = setTimeout(() => {
      crossed = to; // what is left is told on arrival
      place();
      if (to < arrows()) next();
      else stop();
    }, pause);
    label();
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    keep();
    place();
  }

  /** One arrow further back (1) or forth (-1). @param {1 | -1} by */
  function step(by) {
    if (!arrows()) return;
    if (isRunning()) stop();
    arrive();
    crossed ??= 0;
    place();
    goal = Math.min(Math.max(crossed + by, 0), arrows());
    if (calm.matches) return arrive();
    travel(goal, 0.8 * PACE);
    arrival = setTimeout(arrive, 0.8 * PACE);
  }

  /** A single step ends. */
  function arrive() {
    if (goal !== null) jump(goal);
  }

  /** @param {number} to */
  function jump(to) {
    if (isRunning()) stop();
    clearTimeout(arrival);
    crossed = to;
    goal = null;
    note = "";
    keep();
    place();
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
    write(sign, isRunning() ? "❚❚" : "▶");
    write(long, verb);
    write(short, verb.replace(" the gradient", ""));
    back.disabled = !arrows() || crossed === arrows();
    forth.disabled = !arrows() || !crossed;
    start.disabled = !arrows();
    if (!play || crossed === null) return write(said, note);
    const way = `${crossed} of ${arrows()} ${arrows() === 1 ? "arrow" : "arrows"}`;
    write(said, `${way}: ${play.said[crossed]}${note && `. ${note}`}`);
  }

  /** Puts all marks where the pulses stand, with what is left there. */
  function place() {
    label();
    const axes = axesOf(plot, play?.axis);
    lights.forEach((node) => node.classList.remove("u-lit"));
    lights = [];
    overlay.hidden = !play || moving || crossed === null || !axes;
    if (!play || moving || crossed === null || !axes) return void reach(plot, null);
    const now = crossed, several = play.lanes.length > 1, [first] = play.lanes;
    while (marks.length < play.lanes.length) {
      const mark = pulse();
      marks.push(mark);
      overlay.append(mark.lit, mark.dot, mark.left);
    }
    marks.forEach((mark, number) => {
      const lane = play?.lanes[number];
      mark.dot.hidden = mark.left.hidden = mark.lit.hidden = !lane;
      if (!lane) return;
      write(mark.product, lane.product[now]);
      mark.dot.dataset.way = lane.sign[now] === 0 ? "dead" : "";
      put(mark, lane, now, { axes, several, duration: 0 });
      say(mark, lane, now - 1, { axes, several, duration: 0 });
    });
    unveil(axes, several, reach(plot, play.axis === "y" || now === arrows() ? null : first.x[now]));
    lightUp(now - 1);
    const small = first.log[arrows()] < 0; // then the bars are low at the left, or hang down there
    const room = axes.bottom > LOW || !(small && scale === "log");
    draw(inset, now && room && play.inset || null, now - 1);
    inset.style.left = `${small && scale === "linear" ? axes.left + 8 : axes.left + axes.width - 128}px`;
    inset.style.top = `${small && scale === "log" ? axes.bottom - 100 : 4}px`;
  }

  /** Lets the pulses run to a stop, the factor lit on the arrow. @param {number} to @param {number} duration */
  function travel(to, duration) {
    const axes = axesOf(plot, play?.axis);
    if (!play || !axes || overlay.hidden || calm.matches) return;
    const arrow = Math.min(to, crossed ?? 0), several = play.lanes.length > 1;
    play.lanes.forEach((lane, number) => {
      put(marks[number], lane, to, { axes, several, duration });
      say(marks[number], lane, arrow, { axes, several, duration });
    });
    lightUp(arrow);
  }

  /** @param {number} arrow */
  function lightUp(arrow) {
    lights.forEach((node) => node.classList.remove("u-lit"));
    lights = arrow >= 0 && play?.slots ? slotsOf(play.slots[arrow]) : [];
    lights.forEach((node) => node.classList.add("u-lit"));
  }

  /** What is not reached yet stays hidden. @param {Axes} axes @param {boolean} several @param {boolean} bars  are hidden one by one */
  function unveil(axes, several, bars) {
    const { x: ends } = /** @type {Play} */ (play).lanes[0], at = crossed ?? 0;
    const [edge, start] = [at, arrows()].map((stop) => axes.x(ends[stop] - 0.5));
    const done = at === arrows();
    veil.hidden = play?.axis === "y" || bars || done;
    rowsVeil.hidden = play?.axis === "y" || !several || done;
    const top = several ? axes.top : 0; // a bar's number may stand above the axis, a legend does
    cover(veil, axes.left, edge, top, axes.bottom - 1);
    cover(rowsVeil, start, edge, axes.bottom + 2, axes.below - 2);
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
      if (!item.play) return place();
      play = item.play;
      scale = item.scale ?? "linear";
      plot.tabIndex = 0;
      if (isRunning()) crossed = Math.min(crossed ?? 0, arrows());
      else take(new URLSearchParams(location.search).get("played"));
    },
    place,
    release() {
      clearTimeout(timer);
      clearTimeout(arrival);
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
 * What an arrow does, told on it.
 * @param {Marks} mark @param {Lane} lane @param {number} arrow @param {How} how
 */
function say({ lit, factor }, lane, arrow, { axes, duration }) {
  lit.hidden = !lane.crossed || arrow < 0;
  if (!lane.crossed || arrow < 0) return;
  write(factor, lane.crossed[arrow]);
  const { x, y } = placesOf(lane, axes);
  const half = factor.offsetWidth / 2, between = (axes.x(x[arrow]) + axes.x(x[arrow + 1])) / 2;
  const across = Math.max(half, Math.min(between, axes.whole - half));
  moved(lit, `translate(${across}px, ${axes.y(y[arrow]) + (lane.side ?? -1) * OVER}px)`, 0);
  if (duration) factor.animate([{ opacity: 0.2, scale: "1.6" }, { opacity: 1, scale: "1" }], { duration });
}

/** @param {Lane} lane @param {Axes} axes */
const placesOf = (lane, axes) => isNarrow(axes.whole) && lane.slim || lane;

/**
 * Puts a lane's marks at a stop, or lets them run there.
 * @param {Marks} mark @param {Lane} lane @param {number} now  arrows crossed @param {How} how
 */
function put({ dot, left, lit }, lane, now, { axes, duration, several }) {
  const places = placesOf(lane, axes);
  const x = axes.x(places.x[now]), y = axes.y(places.y[now]);
  for (const node of [dot, left, lit]) node.style.setProperty("--u-lane", `var(${lane.color})`);
  const size = Math.min(Math.max(1 + 0.12 * lane.log[now], 0.45), 2);
  dot.style.setProperty("--u-size", String(Number.isFinite(size) ? several ? 0.7 * size : size : 0.45));
  dot.style.opacity = several && Number.isFinite(size) ? String(Math.min(size, 1)) : "";
  moved(dot, `translate(${x}px, ${y}px)`, duration);
  const side = x - axes.left > 2 * BESIDE ? -1 : 1;
  const beside = `translate(${x + side * BESIDE / 2 + side * 12}px, ${y}px)`;
  const under = lane.under === undefined ? y + UNDER : axes.y(lane.under);
  left.classList.toggle("u-beside", several);
  moved(left, several ? beside : `translate(${Math.min(Math.max(x, 30), axes.left + axes.width - 20)}px, ${under}px)`, duration);
}

/** @param {HTMLElement} node @param {number} from @param {number} to @param {number} top @param {number} bottom */
function cover(node, from, to, top, bottom) {
  Object.assign(node.style, { left: `${from}px`, width: `${Math.max(0, to - from)}px`, top: `${top}px`, height: `${bottom - top}px` });
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
  if (!duration) node.getAnimations().forEach((running) => running.cancel());
  if (duration && before && before !== transform) node.animate([{ transform: before }, { transform }], { duration, easing: "ease-in-out" });
}

/** @param {string} text @param {() => void} onclick @returns {HTMLButtonElement} */
function act(text, onclick) {
  return Object.assign(element("button", "u-button", text), { type: "button", onclick });
}

/** @param {HTMLElement} node @param {string} text */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
