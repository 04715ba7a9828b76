// How a figure looks: today's colours, type and size. What all figures share stands here, and in no message.

import { inRow, scaled } from "./scale.js";

/**
 * @typedef {import("../inside/plotly.js").Figure} Figure
 * @typedef {import("../inside/plotly.js").Trace} Trace
 * @typedef {import("./views.js").FigureItem} Item
 * @typedef {{width: number, height: number}} Size
 * @typedef {((name: string) => string) & {value: (name: string) => string}} Palette
 */

/** Whether a figure of that width is drawn in its narrow variant. @param {number} width  px */
export const isNarrow = (width) => width < 480;

export const isTouch = () => matchMedia("(pointer: coarse)").matches;

/**
 * The figure in today's colours and size, and behind it the ghosts of traces.
 * @param {Pick<Item, "figure" | "narrow" | "ghost" | "scale" | "scales" | "row">} item @param {Size} size @param {Palette} color
 * @param {Trace[] | null} ghosts
 */
export function dressed(item, size, color, ghosts = null) {
  const narrow = isNarrow(size.width) ? item.narrow : undefined;
  const own = /** @type {Figure} */ (merged(item.figure, narrow));
  const past = (item.ghost ?? []).map((_, number) => ghosts ? faded(ghosts[number]) : nobody());
  const both = scaled({ ...own, data: [...own.data.map(pointed), ...past] }, item.scale, item.scales);
  const { data, layout } = /** @type {Figure} */ (recolored(inRow(both, item.row && (narrow ? 0.7 : 1) * item.row, size.height), color));
  return {
    data,
    layout: {
      uirevision: "kept", // zoom and legend survive new data
      ...layout,
      ...(isTouch() && { dragmode: false }), // there a drag scrolls the page
      template: common(color),
      width: size.width,
      height: size.height,
    },
  };
}

/** @param {Trace} trace @returns {Trace} */
const pointed = ({ hover, ...trace }) => ({ ...trace, ...(hover ? { hoverinfo: "all", ...hover } : { hoverinfo: "skip" }) });
/** @param {Trace} trace @returns {Trace} */
const faded = ({ hover: _, ...trace }) => ({ ...trace, mode: "lines", opacity: 0.35, showlegend: false, hoverinfo: "skip" });
// keeps a ghost's place, so that its coming and going adds and removes no trace
const nobody = () => faded({ type: "scatter", x: [null], y: [null] });

/**
 * Where a trace stands that is called by its name, or by its place.
 * @param {Trace[]} traces @param {string} name
 */
export const placeOf = (traces, name) => Object.hasOwn(traces, name) ? Number(name) : traces.findIndex(({ meta }) => meta === name);

/**
 * A copy of `base` with what `patch` says; a list replaces a list, and of one of traces {"cross": …} changes that which
 * is named so, {"0": …} the first.
 * @param {any} base @param {unknown} patch @returns {any} as the base is
 */
export function merged(base, patch) {
  if (patch === undefined) return base;
  if (!isPlain(patch) || base === undefined) return patch;
  const copy = Array.isArray(base) ? [...base] : { ...base };
  for (const [name, part] of Object.entries(patch)) {
    const key = Array.isArray(copy) ? placeOf(copy, name) : name;
    copy[key] = merged(copy[key], part);
  }
  return copy;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isPlain = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !ArrayBuffer.isView(value);

/**
 * The same figure to stand alone: with its title and a background.
 * @param {Item} item @param {Size} size @param {Palette} color
 */
export function forPaper(item, size, color) {
  const { data, layout } = /** @type {Figure} */ (dressed(item, size, color));
  const top = (layout.margin?.t ?? layout.template.layout.margin.t) + 40;
  const title = { text: item.title, x: 0.02, xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 12 } };
  const margin = { ...layout.margin, t: top };
  return { data, layout: { ...layout, title, margin, paper_bgcolor: color("--st-background-color") } };
}

/** What all figures share, so that no message repeats it. @param {Palette} color */
function common(color) {
  const text = color("--st-text-color");
  const axis = {
    gridcolor: color("--u-grid"), zerolinecolor: color("--u-grid"), linecolor: color("--u-grid"),
    tickfont: { color: color("--u-muted"), size: 12 }, title: { font: { size: 13 }, standoff: 8 },
    ticks: "", exponentformat: "power", automargin: false, // margins that follow the labels would make the picture jump
  };
  return { layout: {
    font: { family: color.value("--st-font"), size: 13, color: text },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 56, r: 12, t: 32, b: 44 },
    xaxis: axis, yaxis: axis,
    hoverlabel: {
      bgcolor: color("--st-secondary-background-color"), bordercolor: color("--u-muted"),
      font: { family: color.value("--st-font"), size: 13, color: text }, align: "left",
    },
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", font: { size: 13 }, itemsizing: "constant" },
    colorway: ["state", "weight", "slope", "product", "input"].map((name) => color(`--u-${name}`)),
    shapedefaults: { layer: "below", line: { width: 1, color: color("--u-muted") } },
  } };
}

/**
 * CSS variables as Plotly wants them: "--u-product", or "--u-product/0.4" with its opacity.
 * @param {Element} node @returns {Palette}
 */
export function palette(node) {
  /** @type {Map<string, string>} */
  const known = new Map();
  const lookUp = (/** @type {string} */ name) => {
    const [variable, opacity] = name.split("/");
    const probe = node.appendChild(document.createElement("span"));
    probe.style.color = `var(${variable})`; // the browser resolves light-dark() and the theme for us
    probe.style.setProperty("forced-color-adjust", "none"); // in high contrast, too
    const { color } = getComputedStyle(probe);
    probe.remove();
    return opacity ? color.replace("rgb(", "rgba(").replace(")", `, ${opacity})`) : color;
  };
  const color = (/** @type {string} */ name) => {
    const value = known.get(name) ?? lookUp(name);
    known.set(name, value);
    return value;
  };
  return Object.assign(color, { value: (/** @type {string} */ name) => getComputedStyle(node).getPropertyValue(name) });
}

/**
 * A copy with every "--variable" replaced by its colour; long arrays of numbers are passed on as they are.
 * @param {unknown} value @param {Palette} color @returns {any} as the value is
 */
function recolored(value, color) {
  if (typeof value === "string") return value.startsWith("--") ? color(value) : value;
  if (Array.isArray(value)) return isNumbers(value) ? value : value.map((part) => recolored(part, color));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, recolored(part, color)]));
}

/** @param {unknown[]} array */
const isNumbers = (array) => typeof array[0] === "number" && typeof array[1] !== "string"; // [0, "red"] is a stop
