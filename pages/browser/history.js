// Back and Forward find a page as it was left.
//
// Streamlit clears the old page's address when another one is chosen, makes entries of the history while the new one
// is drawn, and asks for a page without its settings when the reader comes back to it.

const push = history.pushState;
let left = location.href; // the address when the reader last clicked: it may have been to leave
let shown = location.pathname;

addEventListener("click", () => { left = location.href; }, { capture: true });

history.pushState = function pushState(state, title, url) {
  const next = new URL(url ?? location.href, location.href).pathname;
  if (next === shown) return history.replaceState(state, title, url);
  if (new URL(left).pathname === shown) history.replaceState(history.state, "", left);
  shown = next;
  push.call(history, state, title, url);
};

addEventListener("popstate", (event) => {
  if (location.pathname === shown) return;
  event.stopImmediatePropagation();
  location.reload(); // the address says everything
}, { capture: true });
