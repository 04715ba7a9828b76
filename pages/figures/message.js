// The other end of `encode` in show.py: JSON with arrays behind it, for one position of a slider or for many.

/**
 * @typedef {object} Message
 * @property {unknown[]} items  to be taken at a position @property {ArrayBuffer} blob  their arrays
 * @property {import("./live.js").Live} [live] @property {string | null} [check]
 * @property {unknown} [at]  a sweep's positions, and how far each stands for what is around it:
 * @property {number | null} [reach]
 */

const TYPES = { f4: Float32Array, f8: Float64Array, u1: Uint8Array };

/** @typedef {[type: keyof typeof TYPES, start: number, length: number | null]} Place  of an array, in bytes */
/** @typedef {{each?: unknown[], array?: Place, along?: Place}} Part  or any other object */

/** @param {Uint8Array} bytes @returns {Message} */
export function unpack(bytes) {
  const buffer = bytes.slice().buffer; // aligned, whatever it came in
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const message = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  return { ...message, blob: buffer.slice(8 + Math.ceil(length / 8) * 8) };
}

/**
 * What a part of a message is at one position: a copy, but for its arrays.
 * @param {unknown} part @param {number} position @param {ArrayBuffer} blob
 * @returns {any} as Python laid it down
 */
export function at(part, position, blob) {
  if (part === null || typeof part !== "object") return part;
  if (Array.isArray(part)) return part.map((one) => at(one, position, blob));
  const { each, array, along } = /** @type {Part} */ (part);
  if (each) return at(each[position], position, blob);
  if (array) return taken(array, 0, blob);
  if (along) return taken(along, position, blob);
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, at(one, position, blob)]));
}

/** @param {Place} place @param {number} row @param {ArrayBuffer} blob */
function taken([type, start, length], row, blob) {
  const numbers = TYPES[type];
  const first = start + row * (length ?? 1) * numbers.BYTES_PER_ELEMENT;
  const view = new numbers(blob, first, length ?? 1);
  return length === null ? view[0] : view;
}
