// Draws a handout's pictures, in a file that stands alone: it is put there together with what it imports.

import { at, unpack } from "../../figures/message.js";
import { dressed, palette } from "../../figures/theme.js";
import { plotly } from "../../inside/plotly.js";

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const packed = atob(document.getElementById("pictures")?.textContent ?? "");
const { items, blob } = unpack(Uint8Array.from(packed, (letter) => letter.charCodeAt(0)));
const color = palette(document.body);
const answers = /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("details.answer")]);
const pictures = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-picture]")]);
const waiting = new Set(pictures); // to be drawn, one a frame
let width = main.clientWidth;
let frame = 0;

/** @param {HTMLElement} node */
function draw(node) {
  waiting.delete(node);
  const item = at(items[Number(node.dataset.picture)], 0, blob);
  const { data, layout } = dressed(item, { width, height: item.height }, color);
  plotly()?.react(node, data, layout, { displayModeBar: false, showTips: false, doubleClick: "reset" });
}

function drawNext() {
  frame = 0;
  // the first that is seen, before those behind a fold: there nothing can be measured
  const next = pictures.find((node) => waiting.has(node) && node.checkVisibility({ contentVisibilityAuto: true }));
  if (!next) return;
  draw(next);
  frame = requestAnimationFrame(drawNext);
}

function drawAll() {
  frame ||= requestAnimationFrame(drawNext);
}

/** @param {boolean} all */
function open(all) {
  for (const answer of answers) answer.open = all;
}

/** Opens every answer for the printer, and then lets each be as it was. */
function forPaper() {
  const folded = answers.filter((answer) => !answer.open);
  if (!("without" in document.body.dataset)) open(true);
  for (const node of [...waiting]) if (node.checkVisibility()) draw(node);
  addEventListener("afterprint", () => {
    delete document.body.dataset.without;
    for (const answer of folded) answer.open = false;
  }, { once: true });
}

const acts = {
  open: () => open(true),
  fold: () => open(false),
  print: () => print(),
  without: () => { document.body.dataset.without = ""; print(); },
};
for (const [name, act] of Object.entries(acts)) {
  document.querySelector(`[data-act=${name}]`)?.addEventListener("click", act);
}
for (const answer of answers) answer.addEventListener("toggle", drawAll);
addEventListener("beforeprint", forPaper);
addEventListener("resize", () => {
  if (main.clientWidth === width) return;
  width = main.clientWidth;
  pictures.forEach((node) => waiting.add(node));
  drawAll();
});
document.fonts.load("1rem 'Source Sans'").then(drawAll, drawAll); // texts are measured when they are drawn
