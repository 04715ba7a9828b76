// The reader's own script, kept in this browser only. Pages add to it, the builder edits it.

import { given } from "../browser/given.js";

/**
 * @typedef {{address: string, question?: string, answer?: string, note?: string, seconds?: number,
 *   before?: string}} Slide
 * @typedef {{title: string, slides: Slide[]}} Script  as a script's file has it
 */

const KEY = "unrolled-script";
const ASIDE = "unrolled-script-damaged";
const CHANGED = "unrolled-script-changed";
const UNKEPT = "This browser keeps nothing for this site, so your script lasts only until the page closes."
  + " Save it as a file.";
const NONE = "Your own script is kept in the browser that made it, and this one keeps none."
  + " Open its file or its link on Teach, then present it from there.";
/** @type {Script | null} */
let remembered = null; // where there is no storage

/**
 * The script, an empty one if there is none, and what the reader must know of it ("" if nothing).
 * What cannot be read is put aside, and no longer in the way.
 * @returns {{script: Script, problem: string}}
 */
export function load() {
  let text;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    return { script: remembered ?? empty(), problem: UNKEPT };
  }
  if (remembered) return { script: remembered, problem: UNKEPT };
  if (text === null) return { script: empty(), problem: "" };
  const script = read(text);
  return script ? { script, problem: "" } : { script: empty(), problem: putAside(text) };
}

/** Whether other pages will find it. */
export const isKept = () => load().problem !== UNKEPT;

/** The script as the server gets it, or why it does not. @returns {{script: Script | null, problem: string}} */
export function forServer() {
  const { script } = load();
  if (!script.slides.length) return { script: null, problem: NONE };
  const { size } = new Blob([JSON.stringify(JSON.stringify(script))]); // as Streamlit sends it
  const problem = `Your script takes ${size} bytes, and ${given.longestOwn} are the most: make two of it.`;
  return size > given.longestOwn ? { script: null, problem } : { script, problem: "" };
}

/** Keeps a script. @param {Script} script @returns {string} what the reader must know ("" if nothing) */
export function save(script) {
  const problem = keep(script);
  dispatchEvent(new Event(CHANGED));
  return problem;
}

/**
 * Appends what an address shows, be it this app's own or a whole link to it.
 * @param {string} address
 * @returns {{count: number, problem: string}} slides then, and what the reader must know
 */
export function add(address) {
  const { script, problem } = load();
  const count = script.slides.length;
  const most = given.mostSlides;
  if (count >= most) return { count, problem: `Your script has ${count} slides, and a script has at most ${most}.` };
  const slides = [...script.slides, { address: slideAddress(address) }];
  return { count: count + 1, problem: save({ ...script, slides }) || problem };
}

/** Calls back when the script has changed, in this tab or in another. @param {() => void} callback @returns {() => void} ends that */
export function onChange(callback) {
  const elsewhere = (/** @type {StorageEvent} */ { key }) => { if (key === KEY || key === null) callback(); };
  addEventListener("storage", elsewhere);
  addEventListener(CHANGED, callback);
  return () => {
    removeEventListener("storage", elsewhere);
    removeEventListener(CHANGED, callback);
  };
}

/**
 * A link to a page, however it was copied, as a slide has it: page?settings, nothing of the stage, nothing predicted.
 * @param {string} link
 */
export function slideAddress(link) {
  const [path, query = ""] = link.trim().split("#")[0].split("?");
  const page = path.replace(/^https?:\/\/[^/]*/, "").split("/").pop() ?? "";
  const others = page === "scenes" ? [...given.stage, ...given.predicted] : given.stage;
  const settings = query.split("&").filter((part) => part && !others.includes(part.split("=")[0]));
  return [page === "" || page === "home" ? "chain" : page, settings.join("&")].filter(Boolean).join("?");
}

/** What was put aside, "" if nothing. */
export function aside() {
  try {
    return localStorage.getItem(ASIDE) ?? "";
  } catch {
    return "";
  }
}

export function dropAside() {
  try {
    localStorage.removeItem(ASIDE);
  } catch { /* then there was none */ }
}

export const empty = () => /** @type {Script} */ ({ title: "", slides: [] });

/** @param {Script} script */
function keep(script) {
  try {
    if (script.slides.length || script.title) localStorage.setItem(KEY, JSON.stringify(script));
    else localStorage.removeItem(KEY);
    remembered = null;
    return "";
  } catch {
    remembered = script;
    return UNKEPT;
  }
}

/** @param {string} text @returns {Script | null} */
function read(text) {
  try {
    const { title = "", slides } = JSON.parse(text);
    return typeof title === "string" && Array.isArray(slides) && slides.every(isSlide) ? { title, slides } : null;
  } catch {
    return null;
  }
}

/** Whether it can be shown; whether it is right, the server says. @param {Record<string, unknown> | null} slide */
function isSlide(slide) {
  if (slide === null || typeof slide !== "object" || typeof slide.address !== "string") return false;
  const texts = ["question", "answer", "note", "before"].every((name) => typeof (slide[name] ?? "") === "string");
  return texts && typeof (slide.seconds ?? 0) === "number";
}

/** @param {string} text */
function putAside(text) {
  try {
    const before = localStorage.getItem(ASIDE);
    localStorage.setItem(ASIDE, before === null ? text : `${before}\n\n${text}`); // none is lost
    localStorage.removeItem(KEY);
  } catch {
    return "Your script in this browser is damaged and cannot be read.";
  }
  return "Your script in this browser was damaged and cannot be read. Its text is put aside, and you can save it here.";
}
