// The whole page, asked for again. A tab that comes back may find a server that knows none of its parts, and Streamlit
// drops what a part reports there: sliders would be dead.

let ask = () => {};

/** Asks for a run of the whole page. */
export const again = () => ask();

/** Tells how, from outside of all parts. @param {() => void} how */
export function askedBy(how) {
  ask = how;
}

let away = false;
new MutationObserver(() => {
  const state = /** @type {HTMLElement} */ (document.querySelector(".stApp"))?.dataset.testConnectionState;
  if (!state) return;
  if (state === "CONNECTED" && away) again();
  away = state !== "CONNECTED";
}).observe(document.body, { subtree: true, attributeFilter: ["data-test-connection-state"] });
