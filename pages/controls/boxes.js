// What the boxes beside the sliders have more than a text field: arrow keys step them, and a finger gets digits.

const BOX = ".st-key-controls [class*=_exact] input";
const setText = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

const boxOf = ({ target }) => target instanceof HTMLInputElement && target.matches(BOX) ? target : null;

/** The slider that stands beside a box. @returns {HTMLInputElement | null} */
function sliderOf(box) {
  const [, key] = box.closest("[class*=_exact]").className.match(/st-key-(\w+)_exact/);
  return document.querySelector(`.st-key-${key} input[type=range]`);
}

addEventListener("focusin", (event) => {
  const box = boxOf(event), slider = box && sliderOf(box);
  if (slider) box.inputMode = Number(slider.min) < 0 ? "text" : "decimal"; // no phone's decimal keys have a minus
});

addEventListener("keydown", (event) => {
  const up = { ArrowUp: 1, ArrowDown: -1 }[event.key], box = up && boxOf(event), slider = box && sliderOf(box);
  const value = slider && box.value.trim() ? Number(box.value) : NaN; // what is half typed is not stepped
  if (Number.isNaN(value)) return;
  event.preventDefault();
  const next = Math.min(Math.max(value + up * Number(slider.step), Number(slider.min)), Number(slider.max));
  setText.call(box, String(Number(next.toFixed(10))));
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
});
