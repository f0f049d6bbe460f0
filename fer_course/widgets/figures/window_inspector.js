// The window inspector: a window slides over a face; the products of its numbers, their sum, and the map that fills.
// Traits: planes { uint8 (H, W, C) }, plane_names, presets { name: (k, k, C) numbers }, kernel, stride, padding, window [row, column].

import { button, choose, frame, make, menu, onFrame, paintGrey, paintSigned, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, short } from "../../_shared/javascript/numbers.js";
import { windows } from "../../_shared/javascript/network.js";

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

const words = (number) => (Number.isInteger(number) ? String(number).replace("-", "−") : short(number));

function render({ model, el }) {
  const [root, end] = frame(el, "Window inspector: a kernel slides over a face");
  const planes = array(model.get("planes"));
  const [height, width, channels] = planes.shape;
  const names = model.get("plane_names");
  const presets = model.get("presets");
  const size = model.get("kernel").length;

  // --------------------------------------------------------------------------------------------------- what is there
  const pictures = names.map((name) => stage(channels > 1 ? WIDE * 0.75 : WIDE, `plane ${name}`));
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
  const inputs = names.map(() => Array.from({ length: size }, () => Array(size)));
  const kernels = names.map((name, c) => make("table", { "aria-label": `kernel${channels > 1 ? `, plane ${name}` : ""}` },
    ...Array.from({ length: size }, (_, i) => make("tr", {}, ...Array.from({ length: size }, (_, j) => {
      inputs[c][i][j] = make("input", { type: "number", step: "any", style: "width:4.2em", "data-lm-suppress-shortcuts": "true",
        "aria-label": `kernel, row ${i + 1}, column ${j + 1}${channels > 1 ? `, plane ${name}` : ""}`,
        oninput: (event) => { if (event.target.value !== "" && Number.isFinite(Number(event.target.value))) setNumber(i, j, c, Number(event.target.value)); } });
      return make("td", { style: "padding:0" }, inputs[c][i][j]);
    })))));

  const setNumber = (i, j, c, value) => {
    const kernel = structuredClone(model.get("kernel"));
    kernel[i][j][c] = value;
    choose(model, { kernel });
  };
  const preset = menu("kernel", ["your own", ...Object.keys(presets)], "your own", (name) => name in presets && choose(model, { kernel: presets[name] }));
  const stride = slider("stride", { min: 1, max: 4, value: model.get("stride") }, (value) => choose(model, { stride: value }));
  const padding = menu("padding", [["valid", "valid (none)"], ["same", "same (zeros around)"]], model.get("padding"), (value) => choose(model, { padding: value }));
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
    showProducts(row, column);
    showControls();
  };

  const put = (box, row, column, side, rows, columns) => {
    box.style.cssText = `top:${(100 * row) / rows}%;left:${(100 * column) / columns}%;width:${(100 * side) / columns}%;height:${(100 * side) / rows}%`;
  };

  const showProducts = (row, column) => {
    const kernel = model.get("kernel");
    const parts = names.map(() => 0);
    products.replaceChildren(...names.map((name, c) => make("div", { class: "panel" },
      make("h4", {}, channels > 1 ? `${name}: pixel × kernel` : "pixel × kernel"),
      make("table", {}, ...Array.from({ length: size }, (_, i) => make("tr", {}, ...Array.from({ length: size }, (_, j) => {
        const y = map.top(row) + i, x = map.left(column) + j;
        const pixel = y >= 0 && y < height && x >= 0 && x < width ? planes.data[(y * width + x) * channels + c] : 0;
        parts[c] += pixel * kernel[i][j][c];
        return make("td", {}, `${pixel} × ${words(kernel[i][j][c])}`);
      })))))));
    const total = map.numbers[row * map.columns + column];
    const way = channels > 1 ? `${parts.map(words).join(" + ")} = ` : "";
    sum.replaceChildren(`Sum of the ${size * size * channels} products: ${way}`, make("strong", { class: "sum", "data-sum": total }, words(total)),
      ` at row ${row}, column ${column} of the map.`);
  };

  const showControls = () => {
    const kernel = model.get("kernel");
    const text = JSON.stringify(kernel);
    preset.value = Object.keys(presets).find((name) => JSON.stringify(presets[name]) === text) ?? "your own";
    stride.value = model.get("stride");
    padding.value = model.get("padding");
    kernel.forEach((line, i) => line.forEach((numbers, j) => numbers.forEach((number, c) => {
      const input = inputs[c][i][j];
      if (Number(input.value) !== number || input.value === "") if (document.activeElement !== input) input.value = Number(number.toFixed(3));
    })));
    shape.textContent = `${height} × ${width} pixels become a map of ${map.rows} × ${map.columns}. Red numbers are positive, blue ones negative.`;
  };

  // --------------------------------------------------------------------------------------------------- what one can do
  const moveOver = (row, column) => { // a pixel of the face in the middle of the window
    const step = model.get("stride");
    const near = (pixel, first, count) => Math.max(0, Math.min(count - 1, Math.round((pixel - (size - 1) / 2 - first) / step)));
    choose(model, { window: [near(row, map.top(0), map.rows), near(column, map.left(0), map.columns)] });
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

  root.append(
    make("div", { class: "row" }, preset.element, stride.element, padding.element, play),
    make("div", { class: "panels" },
      ...pictures.map(({ element }, c) => make("div", { class: "panel" }, make("h4", {}, channels > 1 ? names[c] : "face"), element)),
      make("div", { class: "panel" }, make("h4", {}, "map"), result.element)),
    make("div", { class: "panels" },
      ...kernels.map((table, c) => make("div", { class: "panel" }, make("h4", {}, channels > 1 ? `${names[c]}: kernel` : "kernel"), table)), products),
    sum, shape);
  return () => { stop(); unwatch(); end(); };
}

export default { render };
