// The stage: keys that step through a script, what the speaker must know, and the address for the room.
//
// Python draws the slide and tells where it stands; a key only says where the speaker wants to be.

import { askedBy } from "./again.js";
import { add } from "./draft.js";
import { fromHome } from "./home.js";
import "./menu.js";
import { element } from "./views.js";

/**
 * @typedef {{slide: number, shown: boolean}} Place
 * @typedef {object} Stage  what Python tells: without a script only `on` and `title`
 * @property {boolean} on @property {string} title @property {string} [script] @property {number} slide from 1
 * @property {boolean} shown @property {boolean[]} asks  by slide @property {string} question @property {string} answer
 * @property {string} note @property {boolean} covered @property {number} seconds @property {number} all
 */

const STAGE = ["present", "script", "slide", "shown"]; // of the address: no setting of a page
const BEGAN = "unrolled-present-began";
const TRIES = 10; // to get to a place
const MOMENT = 300; // ms between them
const KEYS = [
  ["→ ↓ Page Down", "on: the answer, then the next slide"], ["← ↑ Page Up", "back"], ["Home, End", "first and last slide"],
  ["R or Enter", "reveal the answer"], ["A, B, C", "choose a curve, where there are three"], ["Q", "QR code of this very picture"],
  ["N", "notes on this screen"], ["S", "notes in a window of their own"], ["B", "black screen"], ["F", "full screen"],
  ["?", "these keys"], ["Esc", "leave"],
];

/** @type {{data: Stage, go: (place: Place) => void, root: HTMLElement}} */
let now;
/** @type {Place} */
let goal;
let tries = 0; // so far; none if nothing is under way
const showing = { notes: false, black: false }; // on every slide
/** @type {Window | null} */
let speaker = null; // the window with notes

/** Called by Streamlit with every run of a page. */
export function render({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".u-stage") ?? parentElement.appendChild(element("div", "u-stage"));
  now = { data, root, go: (place) => setTriggerValue("go", place) };
  askedBy(() => setTriggerValue("go", {})); // nowhere else
  document.documentElement.classList.toggle("u-presenting", data.on);
  if (!data.on) {
    sessionStorage.removeItem(BEGAN);
    if (!root.firstChild) root.append(menu());
    return;
  }
  const place = { slide: data.slide, shown: data.shown };
  const arrived = goal?.slide === place.slide && goal?.shown === place.shown;
  if (arrived || !tries) [goal, tries] = [place, 0]; // else it is on its way
  if (!sessionStorage.getItem(BEGAN)) sessionStorage.setItem(BEGAN, String(Date.now()));
  const waits = Boolean(data.script) && !data.shown;
  const focused = root.contains(document.activeElement) ? document.activeElement.ariaLabel : "";
  root.dataset.covered = String(Boolean(data.covered));
  root.classList.toggle("u-is-black", showing.black);
  root.replaceChildren(
    ...headline(data, waits), ...(data.script ? [steps(data)] : []), ...(showing.notes ? [element("aside", "u-notes")] : []),
  );
  if (focused) /** @type {HTMLElement} */ (root.querySelector(`[aria-label="${focused}"]`))?.focus();
  renewNotes();
}

/** A wish is lost where a page is just going: then it is said again. */
setInterval(() => {
  const idle = /** @type {HTMLElement} */ (document.querySelector(".stApp"))?.dataset.testScriptState !== "running";
  if (!tries || !idle || !now.root.isConnected) return;
  if (tries < TRIES) send();
  else [goal, tries] = [{ slide: now.data.slide, shown: now.data.shown }, 0];
}, MOMENT);

function headline(data, waits) {
  const hands = waits ? [element("span", "u-hands", "Hands up! ")] : [];
  const line = element("h1", "u-headline", element("span", "", ...hands, data.question || data.title));
  return data.covered ? [element("div", "u-cover", line, element("p", "", "Decide first. Then see."))] : [line];
}

function steps({ slide, asks }) {
  const bar = element("nav", "u-steps", press("Back", "‹", back), element("span", "", `${slide} / ${asks.length}`), press("On", "›", next));
  bar.setAttribute("aria-label", "Slides");
  return bar;
}

function press(label, text, onclick) {
  return Object.assign(element("button", "", text), { type: "button", ariaLabel: label, onclick });
}

/** What every page offers beside its title. */
function menu() {
  const said = element("p", "u-said");
  said.setAttribute("role", "status");
  const say = (text) => { said.textContent = text; };
  const items = [
    ["Present this page", () => location.assign(changed({ present: "1" }))],
    ["Show its QR code", showCode],
    ["Add to my script", () => {
      const { count, problem } = add(here());
      say(problem || `Slide ${count} of your script.`);
    }],
    ["Scripts and handouts", () => location.assign(fromHome("/teach"))],
  ].map(([text, onclick]) => Object.assign(element("button", "u-button", text), { type: "button", onclick }));
  const box = element("details", "u-share u-begin", element("summary", "u-button", "Present"), element("div", "u-menu", ...items, said));
  box.addEventListener("focusout", ({ relatedTarget }) => { box.open &&= !relatedTarget || box.contains(relatedTarget); });
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") box.open = false; });
  return box;
}

function next() {
  const { asks } = now.data;
  if (!goal.shown) return reveal();
  if (goal.slide < asks.length) to(at(goal.slide + 1));
}

function back() {
  if (goal.shown && now.data.asks[goal.slide - 1]) return to({ ...goal, shown: false });
  if (goal.slide > 1) to({ slide: goal.slide - 1, shown: true });
}

/** A slide as one comes to it. */
const at = (slide) => ({ slide, shown: !now.data.asks[slide - 1] });

function reveal() {
  if (goal.shown) return;
  const choices = [...document.querySelectorAll(CHOICES)];
  if (choices.length && !choices.some(isChosen)) {
    return void sheet(element("p", "", "Which curve has the most hands? Press A, B or C, then go on.")).classList.add("u-hint");
  }
  to({ ...goal, shown: true });
}

function to(place) {
  [goal, tries] = [place, 0];
  send();
}

function send() {
  tries += 1;
  now.go(goal);
}

const STEPS = {
  ArrowRight: next, ArrowDown: next, PageDown: next, ArrowLeft: back, ArrowUp: back, PageUp: back,
  Home: () => to(at(1)), End: () => to(at(now.data.asks.length)), r: reveal, Enter: reveal,
};
const click = (key) => /** @type {HTMLElement} */ (document.querySelector(`.st-key-${key} button:not(:disabled)`))?.click();
/** The page of scenes has an order of its own. */
const commit = () => click("commit");
const onward = () => click(document.querySelector(".st-key-commit button:not(:disabled)") ? "commit" : "next");
const SCENES = {
  ArrowRight: onward, ArrowDown: onward, PageDown: onward, r: commit, Enter: commit,
  ArrowLeft: () => click("back"), ArrowUp: () => click("back"), PageUp: () => click("back"),
};
const SHOWS = { "?": showKeys, q: showCode, n: showNotes, s: openNotes, b: blacken, ".": blacken, f: fill };

function onKey(event) {
  if (!now?.data.on || event.ctrlKey || event.metaKey || event.altKey) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  document.querySelector("dialog.u-hint")?.remove();
  const open = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog.u-sheet[open]"));
  if (name === "Escape") return open ? undefined : leave(event); // an open sheet closes by itself
  if (!open && !isOurs(event.target, name)) return;
  const curve = "abc".includes(name) && curveOf(name);
  const acts = { ...SHOWS, ...(now.data.script ? STEPS : document.querySelector(".st-key-commit") ? SCENES : {}) };
  const act = open ? () => open.close() : curve ? () => isChosen(curve) || curve.click() : acts[name];
  if (!act || (open && name === "Shift")) return;
  event.preventDefault();
  event.stopPropagation();
  if (!event.repeat) act();
}

/** Whether a key is the stage's, and not of the slider, box or button that has the focus. */
function isOurs(target, name) {
  if (name === "PageDown" || name === "PageUp") return true; // what remotes send
  if (!(target instanceof Element)) return true;
  if (target.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]")) return false;
  if (name.startsWith("Arrow") || name === "Home" || name === "End") return !target.matches("input[type=range], [type=radio], [role=radio], [role=tab], [role=slider]");
  return name !== "Enter" || !target.closest("button, a, summary, input");
}

const CHOICES = ".st-key-choice :is(button, [role=radio])";
const isChosen = (option) => option.matches("[aria-checked=true], [aria-pressed=true]");

function curveOf(name) {
  const options = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(CHOICES));
  return [...options].find((option) => option.textContent.trim().toLowerCase() === name);
}

function leave(event) {
  event.preventDefault();
  if (showing.black) return blacken();
  location.assign(changed({}));
}

/** This page's address without the stage, and with what is given. */
function changed(given) {
  const url = new URL(location.href);
  for (const key of STAGE) url.searchParams.delete(key);
  for (const [key, value] of Object.entries(given)) url.searchParams.set(key, value);
  return url.href;
}

const here = () => { const { pathname, search } = new URL(changed({})); return pathname + search; };

function sheet(...children) {
  document.querySelector("dialog.u-sheet")?.remove();
  const dialog = element("dialog", "u-sheet", ...children);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function showKeys() {
  const rows = KEYS.map(([keys, does]) => element("div", "", element("dt", "", keys), element("dd", "", does)));
  sheet(element("h2", "", "Keys"), element("dl", "", ...rows)).setAttribute("aria-label", "Keys");
}

async function showCode() {
  const answer = await fetch(`${fromHome("/qr")}?path=${encodeURIComponent(here())}`).then((response) => response.json()).catch(() => null);
  if (!answer?.image) return void sheet(element("p", "", answer?.error ?? "The server does not answer. Try again."));
  const image = Object.assign(element("img"), { src: answer.image, alt: "QR code of the address below" });
  const warning = now.data.covered ? [element("p", "", "This link shows the answer.")] : [];
  sheet(image, element("p", "u-address", answer.url), ...warning).classList.add("u-code");
}

/** @param {boolean} whole  for the speaker alone: the room must not read an answer before it is revealed */
function notes(whole) {
  const { data } = now;
  const lines = [["", data.note], ["They should see", whole || data.shown ? data.answer : ""]].filter(([, text]) => text);
  const rows = lines.map(([name, text]) => element("p", "", ...(name ? [element("b", "", `${name}: `)] : []), text));
  const time = element("p", "u-time", clock());
  return [...(rows.length ? rows : [element("p", "", "No note here.")]), ...(data.script ? [time] : [])];
}

function clock() {
  const gone = (Date.now() - Number(sessionStorage.getItem(BEGAN))) / 1000;
  const { slide, asks, seconds, all } = now.data;
  return `Slide ${slide} of ${asks.length}, ${spoken(seconds)}. ${spoken(gone)} of ${spoken(all)} gone.`;
}

const spoken = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function showNotes() {
  showing.notes = !showing.notes;
  if (showing.notes) now.root.append(element("aside", "u-notes"));
  else now.root.querySelector(".u-notes")?.remove();
  renewNotes();
}

function openNotes() {
  speaker = globalThis.open("", "unrolled-notes", "width=900,height=600");
  if (!speaker) return;
  const { document: page } = speaker;
  page.title = "Notes · Unrolled";
  page.body.style.cssText = "font: 24px/1.5 sans-serif; margin: 2rem; color-scheme: light dark";
  page.onkeydown = onKey;
  renewNotes();
}

function renewNotes() {
  now.root.querySelector(".u-notes")?.replaceChildren(...notes(false));
  if (speaker && !speaker.closed) speaker.document.body.replaceChildren(element("h1", "", now.data.question || now.data.title), ...notes(true));
}

function blacken() {
  showing.black = !showing.black;
  now.root.classList.toggle("u-is-black", showing.black);
}

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}

addEventListener("keydown", onKey, { capture: true });
/** After a drag or a click the arrows are the script's again; who came by keyboard keeps them. */
addEventListener("pointerup", ({ target }) => {
  if (!now?.data.on || !(target instanceof Element) || !target.closest(".st-key-controls") || target.closest(".stTextInput")) return;
  setTimeout(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
}, { capture: true });
setInterval(() => { if (now?.data.on && now.data.script) renewClock(); }, 1000);

function renewClock() {
  for (const page of [document, speaker && !speaker.closed ? speaker.document : null]) {
    const time = page?.querySelector(".u-time");
    if (time) time.textContent = clock();
  }
}
