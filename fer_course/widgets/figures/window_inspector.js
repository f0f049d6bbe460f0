// The window inspector: a window slides over a face; the products of its numbers, their sum, and the map that fills.
// Traits: planes { uint8 (H, W, C) }, plane_names, presets { name: (k, k, C) numbers }, kernel, stride, padding, window [row, column].

import { button, choose, frame, make, menu, onFrame, paintGrey, paintSigned, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, short } from "../../_shared/javascript/numbers.js";
import { windows } from "../../_shared/javascript/network.js";
import { productTable } from "../../_shared/javascript/products.js";

const WIDE = 288; // pixels of a picture of 48

// The map of a convolution of one filter: numbers, and how many rows and columns.
export const convolvePlanes = ({ shape: [height, width, channels], data }, kernel, stride, padding) => {
  const size = kernel.length;
  const rows = windows(height, size, stride, padding);
  const columns = windows(width, size, stride, padding);
  const numbers = new Float64Array(rows.count * columns.count);
  const top = (row) => row * stride - rows.before;
  const left = (column) => column * stride - columns.before;
  for (let row = 0; row < rows.count; row += 1)
    for (let column = 0; column < columns.count; column += 1) {
      let sum = 0;
      for (let i = 0; i < size; i += 1)
        for (let j = 0; j < size; j += 1) {
          const y = top(row) + i, x = left(column) + j;
          if (y >= 0 && y < height && x >= 0 && x < width)
            for (let c = 0; c < channels; c += 1) sum += data[(y * width + x) * channels + c] * kernel[i][j][c];
        }
      numbers[row * columns.count + column] = sum;
    }
  return { numbers, rows: rows.count, columns: columns.count, top, left };
};

// How many rows (or columns) of zeros the windows reach into: before the first pixel and behind the last, by Keras' rule.
export const reach = (length, size, stride, padding) => {
  const { count, before } = windows(length, size, stride, padding);
  return [before, Math.max(0, (count - 1) * stride - before + size - length)];
};

// Which numbers of the map come from these zeros, in words.
export const zerosInWords = ([top, bottom], [left, right]) => {
  const sides = Object.entries({ top, bottom, left, right }).filter(([, zeros]) => zeros).map(([name]) => name);
  if (!sides.length) return "No window reaches outside here: there are no zeros in this map.";
  const where = sides.length === 4 ? "the border" : `the border at the ${sides.join(" and ")}, the only side${sides.length > 1 ? "s" : ""} where windows reach outside,`;
  return `Those along ${where} come partly from zeros (hatched), not from the face. The strongest number has the full colour: strong ones at the border leave the others pale.`;
};

// The window whose middle is nearest to a pixel, along one side.
export const nearestWindow = (pixel, length, size, { stride, padding }) => {
  const { count, before } = windows(length, size, stride, padding);
  return Math.max(0, Math.min(count - 1, Math.round((pixel - (size - 1) / 2 + before) / stride)));
};

// The window that lies where this one lies, when it moves in another way: rows and columns of the map.
export const keptWindow = (window, lengths, size, from, to) => window.map((place, axis) => {
  const { before } = windows(lengths[axis], size, from.stride, from.padding);
  return nearestWindow(place * from.stride - before + (size - 1) / 2, lengths[axis], size, to);
});

// Three digits after the point say enough of a weight, two of a sum.
const words = (number) => (Math.abs(number) < 1 ? String(Number(number.toFixed(3))).replace("-", "−") : Number.isInteger(number) ? String(number).replace("-", "−") : short(number));
const HATCHED = "background:repeating-linear-gradient(45deg, currentColor 0 1px, transparent 1px 4px)";
const LAYOUT = `.fer .kernel input { width: 3.7em; padding: .3rem .2rem; text-align: right; appearance: textfield; -moz-appearance: textfield; }
.fer .kernel input::-webkit-inner-spin-button { appearance: none; }
.fer .kernel input[aria-invalid=true] { outline: 2px solid var(--wrong); }`;

function render({ model, el }) {
  const [root, end] = frame(el, "Window inspector: a kernel slides over a face");
  const planes = array(model.get("planes"));
  const [height, width, channels] = planes.shape;
  const names = model.get("plane_names");
  const presets = model.get("presets");
  const size = model.get("kernel").length;

  // --------------------------------------------------------------------------------------------------- what is there
  const wide = channels > 1 ? WIDE * 0.75 : WIDE;
  const pictures = names.map((name) => stage(wide, `plane ${name}`));
  const zeros = pictures.map(({ element }) => make("div", { class: "zeros", style: "max-width:100%" }, element)); // the frame that padding puts around
  const frames = pictures.map(({ element }) => {
    const box = make("div", { class: "frame" });
    element.append(box);
    return box;
  });
  const result = stage(WIDE, "the map");
  const marker = make("div", { class: "frame" });
  result.element.append(marker);
  const products = make("div", { class: "panels" });
  const sum = make("p", { role: "status" });
  const shape = make("p", { class: "note" });
  const refused = make("p", { class: "note refused", role: "status" });
  const inputs = names.map(() => Array.from({ length: size }, () => Array(size)));
  const kernels = names.map((name, c) => make("table", { class: "kernel", "aria-label": `kernel${channels > 1 ? `, plane ${name}` : ""}` },
    ...Array.from({ length: size }, (_, i) => make("tr", {}, ...Array.from({ length: size }, (_, j) => {
      inputs[c][i][j] = make("input", { type: "number", step: "any", "data-lm-suppress-shortcuts": "true",
        "aria-label": `kernel, row ${i + 1}, column ${j + 1}${channels > 1 ? `, plane ${name}` : ""}`,
        oninput: ({ target }) => enter(target, i, j, c), onblur: () => { refused.textContent = ""; showControls(); } });
      return make("td", { style: "padding:0" }, inputs[c][i][j]);
    })))));

  const enter = (input, i, j, c) => {
    const value = input.value === "" ? NaN : Number(input.value);
    input.setAttribute("aria-invalid", !Number.isFinite(value));
    refused.textContent = Number.isFinite(value) ? "" : `That is no number: ${words(model.get("kernel")[i][j][c])} still counts.`;
    if (!Number.isFinite(value)) return;
    const kernel = structuredClone(model.get("kernel"));
    kernel[i][j][c] = value;
    choose(model, { kernel });
  };
  const moveBy = (change) => {
    const now = { stride: model.get("stride"), padding: model.get("padding") };
    choose(model, { ...change, window: keptWindow(place(), [height, width], size, now, { ...now, ...change }) });
  };
  const preset = menu("kernel", ["your own", ...Object.keys(presets)], "your own", (name) => name in presets && choose(model, { kernel: presets[name] }));
  const stride = slider("stride", { min: 1, max: 4, value: model.get("stride") }, (value) => moveBy({ stride: value }));
  const padding = menu("padding", [["valid", "valid (no frame)"], ["same", "same (zeros outside)"]], model.get("padding"), (value) => moveBy({ padding: value }));
  let playing = 0;
  const play = button("fill the map", () => (playing ? stop() : start()), { "aria-pressed": "false" });

  // ---------------------------------------------------------------------------------------------------- what it shows
  let map = null;
  let filled = Infinity; // how many numbers of the map are shown while it fills

  const place = () => {
    const [row, column] = model.get("window");
    return [Math.min(row, map.rows - 1), Math.min(column, map.columns - 1)];
  };

  const draw = () => {
    map = convolvePlanes(planes, model.get("kernel"), model.get("stride"), model.get("padding"));
    const [row, column] = place();
    const shown = map.numbers.map((number, at) => (at < filled ? number : 0));
    paintSigned(result.canvas, shown, [map.rows, map.columns], { limit: Math.max(...map.numbers.map(Math.abs)) || 1 });
    put(marker, row, column, 1, map.rows, map.columns);
    frames.forEach((box) => put(box, map.top(row), map.left(column), size, height, width));
    const around = beyond().map((zeros) => zeros.map((each) => `${(each * wide) / width}px`));
    for (const each of zeros) each.style.cssText = `max-width:100%;width:max-content;padding:${around[0][0]} ${around[1][1]} ${around[0][1]} ${around[1][0]};${HATCHED}`;
    showProducts(row, column);
    showControls();
  };

  const beyond = () => [height, width].map((length) => reach(length, size, model.get("stride"), model.get("padding")));
  const put = (box, row, column, side, rows, columns) => {
    box.style.cssText = `top:${(100 * row) / rows}%;left:${(100 * column) / columns}%;width:${(100 * side) / columns}%;height:${(100 * side) / rows}%`;
  };

  const showProducts = (row, column) => {
    const kernel = model.get("kernel");
    let outside = 0;
    const planesOf = names.map((_, c) => kernel.flatMap((line, i) => line.map((numbers, j) => {
      const y = map.top(row) + i, x = map.left(column) + j;
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      if (!inside && c === 0) outside += 1;
      const pixel = inside ? planes.data[(y * width + x) * channels + c] : 0;
      return { pixel, weight: numbers[c], product: pixel * numbers[c], outside: !inside };
    })));
    const parts = planesOf.map((each) => each.reduce((sum, { product }) => sum + product, 0));
    products.replaceChildren(...names.map((name, c) => make("div", { class: "panel" },
      make("h4", {}, channels > 1 ? `${name}: pixel × kernel` : "pixel × kernel"),
      productTable(`products${channels > 1 ? `, ${name}` : ""}`, planesOf[c], size, words))));
    const total = map.numbers[row * map.columns + column];
    const way = channels > 1 ? `${parts.map(words).join(" + ")} = ` : "";
    sum.replaceChildren(`Sum of the ${size * size * channels} products: ${way}`, make("strong", { class: "sum", "data-sum": total }, words(total)),
      ` at row ${row}, column ${column} of the map.${outside ? ` ${outside} of the window's ${size * size} pixels lie outside: zeros.` : ""}`);
  };

  const showControls = () => {
    const kernel = model.get("kernel");
    const text = JSON.stringify(kernel);
    preset.value = Object.keys(presets).find((name) => JSON.stringify(presets[name]) === text) ?? "your own";
    stride.value = model.get("stride");
    padding.value = model.get("padding");
    kernel.forEach((line, i) => line.forEach((numbers, j) => numbers.forEach((number, c) => {
      const input = inputs[c][i][j];
      if (document.activeElement === input) return;
      input.value = Number(number.toFixed(3));
      input.setAttribute("aria-invalid", false);
    })));
    shape.textContent = `${height} × ${width} pixels become a map of ${map.rows} × ${map.columns}. Red numbers are positive, blue ones negative.${
      model.get("padding") === "same" ? ` ${zerosInWords(...beyond())}` : ""}`;
  };

  // --------------------------------------------------------------------------------------------------- what one can do
  const moveOver = (row, column) => { // a pixel of the face in the middle of the window
    const way = { stride: model.get("stride"), padding: model.get("padding") };
    choose(model, { window: [nearestWindow(row, height, size, way), nearestWindow(column, width, size, way)] });
  };
  const start = () => {
    filled = 0;
    playing = setInterval(() => {
      filled += map.columns;
      choose(model, { window: [Math.min(map.rows - 1, Math.floor(filled / map.columns)), map.columns - 1] });
      if (filled >= map.numbers.length) stop();
    }, 60);
    play.setAttribute("aria-pressed", "true");
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    filled = Infinity;
    play.setAttribute("aria-pressed", "false");
    redraw();
  };

  const redraw = onFrame(draw);
  const moveWindow = (row, column) => choose(model, { window: [row, column] });
  draw();
  const sizeOfMap = () => [map.rows, map.columns];
  const keys = { shape: sizeOfMap, at: place, move: moveWindow };
  pictures.forEach(({ canvas, element }, c) => {
    paintGrey(canvas, planes.data, [height, width], { step: channels, start: c });
    const name = `the window over ${channels > 1 ? names[c] : "the face"}: arrow keys move it`;
    steer(element, name, { shape: () => [height, width], move: moveOver, keys });
  });
  steer(result.element, "a number of the map: arrow keys choose it", { shape: sizeOfMap, move: moveWindow, keys });
  const unwatch = watch(model, ["kernel", "stride", "padding", "window"], redraw);

  root.append(make("style", {}, LAYOUT),
    make("div", { class: "row" }, preset.element, stride.element, padding.element, play),
    make("div", { class: "panels" },
      ...zeros.map((element, c) => make("div", { class: "panel" }, make("h4", {}, channels > 1 ? names[c] : "face: drag the window"), element)),
      make("div", { class: "panel" }, make("h4", {}, "map: click a number"), result.element)),
    make("div", { class: "panels" },
      ...kernels.map((table, c) => make("div", { class: "panel" }, make("h4", {}, channels > 1 ? `${names[c]}: kernel` : "kernel"), table)), products),
    refused, sum, shape,
    make("p", { class: "note" }, "Kernel: the numbers by which pixels are multiplied. Stride: by how many pixels the window moves. Padding: zeros outside the face, so that windows fit at the border, too; where their number is odd, Keras puts one more at the bottom and right."));
  return () => { stop(); unwatch(); end(); };
}

export default { render };
