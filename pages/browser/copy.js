// Copying a text, also where the page came over plain http: there a browser has no clipboard for scripts.

/** Copies a text; else shows it, to be copied by hand. Whether it is copied. @param {string} text */
export async function copy(text) {
  if (await handedOver(text) || byEvent(text)) return true;
  show(text);
  return false;
}

/** @param {string} text */
async function handedOver(text) {
  if (!navigator.clipboard) return false; // without waiting: what follows must come in the click's own task
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // not allowed
    return false;
  }
}

/** As Ctrl+C on a selection would, without moving the focus. @param {string} text */
function byEvent(text) {
  const place = Object.assign(document.createElement("pre"), { textContent: text });
  place.style.cssText = "position: fixed; top: 0; opacity: 0; user-select: text";
  document.body.append(place);
  const selection = getSelection();
  selection?.selectAllChildren(place);
  let done = false;
  /** @param {ClipboardEvent} event */
  const put = (event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    done = Boolean(event.clipboardData);
  };
  document.addEventListener("copy", put, { capture: true });
  try {
    return document.execCommand("copy") && done;
  } finally {
    document.removeEventListener("copy", put, { capture: true });
    selection?.removeAllRanges();
    place.remove();
  }
}

/** @param {string} text */
function show(text) {
  const dialog = document.createElement("dialog");
  dialog.className = "u-sheet u-copy";
  const said = Object.assign(document.createElement("p"), { textContent: "Press Ctrl+C (on a Mac ⌘C), then Escape." });
  const place = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, ariaLabel: "To be copied" });
  const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close", className: "u-button" });
  close.onclick = () => dialog.close();
  dialog.append(said, place, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  place.focus();
  place.select();
}
