// The other end of `encode` in show.py: JSON with arrays behind it, for one position of a slider or for many.

/** @typedef {{items: any[], live?: any, check?: string | null, at?: any, reach?: number | null, blob: ArrayBuffer}} Message */

const TYPES = { f4: Float32Array, f8: Float64Array, u1: Uint8Array };

/** @param {Uint8Array} bytes @returns {Message} */
export function unpack(bytes) {
  const buffer = bytes.slice().buffer; // aligned, whatever it came in
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const message = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  return { ...message, blob: buffer.slice(8 + Math.ceil(length / 8) * 8) };
}

/** What a part of a message is at one position: a copy, but for its arrays. */
export function at(part, position, blob) {
  if (part === null || typeof part !== "object") return part;
  if (Array.isArray(part)) return part.map((one) => at(one, position, blob));
  if (part.each) return at(part.each[position], position, blob);
  if (part.array) return taken(part.array, 0, blob);
  if (part.along) return taken(part.along, position, blob);
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, at(one, position, blob)]));
}

function taken([type, start, length], row, blob) {
  const numbers = TYPES[type];
  const first = start + row * (length ?? 1) * numbers.BYTES_PER_ELEMENT;
  const view = new numbers(blob, first, length ?? 1);
  return length === null ? view[0] : view;
}
