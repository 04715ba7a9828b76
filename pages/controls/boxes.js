// What the boxes beside the sliders have more than a text field: arrow keys step them, and a finger gets digits.

import { isWithin, keyOf, sliderOf, type } from "../inside/streamlit.js";

/** The box that an event is of, and the slider beside it. @param {Event} event */
function pairOf({ target }) {
  if (!(target instanceof HTMLInputElement) || !isWithin(target, "controls")) return null;
  const [, key = ""] = keyOf(target).match(/^(\w+)_exact$/) ?? [];
  const slider = key ? sliderOf(key) : null;
  return slider && { box: target, slider };
}

addEventListener("focusin", (event) => {
  const pair = pairOf(event);
  if (pair) pair.box.inputMode = Number(pair.slider.min) < 0 ? "text" : "decimal"; // no phone's decimal keys have a minus
});

addEventListener("keydown", (event) => {
  const up = Number(event.key === "ArrowUp") - Number(event.key === "ArrowDown"), pair = up ? pairOf(event) : null;
  if (!pair) return;
  const { box, slider } = pair;
  const value = box.value.trim() ? Number(box.value) : NaN; // what is half typed is not stepped
  if (Number.isNaN(value)) return;
  event.preventDefault();
  const next = Math.min(Math.max(value + up * Number(slider.step), Number(slider.min)), Number(slider.max));
  type(box, String(Number(next.toFixed(10))));
});
