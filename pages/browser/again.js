// The whole page, asked for again. A tab that comes back may find a server that knows none of its parts, and Streamlit
// drops what a part reports there: sliders would be dead.

import { isConnected, onConnection } from "../inside/streamlit.js";

let ask = () => {};

/** Asks for a run of the whole page. */
export const again = () => ask();

/** Tells how, from outside of all parts. @param {() => void} how */
export function askedBy(how) {
  ask = how;
}

let away = false;
onConnection(() => {
  const here = isConnected();
  if (here === undefined) return;
  if (here && away) again();
  away = !here;
});
