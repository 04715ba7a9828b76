// Figures whose heights are left to the axis: it is linear, or counts decades up and down from 1. Their traces carry
// decimal logarithms and signs.

/**
 * @typedef {import("../inside/plotly.js").Figure} Figure
 * @typedef {import("../inside/plotly.js").Trace} Trace
 * @typedef {"linear" | "log"} Scale
 * @typedef {Record<Scale, {range: [number, number]}>} Scales  both axes, fitted to what is shown
 */

/** The figure on the axis of a scale. @param {Figure} figure @param {Scale | undefined} scale @param {Scales | undefined} scales */
export function scaled({ data, layout }, scale, scales) {
  if (!scale || !scales) return { data, layout };
  const yaxis = { ...layout.yaxis, ...scales[scale] };
  return { data: data.map((trace) => trace.log ? raised(trace, scale, scales[scale].range) : trace), layout: { ...layout, yaxis } };
}

/** @param {Trace} trace @param {Scale} scale @param {[number, number]} range */
function raised({ log, sign, only, beside, ...trace }, scale, [low, high]) {
  const far = 1000 * (high - low); // a place beyond counts as no number in an SVG
  const isZero = (/** @type {number} */ j) => sign[j] === 0;
  const y = Array.from(/** @type {number[]} */ (log), (decades, j) => {
    if (isZero(j)) return scale === "linear" ? 0 : only ? low : NaN;
    return scale === "linear" ? Math.min(Math.max(sign[j] * 10 ** decades, low - far), high + far) : decades;
  });
  if (only === "zeros") return { ...trace, y: y.map((one, j) => isZero(j) ? one : NaN) };
  if (only !== "labels") return { ...trace, y };
  const side = beside ? "right" : "center";
  return {
    ...trace,
    y: y.map((one) => Math.min(Math.max(one, low), high)), // while a thumb moves the axis stands still
    textposition: y.map((one, j) => `${one < 0 && !isZero(j) ? "bottom" : "top"} ${side}`),
  };
}

/**
 * A row of cells below the axis keeps its height, however low the figure.
 * @param {Figure} figure @param {number | undefined} row  px @param {number} height  px of the whole figure
 */
export function inRow({ data, layout }, row, height) {
  if (!row) return { data, layout };
  const share = Math.min(row / (height - (layout.margin?.t ?? 0) - (layout.margin?.b ?? 0)), 0.5);
  const axes = { yaxis: { ...layout.yaxis, domain: [share, 1] }, yaxis2: { ...layout.yaxis2, domain: [0, 0.92 * share] } };
  return { data, layout: { ...layout, ...axes } };
}
