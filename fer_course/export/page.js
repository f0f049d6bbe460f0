// One page, one network: a camera, photographs and drawn faces, seven scores over time, and all maps of all layers.

import { bars, button, frame, make, makeSvg, menu, paintGrey, signColour, slider, stage, steer } from "../_shared/javascript/dom.js";
import { array } from "../_shared/javascript/numbers.js";
import { build, classMaps, shapeOf } from "../_shared/javascript/network.js";
import { cut, grey } from "../_shared/javascript/faces.js";
import { MAP, drawAtlas, shownLayers, title } from "../_shared/javascript/atlas.js";

const WIDE = 480; // pixels of the longest side of what is looked at
const SECONDS = 10; // of the scores over time
const REFUSED = {
  NotAllowedError: "The camera was not allowed, so it stays off. Photographs and drawn faces work without it.",
  NotFoundError: "No camera was found. Photographs and drawn faces work without one.",
  NotReadableError: "The camera can't be read: does another program use it? Photographs and drawn faces work without it.",
};
const NO_CAMERA = "This browser gives no camera to a page opened from a file. Photographs and drawn faces work.";

export const start = (given, el) => {
  const [root] = frame(el, "The network at work");
  const network = build(given.network);
  const side = network.size;
  const drawn = array(given.faces);
  const video = make("video", { playsinline: true });
  video.muted = true;

  const view = stage(WIDE, "the picture");
  view.canvas.classList.add("smooth");
  const square = make("div", { class: "frame", style: "border-width:3px" });
  const guide = make("div", { class: "frame", style: "border:2px dashed #fff;border-radius:50%;outline:none" });
  const heat = make("canvas", { class: "smooth", style: "position:absolute;pointer-events:none", "aria-hidden": "true" });
  view.element.append(square, guide, heat);
  const seen = stage(96, "what the network gets: 48 × 48 grey pixels");
  const scores = bars(given.class_names);
  const status = make("p", { role: "status" });
  const chart = makeSvg("svg", { viewBox: "0 0 300 120", role: "img", "aria-label": "the seven scores of the last ten seconds", style: "width:100%;max-width:26rem" });
  const layers = make("div", { class: "layers", hidden: true, role: "group", "aria-label": "all layers" });

  // ------------------------------------------------------------------------------------------------------- what is seen
  let picture = null; // { width, height, data }: grey levels
  let box = { top: 0, left: 0, side: 1 };
  let stream = null;
  let past = []; // { time, shares }
  let maps = [];

  const show = (source, width, height, keep) => {
    const scale = Math.min(1, WIDE / Math.max(width, height));
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    view.canvas.width = w;
    view.canvas.height = h;
    view.element.style.width = `min(${Math.round((WIDE * w) / Math.max(w, h))}px, ${Math.round((50 * w) / h)}vh)`; // leaves room for the scores
    const pen = view.canvas.getContext("2d", { willReadFrequently: true });
    if (stream) pen.setTransform(-1, 0, 0, 1, w, 0); // as in a mirror
    pen.drawImage(source, 0, 0, w, h);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    picture = grey(pen.getImageData(0, 0, w, h));
    if (!keep) box = middle(w, h);
    score();
  };
  const middle = (w, h) => {
    const length = Math.min(w, h) * (stream ? 0.72 : 1);
    return { top: (h - length) / 2, left: (w - length) / 2, side: length };
  };

  const score = () => {
    const pixels = picture.exact ?? cut(picture, box, side);
    maps = network.run(pixels);
    const shares = [...maps.at(-1).data];
    const now = performance.now() / 1000;
    past = stream ? [...past, { time: now, shares }].filter(({ time }) => now - time < SECONDS) : [];
    paintGrey(seen.canvas, pixels, [side, side]);
    scores.show(stream ? meanOf(past.slice(-5).map((each) => each.shares)) : shares);
    drawBoxes();
    drawHeat(shares);
    drawChart(now);
    if (!layers.hidden) drawLayers();
    root.dataset.scores = shares.map((share) => share.toPrecision(6)).join(" ");
  };
  const meanOf = (lists) => lists[0].map((_, place) => lists.reduce((sum, list) => sum + list[place], 0) / lists.length);

  const put = (element, { top, left, side: length }) => {
    const { width, height } = view.canvas;
    Object.assign(element.style, { top: `${(100 * top) / height}%`, left: `${(100 * left) / width}%`, width: `${(100 * length) / width}%`, height: `${(100 * length) / height}%` });
  };
  const drawBoxes = () => {
    put(square, box);
    put(guide, { top: box.top + 0.06 * box.side, left: box.left + 0.14 * box.side, side: box.side * 0.88 });
    guide.style.width = `${parseFloat(guide.style.width) * 0.82}%`;
    guide.hidden = !stream;
  };

  const heatOn = make("input", { type: "checkbox", onchange: () => score() });
  const drawHeat = (shares) => {
    const map = classMaps(network, maps);
    heat.hidden = !heatOn.checked || !map;
    if (heat.hidden) return;
    const [height, width, classes] = map.shape;
    const winner = shares.indexOf(Math.max(...shares));
    const most = Math.max(...map.data.map(Math.abs)) || 1;
    heat.width = width;
    heat.height = height;
    const pen = heat.getContext("2d");
    const pixels = pen.createImageData(width, height);
    for (let place = 0; place < width * height; place += 1) {
      const share = map.data[place * classes + winner] / most;
      pixels.data.set([...signColour(share), 200 * Math.abs(share)], 4 * place);
    }
    pen.putImageData(pixels, 0, 0);
    put(heat, box);
  };

  const drawChart = (now) => {
    chart.parentElement.hidden = past.length < 2;
    if (past.length < 2) return;
    const last = past.at(-1).shares;
    const winner = last.indexOf(Math.max(...last));
    const at = ({ time, shares }, place) => `${(240 - ((now - time) / SECONDS) * 240).toFixed(1)},${(112 - 104 * shares[place]).toFixed(1)}`;
    chart.replaceChildren(makeSvg("line", { x1: 0, x2: 240, y1: 112, y2: 112, stroke: "currentColor", "stroke-opacity": 0.4 }),
      ...given.class_names.map((_, place) => makeSvg("polyline", { points: past.map((each) => at(each, place)).join(" "), fill: "none",
        stroke: place === winner ? "var(--hero)" : "currentColor", "stroke-opacity": place === winner ? 1 : 0.35, "stroke-width": place === winner ? 2.5 : 1 })),
      makeSvg("text", { x: 244, y: 116 - 104 * last[winner] }, given.class_names[winner]));
  };

  const drawLayers = () => shownLayers(network, false).forEach((number, place) => {
    const shape = shapeOf(maps[number]);
    const row = layers.children[place] ?? layers.appendChild(make("div", {}, make("p", { class: "note" }), make("canvas", { role: "img" })));
    row.firstChild.textContent = `${title(network.layers[number])}: ${shape[0] > 1 ? `${shape[0]} × ${shape[1]}, ${shape[2]} maps` : `${shape[2]} numbers`}`;
    row.lastChild.setAttribute("aria-label", row.firstChild.textContent);
    drawAtlas(row.lastChild, maps[number].data, shape, network.layers[number].kind === "pixels", Math.max(4, Math.floor((root.clientWidth - 8) / MAP)));
  });

  // ----------------------------------------------------------------------------------------------------------- controls
  const say = (sentence) => { status.textContent = sentence; };
  const face = menu("drawn face", given.names.map((name, place) => [place, name]), 0, (place) => showDrawn(place));
  const showDrawn = (place) => {
    off();
    const levels = drawn.data.subarray(place * side * side, (place + 1) * side * side);
    const canvas = make("canvas");
    paintGrey(canvas, levels, [side, side]);
    view.canvas.classList.remove("smooth");
    show(canvas, side, side);
    picture.exact = levels;
    score();
    say(`A drawn face: ${given.names[place]}.`);
  };
  const size = slider("size of the square", { min: 10, max: 100, value: 100, words: (value) => `${value} %` }, (value) => {
    const middleRow = box.top + box.side / 2, middleColumn = box.left + box.side / 2;
    const length = (Math.min(picture.width, picture.height) * value) / 100;
    move(middleRow, middleColumn, length);
  });
  const move = (row, column, length = box.side) => {
    delete picture.exact;
    const within = (place, most) => Math.max(0, Math.min(most - length, place - length / 2));
    box = { top: within(row, picture.height), left: within(column, picture.width), side: length };
    score();
  };
  const file = make("input", { type: "file", accept: "image/*", style: "max-width:15rem", onchange: async () => {
    if (!file.files.length) return;
    off();
    try {
      const photo = await createImageBitmap(file.files[0]);
      view.canvas.classList.add("smooth");
      show(photo, photo.width, photo.height);
      size.value = 100;
      say("Drag the square onto a face, and make it fit: from the eyebrows to the chin.");
    } catch {
      say("This file can't be read as a picture. Use a jpg, png or webp file.");
    }
    file.value = "";
  } });
  const camera = button("camera on", () => (stream ? (off(), say("The camera is off.")) : on()), { "aria-pressed": "false" });
  const on = async () => {
    if (!navigator.mediaDevices?.getUserMedia) return say(NO_CAMERA);
    say("The browser asks whether this page may use the camera.");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 640 }, facingMode: "user" } });
    } catch (error) {
      stream = null;
      return say(REFUSED[error.name] ?? `The camera can't be used (${error.name}). Photographs and drawn faces work without it.`);
    }
    stream.getVideoTracks()[0].addEventListener("ended", () => { off(); say("The camera was taken away."); });
    video.srcObject = stream;
    await video.play();
    camera.textContent = "camera off";
    camera.setAttribute("aria-pressed", "true");
    view.canvas.classList.add("smooth");
    say("The camera is on. Put your face into the oval.");
    let first = true;
    const next = () => {
      if (!stream) return;
      if (video.videoWidth) {
        show(video, video.videoWidth, video.videoHeight, !first);
        first = false;
      }
      requestAnimationFrame(next);
    };
    next();
  };
  const off = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
    past = [];
    camera.textContent = "camera on";
    camera.setAttribute("aria-pressed", "false");
  };
  addEventListener("pagehide", off);
  const tap = button("all layers", () => {
    layers.hidden = !layers.hidden;
    tap.setAttribute("aria-pressed", !layers.hidden);
    if (!layers.hidden) drawLayers();
  }, { "aria-pressed": "false" });

  steer(view.element, "the picture: drag, or use the arrow keys, to move the square", {
    shape: () => [picture.height, picture.width],
    move: (row, column) => move(row, column),
    keys: { at: () => [Math.round(box.top + box.side / 2), Math.round(box.left + box.side / 2)] },
  });
  root.append(
    make("div", { class: "row" }, camera, make("label", {}, make("span", {}, "photograph"), file), face.element),
    make("p", { class: "note" }, given.short), status,
    make("div", { class: "panels" },
      make("div", { class: "panel", style: "max-width:100%" }, view.element, size.element),
      make("div", { class: "panel" }, scores.element, make("div", { hidden: true }, chart),
        make("div", { class: "row" }, make("div", {}, make("p", { class: "note" }, `the network gets ${side} × ${side}`), seen.element),
          make("label", { class: "beside", hidden: !network.layers.some(({ name }) => name === "class_maps") }, heatOn, "class activation map"), tap))),
    layers);
  showDrawn(0);
};

start(JSON.parse(document.getElementById("given").textContent), document.getElementById("page"));
