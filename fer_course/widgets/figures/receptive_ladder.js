// The receptive ladder: layers on layers, seen from the side, and the cone from one number down to the face.
// Traits: face { uint8 (s, s) }, layers [[kernel, stride, padding, name]], place [layer (0: the face), cell], blocks { name: [kernel, stride, padding] }.

import { button, choose, frame, make, makeSvg, newId, onFrame, paintGrey, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, counted } from "../../_shared/javascript/numbers.js";
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

// Where the cells of each row stand over the face, in pixels: the middle of cell 0, and how far neighbours are apart.
export const places = (layers, length) => {
  const counts = lengths(layers, length);
  return layers.reduce((rows, [kernel, stride, padding], below) => {
    const { middle, apart } = rows.at(-1);
    const { before } = windows(counts[below], kernel, stride, padding);
    return [...rows, { count: counts[below + 1], middle: middle + ((kernel - 1) / 2 - before) * apart, apart: apart * stride }];
  }, [{ count: length, middle: 0.5, apart: 1 }]);
};

// The cell of row `to` that stands nearest to a cell of row `from`.
export const nearest = (rows, from, cell, to) =>
  Math.max(0, Math.min(rows[to].count - 1, Math.round((rows[from].middle + cell * rows[from].apart - rows[to].middle) / rows[to].apart)));

// What a number sees, in words: the size of its square, and the sentence round it.
export const inWords = (layers, length, row, cell) => {
  const [first, last] = cone(layers, length, row, cell)[0];
  const outside = Math.max(0, -first) + Math.max(0, last - length + 1);
  const { count, apart } = places(layers, length)[row];
  const field = `${last - first + 1} × ${last - first + 1}`;
  if (!row) return [`Pixel ${cell}, counted from 0, sees itself: `, field, "."];
  const zeros = outside ? `${counted(outside, "column")} and ${counted(outside, "row")} of them lie outside the face, where the layers put zeros.` : "";
  const beside = count > 1 ? `The box beside it sees as much, ${counted(apart, "pixel")} further (${row === 1 ? "stride" : "strides"} ${layers.slice(0, row).map(([, stride]) => stride).join(" × ")}).` : "";
  return [`Box ${cell} of layer ${row}, counted from 0, sees `, field, ` ${[`${outside ? "places" : "pixels of the face"}.`, zeros, beside].filter(Boolean).join(" ")}`];
};

// Why a layer can't be put on top; "" if it can.
export const obstacle = (layers, length, [kernel, stride, padding]) => {
  const last = lengths(layers, length).at(-1);
  if (layers.length >= MOST) return `${MOST} layers are enough here`;
  return windows(last, kernel, stride, padding).count < 1 ? `a window of ${kernel} is wider than the last row, ${counted(last, "box", "boxes")}` : "";
};

const MOST = 12; // layers
const MARGIN = 8; // pixels of the outside that are drawn on each side
const UNITS = 400, STEP = 36; // of the ladder: its width, and the height of a row
const HATCHED = "repeating-linear-gradient(45deg, var(--line) 0 2px, transparent 2px 6px)";

function render({ model, el }) {
  const [root, end] = frame(el, "Receptive ladder: what one number of a map sees of the face");
  const face = array(model.get("face"));
  const [side] = face.shape;
  const wide = side + 2 * MARGIN;
  const blocks = model.get("blocks");
  const picture = stage(240, "the face");
  const square = make("div", { class: "frame" });
  const share = (pixels) => `${(100 * pixels) / wide}%`;
  picture.element.style.cssText += `;aspect-ratio:1;overflow:hidden;background:${HATCHED}`;
  picture.canvas.style.cssText = `position:absolute;left:${share(MARGIN)};top:${share(MARGIN)};width:${share(side)}`;
  picture.element.append(square);
  paintGrey(picture.canvas, face.data, [side, side]);
  const ladder = makeSvg("svg", { role: "img", style: "width:100%;max-width:34rem;touch-action:none;display:block;cursor:pointer" });
  const holder = make("div", { style: "flex:1 1 20rem;min-width:0" }, make("h4", {}, "Each line is one row of a map; columns work alike. Click a box."), ladder);
  const [sentence, grey] = [make("p", { role: "status" }), make("p", { class: "note" })];
  const hatch = newId();

  const at = () => {
    const rows = places(model.get("layers"), side);
    const [row, cell] = model.get("place");
    const level = Math.min(row, rows.length - 1);
    return [level, Math.min(cell, rows[level].count - 1), rows];
  };
  // Other layers: the topmost box over the place that was chosen.
  const stack = (layers) => {
    const [row, cell, rows] = at();
    const over = nearest([places(layers, side).at(-1), rows[row]], 1, cell, 0);
    choose(model, { layers, place: [layers.length, over] });
  };
  const buttons = Object.entries(blocks).map(([name, block]) => [block, button(`+ ${name}`, () => stack([...model.get("layers"), [...block, name]]))]);
  const undo = button("take the last away", () => stack(model.get("layers").slice(0, -1)));

  const X = (pixel) => ((pixel + MARGIN) * UNITS) / wide;
  const box = ({ middle, apart }, top, cell, attributes) => makeSvg("rect", { x: X(middle + (cell - 0.5) * apart) + 0.5, y: top, width: (apart * UNITS) / wide - 1, height: 14, "data-cell": cell, ...attributes });
  const heights = (rows) => [STEP * rows.length + 4, (level) => STEP * (rows.length - level) - 14];

  const draw = () => {
    const layers = model.get("layers");
    const [row, cell, rows] = at();
    const [high, top] = heights(rows);
    const seen = cone(layers, side, row, cell);
    ladder.setAttribute("viewBox", `0 0 ${UNITS} ${high}`);
    const drawn = rows.flatMap((each, level) => {
      const { count, middle, apart } = each;
      const [first, last] = level <= row ? seen[level] : [0, -1];
      const reach = Math.ceil((MARGIN + side) / apart);
      const cells = (from, to, attributes) => Array.from({ length: Math.max(0, to - from + 1) }, (_, number) => box(each, top(level), from + number, { "data-row": level, ...attributes(from + number) }));
      const zeros = () => ({ fill: `url(#${hatch})`, stroke: "var(--hero)", class: "zero" });
      return [
        ...cells(0, count - 1, (number) => ({ fill: number >= first && number <= last ? (level === row ? "var(--second)" : "var(--hero)") : "color-mix(in srgb, currentColor 15%, transparent)" })),
        ...cells(Math.max(first, -reach), Math.min(last, -1), zeros), ...cells(Math.max(first, count), Math.min(last, count + reach), zeros),
        makeSvg("text", { x: Math.max(2, X(middle - apart / 2)), y: top(level) - 4 }, level ? `${level}. ${layers[level - 1][3]}: ${counted(count, "box", "boxes")}` : `face: ${counted(count, "pixel")}`),
      ];
    });
    ladder.replaceChildren(makeSvg("defs", {}, makeSvg("pattern", { id: hatch, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, makeSvg("rect", { width: 2, height: 5, fill: "var(--hero)" }))), ...drawn);
    const [before, field, after] = inWords(layers, side, row, cell);
    const [first, last] = seen[0];
    const [from, to] = [Math.max(0, first + MARGIN), Math.min(wide, last + 1 + MARGIN)];
    square.style.cssText = `left:${share(from)};top:${share(from)};width:${share(to - from)};height:${share(to - from)}`;
    sentence.replaceChildren(before, make("strong", { class: "field", "data-field": last - first + 1, "data-first": first }, field), after);
    ladder.setAttribute("aria-label", `${counted(layers.length, "layer")} on a face; ${before}${field}${after}`);
    undo.disabled = !layers.length;
    undo.title = layers.length ? "" : "there is no layer";
    const reasons = buttons.map(([block, each]) => {
      each.title = obstacle(layers, side, block);
      each.disabled = Boolean(each.title);
      return each.title;
    });
    const why = [...new Set(reasons.filter(Boolean))];
    grey.hidden = !why.length;
    grey.textContent = `Greyed out: ${why.join("; ")}.`;
  };

  steer(ladder, "the ladder: click or drag; arrow keys move along a row, and up and down", {
    shape: () => [heights(at()[2])[0], UNITS],
    move: (y, x) => {
      const [, , rows] = at();
      const level = Math.max(0, Math.min(rows.length - 1, rows.length - 1 - Math.floor(y / STEP)));
      choose(model, { place: [level, nearest([{ middle: ((x + 0.5) * wide) / UNITS - MARGIN, apart: 1 }, rows[level]], 0, 0, 1)] });
    },
    keys: {
      shape: () => [at()[2].length, Math.max(...at()[2].map(({ count }) => count))],
      at: () => { const [row, cell, rows] = at(); return [rows.length - 1 - row, cell]; },
      move: (fromTop, cell) => {
        const [row, now, rows] = at();
        const next = rows.length - 1 - fromTop;
        choose(model, { place: [next, next === row ? Math.min(rows[row].count - 1, cell) : nearest(rows, row, now, next)] });
      },
    },
  });
  draw();
  const unwatch = watch(model, ["layers", "place"], onFrame(draw));
  root.append(make("div", { class: "row" }, ...buttons.map(([, each]) => each), undo), grey, sentence,
    make("div", { class: "panels" }, holder, make("div", { class: "panel" }, make("h4", {}, "hatched: outside, zeros"), picture.element)));
  return () => { unwatch(); end(); };
}

export default { render };
