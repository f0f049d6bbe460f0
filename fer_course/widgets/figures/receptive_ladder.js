// The receptive ladder: layers on layers, seen from the side, and the cone from one number down to the face.
// Traits: face { uint8 (s, s) }, layers [[kernel, stride, padding, name]], place [layer (0: the face), cell], blocks { name: [kernel, stride, padding] }.

import { button, choose, frame, make, makeSvg, onFrame, paintGrey, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array } from "../../_shared/javascript/numbers.js";
import { windows } from "../../_shared/javascript/network.js";

// How many cells each row has, from the face (first) to the last layer.
export const lengths = (layers, length) => layers.reduce((found, [kernel, stride, padding]) =>
  [...found, windows(found.at(-1), kernel, stride, padding).count], [length]);

// For a cell of row `row`: the first and last cell that it sees in each row below, down to the face; they may lie outside.
export const cone = (layers, length, row, cell) => {
  const counts = lengths(layers, length);
  const seen = [[cell, cell]];
  for (let below = row - 1; below >= 0; below -= 1) {
    const [kernel, stride, padding] = layers[below];
    const { before } = windows(counts[below], kernel, stride, padding);
    const [first, last] = seen[0];
    seen.unshift([first * stride - before, last * stride - before + kernel - 1]);
  }
  return seen;
};

const WIDE = 480, STEP = 44;

function render({ model, el }) {
  const [root, end] = frame(el, "Receptive ladder: what one number of a map sees of the face");
  const face = array(model.get("face"));
  const [side] = face.shape;
  const blocks = model.get("blocks");
  const picture = stage(192, "the face");
  const square = make("div", { class: "frame" });
  picture.element.append(square);
  paintGrey(picture.canvas, face.data, [side, side]);
  const ladder = makeSvg("svg", { role: "img", style: "width:100%;max-width:36rem;touch-action:none;display:block" });
  const holder = make("div", { style: "flex:1 1 20rem;min-width:0" }, ladder);
  const sentence = make("p", { role: "status" });
  const add = (name) => {
    const layers = [...model.get("layers"), [...blocks[name], name]];
    const counts = lengths(layers, side);
    if (counts.at(-1) < 1) return;
    choose(model, { layers, place: [layers.length, Math.floor(counts.at(-1) / 2)] });
  };
  const buttons = Object.keys(blocks).map((name) => button(`+ ${name}`, () => add(name)));
  const undo = button("take the last away", () => {
    const layers = model.get("layers").slice(0, -1);
    choose(model, { layers, place: [layers.length, Math.floor(lengths(layers, side).at(-1) / 2)] });
  });

  const at = () => {
    const counts = lengths(model.get("layers"), side);
    const [row, cell] = model.get("place");
    const level = Math.min(row, counts.length - 1);
    return [level, Math.min(cell, counts[level] - 1), counts];
  };
  // Each row is as wide as the face, so that cones are straight; cells of later rows are wider.
  const left = (counts, row, cell) => (cell * WIDE) / counts[row];

  const draw = () => {
    const layers = model.get("layers");
    const [row, cell, counts] = at();
    const high = STEP * counts.length + 4;
    const top = (level) => high - 20 - STEP * level;
    const seen = cone(layers, side, row, cell);
    ladder.setAttribute("viewBox", `0 0 ${WIDE} ${high}`);
    const rows = counts.map((count, level) => [
      ...Array.from({ length: count }, (_, number) => {
        const inside = level <= row && number >= seen[level][0] && number <= seen[level][1];
        return makeSvg("rect", { x: left(counts, level, number) + 0.5, y: top(level), width: WIDE / count - 1, height: 14, "data-row": level, "data-cell": number,
          fill: inside ? (level === row ? "var(--second)" : "var(--hero)") : "color-mix(in srgb, currentColor 15%, transparent)" });
      }),
      makeSvg("text", { x: 0, y: top(level) - 3 }, level ? `${level}. ${layers[level - 1][3]}: ${count}` : `face: ${count}`),
    ]);
    ladder.replaceChildren(...rows.flat());
    ladder.setAttribute("aria-label", `${layers.length} layers on a face; row ${row}, cell ${cell}`);
    const [first, last] = seen[0];
    const [from, to] = [Math.max(0, first), Math.min(side - 1, last)];
    square.style.cssText = ["left", "top"].map((name) => `${name}:${(100 * from) / side}%`).join(";") + `;width:${(100 * (to - from + 1)) / side}%;height:${(100 * (to - from + 1)) / side}%`;
    const field = last - first + 1;
    const stride = layers.slice(0, row).reduce((product, layer) => product * layer[1], 1);
    const outside = field - (to - from + 1);
    sentence.replaceChildren(row ? `Number ${cell} of layer ${row} sees ` : "A pixel sees itself: ", make("strong", { class: "field", "data-field": field, "data-first": first }, `${field} × ${field}`),
      row ? ` pixels of the face${outside ? `, ${outside} of them outside` : ""}. Its neighbour sees the same, ${stride} ${stride === 1 ? "pixel" : "pixels"} further.` : ".");
    undo.disabled = !layers.length;
    buttons.forEach((each, number) => { each.disabled = lengths([...layers, Object.values(blocks)[number]], side).at(-1) < 1 || layers.length > 12; });
  };

  const point = (event) => {
    const rectangle = event.target.closest?.("rect");
    if (rectangle) choose(model, { place: [Number(rectangle.dataset.row), Number(rectangle.dataset.cell)] });
  };
  ladder.addEventListener("pointermove", point);
  ladder.addEventListener("pointerdown", point);
  steer(ladder, "the ladder: arrow keys move along a row, and up and down", {
    shape: () => [1, 1],
    move: () => {},
    keys: {
      shape: () => [at()[2].length, Math.max(...at()[2])],
      at: () => { const [row, cell, counts] = at(); return [counts.length - 1 - row, cell]; },
      move: (fromTop, cell) => {
        const [row, , counts] = at();
        const next = counts.length - 1 - fromTop;
        const kept = next === row ? cell : Math.floor(((cell + 0.5) * counts[next]) / counts[row]);
        choose(model, { place: [next, Math.max(0, Math.min(counts[next] - 1, kept))] });
      },
    },
  });
  draw();
  const unwatch = watch(model, ["layers", "place"], onFrame(draw));
  root.append(make("div", { class: "row" }, ...buttons, undo), make("div", { class: "panels" }, holder, make("div", { class: "panel" }, picture.element)), sentence);
  return () => { unwatch(); end(); };
}

export default { render };
