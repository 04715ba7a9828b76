// Draws what Python sent: figures, formulas, read-outs. It selects and shows; it computes nothing.

import { follower } from "./live.js";
import { at, unpack } from "./message.js";
import { dressed, forPaper, isTouch, palette } from "./theme.js";

/**
 * @typedef {import("./theme.js").Figure} Figure
 * @typedef {{mathml: string, latex: string, part: boolean, slots: Object<string, string>,
 *   colors: Object<string, string>}} Line
 * @typedef {object} Item
 * @property {"figure" | "formula" | "text"} kind
 * @property {string} name  the node's identity: a node stays while its name stays
 * @property {string} [title] @property {string} [alt] @property {string} [text]
 * @property {Figure} [figure] @property {Partial<Figure>} [narrow]  what differs when there is little width
 * @property {number} [height] @property {number} [narrow_height]
 * @property {"main" | "more"} [role] @property {boolean} [tap] @property {Line[]} [lines]
 * @property {number[]} [ghost]  traces whose last course stays in sight while a slider moves
 *
 * @typedef {{node: HTMLElement, update: (item: Item) => void, redraw?: () => void, release?: () => void,
 *   haunt?: (on: boolean) => void}} View
 * @typedef {{root: HTMLElement, views: Map<string, View>, component: object, color: import("./theme.js").Palette,
 *   follower: object, stale: Set<View>, frame: number, ghosts: number}} Page
 */

const AT_ONCE = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };
const LINGERS = 900; // ms that a ghost stays after the last move

/** @type {WeakMap<Element, Page>} */
const pages = new WeakMap();
let plotly; // the promise of its script
let serial = 0;

/** Called by Streamlit whenever the data or the theme has changed. */
export function render(component, plotlyUrl) {
  const { parentElement, data } = component;
  const page = pages.get(parentElement) ?? start(parentElement);
  page.component = component;
  page.color = palette(page.root);
  if (!window.Plotly) loadPlotly(plotlyUrl).then(() => show(page, page.items));
  const message = unpack(data);
  if (page.follower.isAhead(message)) return;
  show(page, message.items.map((item) => at(item, 0, message.blob)));
  clearTimeout(page.ghosts);
  page.ghosts = setTimeout(haunt, LINGERS, page, false);
}

/** Frees what a page that was left has held; a run that was merely superseded is still in the document. */
export function release(parentElement) {
  const page = pages.get(parentElement);
  if (!page || parentElement.isConnected) return;
  page.follower.release();
  clearTimeout(page.ghosts);
  page.views.forEach((view, name) => remove(page, name, view));
  pages.delete(parentElement);
}

function start(parentElement) {
  const page = { root: element("div", "u-figures"), views: new Map(), stale: new Set(), frame: 0 };
  page.follower = follower((items) => {
    clearTimeout(page.ghosts);
    haunt(page, true);
    show(page, items);
  });
  parentElement.append(page.root);
  pages.set(parentElement, page);
  return page;
}

/** Texts and formulas change at once, the main figure with them; the others follow, one a frame. */
function show(page, items) {
  page.items = items;
  items.forEach((item, position) => {
    const view = page.views.get(item.name) ?? VIEWS[item.kind](page);
    page.views.set(item.name, view);
    view.update(item);
    if (page.root.children[position] !== view.node) page.root.insertBefore(view.node, page.root.children[position]);
    if (view.redraw) page.stale.add(view);
  });
  const names = new Set(items.map((item) => item.name));
  for (const [name, view] of page.views) if (!names.has(name)) remove(page, name, view);
  paint(page);
}

function paint(page) {
  const main = [...page.stale].find((view) => view.node.classList.contains("u-main"));
  if (main) redraw(page, main);
  if (page.stale.size) page.frame ||= requestAnimationFrame(() => paintNext(page));
}

function paintNext(page) {
  page.frame = 0;
  const moving = page.follower.isMoving(); // then what is out of sight may wait
  const [next] = [...page.stale].filter((view) => !moving || isSeen(view.node));
  if (!next) return;
  redraw(page, next);
  paint(page);
}

function redraw(page, view) {
  if (window.Plotly) view.redraw();
  page.stale.delete(view);
}

/** The ghost of what was drawn before the slider moved appears, or goes. */
function haunt(page, on) {
  page.views.forEach((view) => view.haunt?.(on) && page.stale.add(view));
  if (!on) paint(page);
}

function remove(page, name, view) {
  view.release?.();
  view.node.remove();
  page.views.delete(name);
  page.stale.delete(view);
}

function loadPlotly(src) {
  return plotly ??= new Promise((onload, onerror) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror }));
  });
}

/** @returns {View} */
function figureView(page) {
  const node = element("figure", "u-item u-figure");
  const title = element("h2", "u-title");
  const plot = element("div", "u-plot");
  const readout = element("figcaption", "u-readout");
  /** @type {Item} */
  let item;
  let tapped = -Infinity; // when
  const download = (format) => () => Plotly.downloadImage(forPaper(item, plot, page.color), {
    format, width: plot.clientWidth, height: plot.clientHeight + 40, scale: 2, filename: slug(item.title),
  });
  const head = element("div", "u-head", title, button("SVG", download("svg")), button("PNG", download("png")));
  node.append(head, plot, readout);
  readout.id = `u-readout-${++serial}`;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-labelledby", readout.id);

  /** @type {object[] | null} */
  let ghosts = null;
  let drawn = ""; // the layout

  const redraw = () => {
    if (!window.Plotly || !plot.clientWidth) return;
    const { data, layout } = dressed(item, plot, page.color, ghosts ?? []);
    const frame = JSON.stringify(layout);
    if (page.follower.isMoving() && frame === drawn && data.length === plot.data.length) {
      Plotly.animate(plot, { data, traces: [...data.keys()] }, AT_ONCE); // the traces alone: half the time
      return;
    }
    drawn = frame;
    const doubleClick = isTouch() ? false : "reset";
    Plotly.react(plot, data, layout, { displayModeBar: false, showTips: false, doubleClick });
    plot.removeAllListeners("plotly_click");
    plot.on("plotly_click", onTap);
  };
  const onTap = ({ points, event }) => {
    const value = points.find((point) => point.customdata !== undefined)?.customdata;
    if (!item.tap || value === undefined || event.timeStamp - tapped < 400) return; // a tap comes as two clicks
    tapped = event.timeStamp;
    page.component.setTriggerValue("tap", { figure: item.name, value });
  };
  const observer = new ResizeObserver(redraw);
  observer.observe(plot);
  return {
    node,
    redraw,
    update(next) {
      item = next;
      title.textContent = item.title;
      readout.textContent = item.alt;
      node.dataset.name = item.name;
      node.classList.toggle("u-main", item.role === "main");
      // a screen reader hears where the slider came to rest, not every step of the way
      if (item.role === "main") readout.setAttribute("aria-live", page.follower.isMoving() ? "off" : "polite");
      node.style.setProperty("--u-height", `${item.height ?? 320}px`);
      node.style.setProperty("--u-narrow-height", `${item.narrow_height ?? item.height ?? 280}px`);
    },
    haunt(on) {
      if (on === Boolean(ghosts) || !item.ghost) return false;
      ghosts = on ? item.ghost.map((trace) => item.figure.data[trace]) : null;
      return true;
    },
    release() {
      observer.disconnect();
      if (window.Plotly) Plotly.purge(plot);
    },
  };
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
        for (const slot of place.querySelectorAll("[data-slot]")) {
          const name = slot.dataset.slot;
          slot.textContent = line.slots[name] ?? "";
          slot.style.color = line.colors[name] ? `var(--u-${line.colors[name]})` : "";
        }
      });
      while (lines.children.length > next.lines.length) lines.lastChild.remove();
      item = next;
      node.dataset.name = item.name;
      node.setAttribute("aria-label", item.alt);
    },
  };
}

/** @returns {View} */
function textView() {
  const node = element("p", "u-item u-text");
  node.setAttribute("aria-live", "polite");
  return { node, update(item) { node.textContent = item.text; node.dataset.name = item.name; } };
}

const VIEWS = { figure: figureView, formula: formulaView, text: textView };

function element(tag, className = "", ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}

function button(text, onclick) {
  return Object.assign(element("button", "u-button", text), { type: "button", onclick });
}

function isSeen(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return top < innerHeight && bottom > 0;
}

const slug = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure";
