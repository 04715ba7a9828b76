// The three kinds of items on a page: figures, formulas, texts. They select and show; they compute nothing.

import { copy } from "../browser/copy.js";
import { element } from "../browser/element.js";
import { barsOf, light as lightUp, morph, plotly } from "../inside/plotly.js";
import { drawsMath, hear, said, shown } from "./linear.js";
import { dressed, forPaper, isTouch, placeOf } from "./theme.js";
import { legendSpeaks, speaking } from "./terms.js";
import { walk } from "./walk.js";

/**
 * @typedef {import("./figures.js").Page} Page
 * @typedef {import("./theme.js").Figure} Figure
 * @typedef {import("../inside/plotly.js").Plot} Plot
 * @typedef {import("../inside/plotly.js").Point} Point
 * @typedef {{mathml: string, linear: string, latex?: string, part: boolean, slots: Record<string, string>,
 *   colors: Record<string, string>}} Line
 *
 * The name is the node's identity: a node stays while its name stays.
 * @typedef {FigureItem | FormulaItem | TextItem} Item
 * @typedef {{kind: "formula", name: string, alt: string, lines: Line[]}} FormulaItem
 * @typedef {{kind: "text", name: string, text: string}} TextItem
 * @typedef {object} FigureItem
 * @property {"figure"} kind @property {string} name @property {string} title @property {string} alt
 * @property {Figure} figure @property {object} [narrow]  a patch of the figure where there is little width
 * @property {number} height @property {"main"} [role] @property {boolean} [tap]
 * @property {boolean} [linked]  points of the same customdata light up together, in all linked figures
 * @property {import("./scale.js").Scale} [scale]  the axis on which all can be seen
 * @property {import("./scale.js").Scales} [scales] @property {number} [row]  px that a row of cells below the axis takes
 * @property {import("./walk.js").Play} [play]  the gradient's walk; not of a sweep's positions
 * @property {string[]} [ghost]  traces, by name, whose last course stays in sight while a slider moves
 *
 * Figures alone can be redrawn, once they are updated; haunted: the present course is kept as a ghost, or let go, and
 * whether that is new is told; and lit up: at the points that carry a value, undefined for none.
 * @typedef {{node: HTMLElement, update(item: Item): void, redraw?: () => void, haunt?: (on: boolean) => boolean,
 *   light?: (value: unknown) => void, release?: () => void}} View
 */

const AT_ONCE = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };
let serial = 0;

/** @param {Page} page @returns {View} */
function figureView(page) {
  const node = element("figure", "u-item u-figure");
  const title = element("h2", "u-title");
  const plot = /** @type {Plot} */ (element("div", "u-plot"));
  const readout = element("figcaption", "u-readout");
  /** @type {FigureItem} */
  let item;
  /** @type {FigureItem | undefined} */
  let rest; // the last that was no position of a sweep: a drag keeps its axis
  /** @type {import("./scale.js").Scale | undefined} */
  let chosen; // the reader's axis
  /** @type {ReturnType<typeof walk> | undefined} */
  let pulse; // of a figure that has a walk
  let size = { width: 0, height: 0 }; // known, since asking for it makes the browser lay out the page
  let tapped = -Infinity; // when
  const download = (/** @type {"svg" | "png"} */ format) => () => plotly()?.downloadImage(forPaper(item, size, page.color), {
    format, width: size.width, height: size.height + 40, scale: 2, filename: slug(item.title),
  });
  const hold = button("Hold", () => page.component.setTriggerValue("tap", { hold: true }));
  const link = copier("Copy link", () => location.href);
  const share = element("details", "u-share", element("summary", "u-button", "Share"), element(
    "div", "u-menu", link, button("Save SVG", download("svg")), button("Save PNG", download("png")),
  ));
  share.addEventListener("focusout", ({ relatedTarget: next }) => { share.open &&= next instanceof Node && share.contains(next); });
  const head = element("div", "u-head", title, hold, share);
  const axis = element("span", "u-axis", .../** @type {const} */ (["linear", "log"]).map((scale) => {
    const choose = button(scale, () => {
      chosen = scale;
      view.update(rest ?? item);
      page.renew(view);
    });
    choose.dataset.scale = scale;
    return choose;
  }));
  const frame = element("div", "u-frame", plot);
  node.append(head, frame, readout);
  readout.id = `u-readout-${++serial}`;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-labelledby", readout.id);

  /** @type {import("../inside/plotly.js").Trace[] | null} */
  let ghosts = null;
  const past = element("span", "u-past"); // what the ghosts were, where a choice has turned the picture
  past.hidden = true;
  frame.append(past);
  let drawn = ""; // all but the data
  let morphs = false; // what comes is at rest, and not where a thumb has left it

  const redraw = () => {
    const drawer = plotly();
    if (!drawer || !size.width) return;
    const { data, layout } = dressed(item, size, page.color, ghosts);
    // an animation recolours no bars
    const frame = JSON.stringify([layout, data.map(({ type, marker }) => [type, type === "bar" && marker?.color])]);
    if (frame === drawn && !data.some(({ type }) => type === "heatmap")) { // a transition loses a map
      // the traces alone: half the time; a redraw that the next one overtakes is rejected
      drawer.animate(plot, { data, traces: [...data.keys()] }, AT_ONCE).catch(() => {});
      return;
    }
    drawn = frame;
    const before = morphs ? barsOf(plot) : null;
    morphs = false;
    const doubleClick = isTouch() ? false : "reset";
    drawer.react(plot, data, layout, { displayModeBar: false, showTips: false, doubleClick });
    plot.removeAllListeners("plotly_click");
    plot.on("plotly_click", onTap);
    plot.removeAllListeners("plotly_hover");
    plot.removeAllListeners("plotly_unhover");
    plot.on("plotly_hover", ({ points }) => { if (item.linked) light(points[0].customdata); });
    plot.on("plotly_unhover", () => { if (item.linked) light(undefined, view); });
    pulse?.place();
    if (before) morph(plot, before);
  };
  const onTap = (/** @type {import("../inside/plotly.js").Tap} */ { points, event }) => {
    const point = points.find(({ customdata, z }) => customdata !== undefined || z !== undefined);
    const value = point?.customdata ?? (point && [point.x, point.y]); // a map's cell says where it lies
    if (!item.tap || value === undefined || event.timeStamp - tapped < 400) return; // a tap comes as two clicks
    tapped = event.timeStamp;
    page.component.setTriggerValue("tap", { figure: item.name, value });
  };
  /** Where a step is hovered, its points in all linked figures light up; they are told apart by their customdata. */
  const light = (/** @type {unknown} */ value, /** @type {View | null} */ except = null) => {
    for (const other of page.views.values()) if (other !== except) other.light?.(value);
  };
  const traced = (/** @type {FigureItem} */ { ghost = [], figure: { data } }) => ghost.map((name) => data[placeOf(data, name)]);
  /** The course that a choice has turned stays as a ghost, until the next move. @param {FigureItem} old */
  const remember = (old, /** @type {string} */ turned) => {
    ghosts = traced(old);
    const left = old.play?.lanes.length === 1 ? old.play.lanes[0].product.at(-1) : "";
    const axis = old.scale && old.scale !== rest?.scale ? ` (${old.scale} axis)` : "";
    put(past, "textContent", turned + (left && `${turned.includes(":") ? "," : ":"} ${left}`) + axis);
    past.hidden = false;
  };
  const forget = () => {
    if (!past.hidden) ghosts = null;
    past.hidden = true;
  };
  /** @type {View} */
  const view = {
    node,
    redraw,
    light(value) {
      if (!item.linked || !plot.data) return;
      const points = plot.data.flatMap(({ customdata }, curveNumber) => {
        const pointNumber = value === undefined ? -1 : Array.from(customdata ?? []).indexOf(value);
        return pointNumber < 0 ? [] : [{ curveNumber, pointNumber }];
      });
      lightUp(plot, points);
    },
    update(/** @type {FigureItem} */ next) {
      const old = rest;
      if (!page.follower.isMoving()) {
        rest = next;
        morphs = Boolean(old && next.scales);
        if (page.turned === "") forget();
        else if (old && page.turned && next.ghost) remember(old, page.turned);
      }
      item = rest?.scales ? { ...next, scales: rest.scales, scale: chosen ?? rest.scale } : next;
      if (next.play && !pulse) {
        pulse = walk(plot, (slot) => [...page.root.querySelectorAll(`[data-slot="${slot}"]`)]);
        pulse.controls.append(axis);
        head.after(pulse.controls);
        frame.append(pulse.overlay);
      }
      pulse?.update(item);
      put(axis, "hidden", !item.scales);
      for (const choose of axis.children) choose.ariaPressed = String(choose.textContent === item.scale);
      put(title, "textContent", item.title);
      put(readout, "textContent", item.alt);
      put(node.dataset, "name", item.name);
      node.classList.toggle("u-main", item.role === "main");
      if (item.role === "main" && page.badge.node.parentNode !== head) title.after(page.badge.node);
      put(hold, "hidden", item.role !== "main" || !("held" in (page.exact.live?.choices ?? {})));
      put(hold, "textContent", page.exact.live?.choices.held ? "Let go" : "Hold");
      // a screen reader hears where the slider came to rest, not every step of the way
      if (item.role === "main") put(readout, "ariaLive", page.follower.isMoving() ? "off" : "polite");
      put(node.style, "cssText", `--u-height: ${item.height}px;`);
    },
    haunt(on) {
      node.classList.toggle("u-moving", on);
      if (!item.ghost || (on ? ghosts && past.hidden : !ghosts || !past.hidden)) return false;
      ghosts = on ? traced(item) : null;
      past.hidden = true;
      return true;
    },
    release() {
      observer.disconnect();
      pulse?.release();
      plotly()?.purge(plot);
    },
  };
  const observer = new ResizeObserver(([{ contentRect }]) => {
    size = contentRect;
    page.renew(view);
  });
  observer.observe(plot);
  legendSpeaks(plot);
  return view;
}

/** @returns {View} */
function formulaView() {
  const lines = element("div", drawsMath() ? "u-lines" : "u-lines u-linear");
  if (isTouch()) lines.tabIndex = 0; // there a long line is scrolled
  hear();
  const latex = copier("Copy LaTeX", () => (item?.lines ?? []).map((line) => line.latex).join(" \\\\\n"));
  const { open, list } = speaking(lines);
  const node = element("div", "u-item u-formula", lines, element("div", "u-beside", latex, open), list);
  node.setAttribute("role", "group");
  /** @type {FormulaItem | undefined} */
  let item;
  return {
    node,
    update(/** @type {FormulaItem} */ next) {
      next.lines.forEach((line, number) => {
        const place = lines.children[number] ?? lines.appendChild(element("div", "u-line"));
        place.classList.toggle("u-part", line.part);
        shown.set(place, line);
        if (!drawsMath()) return put(place, "textContent", said(line));
        // a constant of the page's code, never a value; values enter below, as text
        if (item?.lines[number]?.mathml !== line.mathml) place.innerHTML = line.mathml;
        place.classList.toggle("u-tall", line.mathml.includes("<mfrac"));
        for (const slot of /** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll("[data-slot]"))) {
          const { slot: name = "" } = slot.dataset;
          put(slot, "textContent", line.slots[name] ?? "");
          put(slot.style, "color", line.colors[name] ? `var(--u-${line.colors[name]})` : "");
        }
      });
      while (lines.children.length > next.lines.length) lines.lastElementChild?.remove();
      item = next;
      put(node.dataset, "name", next.name);
      put(node, "ariaLabel", next.alt);
    },
  };
}

/** @returns {View} */
function textView() {
  const node = element("p", "u-item u-text");
  node.setAttribute("aria-live", "polite");
  return { node, update(/** @type {TextItem} */ item) { put(node, "textContent", item.text); put(node.dataset, "name", item.name); } };
}

export const VIEWS = { figure: figureView, formula: formulaView, text: textView };

/**
 * Sets what is not so already: even the same text would be laid out anew.
 * @template Target @template {keyof Target} Name
 * @param {Target} target @param {Name} name @param {Target[Name]} value
 */
function put(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

/** @param {string} text @param {() => void} onclick */
function button(text, onclick) {
  return Object.assign(element("button", "u-button", text), { type: "button", onclick });
}

/** A button that copies. @param {string} text @param {() => string} what */
function copier(text, what) {
  /** @type {HTMLButtonElement} */
  const node = button(text, async () => { if (await copy(what())) acknowledge(node, "Copied"); });
  return node;
}

/** @param {HTMLElement} node @param {string} text */
function acknowledge(node, text) {
  const before = node.textContent;
  node.textContent = text;
  setTimeout(() => { node.textContent = before; }, 1500);
}

/** @param {string} title */
const slug = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure";
