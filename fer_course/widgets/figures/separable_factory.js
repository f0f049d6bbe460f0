// The separable factory: two towers of multiply-adds, a standard convolution and a separable one, and their ratio.
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

const NAMES = { channels: ["channels in", 1, 256], filters: ["filters (maps out)", 1, 256], size: ["kernel size", 1, 7], side: ["side of the maps", 3, 48] };
const HIGH = 220; // pixels of the standard tower

const grouped = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ",");
const share = (part) => `${part >= 0.0995 ? Math.round(100 * part) : (100 * part).toFixed(1)} %`;

function render({ model, el }) {
  const [root, end] = frame(el, "Separable factory: the work of a standard and of a separable convolution");
  const sliders = Object.fromEntries(Object.entries(NAMES).map(([name, [words, min, max]]) =>
    [name, slider(words, { min, max, value: model.get(name) }, (value) => choose(model, { [name]: value }))]));
  const towers = makeSvg("svg", { viewBox: "0 0 420 275", role: "img", style: "width:100%;max-width:30rem" });
  const sentence = make("p", { role: "status" });
  const formula = make("p", { class: "note" });

  const block = (x, from, height, fill, words, below) => {
    const y = 235 - from - height;
    return [makeSvg("rect", { x, y, width: 70, height: Math.max(height, 0.5), fill, stroke: "currentColor", "stroke-width": 0.5 }),
      ...(words ? [makeSvg("text", { x: x + 76, y: y + height / 2 + (below ?? 4) }, words)] : [])];
  };

  const draw = () => {
    const sizes = Object.fromEntries(Object.keys(NAMES).map((name) => [name, model.get(name)]));
    for (const name of Object.keys(NAMES)) sliders[name].value = sizes[name];
    const { standard, depthwise, pointwise, separable, ratio } = work(sizes);
    const most = Math.max(standard, separable);
    const high = (amount) => (HIGH * amount) / most;
    towers.setAttribute("aria-label", `standard ${grouped(standard)} multiply-adds; separable ${grouped(separable)}`);
    towers.replaceChildren(
      ...block(20, 0, high(standard), "color-mix(in srgb, currentColor 30%, transparent)", ""),
      ...block(220, 0, high(depthwise), "var(--second)", `depthwise ${share(depthwise / separable)}`, 4 + Math.max(0, 8 - high(depthwise) / 2)),
      ...block(220, high(depthwise), high(pointwise), "var(--hero)", `pointwise ${share(pointwise / separable)}`, 4 - Math.max(0, 8 - high(pointwise) / 2)),
      makeSvg("text", { x: 20, y: 252 }, "standard"), makeSvg("text", { x: 20, y: 268 }, grouped(standard)),
      makeSvg("text", { x: 220, y: 252 }, "separable"), makeSvg("text", { x: 220, y: 268 }, grouped(separable)));
    sentence.replaceChildren("The separable convolution does ", make("strong", { class: "ratio", "data-ratio": ratio }, share(ratio)), " of the work.");
    const { filters, size } = sizes;
    formula.textContent = `1/filters + 1/size² = 1/${filters} + 1/${size * size}. The channels and the side are not in it.`;
  };

  draw();
  const unwatch = watch(model, Object.keys(NAMES), onFrame(draw));
  root.append(make("div", { class: "row" }, ...Object.values(sliders).map(({ element }) => element)), towers, sentence, formula);
  return () => { unwatch(); end(); };
}

export default { render };
