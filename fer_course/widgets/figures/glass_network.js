// The glass network: paint on a face, and see all maps of all layers, the scores, and the sum behind any number.
// Traits: faces { uint8 (N, s, s) }, names, class_names, network, face, layer, map, pixel [row, column], image { uint8 (s, s) }, scores.

import { bars, button, choose, frame, inBox, largest, make, menu, onFrame, paintGrey, paintSigned, scroll, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, counted, encode, short } from "../../_shared/javascript/numbers.js";
import { build, onShortcuts, shapeOf } from "../../_shared/javascript/network.js";
import { MAP, drawAtlas, shownLayers, title } from "../../_shared/javascript/atlas.js";
import { explain, listed } from "../../_shared/javascript/explain.js";
import { productTable } from "../../_shared/javascript/products.js";

const FACE = 240; // pixels of the face, and of the map that is looked at

// What maps of this size keep of a face, and what they forget.
export const stageWords = ({ height, side, classes, pixels }) => {
  if (pixels) return "The face itself: nothing is forgotten yet.";
  if (classes) return height > 1 ? "One map per class: how much each place, seen roughly, speaks for it. All else is forgotten." : "One number per class. Where it came from is forgotten.";
  if (height === 1) return "Numbers without a place: what was found, no longer where.";
  if (height > 0.6 * side) return "Early maps keep edges and their places; hardly anything is forgotten.";
  return height > 0.2 * side ? "Maps get smaller: parts of the face, and roughly where. Fine lines and exact places are forgotten." : "Late maps are small: what was found, and hardly where.";
};

function render({ model, el }) {
  const [root, end] = frame(el, "Glass network: paint on a face and see what every layer makes of it");
  const network = build(model.get("network"));
  const faces = array(model.get("faces"));
  const side = network.size;
  const classes = model.get("class_names");
  const shortcuts = onShortcuts(network);
  const titled = (number) => `${title(network.layers[number])}${shortcuts.has(number) ? " on the shortcut" : ""}`;
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
  const every = make("input", { type: "checkbox", onchange: () => { arrange(); update(); look(); } });
  const list = make("div", { class: "layers", onscroll: () => locate(), style: "max-height:26rem;overflow:auto;border:1px solid var(--line);padding:.4rem", tabindex: 0, role: "group", "aria-label": "all layers, from the pixels to the scores" });
  let rows = [];
  const arrange = () => {
    rows = shownLayers(network, every.checked).map(makeRow);
    list.replaceChildren(...rows.map(({ element }) => element));
  };
  const where = make("p", { class: "note where" });
  const locate = () => { // which rows are in the box
    const [first, last] = inBox(list, rows.map(({ element }) => element));
    if (!last) return;
    const skipped = every.checked ? "" : ` Numbers count all ${network.layers.length - 1} layers; steps between are not shown.`;
    where.textContent = `Rows ${first} to ${last} of ${rows.length}${last < rows.length ? ": scroll down, to the scores." : first > 1 ? ", down to the scores." : "."}${skipped}`;
  };
  const makeRow = (number) => {
    const layer = network.layers[number];
    const canvas = make("canvas", { width: 1, height: 1, role: "img", "aria-label": `maps of ${title(layer)} ${number}`, style: "border:solid var(--line);border-width:1px 0 0 1px" });
    const captions = make("div", { hidden: true, style: "display:grid;font-size:11px;line-height:1.2" });
    const name = button("", () => choose(model, { layer: number, map: byClass(number) ? strongest() : 0, pixel: [0, 0] }), { "aria-pressed": "false", style: "text-align:left" });
    canvas.addEventListener("click", (event) => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const across = canvas.dataset.across;
      const cell = width / across;
      const map = Math.floor((event.clientY - top) / cell) * across + Math.floor((event.clientX - left) / cell);
      if (map < channelsOf(number)) choose(model, { layer: number, map, pixel: middleOf(number) });
    });
    canvas.style.cursor = "pointer";
    return { number, name, canvas, captions, element: make("div", { style: "margin:.2rem 0 .5rem" }, name, canvas, captions) };
  };
  // From the last layer back, as far as there is one map per class, maps are called as classes are.
  const byClass = (number) => maps.slice(number).every((map) => shapeOf(map)[2] === classes.length);
  const strongest = () => { const shares = maps.at(-1).data; return shares.indexOf(Math.max(...shares)); };
  const named = (number, map) => (byClass(number) ? classes[map] : `map ${map}`);
  const channelsOf = (number) => shapeOf(maps[number])[2];
  const middleOf = (number) => shapeOf(maps[number]).slice(0, 2).map((length) => Math.floor(length / 2));

  let room = 560; // the width of a row
  const drawRows = () => {
    room = list.clientWidth - 16 || 560;
    rows.forEach(drawRow);
  };
  const drawRow = ({ number, name, canvas, captions }) => {
    const layer = network.layers[number];
    const [height, width, channels] = shapeOf(maps[number]);
    const words = `${number} ${titled(number)}: ${height > 1 ? `${height} × ${width}, ${counted(channels, "map")}` : counted(channels, "number")}`;
    if (name.textContent !== words) name.textContent = words;
    name.setAttribute("aria-pressed", number === model.get("layer"));
    const wide = byClass(number) ? Math.min(46, Math.floor(room / classes.length)) : MAP;
    drawAtlas(canvas, maps[number].data, [height, width, channels], layer.kind === "pixels", Math.max(4, Math.floor(room / wide)), wide);
    const columns = `repeat(${classes.length},${wide}px)`;
    if (!byClass(number) || captions.dataset.columns === columns) return;
    captions.hidden = false;
    captions.dataset.columns = captions.style.gridTemplateColumns = columns;
    captions.replaceChildren(...classes.map((each) => make("span", {}, each)));
  };

  // ------------------------------------------------------------------------------------------------------ one map, closely
  const close = stage(FACE, "the chosen map");
  const marker = make("div", { class: "frame" });
  close.element.append(marker);
  const sentence = make("p", { role: "status" });
  const terms = scroll("what the number is made of");
  const from = make("div", { class: "row", style: "align-items:center", role: "group", "aria-label": "layers that it is made from" });
  const which = slider("map", { min: 0, max: 1, value: 0, words: (map) => (maps.length ? named(model.get("layer"), map).replace("map ", "") : "") }, (value) => choose(model, { map: value }));
  const heading = make("h4", {}), kept = make("p", { class: "note kept" });
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
    const numbers = { step: channels, start: map, limit: height > 1 ? undefined : largest(maps[number].data) || 1 };
    if (network.layers[number].kind === "pixels") paintGrey(close.canvas, maps[number].data, [height, width], numbers);
    else paintSigned(close.canvas, maps[number].data, [height, width], numbers);
    which.element.querySelector("input").max = channels - 1;
    which.value = map;
    kept.textContent = stageWords({ height, side, classes: byClass(number), pixels: network.layers[number].kind === "pixels" });
    heading.textContent = `Layer ${number} of ${network.layers.length - 1}, ${titled(number)}: ${named(number, map)}`;
    marker.style.cssText = `top:${(100 * (row + 0.5)) / height}%;left:${(100 * (column + 0.5)) / width}%;width:max(11px,${100 / width}%);height:max(11px,${100 / height}%);transform:translate(-50%,-50%)`;
    drawSum(explain(network, maps, number, row, column, map, named), row, column, map, height * width > 1);
    from.replaceChildren(make("span", { class: "note" }, network.layers[number].inputs.length ? "made from" : ""), ...network.layers[number].inputs.map((input) => button(`${input} ${titled(input)}`, () => goTo(input, [row / height, column / width], map))));
  };
  // The same place and map of another layer.
  const goTo = (number, shares, map) => choose(model, { layer: number, map: map < channelsOf(number) ? map : 0, pixel: shares.map((share, axis) => Math.floor(share * shapeOf(maps[number])[axis] + 1e-6)) });
  const drawSum = ({ how, terms: found, value, columns, powers }, row, column, map, placed) => {
    sentence.replaceChildren(placed ? `At row ${row}, column ${column} stands ` : "This number is ", make("strong", { class: "sum", "data-sum": value }, short(value)), `. ${how}.`);
    const largestFirst = [...found].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    const [most] = largestFirst.filter((term) => term.products?.length > 1);
    terms.replaceChildren(...(columns && found.length <= 49 ? [windowTable(found, columns, how.startsWith("Max"))] : powers ? [powerTable(found, powers, map)] : most && found.length === 1 ? [] : [termTable(listed(found))]));
    if (most) terms.append(make("p", { class: "note" }, `${most.name}, pixel × weight${most.products.some(({ outside }) => outside) ? "; outside the map stand zeros" : ""}:`), productTable("products", most.products, Math.round(Math.sqrt(most.products.length)), short));
  };
  const line = (name, ...cells) => make("tr", {}, make("th", { scope: "row", style: "font-weight:400" }, name), ...cells.map((cell) => make("td", {}, ...[cell].flat())));
  const termTable = (terms) => make("table", { "aria-label": "what the number is made of" }, ...terms.map(({ name, value }) => line(name, short(value))));
  const windowTable = (found, columns, largestCounts) => {
    const best = largestCounts ? found.reduce((most, term) => (term.value > most.value ? term : most)) : null;
    const cell = (term) => make("td", term === best ? { class: "largest", style: "font-weight:700;outline:2px solid var(--second)" } : {}, short(term.value));
    return make("table", { "aria-label": "the numbers of the window" }, ...Array.from({ length: found.length / columns }, (_, i) => make("tr", {}, ...found.slice(i * columns, (i + 1) * columns).map(cell))));
  };
  const powerTable = (found, sum, map) => make("table", { "aria-label": "what the number is made of" }, ...found.map(({ name, number, power, value }, place) => {
    const row = line(name, ["e", make("sup", {}, short(number)), ` = ${short(power)}`], `${Math.round(100 * value)} %`);
    if (place === map) row.style.fontWeight = 700;
    return row;
  }), line("sum", short(sum), "100 %"));

  // --------------------------------------------------------------------------------------------------------- together
  const draw = () => {
    maps = network.run(pixels);
    paintGrey(face.canvas, pixels, [side, side]);
    const shares = [...maps.at(-1).data];
    scores.show(shares);
    drawRows();
    drawClose();
  };
  const update = onFrame(draw);
  const look = onFrame(() => { drawRows(); drawClose(); locate(); });

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
    make("div", { class: "row" }, make("label", { class: "beside" }, every, "show every step")),
    make("div", { class: "panels" },
      make("div", { class: "panel", style: "flex:1 1 20rem" }, make("h4", {}, "all layers: click a map"),
        make("p", { class: "note" }, "A map is a picture that a layer makes of numbers. Red: above zero. Blue: below. White: zero. Each map has its own scale."), list, where),
      make("div", { class: "panel", style: "flex:0 1 20.5rem" }, heading, kept, make("p", { class: "note" }, "Click a number: this is how it is made."), close.element, which.element, sentence, terms, from)));
  pixels = Uint8Array.from(original());
  maps = network.run(pixels);
  arrange();
  draw();
  requestAnimationFrame(look); // once the list has its width
  const widths = new ResizeObserver(look);
  widths.observe(root);
  return () => { unwatch.forEach((each) => each()); widths.disconnect(); end(); };
}

export default { render };
