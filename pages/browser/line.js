// The line to the server: whether it holds, and what to show a room while it does not.

import { given } from "./given.js";
import { fromHome } from "./home.js";
import { element } from "./element.js";
import { isConnected } from "../inside/streamlit.js";

const PATIENCE = 3000; // ms for an answer

/** Whether Streamlit's own connection is up; it may not have noticed yet that it is not. */
export const isUp = () => isConnected() !== false;

/** Whether the server answers at this moment. @returns {Promise<boolean>} */
export async function answers() {
  try {
    const asked = await fetch(fromHome(given.health), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return asked.ok;
  } catch {
    return false;
  }
}

const sign = element("p", "u-outage");
sign.setAttribute("role", "status");

/** A quiet line in a corner, "" for none. @param {string} text */
export function tell(text) {
  if (sign.textContent !== text) sign.textContent = text;
  sign.hidden = !text;
  if (!sign.isConnected) document.body.append(sign);
}
