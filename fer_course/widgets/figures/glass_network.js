// The glass network: paint on a face, and see all maps of all layers, the scores, and the sum behind any number.
// Traits: faces { uint8 (N, s, s) }, names, class_names, network, face, layer, map, pixel [row, column], image { uint8 (s, s) }, scores.

import { bars, button, choose, frame, make, menu, onFrame, paintGrey, paintSigned, scroll, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, encode, short } from "../../_shared/javascript/numbers.js";
import { build, shapeOf } from "../../_shared/javascript/network.js";
import { MAP, drawAtlas, shownLayers, title } from "../../_shared/javascript/atlas.js";
import { explain } from "../../_shared/javascript/explain.js";

const FACE = 240; // pixels of the face, and of the map that is looked at
function render({ model, el }) {
  const [root, end] = frame(el, "Glass network: paint on a face and see what every layer makes of it");
  const network = build(model.get("network"));
  const faces = array(model.get("faces"));
  const side = network.size;
  const classes = model.get("class_names");
  let pixels = null;
  let maps = [];
  let brush = { grey: 0, radius: 3 };

  // ------------------------------------------------------------------------------------------------------------- face
  const face = stage(FACE, "the face");
  const scores = bars(classes);
  const chooser = menu("face", model.get("names").map((name, place) => [place, name]), model.get("face"), (place) => choose(model, { face: place }));
  const colour = menu("paint", [[0, "black"], [128, "grey"], [255, "white"], [-1, "the face again"]], 0, (grey) => { brush.grey = grey; });
  const radius = slider("brush", { min: 1, max: 10, value: 3 }, (value) => { brush.radius = value; });
  const reset = button("start again", () => load());

  const original = () => faces.data.subarray(model.get("face") * side * side, (model.get("face") + 1) * side * side);
  const load = () => {
    pixels = Uint8Array.from(original());
    painted();
    update();
  };
  const painted = () => choose(model, { image: encode(pixels, [side, side], "uint8"), scores: [] });
  const stroke = (row, column) => {
    spot = [row, column];
    const before = original();
    for (let i = 0; i < side; i += 1)
      for (let j = 0; j < side; j += 1)
        if ((i - row) ** 2 + (j - column) ** 2 <= brush.radius ** 2) pixels[i * side + j] = brush.grey < 0 ? before[i * side + j] : brush.grey;
    update();
  };
  let spot = [Math.floor(side / 2), Math.floor(side / 2)];

  // ------------------------------------------------------------------------------------------------------ rows of maps
  const every = make("input", { type: "checkbox", onchange: () => { arrange(); update(); } });
  const list = make("div", { class: "layers", style: "max-height:26rem;overflow:auto;border:1px solid var(--line);padding:.4rem", tabindex: 0, role: "group", "aria-label": "all layers, from the pixels to the scores" });
  let rows = [];
  const arrange = () => {
    rows = shownLayers(network, every.checked).map(makeRow);
    list.replaceChildren(...rows.map(({ element }) => element));
  };
  const makeRow = (number) => {
    const layer = network.layers[number];
    const canvas = make("canvas", { width: 1, height: 1, role: "img", "aria-label": `maps of ${title(layer)} ${number}` });
    const name = button("", () => choose(model, { layer: number, map: 0, pixel: [0, 0] }), { "aria-pressed": "false", style: "text-align:left" });
    canvas.addEventListener("click", (event) => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const across = canvas.dataset.across;
      const cell = width / across;
      const map = Math.floor((event.clientY - top) / cell) * across + Math.floor((event.clientX - left) / cell);
      if (map < channelsOf(number)) choose(model, { layer: number, map, pixel: middleOf(number) });
    });
    canvas.style.cursor = "pointer";
    return { number, name, canvas, element: make("div", { style: "margin:.2rem 0 .5rem" }, name, canvas) };
  };
  const channelsOf = (number) => shapeOf(maps[number])[2];
  const middleOf = (number) => shapeOf(maps[number]).slice(0, 2).map((length) => Math.floor(length / 2));

  const drawRow = ({ number, name, canvas }) => {
    const layer = network.layers[number];
    const [height, width, channels] = shapeOf(maps[number]);
    name.textContent = `${number} ${title(layer)}: ${height > 1 ? `${height} × ${width}, ` : ""}${channels} ${height > 1 ? (channels === 1 ? "map" : "maps") : "numbers"}`;
    name.setAttribute("aria-pressed", number === model.get("layer"));
    drawAtlas(canvas, maps[number].data, [height, width, channels], layer.kind === "pixels", Math.max(4, Math.floor((list.clientWidth - 24 || 560) / MAP)));
  };

  // ------------------------------------------------------------------------------------------------------ one map, closely
  const close = stage(FACE, "the chosen map");
  const marker = make("div", { class: "frame" });
  close.element.append(marker);
  const sentence = make("p", { role: "status" });
  const terms = scroll("what the number is made of");
  const which = slider("map", { min: 0, max: 1, value: 0 }, (value) => choose(model, { map: value }));
  const heading = make("h4", {});
  const pixelOf = () => {
    const [height, width] = shapeOf(maps[model.get("layer")]);
    const [row, column] = model.get("pixel");
    return [Math.min(row, height - 1), Math.min(column, width - 1)];
  };
  const drawClose = () => {
    const number = model.get("layer");
    const [height, width, channels] = shapeOf(maps[number]);
    const map = Math.min(model.get("map"), channels - 1);
    const [row, column] = pixelOf();
    const numbers = { step: channels, start: map };
    if (network.layers[number].kind === "pixels") paintGrey(close.canvas, maps[number].data, [height, width], numbers);
    else paintSigned(close.canvas, maps[number].data, [height, width], numbers);
    which.element.querySelector("input").max = channels - 1;
    which.value = map;
    heading.textContent = `Layer ${number}, ${title(network.layers[number])}, map ${map}`;
    marker.style.cssText = `top:${(100 * row) / height}%;left:${(100 * column) / width}%;width:${100 / width}%;height:${100 / height}%`;
    drawSum(explain(network, maps, number, row, column, map), number, row, column);
  };
  const drawSum = ({ how, terms: found, value }, number, row, column) => {
    const largestFirst = [...found].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    const few = largestFirst.slice(0, 8);
    const rest = largestFirst.slice(8).reduce((sum, term) => sum + term.value, 0);
    sentence.replaceChildren(`Row ${row}, column ${column}: `, make("strong", { class: "sum", "data-sum": value }, short(value)), `. ${how}.`);
    const lines = [...few, ...(found.length > 8 ? [{ name: `${found.length - 8} others`, value: rest }] : [])];
    terms.replaceChildren(make("table", { "aria-label": "what the number is made of" }, ...lines.map((term) =>
      make("tr", {}, make("th", { scope: "row", style: "font-weight:400" }, term.name), make("td", {}, short(term.value))))));
    const [most] = largestFirst.filter((term) => term.products?.length > 1);
    if (most) terms.append(make("p", { class: "note" }, `${most.name}, pixel × weight:`), productTable(most.products));
  };
  const productTable = (products) => {
    const size = Math.round(Math.sqrt(products.length));
    return make("table", {}, ...Array.from({ length: size }, (_, i) => make("tr", {}, ...products.slice(i * size, (i + 1) * size).map(({ pixel, weight }) =>
      make("td", {}, `${short(pixel)} × ${short(weight)}`)))));
  };

  // --------------------------------------------------------------------------------------------------------- together
  const draw = () => {
    maps = network.run(pixels);
    paintGrey(face.canvas, pixels, [side, side]);
    const shares = [...maps.at(-1).data];
    scores.show(shares);
    rows.forEach(drawRow);
    drawClose();
  };
  const update = onFrame(draw);
  const look = onFrame(() => { rows.forEach(drawRow); drawClose(); });

  steer(face.element, "the face: drag to paint, or arrow keys", {
    shape: () => [side, side],
    move: stroke,
    keys: { at: () => spot },
  });
  face.element.addEventListener("pointerup", () => choose(model, { image: encode(pixels, [side, side], "uint8"), scores: [...network.run(pixels).at(-1).data] }));
  steer(close.element, "the chosen map: a click or arrow keys choose a number", {
    shape: () => shapeOf(maps[model.get("layer")]).slice(0, 2),
    move: (row, column) => choose(model, { pixel: [row, column] }),
    keys: { at: pixelOf },
  });
  const unwatch = [watch(model, ["layer", "map", "pixel"], look), watch(model, ["face"], () => { chooser.value = model.get("face"); load(); })];

  root.append(
    make("div", { class: "row" }, chooser.element, colour.element, radius.element, reset),
    make("div", { class: "panels" },
      make("div", { class: "panel" }, make("h4", {}, "drag over the face"), face.element),
      make("div", { class: "panel" }, make("h4", {}, "scores"), scores.element)),
    make("div", { class: "row" }, make("label", { class: "beside" }, every, "every step, also normalisation and kernels' sums")),
    make("div", { class: "panels" },
      make("div", { class: "panel", style: "flex:1 1 22rem" }, make("h4", {}, "all layers: click a map"), list),
      make("div", { class: "panel", style: "flex:0 1 17rem" }, heading, close.element, which.element, sentence, terms)));
  pixels = Uint8Array.from(original());
  maps = network.run(pixels);
  arrange();
  draw();
  requestAnimationFrame(() => rows.forEach(drawRow)); // once the list has its width
  const widths = new ResizeObserver(look);
  widths.observe(root);
  return () => { unwatch.forEach((each) => each()); widths.disconnect(); end(); };
}

export default { render };
