// The threshold desk: the network may keep silent. Which faces it still answers, how well, and how far its word can be trusted.
// Traits: probabilities { uint16 (N, classes), in 65535ths }, labels { uint8 (N) }, class_names, threshold (a share), about.

import { choose, frame, make, makeSvg, onFrame, scroll, slider, watch } from "../../_shared/javascript/dom.js";
import { array, counted } from "../../_shared/javascript/numbers.js";

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
const whole = (share) => `${Math.round(100 * share)} %`;

// A bundle of faces of like confidence, in words; how many of them are answered.
export const bundle = ({ n, confidence, accuracy }, answered) =>
  `${counted(n, "face")}: said ${whole(confidence)}, right ${whole(accuracy)}; ${answered === n ? "all" : answered ? answered.toLocaleString("en") : "none"} answered`;

// How many faces of each tenth of confidence are answered at a threshold.
export const answeredIn = (all, threshold, bins = 10) => reliability(all.filter(({ confidence }) => confidence >= threshold), bins).map(({ n }) => n);

// Which classes hardly get an answer any more, in words: `confusion` now, and when all are answered.
export const vanished = (names, confusion, first) => {
  const sum = (row) => row.reduce((total, count) => total + count, 0);
  const shares = names.map((name, place) => ({ name, share: sum(confusion[place]) / sum(first[place]) })).filter(({ share }) => share >= 0).sort((a, b) => a.share - b.share);
  const said = ({ name, share }) => `${name} ${whole(share)}`;
  const gone = shares.filter(({ share }) => share < 0.1);
  const most = said(shares.at(-1));
  return gone.length ? `Nearly vanished, with fewer than 1 face in 10 still answered: ${gone.map(said).join(", ")}. Most still answered: ${most}.`
    : `Still answered of each class: ${whole(shares[0].share) === whole(shares.at(-1).share) ? whole(shares[0].share) : `from ${said(shares[0])} to ${most}`}.`;
};

const LAYOUT = ".fer .slanted th[scope=col] { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: .35rem .1rem; } .fer circle[role=button] { cursor: pointer; }";

function render({ model, el }) {
  const [root, end] = frame(el, "Threshold desk: a network that answers only when it is sure");
  const names = model.get("class_names");
  const all = answers(array(model.get("probabilities")), array(model.get("labels")));
  const steps = Array.from({ length: 100 }, (_, place) => ({ threshold: place / 100, ...atThreshold(all, place / 100, names.length) }));
  const bins = reliability(all).map((bin, place) => ({ ...bin, place })).filter(({ n }) => n);
  const threshold = slider("answers only when surer than", { min: 0, max: 99, value: Math.round(100 * model.get("threshold")), words: (value) => `${value} %` }, (value) => choose(model, { threshold: value / 100 }));
  const [sentence, classes] = [make("p", { role: "status" }), make("p")];
  const curves = makeSvg("svg", { viewBox: "0 0 300 215", role: "img", style: "width:100%;display:block" });
  const calibration = makeSvg("svg", { viewBox: "0 0 300 215", role: "group", style: "width:100%;display:block" });
  const table = make("table", { style: "font-size:12px", class: "slanted" });
  const x = (share) => 40 + 245 * share;
  const y = (share) => 181 - 166 * share;
  const axes = (right, up) => [0, 0.5, 1].flatMap((share) => [
    makeSvg("line", { x1: x(0), x2: x(1), y1: y(share), y2: y(share), stroke: "currentColor", "stroke-opacity": 0.15 }),
    makeSvg("text", { x: 36, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}`), makeSvg("text", { x: x(share), y: 195, "text-anchor": "middle" }, `${100 * share}`),
  ]).concat(makeSvg("text", { x: x(0.5), y: 210, "text-anchor": "middle" }, right), makeSvg("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(10 ${y(0.5)}) rotate(-90)` }, up));
  const line = (points, colour, width, dash = "") => makeSvg("polyline", { points: points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" "), fill: "none", stroke: colour, "stroke-width": width, "stroke-dasharray": dash });
  const key = (words, colour, dash) => make("span", { style: `color:var(${colour});margin-right:1rem` },
    makeSvg("svg", { viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" }, makeSvg("line", { x1: 0, x2: 24, y1: 4, y2: 4, stroke: "currentColor", "stroke-width": 3, "stroke-dasharray": dash })), ` ${words}`);

  // Dots stay, so that one of them can keep the focus.
  const told = make("p", { role: "status", class: "bundle" }, "Point at a dot.");
  let pointed = null; // the dot that is told of
  const radius = ({ n }) => 2 + 12 * Math.sqrt(n / all.length);
  const dots = bins.map((bin) => {
    const tell = ({ currentTarget }) => { pointed = currentTarget; told.textContent = `${pointed.getAttribute("aria-label")}.`; };
    return makeSvg("circle", { cx: x(bin.confidence), cy: y(bin.accuracy), r: radius(bin), fill: "color-mix(in srgb, currentColor 30%, transparent)", tabindex: 0, role: "button", onpointerenter: tell, onclick: tell, onfocus: tell });
  });
  const cores = bins.map((bin) => makeSvg("circle", { class: "answered", cx: x(bin.confidence), cy: y(bin.accuracy), fill: "var(--hero)", "pointer-events": "none" }));
  calibration.setAttribute("aria-label", "share right against confidence");
  calibration.append(...axes("it says, %", "it is right, %"), line([[0, 0], [1, 1]], "currentColor", 1, "3 3"), ...dots, ...cores);

  const draw = () => {
    const level = model.get("threshold");
    threshold.value = Math.round(100 * level);
    const now = atThreshold(all, level, names.length);
    curves.replaceChildren(...axes("threshold: surer than, %", "faces, %"), line(steps.map((each) => [each.threshold, each.coverage]), "var(--second)", 2, "6 3"),
      line(steps.filter(({ accuracy }) => accuracy !== null).map((each) => [each.threshold, each.accuracy]), "var(--hero)", 3),
      makeSvg("line", { x1: x(level), x2: x(level), y1: y(0), y2: y(1), stroke: "currentColor" }));
    curves.setAttribute("aria-label", `at ${inPercent(level)}: ${inPercent(now.coverage)} answered, ${now.accuracy === null ? "none" : inPercent(now.accuracy)} of them right`);
    const counts = answeredIn(all, level);
    bins.forEach((bin, place) => {
      const answered = counts[bin.place];
      dots[place].setAttribute("aria-label", bundle(bin, answered));
      cores[place].setAttribute("r", radius(bin) * Math.sqrt(answered / bin.n));
      cores[place].dataset.answered = answered;
    });
    if (pointed) told.textContent = `${pointed.getAttribute("aria-label")}.`;
    const most = Math.max(1, ...now.confusion.flat());
    table.replaceChildren(make("caption", { style: "caption-side:top;text-align:left" }, "faces that are answered: true class (row), answer (column)"),
      make("tr", {}, make("td", {}), ...names.map((name) => make("th", { scope: "col" }, name))),
      ...now.confusion.map((row, place) => make("tr", {}, make("th", { scope: "row" }, names[place]), ...row.map((count, column) =>
        make("td", { style: `background:color-mix(in srgb, var(${column === place ? "--hero" : "--second"}) ${Math.round((35 * count) / most)}%, transparent)` }, String(count))))));
    classes.textContent = vanished(names, now.confusion, steps[0].confusion);
    sentence.replaceChildren("Answers ", make("strong", { class: "coverage", "data-coverage": now.coverage }, inPercent(now.coverage)), ` of ${counted(all.length, "face")}; `,
      now.accuracy === null ? "none is left." : make("strong", { class: "accuracy", "data-accuracy": now.accuracy }, inPercent(now.accuracy)), now.accuracy === null ? "" : " of these are right.");
  };

  draw();
  const unwatch = watch(model, ["threshold"], onFrame(draw));
  const panel = (...parts) => make("div", { class: "panel", style: "flex:1 1 16rem;max-width:24rem" }, ...parts);
  root.append(make("style", {}, LAYOUT), make("div", { class: "row" }, threshold.element), sentence,
    make("div", { class: "panels" }, panel(make("h4", {}, "the trade-off"), make("div", {}, key("answered", "--second", "6 3"), key("right, of those answered", "--hero")), curves),
      panel(make("h4", {}, "When it says 80 %, is it right 80 % of the time?"), calibration, told,
        make("p", { class: "note" }, "A dot stands for the faces of one tenth of confidence; a larger one for more faces. Below the line: too sure. Above: too modest. Blue: the share of them that is answered; grey: the rest, below the threshold."))),
    classes, scroll("confusion", table), make("p", { class: "note" }, model.get("about")));
  return () => { unwatch(); end(); };
}

export default { render };
