// Plotly, once its script has arrived: what is called of it, and what of it no documentation promises.

/**
 * @typedef {Record<string, any>} Trace  as Plotly's JSON has it
 * @typedef {{data: Trace[], layout: Record<string, any>}} Figure
 * @typedef {{curveNumber: number, pointNumber: number}} Point
 * @typedef {{customdata?: unknown, z?: unknown, x: unknown, y: unknown}} Shown  a point of a trace
 * @typedef {{points: Shown[], event: MouseEvent}} Tap
 *
 * A node in which Plotly has drawn:
 * @typedef {HTMLDivElement & {data?: Trace[], _fullLayout: {_plots: object, width: number, xaxis?: Axis, yaxis?: Axis, yaxis2?: Axis}, removeAllListeners: (name: string) => void,
 *   on: (name: string, hear: (event: Tap) => void) => void}} Plot
 * @typedef {{_offset: number, _length: number, l2p?: (value: number) => number}} Axis
 * @typedef {object} Plotly
 * @property {(node: HTMLElement, data: Trace[], layout: object, config: object) => void} react
 * @property {(node: HTMLElement, frame: object, options: object) => Promise<void>} animate
 * @property {(node: HTMLElement) => void} purge
 * @property {(figure: Figure, options: object) => Promise<string>} downloadImage
 * @property {{hover: (node: HTMLElement, points: Point[], plots: string[]) => void, unhover: (node: HTMLElement) => void}} Fx
 * @property {{findArrayAttributes: (trace: {_input: Trace}) => string[]}} PlotSchema
 */

/** Undefined until its script has arrived. */
export const plotly = () => /** @type {{Plotly?: Plotly}} */ (globalThis).Plotly;

/** Whether a picture is there. */
export const isDrawn = () => document.querySelector(".main-svg") !== null;

/** Lets points light up, in all subplots; none: no longer. @param {Plot} plot @param {Point[]} points */
export function light(plot, points) {
  if (points.length) plotly()?.Fx.hover(plot, points, Object.keys(plot._fullLayout._plots));
  else plotly()?.Fx.unhover(plot);
}

/**
 * Where things are in a figure, in pixels; null until it is drawn.
 * @param {Plot} plot @param {"y" | "y2"} [name]  which axis `y` asks: the figure's own, or that of a row below it
 */
export function axesOf(plot, name = "y2") {
  const { width, xaxis, yaxis, yaxis2 } = plot._fullLayout ?? {};
  const up = name === "y" ? yaxis : yaxis2;
  const [across, along] = [xaxis?.l2p, up?.l2p];
  if (!xaxis || !yaxis || !up || !across || !along) return null;
  return {
    x: (/** @type {number} */ value) => xaxis._offset + across(value),
    y: (/** @type {number} */ value) => up._offset + along(value),
    left: xaxis._offset,
    width: xaxis._length,
    top: yaxis._offset,
    bottom: yaxis._offset + yaxis._length,
    below: up._offset + up._length,
    whole: width,
  };
}

const MORPH = 350; // ms
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The bars and the texts above them, as they are drawn. @param {Plot} plot */
export function barsOf(plot) {
  const bars = /** @type {SVGPathElement[]} */ ([...plot.querySelectorAll(".barlayer .trace .point > path")]);
  return bars.map((bar) => bar.getBBox());
}

/** Lets bars that have changed their height grow or shrink to it, and nothing else wait. @param {Plot} plot @param {DOMRect[]} before */
export function morph(plot, before) {
  const bars = /** @type {SVGPathElement[]} */ ([...plot.querySelectorAll(".barlayer .trace .point > path")]);
  if (calm.matches || bars.length !== before.length) return;
  bars.forEach((bar, number) => {
    const old = before[number], now = bar.getBBox();
    if (Math.abs(old.height - now.height) + Math.abs(old.y - now.y) < 1 || !now.height) return;
    const from = `translateY(${old.y - now.y}px) scaleY(${old.height / now.height})`;
    bar.style.transformOrigin = `0 ${now.y}px`;
    bar.animate([{ transform: from }, { transform: "none" }], { duration: MORPH, easing: "ease-out" });
  });
}

/** The entry of a legend in which something lies. @param {Element} part */
export const entryOf = (part) => part.closest(".legend .traces");

/** What a trace, or its entry in the legend, is called. @param {Element} node  that Plotly has drawn for it @returns {string | undefined} */
export const nameOf = (node) => /** @type {any} */ (node).__data__?.[0]?.trace?.meta;

/** Traces of these names stand out where there are any, and the others step back; none: as they were. @param {string[]} names */
export function letStandOut(names) {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    const traces = /** @type {SVGElement[]} */ ([...plot.querySelectorAll(".cartesianlayer .trace")]);
    const some = traces.some((node) => names.includes(nameOf(node) ?? ""));
    for (const node of traces) node.classList.toggle("u-back", some && !names.includes(nameOf(node) ?? ""));
  }
}

const REACHED = ["positive", "negative", "zeros", "numbers", "labels"]; // traces whose points are shown one by one

/**
 * Hides the bars, and the numbers above them, that lie before x; null: none. Whether there are bars.
 * @param {Plot} plot @param {number | null} x
 */
export function reach(plot, x) {
  let bars = false;
  for (const trace of plot.querySelectorAll(".cartesianlayer .trace")) {
    if (!REACHED.includes(nameOf(trace) ?? "")) continue;
    for (const point of trace.querySelectorAll(".point, .textpoint")) {
      const { p, x: at = p } = /** @type {any} */ (point).__data__ ?? {}; // p of a bar
      bars ||= p !== undefined;
      point.classList.toggle("u-unreached", x !== null && at < x);
    }
  }
  return bars;
}

/** Which of a trace's attributes are arrays, Plotly asks its whole schema at every redraw: a third of the time. */
export function quicken() {
  const schema = plotly()?.PlotSchema;
  if (!schema) return;
  /** @type {Map<string, string[]>} */
  const found = new Map();
  const search = schema.findArrayAttributes;
  schema.findArrayAttributes = (trace) => {
    const build = JSON.stringify(trace._input, (_, part) => Array.isArray(part) || ArrayBuffer.isView(part) ? 1 : part);
    if (found.size > 500) found.clear();
    const names = found.get(build) ?? search(trace);
    found.set(build, names);
    return names;
  };
}
