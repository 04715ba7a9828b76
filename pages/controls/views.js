// The three kinds of items on a page: figures, formulas, texts. They select and show; they compute nothing.

import { dressed, forPaper, isTouch } from "./theme.js";

/**
 * @typedef {import("./theme.js").Figure} Figure
 * @typedef {{mathml: string, latex?: string, part: boolean, slots: Object<string, string>,
 *   colors: Object<string, string>}} Line
 * @typedef {object} Item
 * @property {"figure" | "formula" | "text"} kind
 * @property {string} name  the node's identity: a node stays while its name stays
 * @property {string} [title] @property {string} [alt] @property {string} [text]
 * @property {Figure} [figure] @property {object} [narrow]  a patch of the figure where there is little width
 * @property {number} [height] @property {"main"} [role] @property {boolean} [tap] @property {Line[]} [lines]
 * @property {number[]} [ghost]  traces whose last course stays in sight while a slider moves
 *
 * @typedef {object} View
 * @property {HTMLElement} node @property {(item: Item) => void} update
 * @property {() => void} [redraw]  figures: draw what was updated
 * @property {(on: boolean) => boolean} [haunt]  keep the present course as a ghost, or let it go; whether that is new
 * @property {() => void} [release]
 */

const AT_ONCE = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };
let serial = 0;

/** Plotly's script, once it has arrived. */
export const plotly = () => /** @type {any} */ (globalThis).Plotly;

/** Which of a trace's attributes are arrays, Plotly asks its whole schema at every redraw: a third of the time. */
export function quicken({ PlotSchema }) {
  const search = PlotSchema.findArrayAttributes, found = new Map();
  PlotSchema.findArrayAttributes = (trace) => {
    const build = JSON.stringify(trace._input, (_, part) => Array.isArray(part) || ArrayBuffer.isView(part) ? 1 : part);
    if (found.size > 500) found.clear();
    return found.get(build) ?? found.set(build, search(trace)).get(build);
  };
}

/** @returns {View} */
function figureView(page) {
  const node = element("figure", "u-item u-figure");
  const title = element("h2", "u-title");
  const plot = element("div", "u-plot");
  const readout = element("figcaption", "u-readout");
  /** @type {Item} */
  let item;
  let size = { width: 0, height: 0 }; // known, since asking for it makes the browser lay out the page
  let tapped = -Infinity; // when
  const download = (format) => () => plotly().downloadImage(forPaper(item, size, page.color), {
    format, width: size.width, height: size.height + 40, scale: 2, filename: slug(item.title),
  });
  const head = element("div", "u-head", title, button("SVG", download("svg")), button("PNG", download("png")));
  node.append(head, plot, readout);
  readout.id = `u-readout-${++serial}`;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-labelledby", readout.id);

  /** @type {object[] | null} */
  let ghosts = null;
  let drawn = ""; // all but the data

  const redraw = () => {
    if (!plotly() || !size.width) return;
    const { data, layout } = dressed(item, size, page.color, ghosts);
    const frame = JSON.stringify([layout, data.map(({ type }) => type)]);
    if (frame === drawn) {
      // the traces alone: half the time; a redraw that the next one overtakes is rejected
      plotly().animate(plot, { data, traces: [...data.keys()] }, AT_ONCE).catch(() => {});
      return;
    }
    drawn = frame;
    const doubleClick = isTouch() ? false : "reset";
    plotly().react(plot, data, layout, { displayModeBar: false, showTips: false, doubleClick });
    plot.removeAllListeners("plotly_click");
    plot.on("plotly_click", onTap);
  };
  const onTap = ({ points, event }) => {
    const value = points.find((point) => point.customdata !== undefined)?.customdata;
    if (!item.tap || value === undefined || event.timeStamp - tapped < 400) return; // a tap comes as two clicks
    tapped = event.timeStamp;
    page.component.setTriggerValue("tap", { figure: item.name, value });
  };
  /** @type {View} */
  const view = {
    node,
    redraw,
    update(next) {
      item = next;
      put(title, "textContent", item.title);
      put(readout, "textContent", item.alt);
      put(node.dataset, "name", item.name);
      node.classList.toggle("u-main", item.role === "main");
      // a screen reader hears where the slider came to rest, not every step of the way
      if (item.role === "main") put(readout, "ariaLive", page.follower.isMoving() ? "off" : "polite");
      put(node.style, "cssText", `--u-height: ${item.height}px;`);
    },
    haunt(on) {
      if (on === Boolean(ghosts) || !item.ghost) return false;
      ghosts = on ? item.ghost.map((trace) => item.figure.data[trace]) : null;
      node.classList.toggle("u-moving", on);
      return true;
    },
    release() {
      observer.disconnect();
      plotly()?.purge(plot);
    },
  };
  const observer = new ResizeObserver(([{ contentRect }]) => {
    size = contentRect;
    page.renew(view);
  });
  observer.observe(plot);
  return view;
}

/** @returns {View} */
function formulaView() {
  const lines = element("div", "u-lines");
  const copy = button("Copy LaTeX", async () => {
    await navigator.clipboard.writeText(item.lines.map((line) => line.latex).join(" \\\\\n"));
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy LaTeX"; }, 1500);
  });
  const node = element("div", "u-item u-formula", lines, copy);
  node.setAttribute("role", "group");
  /** @type {Item} */
  let item;
  return {
    node,
    update(next) {
      next.lines.forEach((line, number) => {
        const place = lines.children[number] ?? lines.appendChild(element("div", "u-line"));
        place.classList.toggle("u-part", line.part);
        // a constant of the page's code, never a value; values enter below, as text
        if (item?.lines[number]?.mathml !== line.mathml) place.innerHTML = line.mathml;
        place.classList.toggle("u-tall", line.mathml.includes("<mfrac"));
        for (const slot of place.querySelectorAll("[data-slot]")) {
          const name = slot.dataset.slot;
          put(slot, "textContent", line.slots[name] ?? "");
          put(slot.style, "color", line.colors[name] ? `var(--u-${line.colors[name]})` : "");
        }
      });
      while (lines.children.length > next.lines.length) lines.lastChild.remove();
      item = next;
      put(node.dataset, "name", item.name);
      put(node, "ariaLabel", item.alt);
    },
  };
}

/** @returns {View} */
function textView() {
  const node = element("p", "u-item u-text");
  node.setAttribute("aria-live", "polite");
  return { node, update(item) { put(node, "textContent", item.text); put(node.dataset, "name", item.name); } };
}

export const VIEWS = { figure: figureView, formula: formulaView, text: textView };

/** @returns {any} */
export function element(tag, className = "", ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}

/** Sets what is not so already: even the same text would be laid out anew. */
function put(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

function button(text, onclick) {
  return Object.assign(element("button", "u-button", text), { type: "button", onclick });
}

const slug = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure";
