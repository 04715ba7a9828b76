// The page for who teaches: scripts to present, and the builder of one's own, which this browser keeps.
//
// Whether a script is right is for the server to say (`packing.py`). Every text goes into the page as text.

import { copy } from "../browser/copy.js";
import { add, aside, dropAside, empty, isKept, load, onChange, save, slideAddress } from "../stage/draft.js";
import { given } from "../browser/given.js";
import { fromHome } from "../browser/home.js";
import { element } from "../browser/element.js";

/**
 * @typedef {import("../stage/draft.js").Slide} Slide
 * @typedef {import("../stage/draft.js").Script} Script
 * @typedef {{name: string, script: Script}} Named  a script, and what links call it
 * @typedef {[text: string, act: () => void]} Act  behind a button
 * @typedef {{name: string, from?: number | null, to?: number | null, value?: string}} Focus  and what is selected there
 * @typedef {object} Told  by Python
 * @property {Named[]} shipped @property {Named | {error: string} | null} sent  by the link to this page
 * @property {string} only  what to say of links that lead to this computer only
 * @property {Record<string, string>} titles  of pages @property {Record<string, string>} scenes  their titles
 */

const SOON = 500; // ms after the last change

/** @type {Told} */
let told;
/** @type {HTMLElement} */
let root;
/** @type {HTMLElement} */
let mine; // the section of one's own script
let script = empty();
/** @type {number[]} what a slide is called while the page lives, in their order */
let keys = [];
let serial = 0;
const edited = new Set(); // keys of the slides whose fields are open
const elsewhere = new Set(); // keys of the slides that are asked over an address of their own
let notice = /** @type {{text: string, acts?: Act[]}} */ ({ text: "" });
let checked = { packed: "", good: false, text: "" }; // what the server says of it
let timer = 0, asked = 0;
let stop = () => {};

/** Called by Streamlit with every run of the page. @param {import("../inside/streamlit.js").Component<Told>} component */
export function render({ parentElement, data }) {
  const drawn = root && parentElement.querySelector(".u-teach") === root;
  if (drawn && JSON.stringify(data) === JSON.stringify(told)) return;
  told = data;
  root = element("div", "u-teach");
  mine = element("section", "u-mine");
  root.append(...(data.sent ? [sentScript(data.sent)] : []), shippedScripts(data.shipped), mine);
  parentElement.replaceChildren(root);
  stop();
  stop = onChange(adoptStored);
  const { script: stored, problem } = load();
  notice = { text: problem };
  put(stored);
}

/** @param {HTMLElement} parentElement */
export function release(parentElement) {
  if (root && !root.isConnected && !parentElement.isConnected) stop();
}

// what ships, and what came with the link

/** @param {Named[]} shipped */
function shippedScripts(shipped) {
  const lines = shipped.map(({ name, script: one }) => {
    const title = element("div", "", element("strong", "", one.title), element("span", "u-quiet", extent(one)));
    return element("li", "", title, ways(name, one));
  });
  const only = told.only ? [element("p", "u-quiet", told.only)] : [];
  return section("Ready to present", element("ul", "u-scripts", ...lines), ...only);
}

/** @param {NonNullable<Told["sent"]>} sent */
function sentScript(sent) {
  if ("error" in sent) {
    const said = element("p", "u-problem", `${sentence(sent.error)} Nothing was changed.`);
    said.setAttribute("role", "alert");
    return section("This link holds no script", said);
  }
  const { name, script: one } = sent;
  const slides = one.slides.map(({ address, question = "", answer = "", note = "" }) => element(
    "li", "", ...(question ? [element("p", "u-asked", question)] : []), shows(address),
    ...(answer ? [element("p", "u-quiet", `Answer: ${answer}`)] : []),
    ...(note ? [element("p", "u-quiet", `Note: ${note}`)] : []),
  ));
  const head = element("p", "u-quiet", `It came with this link: ${extent(one)}.`);
  return section(one.title, head, ways(name, one), element("ol", "u-read", ...slides));
}

/** What can be done with a finished script. @param {string} name @param {Script} one */
function ways(name, one) {
  const take = button("Take as my own", () => replaceAll(one, `“${one.title}” is yours now.`, true));
  take.setAttribute("aria-label", `Take “${one.title}” as my own`);
  return element("div", "u-ways", link("Present", presentAt(name, one)), link("Handout", handoutAt(name)), take);
}

/**
 * The first slide itself: where the stage must go on to another page or address first, Back would lead there again.
 * @param {string} name @param {Script} script
 */
function presentAt(name, { slides: all }) {
  const [page, settings = ""] = (all[0].before || slideAddress(all[0].address)).split("?");
  return `${page}?${settings && `${settings}&`}present=1&slide=1&script=${encodeURIComponent(name)}`;
}

/** @param {string} name */
const handoutAt = (name) => fromHome(`${given.handout}/${encodeURIComponent(name)}`);

// one's own

function draw() {
  const focus = focused();
  const count = script.slides.length;
  mine.replaceChildren(
    heading("My script"), ...(aside() ? [damaged()] : []), said(),
    ...(count || script.title ? [titleField()] : []),
    ...(count ? [tools(), element("ol", "u-slides", ...script.slides.map(row))] : [welcome()]),
    adder(), ...(count ? [] : [element("div", "u-ways", loader())]),
  );
  if (focus) refocus(focus);
}

function welcome() {
  return element(
    "p", "u-welcome", "A script begins with one picture: open a page, move its sliders to where it tells something,"
    + " and choose “Add to my script” in its menu “Present”. Or take a script from above, and make it yours.",
  );
}

function titleField() {
  return field("Title", "title", input(script.title, (value) => edit({ ...script, title: value }, () => {})), "u-wide");
}

function tools() {
  const { packed, good, text } = checked;
  const name = packed || (good && isKept() && given.mine);
  const copier = button("Copy link", copyLink);
  copier.setAttribute("aria-disabled", String(!packed));
  const more = text && name ? " Present and Handout do without a link." : "";
  const line = element("p", "u-quiet", `${extent(script)}. ${text}${more}`);
  line.classList.toggle("u-problem", !packed && text !== "");
  line.setAttribute("role", "status");
  const acts = element(
    "div", "u-ways", link("Present", name ? presentAt(name, script) : ""), handout(good), copier,
    button("Save file", saveFile), loader(), button("Clear", clear),
  );
  return element("div", "u-tools", acts, line);
}

/** By a form, which holds scripts of any length. @param {boolean} good */
function handout(good) {
  const text = Object.assign(element("input"), { type: "hidden", name: "script", value: JSON.stringify(script) });
  const act = submit("Handout");
  const form = Object.assign(element("form", "", text, act), {
    method: "post", action: fromHome(given.handout), target: "_blank", enctype: "multipart/form-data",
  });
  act.setAttribute("aria-disabled", String(!good));
  form.addEventListener("submit", (event) => { if (!good) event.preventDefault(); });
  return form;
}

/** What happened last, and the way back. */
function said() {
  const line = element("div", "u-notice u-latest", element("span", "", notice.text));
  line.setAttribute("role", "status");
  line.hidden = !notice.text;
  for (const [text, act] of notice.acts ?? []) line.append(named(button(text, act), `notice:${text}`));
  return line;
}

/** @param {string} text @param {Act[]} acts */
function tell(text, acts = []) {
  notice = { text, acts };
  mine.querySelector(".u-latest")?.replaceWith(said());
}

function damaged() {
  const line = element("div", "u-notice", element("span", "", "A damaged script is put aside in this browser."));
  line.append(
    button("Save its text", () => download(aside(), "unrolled-damaged.txt", "text/plain")),
    button("Throw it away", () => { dropAside(); draw(); }),
  );
  return line;
}

function adder() {
  const box = input("", () => {});
  box.placeholder = "chain?w=2&activation=tanh";
  const form = element("form", "u-adder", field("Add a slide by its address", "new", box), submit("Add slide"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.value.trim()) return box.focus();
    const address = slideAddress(box.value);
    const { error } = await ask(JSON.stringify({ title: "", slides: [{ address }] }));
    if (error) return tell(sentence(error.replace(/^slide 1: address/, "an address")));
    /** @type {HTMLInputElement} */ (mine.querySelector("[data-name=new]")).value = "";
    const { problem, count } = add(address); // the page hears of it as of any other change
    tell(problem || `Slide ${count} is added.`);
    refocus({ name: "new" });
  });
  return form;
}

function loader() {
  const kind = { type: "file", accept: ".json,application/json", hidden: true, ariaLabel: "A script's file" };
  const file = Object.assign(element("input"), kind);
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (chosen) await loadFile(chosen);
  });
  return element("span", "", file, button("Load a file", () => file.click()));
}

/** @param {File} file */
async function loadFile(file) {
  if (file.size > given.longestFile) {
    const [size, most] = [file.size, given.longestFile].map((bytes) => bytes.toLocaleString("en"));
    return tell(`${file.name} has ${size} bytes, and a script at most ${most}. Nothing was changed.`);
  }
  const { script: read, error } = await ask(await file.text());
  if (!read) return tell(`${file.name} is no script: ${error}. Nothing was changed.`);
  replaceAll(read, `${file.name} is loaded.`);
}

function saveFile() {
  download(`${JSON.stringify(script, null, 2)}\n`, `${slug(script.title)}.json`, "application/json");
}

/** @param {string} text @param {string} name @param {string} type */
function download(text, name, type) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(element("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

async function copyLink() {
  if (!checked.packed) return checked.text ? tell(checked.text) : undefined;
  const url = fromHome(`/teach?script=${checked.packed}`);
  if (await copy(url)) tell("The link is copied. Whoever opens it sees this script, and can take it.");
}

function clear() {
  const before = script;
  change(empty(), "Your script is cleared.", () => change(before, "It is back."));
  refocus({ name: "notice:Undo" });
}

/** Another script in place of one's own: never without asking, and never for good. @param {Script} next @param {string} text */
function replaceAll(next, text, shownThere = false) {
  const go = () => {
    const before = script;
    change(next, text, () => change(before, "Your script is back as it was."));
    if (shownThere) mine.scrollIntoView({ block: "start" });
  };
  const count = script.slides.length;
  if (!count) return go();
  const keep = () => tell("Nothing was changed.");
  tell(`Your script of ${slides(count)} would be replaced.`, [["Replace it", go], ["Keep it", keep]]);
  mine.scrollIntoView({ block: "start" });
  refocus({ name: "notice:Keep it" });
}

// a slide

/** @param {Slide} slide @param {number} at */
function row(slide, at) {
  const key = keys[at];
  const open = edited.has(key);
  const toggle = button(open ? "Done" : "Edit", () => {
    if (open) edited.delete(key);
    else edited.add(key);
    draw();
  });
  toggle.setAttribute("aria-expanded", String(open));
  const moves = element(
    "div", "u-moves", toggle, mover("Up", at, -1), mover("Down", at, 1),
    button("Duplicate", () => duplicate(at)), button("Remove", () => remove(at)),
  );
  for (const each of /** @type {Iterable<HTMLButtonElement>} */ (moves.children)) {
    const does = each === toggle ? "edit" : each.textContent;
    named(each, `${key}:${does}`);
    each.setAttribute("aria-label", `${each.textContent}: slide ${at + 1}`);
  }
  const head = element("div", "u-slide-head", ...summary(slide, at));
  return element("li", "u-slide", head, moves, ...(open ? [fields(at, head)] : []));
}

/** @param {Slide} slide @param {number} at */
function summary(slide, at) {
  const { question: asked = "" } = slide;
  const none = isScene(slide) ? "The scene asks." : "No question yet: it is shown at once.";
  const question = element("p", asked ? "u-asked" : "u-quiet", asked || none);
  const time = element("span", "u-quiet u-time", span(slide.seconds ?? given.seconds));
  return [element("span", "u-number", `${at + 1}`), element("div", "", question, shows(slide.address)), time];
}

/** @param {number} at @param {HTMLElement} head */
function fields(at, head) {
  const key = keys[at];
  const now = () => keys.indexOf(key);
  const slide = script.slides[at];
  /** What the head repeats, as it is typed. */
  const typed = (/** @type {Partial<Slide>} */ changes) => edit(withSlide(now(), changes), () => {
    head.replaceChildren(...summary(script.slides[now()], now()));
  });
  const text = (/** @type {"question" | "answer" | "note"} */ name, /** @type {string} */ label) => {
    return field(label, `${key}:${name}`, area(slide[name] ?? "", (value) => typed({ [name]: value })));
  };
  const seconds = Object.assign(input(String(slide.seconds ?? given.seconds), (value) => {
    if (value !== "") typed({ seconds: Math.min(given.mostSeconds, Math.max(0, Math.round(Number(value)))) });
  }), { type: "number", min: "0", max: String(given.mostSeconds), step: "5" });
  const address = input(slide.address, () => {});
  address.addEventListener("change", () => edit(withSlide(now(), { address: slideAddress(address.value) })));
  return element(
    "div", "u-fields", text("question", "Question to the room"), text("answer", "Answer"),
    text("note", "Note to the speaker"),
    element("div", "u-pair", field("Seconds", `${key}:seconds`, seconds), over(at)),
    field("Picture, by its address", `${key}:address`, address, "u-wide"),
  );
}

/** What stands on the screen while the question is open. @param {number} at */
function over(at) {
  const key = keys[at], { before = "" } = script.slides[at];
  const previous = at ? script.slides[at - 1].address : "";
  /** @type {Record<string, string>} */
  const ways = { covered: isScene(script.slides[at]) ? "the scene itself" : "a covered picture", ...(at && { previous: "the slide before" }), own: "another address" };
  const chosen = elsewhere.has(key) ? "own" : !before ? "covered" : before === previous ? "previous" : "own";
  const select = Object.assign(element("select"), { onchange: () => {
    elsewhere.delete(key);
    if (select.value === "own") elsewhere.add(key);
    const page = script.slides[at].address.split("?")[0];
    edit(withSlide(at, { before: new Map(Object.entries({ covered: "", previous, own: before || page })).get(select.value) }));
  } });
  for (const [value, label] of Object.entries(ways)) {
    select.append(Object.assign(element("option", "", label), { value, selected: value === chosen }));
  }
  const box = input(before, () => {});
  box.addEventListener("change", () => edit(withSlide(at, { before: box.value.trim() && slideAddress(box.value) })));
  const own = chosen === "own" ? [field("Its address", `${key}:before`, box)] : [];
  return element("div", "u-over", field("Ask over", `${key}:over`, select), ...own);
}

/** A slide's picture in words, as a link. @param {string} address */
function shows(address) {
  const [page, query = ""] = address.split("?");
  const settings = [...new URLSearchParams(query)].map(([name, value]) => {
    if (name === "scene") return told.scenes[value] ?? value;
    if (name === "held") return "held for comparison";
    return value === "true" ? name : `${name} = ${short(value)}`;
  });
  const open = element("a", "", told.titles[page] ?? page);
  // "./": whatever an address says, it leads nowhere else
  Object.assign(open, { href: fromHome(`/${address}`), target: "_blank", rel: "noopener" });
  return element("p", "u-shows", open, element("span", "u-quiet", settings.length ? `: ${settings.join(", ")}` : ""));
}

/** @param {string} value */
const short = (value) => (value.length > 30 ? `${value.slice(0, 29)}…` : value).replace(/^-/, "−");

/**
 * A copy of the script with a slide changed; what is empty is left out, as in a file.
 * @param {number} at @param {Partial<Slide>} changes
 */
function withSlide(at, changes) {
  const all = Object.entries({ ...script.slides[at], ...changes });
  const slide = Object.fromEntries(all.filter(([, value]) => value !== ""));
  return { ...script, slides: script.slides.with(at, /** @type {Slide} */ ({ address: "", ...slide })) };
}

/** @param {string} text @param {number} at @param {number} by */
function mover(text, at, by) {
  const edge = at + by < 0 || at + by >= script.slides.length;
  const mover = button(text, () => {
    if (edge) return;
    keys = swapped(keys, at, at + by);
    edit({ ...script, slides: swapped(script.slides, at, at + by) });
    tell(`Slide ${at + 1} is now slide ${at + by + 1} of ${keys.length}.`);
  });
  mover.setAttribute("aria-disabled", String(edge)); // it keeps the focus
  return mover;
}

/** @template One @param {One[]} list @param {number} a @param {number} b */
function swapped(list, a, b) {
  const copy = [...list];
  [copy[a], copy[b]] = [copy[b], copy[a]];
  return copy;
}

/** @param {number} at */
function duplicate(at) {
  keys = keys.toSpliced(at + 1, 0, ++serial);
  edit({ ...script, slides: script.slides.toSpliced(at + 1, 0, { ...script.slides[at] }) });
  tell(`Slide ${at + 2} is a copy of slide ${at + 1}.`);
}

/** @param {number} at */
function remove(at) {
  const slide = script.slides[at], key = keys[at];
  keys = keys.toSpliced(at, 1);
  edit({ ...script, slides: script.slides.toSpliced(at, 1) });
  tell(`Slide ${at + 1} is removed.`, [["Undo", () => {
    const place = Math.min(at, keys.length);
    keys = keys.toSpliced(place, 0, key);
    edit({ ...script, slides: script.slides.toSpliced(place, 0, slide) });
    tell(`Slide ${place + 1} is back.`);
    refocus({ name: `${key}:Remove` });
  }]]);
  refocus({ name: "notice:Undo" });
}

// what is kept, and what the server says of it

/** Keeps a changed script, and draws it unless `redraw` does. @param {Script} next */
function edit(next, redraw = draw) {
  script = next;
  const problem = save(next);
  redraw();
  if (problem) tell(problem);
  checkSoon();
}

/**
 * A whole script in place of the present one, and how to take that back, if it was no taking back itself.
 * @param {Script} next @param {string} text @param {() => void} [back]
 */
function change(next, text, back) {
  put(next);
  const problem = save(next);
  tell([text, problem].filter(Boolean).join(" "), back ? [["Undo", back]] : []);
}

/** Another tab, or another page of this one, has changed the script. */
function adoptStored() {
  const { script: stored, problem } = load();
  if (JSON.stringify(stored) !== JSON.stringify(script)) put(stored);
  if (problem) tell(problem);
}

/** A slide that was there keeps its name. @param {Script} next */
function put(next) {
  const known = new Map(script.slides.map((slide, at) => [JSON.stringify(slide), keys[at]]));
  const taken = new Set();
  keys = next.slides.map((slide) => {
    const key = known.get(JSON.stringify(slide));
    const own = key === undefined || taken.has(key) ? ++serial : key;
    taken.add(own);
    return own;
  });
  script = next;
  draw();
  checkSoon();
}

function checkSoon() {
  clearTimeout(timer);
  asked += 1; // what is on its way is of another script
  checked = { packed: "", good: false, text: "" };
  renewTools();
  if (script.slides.length) timer = setTimeout(check, SOON);
}

async function check() {
  const turn = ++asked;
  const { script: understood, packed = "", error = "" } = await ask(JSON.stringify(script));
  if (turn !== asked) return; // a later one will say
  checked = { packed, good: Boolean(understood), text: error ? sentence(error) : "" };
  renewTools();
}

function renewTools() {
  const place = mine.querySelector(".u-tools");
  if (!place) return;
  const focus = focused();
  place.replaceWith(tools());
  if (focus) refocus(focus);
}

/**
 * What the server understands of a file's text: `script` and `packed`, or `error`.
 * @param {string} body @returns {Promise<{script?: Script, packed?: string, error?: string}>}
 */
async function ask(body) {
  try {
    const response = await fetch(fromHome(given.pack), { method: "POST", body });
    return await response.json();
  } catch {
    return { error: "the server does not answer" };
  }
}

// small things

/** The place of the focus in what is drawn anew. @returns {Focus | null} */
function focused() {
  const node = /** @type {HTMLInputElement} */ (document.activeElement);
  if (!mine.contains(node)) return null;
  const name = node.dataset.name ?? node.textContent ?? "";
  const typed = node.matches("textarea, input:not([type])");
  return { name, ...(typed && { from: node.selectionStart, to: node.selectionEnd, value: node.value }) };
}

/** @param {Focus} focus */
function refocus({ name, from, to, value = "" }) {
  const all = /** @type {HTMLInputElement[]} */ ([...mine.querySelectorAll("[data-name], button, a")]);
  const node = all.find((one) => (one.dataset.name ?? one.textContent) === name);
  if (!node) return;
  node.focus({ preventScroll: true });
  if (from === undefined) return;
  if (name === "new") node.value = value; // what is not yet added is kept nowhere else
  node.setSelectionRange(from, to ?? from);
}

/** @param {string} title @param {Node[]} children */
function section(title, ...children) {
  return element("section", "", heading(title), ...children);
}

/** @param {string} text */
const heading = (text) => element("h2", "", text);

/** @param {string} text @param {() => void} onclick @returns {HTMLButtonElement} */
function button(text, onclick) {
  return Object.assign(element("button", "u-button", text), { type: "button", onclick });
}

/** @param {string} text */
const submit = (text) => Object.assign(element("button", "u-button", text), { type: "submit" });

/** @param {string} text @param {string} href  "" for none yet */
function link(text, href) {
  const node = element("a", "u-button", text);
  if (href) node.href = href;
  else {
    node.setAttribute("role", "link");
    node.setAttribute("aria-disabled", "true");
  }
  return node;
}

/** @template {HTMLElement} Named @param {Named} node @param {string} name */
function named(node, name) {
  node.dataset.name = name;
  return node;
}

/** @param {string} value @param {(value: string) => void} onvalue */
function input(value, onvalue) {
  const node = Object.assign(element("input"), { value });
  node.addEventListener("input", () => onvalue(node.value));
  return node;
}

/** @param {string} value @param {(value: string) => void} onvalue */
function area(value, onvalue) {
  const node = Object.assign(element("textarea"), { value, rows: 2 });
  node.addEventListener("input", () => onvalue(node.value));
  return node;
}

/** @param {string} label @param {string} name @param {HTMLElement} control */
function field(label, name, control, more = "") {
  return element("label", `u-field ${more}`, element("span", "", label), named(control, name));
}

/** @param {Slide} slide */
const isScene = ({ address }) => address.split("?")[0] === "scenes";
/** @param {number} count */
const slides = (count) => `${count} slide${count === 1 ? "" : "s"}`;
/** @param {Script} script */
const sum = ({ slides: all }) => all.reduce((seconds, slide) => seconds + (slide.seconds ?? given.seconds), 0);
/** @param {Script} one */
const extent = (one) => `${slides(one.slides.length)}, ${span(sum(one))}`;

/** @param {number} seconds */
function span(seconds) {
  const minutes = Math.floor(seconds / 60), rest = seconds % 60;
  return [minutes ? `${minutes} min` : "", rest || !minutes ? `${rest} s` : ""].filter(Boolean).join(" ");
}

/** What the server says, as a sentence of a page. @param {string} text */
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
/** @param {string} title */
const slug = (title) => `unrolled-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "script"}`;
