// Draws what Python sent: figures, formulas, read-outs. It selects and shows; it computes nothing.

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
 *
 * @typedef {{node: HTMLElement, update: (item: Item) => void, redraw?: () => void, release?: () => void}} View
 * @typedef {{root: HTMLElement, views: Map<string, View>, component: object, color: import("./theme.js").Palette}} Page
 */

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
  if (!window.Plotly) loadPlotly(plotlyUrl).then(() => page.views.forEach((view) => view.redraw?.()));
  const items = /** @type {Item[]} */ (JSON.parse(new TextDecoder().decode(data)));
  items.forEach((item, position) => {
    const view = page.views.get(item.name) ?? VIEWS[item.kind](page);
    page.views.set(item.name, view);
    view.update(item);
    if (page.root.children[position] !== view.node) page.root.insertBefore(view.node, page.root.children[position]);
  });
  const names = new Set(items.map((item) => item.name));
  for (const [name, view] of page.views) if (!names.has(name)) remove(page, name, view);
}

/** Frees what a page that was left has held; a run that was merely superseded is still in the document. */
export function release(parentElement) {
  const page = pages.get(parentElement);
  if (!page || parentElement.isConnected) return;
  page.views.forEach((view, name) => remove(page, name, view));
  pages.delete(parentElement);
}

function start(parentElement) {
  const page = { root: element("div", "u-figures"), views: new Map() };
  parentElement.append(page.root);
  pages.set(parentElement, page);
  return page;
}

function remove(page, name, view) {
  view.release?.();
  view.node.remove();
  page.views.delete(name);
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

  const redraw = () => {
    if (!window.Plotly || !plot.clientWidth) return;
    const { data, layout } = dressed(item, plot, page.color);
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
      if (item.role === "main") readout.setAttribute("aria-live", "polite");
      node.style.setProperty("--u-height", `${item.height ?? 320}px`);
      node.style.setProperty("--u-narrow-height", `${item.narrow_height ?? item.height ?? 280}px`);
      redraw();
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

const slug = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure";
