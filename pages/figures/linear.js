// Formulas as plain text: where the browser draws no MathML, and for the clipboard, which gets a symbol a line else.

/** @typedef {import("./views.js").Line} Line */

/**
 * What a line says: its template with today's texts; an index or an exponent of several signs stands in brackets.
 * @param {Pick<Line, "linear" | "slots">} line
 */
export function said({ linear, slots }) {
  return linear.replace(/([\^_]?)@(\w+)@/g, (_, /** @type {string} */ mark, /** @type {string} */ name) => {
    const text = slots[name] ?? "";
    return mark && !/^[\w.]*$/.test(text) ? `${mark}(${text})` : mark + text;
  });
}

/** @type {boolean | undefined} */
let drawn; // whether MathML is

/** Whether this browser draws MathML: then a space in it has a size. */
export function drawsMath() {
  if (drawn !== undefined) return drawn;
  const [math, space] = ["math", "mspace"].map((name) => document.createElementNS("http://www.w3.org/1998/Math/MathML", name));
  space.setAttribute("width", "77px");
  space.setAttribute("height", "23px");
  math.append(space);
  const probe = aside(math);
  const { width, height } = space.getBoundingClientRect();
  probe.remove();
  return drawn = Math.abs(width - 77) < 2 && Math.abs(height - 23) < 2;
}

/** @param {Node[]} children */
function aside(...children) {
  const node = Object.assign(document.createElement("div"), { className: "u-probe" });
  node.append(...children);
  document.body.append(node); // out of sight, but laid out
  return node;
}

/** @type {WeakMap<Element, Line>} what each line on the page shows */
export const shown = new WeakMap();

const NOTHING = { linear: "", slots: {} };

/** What is selected by hand is copied as text from now on. */
export const hear = () => document.addEventListener("copy", onCopy); // the same listener twice is one

/** Whole lines are copied, and parts of one stay together. @param {ClipboardEvent} event */
function onCopy(event) {
  const selection = getSelection();
  const lines = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".u-line"));
  const touched = [...lines].filter((line) => selection?.containsNode(line, true));
  if (event.defaultPrevented || !selection || selection.isCollapsed || !touched.length) return;
  const range = selection.getRangeAt(0).cloneRange();
  const [first, last] = [range.startContainer, range.endContainer].map((node) => lineOf(node));
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  for (const line of touched) line.dataset.said = said(shown.get(line) ?? NOTHING);
  const copy = aside(range.cloneContents());
  for (const line of touched) delete line.dataset.said;
  copy.querySelectorAll("button").forEach((node) => node.remove());
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (copy.querySelectorAll("[data-said]"))) write(line);
  event.clipboardData?.setData("text/plain", copy.innerText.replace(/\n{3,}/g, "\n\n").trim());
  copy.remove();
  event.preventDefault();
}

/** A line as a block of text; a part goes on in the block of the part before. @param {HTMLElement} line */
function write(line) {
  const before = /** @type {HTMLElement | null} */ (line.previousElementSibling);
  const goesOn = line.classList.contains("u-part") && before?.dataset.goes;
  const block = goesOn && before ? before : document.createElement("p");
  block.textContent += (goesOn ? " " : "") + line.dataset.said;
  if (line.classList.contains("u-part")) block.dataset.goes = "on";
  if (goesOn) line.remove();
  else line.replaceWith(block);
}

/** @param {Node} node */
const lineOf = (node) => (node instanceof Element ? node : node.parentElement)?.closest(".u-line");
