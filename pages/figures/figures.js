// Draws what Python sent, and follows the sliders: the one component behind all pictures of a page.

import { again } from "../browser/again.js";
import { badge } from "./badge.js";
import { follower } from "./live.js";
import { wait } from "./loading.js";
import { at, unpack } from "./message.js";
import { palette } from "./theme.js";
import { element } from "../browser/element.js";
import { plotly } from "../inside/plotly.js";
import { VIEWS } from "./views.js";

/**
 * @typedef {import("./views.js").View} View
 * @typedef {import("./views.js").Item} Item
 * @typedef {import("../inside/streamlit.js").Component<Uint8Array>} Component
 * @typedef {object} Page
 * @property {HTMLElement} root @property {Component} component  Streamlit's side
 * @property {import("./message.js").Message} exact  what it sent last
 * @property {Map<string, View>} views
 * @property {Set<View>} stale  figures to be drawn again @property {number} frame  that will draw the next of them
 * @property {import("./theme.js").Palette} color @property {import("./live.js").Follower} follower
 * @property {import("./badge.js").Badge} badge  in the main figure's head
 * @property {string | null} turned  what was before the last choice; "" where a thumb made it, null where there was none @property {number} ghosts  the timer that ends them @property {(view: View) => void} renew  draws one again
 * @property {ReturnType<typeof wait> | null} waiting  for Plotly
 */

const BESIDE = ["held", "challenge"]; // choices that turn no course
const LINGERS = 900; // ms that a ghost stays after the last move

/** @type {WeakMap<Element, Page>} */
const pages = new WeakMap();

/** Called by Streamlit whenever the data or the theme has changed. @param {Component} component */
export function render(component) {
  const { parentElement, data } = component;
  const page = pages.get(parentElement) ?? start(parentElement);
  page.component = component;
  page.color = palette(page.root);
  const before = page.exact?.live?.choices, wasMoving = page.follower.isMoving();
  page.exact = unpack(data);
  if (page.follower.isAhead(page.exact)) return;
  const said = turned(before, page.exact.live?.choices);
  page.turned = said && wasMoving ? "" : said;
  settle(page);
}

/**
 * What a choice, a scenario or a tap has turned, as it was before; null where nothing did.
 * @param {Record<string, string> | undefined} before @param {Record<string, string> | undefined} now
 */
function turned(before, now) {
  if (!before || !now) return null;
  const names = Object.keys(now).filter((name) => before[name] !== now[name] && !BESIDE.includes(name));
  const said = names.map((name) => isNaN(Number(before[name])) ? before[name] : `${name} = ${before[name]}`);
  return names.length ? `before${names.length > 2 ? "" : `: ${said.join(", ")}`}` : null;
}

/** What the server computed, and soon no ghost. @param {Page} page */
function settle(page) {
  const { items, blob } = page.exact;
  show(page, items.map((item) => at(item, 0, blob)));
  page.turned = null;
  page.badge.expect(page.exact);
  clearTimeout(page.ghosts);
  page.ghosts = setTimeout(haunt, LINGERS, page, false);
}

/** Frees what a page that was left has held; a run that was merely superseded is still in the document. @param {Element} parentElement */
export function release(parentElement) {
  const page = pages.get(parentElement);
  if (!page || parentElement.isConnected) return;
  page.follower.release();
  page.badge.blank();
  page.waiting?.release();
  clearTimeout(page.ghosts);
  page.views.forEach((view, name) => remove(page, name, view));
  pages.delete(parentElement);
}

/** @param {Element} parentElement */
function start(parentElement) {
  /** @type {Partial<Page>} */
  const begun = { root: element("div", "u-figures"), views: new Map(), stale: new Set(), frame: 0, turned: null };
  const page = /** @type {Page} */ (begun);
  page.renew = (view) => {
    if (!view.redraw) return;
    page.stale.add(view);
    paint(page);
  };
  page.badge = badge();
  page.follower = follower((items) => {
    clearTimeout(page.ghosts);
    haunt(page, true);
    page.badge.blank();
    show(page, items);
  }, () => settle(page), again);
  parentElement.append(page.root);
  pages.set(parentElement, page);
  return page;
}

/**
 * Texts and formulas change at once, the main figure with them; the other figures follow, one a frame.
 * @param {Page} page @param {Item[]} items
 */
function show(page, items) {
  items.forEach((item, position) => {
    const view = page.views.get(item.name) ?? VIEWS[item.kind](page);
    page.views.set(item.name, view);
    view.update(item);
    if (page.root.children[position] !== view.node) page.root.insertBefore(view.node, page.root.children[position]);
    if (view.redraw) page.stale.add(view);
  });
  const names = new Set(items.map((item) => item.name));
  for (const [name, view] of page.views) if (!names.has(name)) remove(page, name, view);
  if (!plotly()) announce(page);
  paint(page);
}

/** Until figures can be drawn, the first of them says so. @param {Page} page */
function announce(page) {
  const place = page.root.querySelector(".u-plot");
  if (!place) return;
  page.waiting ??= wait(() => page.views.forEach(page.renew));
  if (page.waiting.node.parentNode !== place) place.append(page.waiting.node);
}

/** @param {Page} page */
function paint(page) {
  const main = [...page.stale].find((view) => view.node.classList.contains("u-main"));
  if (main) redraw(page, main);
  if (page.stale.size) page.frame ||= requestAnimationFrame(() => paintNext(page));
}

/** @param {Page} page */
function paintNext(page) {
  page.frame = 0;
  const moving = page.follower.isMoving(); // then what is out of sight may wait
  const next = [...page.stale].find((view) => !moving || isSeen(view.node));
  if (!next) return;
  redraw(page, next);
  paint(page);
}

/** @param {Page} page @param {View} view */
function redraw(page, view) {
  view.redraw?.();
  page.stale.delete(view);
}

/** The ghost of what was drawn before the slider moved appears, or goes. @param {Page} page @param {boolean} on */
function haunt(page, on) {
  page.views.forEach((view) => view.haunt?.(on) && page.stale.add(view));
  if (!on) paint(page);
}

/** @param {Page} page @param {string} name @param {View} view */
function remove(page, name, view) {
  view.release?.();
  view.node.remove();
  page.views.delete(name);
  page.stale.delete(view);
}

/** @param {Element} node */
function isSeen(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return top < innerHeight && bottom > 0;
}
