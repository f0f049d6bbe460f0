// The threshold desk: the network may keep silent. Which faces it still answers, how well, and how far its word can be trusted.
// Traits: probabilities { uint16 (N, classes), in 65535ths }, labels { uint8 (N) }, class_names, threshold (a share), about.

import { choose, frame, make, makeSvg, onFrame, scroll, slider, watch } from "../../_shared/javascript/dom.js";
import { array } from "../../_shared/javascript/numbers.js";

// What the network says of each face: { predicted, confidence, right }.
export const answers = (probabilities, labels) => {
  const [n, classes] = probabilities.shape;
  return Array.from({ length: n }, (_, face) => {
    const row = probabilities.data.subarray(face * classes, (face + 1) * classes);
    let best = 0;
    let sum = 0;
    row.forEach((value, place) => { sum += value; if (value > row[best]) best = place; });
    return { predicted: best, label: labels.data[face], confidence: row[best] / sum, right: best === labels.data[face] };
  });
};

// At a threshold: the share that is answered, the accuracy of these, and the confusion of these (rows are the true classes).
export const atThreshold = (all, threshold, classes) => {
  const kept = all.filter(({ confidence }) => confidence >= threshold);
  const confusion = Array.from({ length: classes }, () => Array(classes).fill(0));
  kept.forEach(({ label, predicted }) => { confusion[label][predicted] += 1; });
  const right = kept.filter((each) => each.right).length;
  return { coverage: kept.length / all.length, answered: kept.length, right, accuracy: kept.length ? right / kept.length : null, confusion };
};

// Per tenth of confidence: how many faces, their mean confidence, and the share that is right.
export const reliability = (all, bins = 10) => Array.from({ length: bins }, (_, bin) => {
  const inside = all.filter(({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === bin);
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return inside.length ? { n: inside.length, confidence: mean(inside.map((each) => each.confidence)), accuracy: mean(inside.map((each) => Number(each.right))) } : { n: 0 };
});

const inPercent = (share) => `${(100 * share).toFixed(1)} %`;

function render({ model, el }) {
  const [root, end] = frame(el, "Threshold desk: a network that answers only when it is sure");
  const names = model.get("class_names");
  const all = answers(array(model.get("probabilities")), array(model.get("labels")));
  const steps = Array.from({ length: 100 }, (_, place) => ({ threshold: place / 100, ...atThreshold(all, place / 100, names.length) }));
  const bins = reliability(all);
  const threshold = slider("answers only above", { min: 0, max: 99, value: Math.round(100 * model.get("threshold")), words: (value) => `${value} %` }, (value) => choose(model, { threshold: value / 100 }));
  const sentence = make("p", { role: "status" });
  const curves = makeSvg("svg", { viewBox: "0 0 300 215", role: "img", style: "width:100%" });
  const calibration = makeSvg("svg", { viewBox: "0 0 300 215", role: "img", style: "width:100%" });
  const table = make("table", { style: "font-size:12px" });
  const x = (share) => 30 + 250 * share;
  const y = (share) => 185 - 170 * share;
  const axes = (label) => [0, 0.5, 1].flatMap((share) => [
    makeSvg("line", { x1: x(0), x2: x(1), y1: y(share), y2: y(share), stroke: "currentColor", "stroke-opacity": 0.15 }),
    makeSvg("text", { x: 26, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}`), makeSvg("text", { x: x(share), y: 199, "text-anchor": "middle" }, `${100 * share}`),
  ]).concat(makeSvg("text", { x: x(0.5), y: 212, "text-anchor": "middle" }, label));
  const line = (points, colour, width, dash = "") => makeSvg("polyline", { points: points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" "), fill: "none", stroke: colour, "stroke-width": width, "stroke-dasharray": dash });

  const draw = () => {
    const level = model.get("threshold");
    threshold.value = Math.round(100 * level);
    const now = atThreshold(all, level, names.length);
    const answered = steps.filter(({ accuracy }) => accuracy !== null);
    curves.replaceChildren(...axes("threshold, %"), line(steps.map((each) => [each.threshold, each.coverage]), "var(--second)", 2, "6 3"),
      line(answered.map((each) => [each.threshold, each.accuracy]), "var(--hero)", 3),
      makeSvg("line", { x1: x(level), x2: x(level), y1: y(0), y2: y(1), stroke: "currentColor" }),
      makeSvg("text", { x: x(0.02), y: y(answered[0].accuracy) + 16 }, "right, of those answered"), makeSvg("text", { x: x(0.02), y: y(0.97) + 12 }, "answered"));
    curves.setAttribute("aria-label", `at ${inPercent(level)}: ${inPercent(now.coverage)} answered, ${now.accuracy === null ? "none" : inPercent(now.accuracy)} of them right`);
    calibration.replaceChildren(...axes("confidence, %"), line([[0, 0], [1, 1]], "currentColor", 1, "3 3"),
      ...bins.filter(({ n }) => n).map((bin) => makeSvg("circle", { cx: x(bin.confidence), cy: y(bin.accuracy), r: 2 + 12 * Math.sqrt(bin.n / all.length), "fill-opacity": 0.75,
        fill: bin.confidence >= level ? "var(--hero)" : "color-mix(in srgb, currentColor 30%, transparent)" })));
    calibration.setAttribute("aria-label", `share right against confidence: ${bins.filter(({ n }) => n).map((bin) => `${inPercent(bin.confidence)}: ${inPercent(bin.accuracy)}`).join("; ")}`);
    const most = Math.max(1, ...now.confusion.flat());
    table.replaceChildren(make("caption", { style: "caption-side:top;text-align:left" }, "true class (row), answer (column)"),
      make("tr", {}, make("td", {}), ...names.map((name) => make("th", { scope: "col", title: name }, name.slice(0, 4)))),
      ...now.confusion.map((row, place) => make("tr", {}, make("th", { scope: "row" }, names[place]), ...row.map((count, column) =>
        make("td", { style: `background:color-mix(in srgb, var(${column === place ? "--hero" : "--second"}) ${Math.round((35 * count) / most)}%, transparent)` }, String(count))))));
    sentence.replaceChildren("Answers ", make("strong", { class: "coverage", "data-coverage": now.coverage }, inPercent(now.coverage)), ` of ${all.length.toLocaleString("en")} faces; `,
      now.accuracy === null ? "none is left." : make("strong", { class: "accuracy", "data-accuracy": now.accuracy }, inPercent(now.accuracy)), now.accuracy === null ? "" : " of these are right.");
  };

  draw();
  const unwatch = watch(model, ["threshold"], onFrame(draw));
  root.append(make("div", { class: "row" }, threshold.element), sentence,
    make("div", { class: "panels" }, make("div", { class: "panel", style: "flex:1 1 16rem;max-width:24rem" }, make("h4", {}, "the trade-off"), curves),
      make("div", { class: "panel", style: "flex:1 1 16rem;max-width:24rem" }, make("h4", {}, "is 80 % sure right in 80 %?"), calibration)),
    scroll("confusion", table), make("p", { class: "note" }, model.get("about")));
  return () => { unwatch(); end(); };
}

export default { render };
