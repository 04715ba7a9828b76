// The JavaScript that can be tested without a browser: reading messages, choosing positions, patching figures.

import assert from "node:assert/strict";
import { address as checkOf } from "../pages/figures/badge.js";
import { address, nearest, standsFor } from "../pages/figures/live.js";
import { at, unpack } from "../pages/figures/message.js";
import { merged } from "../pages/figures/theme.js";

Deno.test("a message is read as Python wrote it, at every position", async () => {
  const folder = Deno.env.get("MESSAGES"); // made by test_javascript.py
  const message = unpack(await Deno.readFile(`${folder}/message`));
  const expected = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`));
  const plain = (part) =>
    ArrayBuffer.isView(part) ? Array.from(/** @type {any} */ (part), (x) => Number.isNaN(x) ? null : x)
    : Array.isArray(part) ? part.map(plain)
    : part && typeof part === "object" ? Object.fromEntries(Object.entries(part).map(([name, one]) => [name, plain(one)]))
    : part;
  expected.forEach((frame, s) => assert.deepEqual(plain(at(message.items, s, message.blob)), frame));
});

Deno.test("a message may begin anywhere in its buffer", () => {
  const json = new TextEncoder().encode('{"items":[{"array":["f8",0,2]}]}');
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(3 + 8 + length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(3, BigInt(json.length), true);
  bytes.set(json, 11);
  view.setFloat64(11 + length, 1.5, true);
  view.setFloat64(19 + length, -2, true);
  const message = unpack(bytes.subarray(3));
  assert.deepEqual(Array.from(at(message.items, 0, message.blob)[0]), [1.5, -2]);
});

Deno.test("the nearest position stands for a value, unless it is out of reach", () => {
  const sweep = { at: [-1, 0, 0.5, 4], reach: null };
  assert.deepEqual([-9, -0.4, 0.3, 2, 3, 99].map((value) => nearest(sweep, value)), [0, 1, 2, 2, 3, 3]);
  assert.deepEqual([3, 4.4, 4.6].map((value) => nearest({ at: [3, 4], reach: 0.5 }, value)), [0, 1, -1]);
});

Deno.test("a thumb stands for the numbers around its step, and for no other step", () => {
  assert.deepEqual([1.234, 1.25, 1.2250001, 1.275, 1.3, 1.2, 1.28].map((value) => standsFor(1.25, value, 0.05)),
    [true, true, true, true, false, false, false]);
  assert.ok(standsFor(0.45, 0.475, 0.05), "halfway, where rounding decides");
  assert.ok(standsFor(10, 10, 1) && !standsFor(10, 11, 1));
});

Deno.test("a sweep's address holds every choice but its own, unless it spans only what is around that", () => {
  const live = { url: "/sweeps/chain", main: "w", around: ["seed"], choices: { w: "2", seed: "7", values: "1, 2&w=9" } };
  assert.equal(address(live, "w"), "/sweeps/chain/w?seed=7&values=1%2C+2%26w%3D9");
  assert.equal(address(live, "seed"), "/sweeps/chain/seed?w=2&seed=7&values=1%2C+2%26w%3D9");
});

Deno.test("a check's address holds every choice", () => {
  assert.equal(checkOf("/checks/chain", { w: "2", values: "1, 2&w=9" }), "/checks/chain?w=2&values=1%2C+2%26w%3D9");
});

Deno.test("a patch finds a trace by its name, wherever it stands", () => {
  const figure = { data: [{ x: [1] }, { meta: "cross", y: [2] }, { meta: "map", y: [3] }] };
  const patched = merged(figure, { data: { map: { opacity: 0.5 }, 0: { x: [9] } } });
  assert.deepEqual(patched.data, [{ x: [9] }, { meta: "cross", y: [2] }, { meta: "map", y: [3], opacity: 0.5 }]);
});

Deno.test("a patch changes what it names, and leaves the original alone", () => {
  const figure = { data: [{ x: [1], name: "a" }, { name: "b" }], layout: { xaxis: { range: [0, 1], title: "t" } } };
  const before = structuredClone(figure);
  const patched = merged(figure, { data: { 1: { name: "c" } }, layout: { xaxis: { range: [0, 9] }, showlegend: false } });
  assert.deepEqual(patched, {
    data: [{ x: [1], name: "a" }, { name: "c" }],
    layout: { xaxis: { range: [0, 9], title: "t" }, showlegend: false },
  });
  assert.deepEqual(figure, before);
});
