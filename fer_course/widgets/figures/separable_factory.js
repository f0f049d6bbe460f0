// The separable factory: two towers of multiply-adds, a standard convolution and a separable one, their ratio, and their kernels.
// Traits: channels, filters, size (of the kernel), side (of the maps).

import { choose, frame, make, makeSvg, onFrame, slider, watch } from "../../_shared/javascript/dom.js";

// Multiply-adds of one layer on side × side positions, "same" padding.
export const work = ({ channels, filters, size, side }) => {
  const positions = side * side;
  const standard = size * size * channels * filters * positions;
  const depthwise = size * size * channels * positions;
  const pointwise = channels * filters * positions;
  return { standard, depthwise, pointwise, separable: depthwise + pointwise, ratio: (depthwise + pointwise) / standard };
};

// The same two numbers as products, and the ratio as a sum: texts.
export const spelled = ({ channels, filters, size, side }) => ({
  standard: `${side}² × ${channels} × ${size * size} × ${filters}`,
  separable: `${side}² × ${channels} × (${size * size} + ${filters})`,
  ratio: `1/filters + 1/size² = 1/${filters} + 1/${size * size} = ${Number((1 / filters + 1 / size ** 2).toPrecision(3))}`,
});

// The end of an axis, a round number: towers grow within it, and it is changed in jumps that one sees.
export const axisEnd = (most) => {
  const ten = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 3, 4, 6, 8, 10].find((each) => each * ten >= most) * ten;
};

const NAMES = { channels: ["channels in", 1, 256], filters: ["filters (maps out)", 1, 256], size: ["kernel size", 1, 7], side: ["side of the maps", 3, 48] };
const HIGH = 150, BASE = 164, LEFT = 72, RIGHT = 256, WIDE = 60; // pixels of the towers

const grouped = (number) => number.toLocaleString("en");
const inWords = (number) => {
  const [unit, name] = [[1e9, " billion"], [1e6, " million"]].find(([each]) => number >= each) ?? [1, ""];
  return `${grouped(number / unit)}${name}`;
};
const share = (part) => `${part >= 0.0995 ? Math.round(100 * part) : (100 * part).toFixed(1)} %`;
// What comes of it, in words.
export const judged = (ratio) => (share(ratio) === "100 %" ? "It costs the same: the" : ratio > 1 ? "It costs more: the" : "The");
const STANDARD = "color-mix(in srgb, currentColor 30%, transparent)", DEPTHWISE = "var(--second)", POINTWISE = "var(--hero)";

function render({ model, el }) {
  const [root, end] = frame(el, "Separable factory: the work of a standard and of a separable convolution");
  const sliders = Object.fromEntries(Object.entries(NAMES).map(([name, [words, min, max]]) =>
    [name, slider(words, { min, max, value: model.get(name) }, (value) => choose(model, { [name]: value }))]));
  const towers = makeSvg("svg", { viewBox: "0 0 446 326", role: "img", style: "width:100%;max-width:32rem;display:block" });
  const sentence = make("p", { role: "status" });
  const formula = make("p", { class: "note" });

  const text = (x, y, words, attributes = {}) => makeSvg("text", { x, y, ...attributes }, words);
  const part = (x, from, height, fill) =>
    makeSvg("rect", { x, y: BASE - from - height, width: WIDE, height: Math.max(height, 0.5), fill, stroke: "currentColor", "stroke-width": 0.5 });

  // A kernel as a block: size × size cells in front, and as deep as the channels that it goes through.
  const kernel = (x, size, channels, fill) => {
    const cell = Math.min(9, 36 / size), front = size * cell, deep = 2 + 5 * Math.log2(channels), y = 288;
    const [over, up] = [0.8 * deep, 0.5 * deep];
    const lines = Array.from({ length: size + 1 }, (_, k) => `M${x + k * cell} ${y}v${-front}M${x} ${y - k * cell}h${front}`);
    const corners = `M${x} ${y}v${-front}l${over} ${-up}h${front}v${front}l${-over} ${up}z`;
    const edges = `M${x} ${y - front}h${front}v${front}M${x + front} ${y - front}l${over} ${-up}`;
    return [makeSvg("path", { d: corners, fill, stroke: "currentColor", "stroke-width": 0.7 }),
      makeSvg("path", { d: [edges, ...lines].join(""), fill: "none", stroke: "currentColor", "stroke-width": 0.7 })];
  };

  const draw = () => {
    const sizes = Object.fromEntries(Object.keys(NAMES).map((name) => [name, model.get(name)]));
    for (const name of Object.keys(NAMES)) sliders[name].value = sizes[name];
    const { channels, filters, size } = sizes;
    const { standard, depthwise, pointwise, separable, ratio } = work(sizes);
    const products = spelled(sizes);
    const top = axisEnd(Math.max(standard, separable));
    const high = (amount) => (HIGH * amount) / top;
    const [low, upper] = [BASE - high(depthwise) / 2, BASE - high(depthwise) - high(pointwise) / 2];
    const under = Math.min(BASE - 2, low + 4); // the words of the two parts stand beside them, and above the foot
    towers.setAttribute("aria-label", `standard ${grouped(standard)} multiply-adds; separable ${grouped(separable)}`);
    towers.replaceChildren(
      ...[0, 0.5, 1].flatMap((part) => [makeSvg("line", { x1: LEFT - 6, x2: RIGHT + WIDE, y1: BASE - part * HIGH, y2: BASE - part * HIGH, stroke: "currentColor", "stroke-opacity": 0.2 }),
        text(LEFT - 10, BASE - part * HIGH + 4, inWords(part * top), { "text-anchor": "end" })]),
      part(LEFT, 0, high(standard), STANDARD), part(RIGHT, 0, high(depthwise), DEPTHWISE), part(RIGHT, high(depthwise), high(pointwise), POINTWISE),
      text(RIGHT + WIDE + 6, under, `depthwise ${share(depthwise / separable)}`), text(RIGHT + WIDE + 6, Math.min(upper + 4, under - 14), `pointwise ${share(pointwise / separable)}`),
      ...[[LEFT, "standard", standard, products.standard], [RIGHT, "separable", separable, products.separable]].flatMap(([x, name, amount, product]) =>
        [text(x, BASE + 17, name, { style: "font-weight:600" }), text(x, BASE + 32, `${grouped(amount)} multiply-adds`), text(x, BASE + 47, `= ${product}`)]),
      ...kernel(LEFT, size, channels, STANDARD), ...kernel(RIGHT, size, 1, DEPTHWISE), ...kernel(RIGHT + 70, 1, channels, POINTWISE),
      text(LEFT, 304, `${filters} × (${size} × ${size} × ${channels})`), text(RIGHT, 304, `${channels} × (${size} × ${size} × 1) depthwise`),
      text(RIGHT, 319, `${filters} × (1 × 1 × ${channels}) pointwise`));
    sentence.replaceChildren(judged(ratio), " separable convolution does ", make("strong", { class: "ratio", "data-ratio": ratio }, share(ratio)), " of the work.");
    formula.textContent = `${products.ratio}. The channels and the side are not in it: they are factors of both.`;
  };

  draw();
  const unwatch = watch(model, Object.keys(NAMES), onFrame(draw));
  root.append(make("div", { class: "row" }, ...Object.values(sliders).map(({ element }) => element)), towers, sentence, formula,
    make("p", { class: "note" }, "Standard: each filter is a block through all channels. Separable: one flat kernel per channel finds patterns (depthwise); then each filter mixes the channels, one pixel at a time (pointwise). Work: side² × channels × size² × filters, or side² × channels × (size² + filters)."));
  return () => { unwatch(); end(); };
}

export default { render };
