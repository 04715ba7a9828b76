// The stage: keys that step through a script, what the speaker must know, and the address for the room.
//
// Python draws the slide and tells where it stands; a key only says where the speaker wants to be. While the line is
// down, keys that need the server are kept.

import { askedBy } from "../browser/again.js";
import { add, forServer } from "./draft.js";
import { given } from "../browser/given.js";
import { fromHome } from "../browser/home.js";
import { answers, isUp, tell } from "../browser/line.js";
import { element } from "../browser/element.js";
import * as streamlit from "../inside/streamlit.js";

/**
 * @typedef {{slide: number, shown: boolean}} Place
 * @typedef {object} Stage  what Python tells: without a script only `on` and `title`
 * @property {boolean} on @property {string} title @property {boolean} picture  whether the page has one
 * @property {boolean} [wants]  the script that this browser keeps @property {string} [script] @property {number} slide from 1
 * @property {boolean} shown @property {boolean[]} asks  by slide @property {string} question @property {string} answer
 * @property {string} note @property {boolean} covered @property {number} seconds @property {number} all
 */

const BEGAN = "unrolled-present-began";
const TRIES = 10; // to get to a place
const SUSPECT = 4; // the try with which to ask whether the server is there
const MOMENT = 300; // ms before the second try; each further one waits longer
const LONG = 5000; // ms before a script is sent once more
const KEYS = [
  ["→ ↓ Page Down, Space", "on: the answer, then the next slide"], ["← ↑ Page Up", "back"],
  ["Home, End", "first and last slide"], ["R or Enter", "reveal the answer"], ["P", "send the gradient back, or pause"],
  ["1, 2, 3", "the room's choice: curve A, B or C"], ["Q", "QR code of this very picture"],
  ["N", "notes on this screen"], ["S", "notes in a window of their own"], ["B or .", "black screen"],
  ["F or F5", "full screen"], ["?", "these keys"], ["Esc", "leave"],
];

/** @type {{data: Stage, go: (place: Place) => void, own: (script: import("./draft.js").Script) => void, root: HTMLElement}} */
let now;
/** @type {Place} */
let goal;
let tries = 0; // so far; none if nothing is under way
let due = 0; // when to try again
let down = false; // no line to the server
/** @type {Promise<boolean> | null} */
let probing = null;
let handed = 0; // how often one's own script was sent to a session that wants it
let hinted = ""; // where the room has been asked for its hands
/** @type {string[]} */
const kept = []; // keys, until the line is back
const showing = { notes: false, black: false }; // on every slide
/** @type {Window | null} */
let speaker = null; // the window with notes

/** Called by Streamlit with every run of a page. @param {import("../inside/streamlit.js").Component<Stage>} component */
export function render({ parentElement, data, setTriggerValue }) {
  /** @type {HTMLElement} */
  const root = parentElement.querySelector(".u-stage") ?? parentElement.appendChild(element("div", "u-stage"));
  now = { data, root, go: (place) => setTriggerValue("go", place), own: (script) => setTriggerValue("own", script) };
  askedBy(() => setTriggerValue("go", {})); // nowhere else
  document.documentElement.classList.toggle("u-presenting", data.on);
  if (!data.on) {
    sessionStorage.removeItem(BEGAN);
    if (root.dataset.picture !== String(data.picture)) root.replaceChildren(menu(data));
    root.dataset.picture = String(data.picture);
    return;
  }
  if (data.wants) return hand();
  handed = 0;
  const place = { slide: data.slide, shown: data.shown };
  const arrived = goal?.slide === place.slide && goal?.shown === place.shown;
  if (arrived || !tries) [goal, tries] = [place, 0]; // else it is on its way
  if (!sessionStorage.getItem(BEGAN)) sessionStorage.setItem(BEGAN, String(Date.now()));
  if (hinted !== spot()) hinted = "";
  const focused = root.contains(document.activeElement) ? document.activeElement?.ariaLabel : "";
  root.dataset.covered = String(Boolean(data.covered));
  root.classList.toggle("u-is-black", showing.black);
  draw(root);
  if (focused) /** @type {HTMLElement} */ (root.querySelector(`[aria-label="${focused}"]`))?.focus();
  renewNotes();
}

/** One's own script, which a session asks for when a stage begins, and after a server's restart. */
function hand() {
  if (handed && Date.now() < due) return;
  const { script, problem } = forServer();
  if (!script) return now.root.replaceChildren(element("p", "u-none", problem));
  handed += 1;
  due = Date.now() + LONG * handed;
  now.own(script);
}

/**
 * The slide's words. The answer has its room from the beginning: the picture stands still when it is revealed.
 * @param {HTMLElement} root
 */
function draw(root) {
  const { data } = now;
  const told = data.script && data.answer ? [element("p", "u-answer", data.answer)] : [];
  root.style.minHeight = "";
  root.classList.toggle("u-answered", told.length > 0);
  if (told.length) {
    root.replaceChildren(line(false), ...told);
    root.style.minHeight = `${root.getBoundingClientRect().height}px`;
  }
  const waits = Boolean(data.script) && !data.shown;
  root.classList.toggle("u-answered", told.length > 0 && !waits);
  root.replaceChildren(
    ...headline(data, waits), ...(waits ? [] : told), ...(data.script ? [steps(data)] : []),
    ...(showing.notes ? [element("aside", "u-notes")] : []),
  );
  const page = streamlit.column();
  if (page) words.observe(page);
}

/** The picture takes what the words above it and the controls below it leave. */
function fit() {
  const [stage, controls] = ["stage", "controls"].map((key) => streamlit.place(key)?.getBoundingClientRect());
  if (!stage || !controls || !now.data.on) return;
  document.documentElement.style.setProperty("--u-around", `${Math.ceil(stage.top + controls.height)}px`);
}
const words = new ResizeObserver(() => requestAnimationFrame(fit));

setInterval(() => {
  if (!now?.data.on || !now.root.isConnected) return;
  if (!isUp()) down = true;
  else if (down) probe();
  tell(down ? `No connection${kept.length ? `: ${kept.length} kept` : ""}` : "");
  if (down || streamlit.isRunning()) return;
  if (now.data.wants) return hand();
  if (tries && Date.now() > due) retry();
  if (kept.length && (!tries || isStep(kept[0]))) makeUp();
}, MOMENT);
addEventListener("offline", probe);

/** Steps may follow one upon the other; what a widget is told must have arrived before the next key. */
function makeUp() {
  for (let name = kept.shift(); name !== undefined;) {
    perform(name);
    name = isStep(name) && kept.length && isStep(kept[0]) ? kept.shift() : undefined;
  }
}

/** Whether the server answers; Streamlit may hear late that it does not. */
async function probe() {
  probing ??= answers();
  down = !await probing;
  probing = null;
}

/** A wish is lost where a page is just going: then it is said again. */
function retry() {
  if (tries < TRIES) return send();
  [goal, tries] = [{ slide: now.data.slide, shown: now.data.shown }, 0];
}

/** @param {Stage} data @param {boolean} waits */
function headline(data, waits) {
  return data.covered ? [element("div", "u-cover", line(waits), element("p", "", "Decide first. Then see."))] : [line(waits)];
}

/** @param {boolean} waits */
function line(waits) {
  const hands = waits ? [element("span", "u-hands", "Hands up! ")] : [];
  return element("h1", "u-headline", element("span", "", ...hands, now.data.question || now.data.title));
}

/** @param {Stage} data */
function steps({ slide, asks }) {
  const bar = element("nav", "u-steps", press("Back", "‹", "PageUp"), element("span", "", `${slide} / ${asks.length}`), press("On", "›", "PageDown"));
  bar.setAttribute("aria-label", "Slides");
  return bar;
}

/** @param {string} label @param {string} text @param {string} key */
function press(label, text, key) {
  return Object.assign(element("button", "", text), { type: "button", ariaLabel: label, onclick: () => act(key) });
}

/** What every page offers beside its title; one without a picture can be no slide. @param {Stage} data */
function menu({ picture }) {
  const said = element("p", "u-said");
  said.setAttribute("role", "status");
  const say = (/** @type {string} */ text) => { said.textContent = text; };
  /** @type {[text: string, onclick: () => void][]} */
  const offers = picture ? [
    ["Present this page", () => location.assign(changed({ present: "1" }))],
    ["Show its QR code", showCode],
    ["Add to my script", () => {
      const { count, problem } = add(here());
      say(problem || `Slide ${count} of your script.`);
    }],
    ["Scripts and handouts", () => location.assign(fromHome("/teach"))],
  ] : [["Show its QR code", showCode]];
  const items = offers.map(([text, onclick]) => Object.assign(element("button", "u-button", text), { type: "button", onclick }));
  const box = element("details", "u-share u-begin", element("summary", "u-button", "Present"), element("div", "u-menu", ...items, said));
  box.addEventListener("focusout", ({ relatedTarget: next }) => { box.open &&= !(next instanceof Node) || box.contains(next); });
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

/** A slide as one comes to it. @param {number} slide */
const at = (slide) => ({ slide, shown: !now.data.asks[slide - 1] });

function reveal() {
  if (!goal.shown && !asksForHands()) to({ ...goal, shown: true });
}

/** Asks once what the room has chosen; whoever goes on without sees the truth alone. */
function asksForHands() {
  const choices = streamlit.options("choice");
  if (tries || hinted === spot() || !choices.length || choices.some(streamlit.isChosen)) return false;
  hinted = spot();
  const hint = element("dialog", "u-sheet u-hint", "Which curve has the most hands? Press 1, 2 or 3. Or go on without.");
  document.body.append(hint);
  hint.show();
  return true;
}

/** Where the speaker stands, script or not. */
const spot = () => now.data.script ? String(now.data.slide) : now.data.title;

/** @param {Place} place */
function to(place) {
  [goal, tries] = [place, 0];
  send();
}

function send() {
  tries += 1;
  due = Date.now() + MOMENT * tries;
  if (tries === SUSPECT) probe();
  now.go(goal);
}

/** @typedef {Partial<Record<string, () => void>>} Acts  by the names of keys */

/** @type {Acts} */
const STEPS = {
  ArrowRight: next, ArrowDown: next, PageDown: next, " ": next, ArrowLeft: back, ArrowUp: back, PageUp: back,
  Home: () => to(at(1)), End: () => to(at(now.data.asks.length)), r: reveal, Enter: reveal,
};
/** @param {string} name */
const isStep = (name) => name in STEPS && Boolean(now.data.script);
/** @param {string} key */
const click = (key) => streamlit.button(key)?.click();
/** The page of scenes has an order of its own. */
const isOpen = () => Boolean(streamlit.button("commit"));
const commit = () => { if (isOpen() && !asksForHands()) click("commit"); };
const onward = () => isOpen() ? commit() : click("next");
/** @type {Acts} */
const SCENES = {
  ArrowRight: onward, ArrowDown: onward, PageDown: onward, " ": onward, r: commit, Enter: commit,
  ArrowLeft: () => click("back"), ArrowUp: () => click("back"), PageUp: () => click("back"),
};
/** @type {Acts} */
const SHOWS = { "?": showKeys, n: showNotes, s: openNotes, b: blacken, ".": blacken, f: fill, F5: show };
/** @type {Partial<Record<string, string>>} */
const CURVES = { 1: "A", 2: "B", 3: "C", a: "A", c: "C" }; // B is black, as remotes send it

/** What a key does now. @param {string} name @returns {(() => void) | undefined} */
function actOf(name) {
  const { script, wants } = now.data;
  const curve = CURVES[name];
  if (curve) return streamlit.options("choice").length || down ? () => choose(curve) : undefined;
  if (name === "q") return showCode;
  const send = /** @type {HTMLElement | null} */ (document.querySelector(".u-send:not(:disabled)"));
  if (name === "p") return send ? () => send.click() : undefined;
  return SHOWS[name] ?? (script || wants ? STEPS : streamlit.place("commit") ? SCENES : {})[name];
}

/** Does what a key means; what needs the server waits for it. @param {string} name */
function act(name) {
  if ((down || now.data.wants || kept.length) && !SHOWS[name] && name !== "p") kept.push(name);
  else perform(name);
}

/** @param {string} name */
function perform(name) {
  document.querySelector("dialog.u-hint")?.remove();
  actOf(name)?.();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (!now?.data.on || event.ctrlKey || event.metaKey || event.altKey) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const open = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog.u-sheet[open]:not(.u-hint)"));
  if (name === "Escape") return open ? undefined : leave(event); // an open sheet closes by itself
  if (!open && !isOurs(event.target, name)) return;
  if ((!open && !actOf(name)) || (open && name === "Shift")) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.repeat) return;
  if (!isUp()) down = true;
  if (open) open.close();
  else act(name);
}

/**
 * Whether a key is the stage's, and not of the slider, box or button that has the focus.
 * @param {EventTarget | null} target @param {string} name
 */
function isOurs(target, name) {
  if (name === "PageDown" || name === "PageUp") return true; // what remotes send
  if (!(target instanceof Element)) return true;
  if (target.matches(".u-plot[tabindex]") && [" ", "ArrowLeft", "ArrowRight", "Home", "End"].includes(name)) return false; // they move the pulse
  if (target.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]")) return false;
  if (name.startsWith("Arrow") || name === "Home" || name === "End") return !target.matches("input[type=range], [type=radio], [role=radio], [role=tab], [role=slider]");
  if (name === " ") return !target.closest("button, summary, select, input:not([type=range]), [role=radio], [role=switch], [role=tab]");
  return name !== "Enter" || !target.closest("button, a, summary, input");
}

/** @param {string} letter */
function choose(letter) {
  const curve = streamlit.options("choice").find((option) => option.textContent.trim() === letter);
  if (curve && !streamlit.isChosen(curve)) curve.click();
}

/** Never to a page that cannot come. @param {KeyboardEvent} event */
async function leave(event) {
  event.preventDefault();
  const hint = document.querySelector("dialog.u-hint");
  if (hint) return hint.remove();
  if (showing.black) return blacken();
  if (isUp()) await probe();
  else down = true;
  if (!down) location.assign(changed({}));
}

/** This page's address without the stage, and with more. @param {Record<string, string>} more */
function changed(more) {
  const url = new URL(location.href);
  for (const key of given.stage) url.searchParams.delete(key);
  for (const [key, value] of Object.entries(more)) url.searchParams.set(key, value);
  return url.href;
}

const here = () => { const { pathname, search } = new URL(changed({})); return pathname + search; };

/** @param {(Node | string)[]} children */
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
  const answer = await fetch(`${fromHome(given.code)}?path=${encodeURIComponent(here())}`).then((response) => response.json()).catch(() => null);
  if (!answer?.image) return void sheet(element("p", "", answer?.error ?? "The server does not answer. Try again."));
  const image = Object.assign(element("img"), { src: answer.image, alt: "QR code of the address below" });
  const said = [answer.only, now.data.covered && "This link shows the answer."].filter(Boolean);
  sheet(image, element("p", "u-address", answer.url), ...said.map((text) => element("p", "", text))).classList.add("u-code");
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

/** @param {number} seconds */
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

function show() {
  if (!document.fullscreenElement) fill();
}

addEventListener("keydown", onKey, { capture: true });
/** After a drag or a click the arrows are the script's again; who came by keyboard keeps them. */
addEventListener("pointerup", ({ target }) => {
  if (!now?.data.on || !(target instanceof Element) || !streamlit.isWithin(target, "controls") || streamlit.isText(target)) return;
  setTimeout(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
}, { capture: true });
setInterval(() => { if (now?.data.on && now.data.script) renewClock(); }, 1000);

function renewClock() {
  for (const page of [document, speaker && !speaker.closed ? speaker.document : null]) {
    const time = page?.querySelector(".u-time");
    if (time) time.textContent = clock();
  }
}
