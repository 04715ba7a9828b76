// Streamlit's page as the browser has it: what its parts are called, and what they say of themselves.

/** What every part of a page gets, as the documentation of components has it.
 * @template Data
 * @typedef {{parentElement: HTMLElement, data: Data, setTriggerValue: (name: string, value: unknown) => void}} Component
 */

/** @param {string} selector @returns {HTMLElement | null} */
const find = (selector) => document.querySelector(selector);

// the page as a whole

export const root = () => document.getElementById("root");
export const column = () => find(".stMainBlockContainer");
export const toTop = () => find(".stMain")?.scrollTo({ top: 0 });

/** A file was lost that Streamlit fetches only when it needs it. @param {() => void} hear */
export const onLoss = (hear) => addEventListener("vite:preloadError", hear);

/** @param {Element} node */
export const isMenuLink = (node) => node.closest("[data-testid=stSidebarNavLink]") !== null;
/** Where the menu is a sheet, it goes. */
export const closeMenu = () => find("[data-testid=stSidebarCollapseButton] button")?.click();

// the line, and the script

export const app = () => find(".stApp");

/** Whether Streamlit has its connection; it may not have noticed yet that it is gone. Undefined before it has begun. */
export function isConnected() {
  const state = app()?.dataset.testConnectionState;
  return state === undefined ? undefined : state === "CONNECTED";
}

/** @param {() => void} hear  that this may have changed */
export function onConnection(hear) {
  new MutationObserver(hear).observe(document.body, { subtree: true, attributeFilter: ["data-test-connection-state"] });
}

/** Whether a run is under way. */
export const isRunning = () => app()?.dataset.testScriptState === "running";
/** Whether the server has answered all that Streamlit sent it. */
export const isAtRest = () => app()?.dataset.testScriptState === "notRunning";

// widgets and containers, by their keys

/** @param {string} key */
export const place = (key) => find(`.st-key-${key}`);
/** @param {Element} node @param {string} key */
export const isWithin = (node, key) => node.closest(`.st-key-${key}`) !== null;
/** The innermost key around a node, "" where there is none. @param {EventTarget | null} node */
export const keyOf = (node) => node instanceof Element ? node.closest("[class*=st-key-]")?.className.match(/st-key-(\w+)/)?.[1] ?? "" : "";

/** A button that can be pressed. @param {string} key */
export const button = (key) => find(`.st-key-${key} button:not(:disabled)`);
/** Options of which one is chosen. @param {string} key */
export const options = (key) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`.st-key-${key} :is(button, [role=radio])`)]);
/** @param {Element} option */
export const isChosen = (option) => option.ariaChecked === "true";
/** @param {Element} node */
export const isText = (node) => node.closest(".stTextInput") !== null;

/** Types a number and Enter, as a hand would: what a script sets, React does not see. @param {HTMLInputElement} box @param {string} text */
export function type(box, text) {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
}

// sliders, of which only the release is reported, but whose attribute `value` changes with every move

/** @param {string} key @returns {HTMLInputElement | null} */
export const sliderOf = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
/** @param {Element} slider */
export const valueOf = (slider) => Number(slider.getAttribute("value"));
/** @param {Element} slider */
export const stepOf = (slider) => Number(slider.getAttribute("step"));
/** A mouse, a finger and a key all focus it. @param {Element} slider */
export const isHeld = (slider) => slider.matches("input[type=range]:focus");

/** @param {(slider: Element) => void} hear  of the one that is held @returns {() => void} ends that */
export function onMove(hear) {
  const observer = new MutationObserver((records) => {
    for (const { target } of records) if (target instanceof Element && isHeld(target)) return hear(target);
  });
  observer.observe(document.body, { subtree: true, attributeFilter: ["value"] });
  return () => observer.disconnect();
}
