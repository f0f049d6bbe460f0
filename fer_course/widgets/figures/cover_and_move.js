// Cover and move: a patch over the face, or the whole face moved; the scores of several networks side by side.
// Traits: faces { uint8 (N, s, s) }, names, labels [class per face], class_names, networks [{ name, network }], face, mode ("cover"
// or "move"), fill ("black", "mean", "blur"), size, place [row, column], shift [down, right], scores [one list per network].

import { bars, button, choose, frame, make, makeSvg, menu, onFrame, paintGrey, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array } from "../../_shared/javascript/numbers.js";
import { build } from "../../_shared/javascript/network.js";

const BLUR = 4; // pixels to each side
const FAR = 8; // pixels that a face moves at most
const COLOURS = ["var(--hero)", "var(--second)", "var(--third)"];

const clamp = (place, side) => Math.max(0, Math.min(side - 1, place));
const meanOf = (pixels) => pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;

// A face with a square of it covered: `place` is the middle. Black, the mean of the face, or the mean of 9 × 9 neighbours.
export const covered = (pixels, side, { place: [row, column], size, fill }) => {
  const found = Uint8Array.from(pixels);
  const mean = Math.round(meanOf(pixels));
  const top = row - Math.floor(size / 2), left = column - Math.floor(size / 2);
  for (let i = Math.max(0, top); i < Math.min(side, top + size); i += 1)
    for (let j = Math.max(0, left); j < Math.min(side, left + size); j += 1)
      found[i * side + j] = fill === "black" ? 0 : fill === "mean" ? mean : Math.round(around(pixels, side, i, j));
  return found;
};

const around = (pixels, side, row, column) => {
  let sum = 0;
  for (let i = row - BLUR; i <= row + BLUR; i += 1)
    for (let j = column - BLUR; j <= column + BLUR; j += 1) sum += pixels[clamp(i, side) * side + clamp(j, side)];
  return sum / (2 * BLUR + 1) ** 2;
};

// A face moved down and to the right; the pixels at its edge are repeated.
export const moved = (pixels, side, [down, right]) =>
  Uint8Array.from(pixels, (_, at) => pixels[clamp(Math.floor(at / side) - down, side) * side + clamp((at % side) - right, side)]);

function render({ model, el }) {
  const [root, end] = frame(el, "Cover and move: what networks say of a face that is covered or moved");
  const faces = array(model.get("faces"));
  const networks = model.get("networks").map(({ name, network }) => ({ ...build(network), name }));
  const [, side] = faces.shape;
  const classes = model.get("class_names");
  const face = stage(240, "the face as the networks get it");
  const shown = networks.map(() => bars(classes));
  const chart = makeSvg("svg", { viewBox: "0 0 320 170", role: "img", style: "width:100%;max-width:28rem" });
  const sentence = make("p", { role: "status" });
  const original = () => faces.data.subarray(model.get("face") * side * side, (model.get("face") + 1) * side * side);
  const label = () => model.get("labels")[model.get("face")];

  const chooser = menu("face", model.get("names").map((name, place) => [place, name]), model.get("face"), (place) => choose(model, { face: place }));
  const mode = menu("what to do", [["cover", "cover a part"], ["move", "move all of it"]], model.get("mode"), (value) => choose(model, { mode: value }));
  const fill = menu("cover with", ["black", "mean", "blur"], model.get("fill"), (value) => choose(model, { fill: value }));
  const size = slider("size of the cover", { min: 0, max: 32, value: model.get("size") }, (value) => choose(model, { size: value }));
  const reset = button("put it back", () => choose(model, { shift: [0, 0], size: 0 }));

  const score = (network, pixels) => [...network.run(pixels).at(-1).data];
  let lines = null; // of the scores when the face moves to the side: computed when the face changes, a step at a time
  let waiting = 0;
  const trace = () => {
    clearTimeout(waiting);
    lines = networks.map(() => []);
    const pixels = original();
    const next = (right) => {
      if (right > FAR) return;
      networks.forEach((network, place) => lines[place].push({ right, share: score(network, moved(pixels, side, [0, right]))[label()] }));
      drawChart();
      waiting = setTimeout(next, 0, right + 1);
    };
    next(-FAR);
  };

  const drawChart = () => {
    chart.parentElement.hidden = model.get("mode") !== "move";
    const x = (right) => 30 + ((right + FAR) * 210) / (2 * FAR);
    const y = (share) => 140 - 125 * share;
    const [, right] = model.get("shift");
    chart.replaceChildren(...[0, 0.5, 1].flatMap((share) => [makeSvg("line", { x1: 30, x2: 240, y1: y(share), y2: y(share), stroke: "currentColor", "stroke-opacity": 0.15 }),
      makeSvg("text", { x: 26, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}`)]),
      makeSvg("line", { x1: x(right), x2: x(right), y1: y(0), y2: y(1), stroke: "currentColor" }),
      makeSvg("text", { x: 135, y: 162, "text-anchor": "middle" }, "pixels to the right"),
      makeSvg("text", { x: x(-FAR), y: 152 }, `−${FAR}`), makeSvg("text", { x: x(FAR), y: 152, "text-anchor": "end" }, `${FAR}`),
      ...lines.flatMap((points, place) => (points.length ? [makeSvg("polyline", { points: points.map((each) => `${x(each.right)},${y(each.share).toFixed(1)}`).join(" "), fill: "none", stroke: COLOURS[place % 3], "stroke-width": 2.5, "stroke-dasharray": place ? "6 3" : "" }),
        makeSvg("text", { x: 246, y: y(points.at(-1).share) + 4 + (place ? 6 : -6) }, networks[place].name)] : [])));
    chart.setAttribute("aria-label", `score of ${classes[label()]} when the face moves to the side`);
  };

  const draw = () => {
    const covering = model.get("mode") === "cover";
    chooser.value = model.get("face");
    mode.value = model.get("mode");
    fill.value = model.get("fill");
    size.value = model.get("size");
    for (const control of [fill, size]) control.element.hidden = !covering;
    const pixels = covering ? covered(original(), side, { place: model.get("place"), size: model.get("size"), fill: model.get("fill") }) : moved(original(), side, model.get("shift"));
    paintGrey(face.canvas, pixels, [side, side]);
    const scores = networks.map((network) => score(network, pixels));
    scores.forEach((shares, place) => shown[place].show(shares));
    choose(model, { scores });
    const name = classes[label()];
    const [down, right] = model.get("shift");
    sentence.textContent = `${covering ? `Covered: ${model.get("size")} × ${model.get("size")} pixels.` : `Moved by ${down} down and ${right} to the right.`} Score of ${name}: ${networks.map(({ name: who }, place) => `${who} ${Math.round(100 * scores[place][label()])} %`).join(", ")}.`;
    drawChart();
  };

  const far = (place) => Math.max(-FAR, Math.min(FAR, place));
  steer(face.element, "the face: drag, or use the arrow keys", {
    shape: () => [side, side],
    move: (row, column) => choose(model, model.get("mode") === "cover" ? { place: [row, column] } : { shift: [far(row - Math.floor(side / 2)), far(column - Math.floor(side / 2))] }),
    keys: { at: () => (model.get("mode") === "cover" ? model.get("place") : model.get("shift").map((each) => each + Math.floor(side / 2))) },
  });
  const redraw = onFrame(draw);
  const unwatch = [watch(model, ["mode", "fill", "size", "place", "shift"], redraw), watch(model, ["face"], () => { redraw(); trace(); })];
  root.append(
    make("div", { class: "row" }, chooser.element, mode.element, fill.element, size.element, reset),
    make("div", { class: "panels" }, make("div", { class: "panel" }, face.element),
      ...networks.map(({ name }, place) => make("div", { class: "panel" }, make("h4", {}, name), shown[place].element))),
    sentence, make("div", {}, make("h4", {}, "score of the label, when the face moves to the side, %"), chart));
  lines = networks.map(() => []);
  draw();
  trace();
  return () => { clearTimeout(waiting); unwatch.forEach((each) => each()); end(); };
}

export default { render };
