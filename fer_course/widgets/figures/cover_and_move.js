// Cover and move: the whole face moved, or a patch over it; the scores of several networks side by side.
// Traits: faces { uint8 (N, s, s) }, names, labels [class per face], class_names, networks [{ name, network }], face, mode ("move"
// or "cover"), edge ("repeated", "mean"), fill ("black", "mean", "blur"), size, place [row, column], shift [down, right], scores [one
// list per network], many { words, n, kept { edge: [counts from 8 pixels left to 8 right, per network] } }.

import { bars, button, choose, frame, make, makeSvg, menu, onFrame, paintGrey, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, counted, direction } from "../../_shared/javascript/numbers.js";
import { build } from "../../_shared/javascript/network.js";

const BLUR = 4; // pixels to each side
const FAR = 8; // pixels that a face moves at most
const COLOURS = ["var(--hero)", "var(--second)", "var(--third)"], DASHES = ["", "6 3", "2 3"];

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

// A face moved down and to the right; where nothing is left stand the edge's pixels, repeated, or the face's mean.
export const moved = (pixels, side, [down, right], edge = "repeated") => {
  const mean = Math.round(meanOf(pixels));
  return Uint8Array.from(pixels, (_, at) => {
    const row = Math.floor(at / side) - down, column = (at % side) - right;
    const inside = clamp(row, side) === row && clamp(column, side) === column;
    return inside || edge === "repeated" ? pixels[clamp(row, side) * side + clamp(column, side)] : mean;
  });
};

// How many of many faces get another name, in words: at this move to the side, or at rest over all moves. `down`: they were
// moved to the side only, even where the face was also moved down.
export const renamed = ({ words, n }, counts, right, down = 0) => {
  const lost = counts.filter((_, place) => place !== FAR).map((count) => n - count);
  const many = right ? `${n - counts[right + FAR]}` : `${Math.min(...lost)} to ${Math.max(...lost)}`;
  return `Moved ${right ? direction([0, right]) : `1 to ${FAR} pixels to the side`}${down ? " (sideways only)" : ""}: another name for ${many} of ${counted(n, words)}.`;
};

// Why scores do not stay where they were, or what a cover tells. `heights`: of each network's last maps.
export const closing = (cover, heights, side) => {
  if (cover) return "Where a cover changes the score most, the network was looking. It need not be where people look.";
  const [height, ...others] = new Set(heights), places = (FAR * height) / side;
  const why = others.length ? "" : `the last maps are ${height} × ${height}, so that ${FAR} pixels are ${places === 0.5 ? "half a place" : counted(Number(places.toPrecision(2)), "place")} there, and `;
  return `A convolution's maps move along with the face. The score at the end does not stay: ${why}strides keep only every second place on the way.`;
};

const inPercent = (share) => Math.round(100 * share);
const X = (right) => 30 + ((right + FAR) * 220) / (2 * FAR);
const Y = (part) => 132 - 120 * part;

// Shares up to `most` against pixels to the right, one line per network.
const plot = (chart, lines, right, most = 1) => chart.replaceChildren(
  ...[0, 0.5, 1].flatMap((part) => [makeSvg("line", { x1: X(-FAR), x2: X(FAR), y1: Y(part), y2: Y(part), stroke: "currentColor", "stroke-opacity": 0.15 }),
    makeSvg("text", { x: 26, y: Y(part) + 4, "text-anchor": "end" }, `${100 * part * most}`)]),
  makeSvg("line", { x1: X(right), x2: X(right), y1: Y(0), y2: Y(1), stroke: "currentColor" }),
  ...[-FAR, 0, FAR].map((at) => makeSvg("text", { x: X(at), y: 147, "text-anchor": "middle" }, `${at}`.replace("-", "−"))),
  makeSvg("text", { x: X(0), y: 160, "text-anchor": "middle" }, "pixels to the right"),
  ...lines.map((points, place) => makeSvg("polyline", { points: points.map((share, at) => `${X(at - FAR)},${Y(share / most).toFixed(1)}`).join(" "), fill: "none", stroke: COLOURS[place], "stroke-width": 2.5, "stroke-dasharray": DASHES[place] })));

function render({ model, el }) {
  const [root, end] = frame(el, "Cover and move: what networks say of a face that is moved or covered");
  const faces = array(model.get("faces"));
  const networks = model.get("networks").map(({ name, network }) => ({ ...build(network), name }));
  const [, side] = faces.shape;
  const classes = model.get("class_names"), many = model.get("many");
  const face = stage(240, "the face as the networks get it");
  const shown = networks.map(() => bars(classes));
  const [chart, crowd] = [0, 1].map(() => makeSvg("svg", { viewBox: "0 0 270 165", role: "img", style: "width:100%;max-width:24rem;display:block" }));
  const [what, chartName, range, summary] = [make("h4"), make("h4"), make("p"), make("p")];
  const sentence = make("p", { role: "status" }), last = make("p", { class: "note" });
  const heights = networks.map((network) => network.run(faces.data.subarray(0, side * side)).findLast(({ shape }) => shape.length === 3 && shape[0] > 1).shape[0]);
  const original = () => faces.data.subarray(model.get("face") * side * side, (model.get("face") + 1) * side * side);
  const label = () => model.get("labels")[model.get("face")];
  const covering = () => model.get("mode") === "cover";
  const start = { move: { shift: [0, 0] }, cover: { place: model.get("place"), size: model.get("size") } };

  const chooser = menu("face", model.get("names").map((name, place) => [place, name]), model.get("face"), (place) => choose(model, { face: place }));
  const modes = [["move", "move all of it"], ["cover", "cover a part"]].map(([mode, words]) => [mode, button(words, () => choose(model, { mode }))]);
  const edge = menu("where nothing is left", [["repeated", "the edge's pixels, repeated"], ["mean", "grey: the face's mean"]], model.get("edge"), (value) => choose(model, { edge: value }));
  const fill = menu("cover with", ["black", "mean", "blur"], model.get("fill"), (value) => choose(model, { fill: value }));
  const size = slider("size of the cover", { min: 0, max: 32, value: model.get("size") }, (value) => choose(model, { size: value }));
  const reset = button("put it back", () => choose(model, start[model.get("mode")]));

  const score = (network, pixels) => [...network.run(pixels).at(-1).data];
  const named = (shares) => classes[shares.indexOf(Math.max(...shares))];
  let before = null; // the scores of the face as it is: { face, scores }
  const unchanged = () => {
    if (before?.face !== model.get("face")) before = { face: model.get("face"), scores: networks.map((network) => score(network, original())) };
    return before.scores;
  };

  let lines = null; // of the scores when the face moves to the side: { asked, shares per network }, computed a step at a time
  let waiting = 0;
  const trace = () => {
    const [down] = model.get("shift");
    const asked = [model.get("face"), down, model.get("edge")].join();
    if (lines?.asked === asked) return;
    clearTimeout(waiting);
    const shares = networks.map(() => []);
    lines = { asked, shares };
    const next = (right) => {
      networks.forEach((network, place) => shares[place].push(score(network, moved(original(), side, [down, right], model.get("edge")))[label()]));
      drawCharts();
      if (right < FAR) waiting = setTimeout(next, 0, right + 1);
    };
    waiting = setTimeout(next, 0, -FAR);
  };

  const drawCharts = () => {
    const [down, right] = model.get("shift");
    const who = (place) => (networks.length > 1 ? `${networks[place].name}: ` : "");
    const side = `moved to the side${down ? `, ${direction([down, 0])}` : ""}`;
    chartName.textContent = `score of ${classes[label()]}, ${side}, %`;
    const done = lines.shares.every((shares) => shares.length > 2 * FAR);
    range.textContent = done ? `${lines.shares.map((shares, place) => `${who(place)}${inPercent(Math.min(...shares))} to ${inPercent(Math.max(...shares))} %`).join("; ")}: the same face, moved; a strip is cut off, and the gap is filled.` : "…";
    plot(chart, lines.shares, right);
    chart.setAttribute("aria-label", `${chartName.textContent}: ${range.textContent}`);
    const kept = many.kept[model.get("edge")];
    const lost = kept.map((counts) => counts.map((count) => 1 - count / many.n));
    plot(crowd, lost, right, Math.max(...lost.flat()) > 0.5 ? 1 : 0.5);
    summary.textContent = kept.map((counts, place) => `${who(place)}${renamed(many, counts, right, down)}`).join(" ");
    crowd.setAttribute("aria-label", summary.textContent);
  };

  const draw = () => {
    const [hidden, shift] = [covering(), model.get("shift")];
    chooser.value = model.get("face");
    edge.value = model.get("edge");
    fill.value = model.get("fill");
    size.value = model.get("size");
    for (const [mode, each] of modes) each.setAttribute("aria-pressed", model.get("mode") === mode);
    for (const each of [fill.element, size.element]) each.hidden = !hidden;
    for (const each of [edge.element, charts]) each.hidden = hidden;
    what.textContent = hidden ? "drag the cover" : "drag the face";
    const pixels = hidden ? covered(original(), side, { place: model.get("place"), size: model.get("size"), fill: model.get("fill") }) : moved(original(), side, shift, model.get("edge"));
    paintGrey(face.canvas, pixels, [side, side]);
    const [was, scores] = [unchanged(), networks.map((network) => score(network, pixels))];
    scores.forEach((shares, place) => shown[place].show(shares));
    choose(model, { scores });
    const rest = !hidden && !direction(shift);
    const done = rest ? "Not moved." : hidden ? `Covered: ${model.get("size")} × ${model.get("size")} pixels.` : `Moved ${direction(shift)}.`;
    sentence.replaceChildren(`${done} Score of ${classes[label()]}: `, ...scores.flatMap((shares, place) => [
      networks.length > 1 ? `${networks[place].name} ` : "", make("strong", { class: "score", "data-before": was[place][label()] }, `${inPercent(shares[label()])} %`),
      rest ? ". " : `, ${hidden ? "without the cover" : "where it was"} ${inPercent(was[place][label()])} %. `,
      named(shares) === named(was[place]) ? `It is called ${named(shares)}${rest ? "" : ", as before"}. ` : `It is called ${named(shares)} now, ${named(was[place])} before. `]));
    last.textContent = closing(hidden, heights, side);
    if (hidden) return;
    trace();
    drawCharts();
  };

  const far = (place) => Math.max(-FAR, Math.min(FAR, place));
  steer(face.element, "the face: drag, or use the arrow keys", {
    shape: () => [side, side],
    move: (row, column) => choose(model, covering() ? { place: [row, column] } : { shift: [far(row - Math.floor(side / 2)), far(column - Math.floor(side / 2))] }),
    keys: { at: () => (covering() ? model.get("place") : model.get("shift").map((each) => each + Math.floor(side / 2))) },
  });
  const heading = ({ name }, place) => (networks.length > 1
    ? make("h4", {}, makeSvg("svg", { viewBox: "0 0 30 8", width: 30, height: 8, "aria-hidden": "true" }, makeSvg("line", { x1: 0, x2: 28, y1: 4, y2: 4, stroke: COLOURS[place], "stroke-width": 3, "stroke-dasharray": DASHES[place] })), ` ${name}`)
    : make("h4", {}, "the network's scores"));
  const charts = make("div", { class: "panels" }, ...[[chartName, chart, range], [make("h4", {}, `${counted(many.n, many.words)}: how many get another name, %`), crowd, summary]]
    .map((each) => make("div", { class: "panel", style: "flex:1 1 17rem;max-width:24rem" }, ...each)));
  const unwatch = watch(model, ["face", "mode", "edge", "fill", "size", "place", "shift"], onFrame(draw));
  root.append(
    make("div", { class: "row" }, chooser.element, make("div", { role: "group", "aria-label": "what to do" }, ...modes.flatMap(([, each]) => [each, " "])), edge.element, fill.element, size.element, reset),
    make("div", { class: "panels" }, make("div", { class: "panel" }, what, face.element),
      ...networks.map((network, place) => make("div", { class: "panel" }, heading(network, place), shown[place].element))),
    sentence, charts, last);
  draw();
  return () => { clearTimeout(waiting); unwatch(); end(); };
}

export default { render };
