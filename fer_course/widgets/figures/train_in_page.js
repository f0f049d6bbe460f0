// Train in the page: a linear classifier learns faces while one watches; learning rate and batch size decide how.
// Traits: faces { uint8 (N, s, s) }, labels { uint8 (N) }, test (how many of the last faces are test faces), class_names,
// rate, batch, steps, loss, accuracy.

import { button, choose, frame, make, makeSvg, onFrame, paintSigned, slider, watch } from "../../_shared/javascript/dom.js";
import { array } from "../../_shared/javascript/numbers.js";
import { measure, step, zeros } from "../../_shared/javascript/linear.js";
import { generator, shuffled } from "../../_shared/javascript/random.js";

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

// Rows of numbers from -0.5 to 0.5, as linear.pixel_rows.
export const pixelRows = ({ shape: [n, height, width], data }) =>
  Array.from({ length: n }, (_, number) => Float32Array.from(data.subarray(number * height * width, (number + 1) * height * width), (level) => level / 255 - 0.5));

function render({ model, el }) {
  const [root, end] = frame(el, "Train in the page: watch a linear classifier learn");
  const faces = array(model.get("faces"));
  const labels = [...array(model.get("labels")).data];
  const [, height, width] = faces.shape;
  const names = model.get("class_names");
  const rows = pixelRows(faces);
  const split = rows.length - model.get("test");
  const [train, test] = [[rows.slice(0, split), labels.slice(0, split)], [rows.slice(split), labels.slice(split)]];
  let network, history, order, random, playing = 0;

  const begin = () => {
    stop();
    network = zeros(height * width, names.length);
    random = generator(0);
    order = [];
    history = [];
    note(0);
  };
  const note = (steps) => {
    const [seen, unseen] = [measure(network, ...train), measure(network, ...test)];
    history.push({ steps, loss: seen.loss, unseen: unseen.loss, accuracy: unseen.accuracy });
    choose(model, { steps, loss: seen.loss, accuracy: unseen.accuracy });
  };
  const advance = (count) => {
    let steps = model.get("steps");
    for (let each = 0; each < count; each += 1) {
      if (order.length < model.get("batch")) order = [...order, ...shuffled(random, split)];
      const chosen = order.splice(0, model.get("batch"));
      network = step(network, chosen.map((place) => train[0][place]), chosen.map((place) => train[1][place]), model.get("rate"));
      steps += 1;
    }
    note(steps);
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    play.setAttribute("aria-pressed", "false");
    play.textContent = "play";
  };
  const play = button("play", () => {
    if (playing) return stop();
    play.setAttribute("aria-pressed", "true");
    play.textContent = "pause";
    playing = setInterval(() => advance(Math.max(1, Math.round(64 / model.get("batch")))), 60);
  }, { "aria-pressed": "false" });
  const rate = slider("learning rate", { min: 0, max: RATES.length - 1, value: RATES.indexOf(model.get("rate")), words: (place) => RATES[place] }, (place) => choose(model, { rate: RATES[place] }));
  const batch = slider("faces per step", { min: 0, max: BATCHES.length - 1, value: BATCHES.indexOf(model.get("batch")), words: (place) => BATCHES[place] }, (place) => choose(model, { batch: BATCHES[place] }));
  const pictures = names.map((name) => ({ name, canvas: make("canvas", { role: "img", "aria-label": `weights of ${name}`, style: "width:84px;height:84px" }) }));
  const curves = makeSvg("svg", { viewBox: "0 0 400 190", role: "img", style: "width:100%;max-width:34rem" });
  const sentence = make("p", { role: "status" });

  const draw = () => {
    const most = network.weights.reduce((limit, weight) => Math.max(limit, Math.abs(weight)), 1e-9);
    pictures.forEach(({ canvas }, k) => paintSigned(canvas, network.weights, [height, width], { limit: most, step: names.length, start: k }));
    drawCurves();
    const now = history.at(-1);
    const first = history[0].loss;
    const state = now.loss > 2 * first ? " The loss explodes: try a smaller rate." : now.steps > 200 && now.loss > 0.97 * first ? " Hardly anything happens: try a larger rate." : "";
    sentence.replaceChildren(`Step ${now.steps}: loss ${now.loss.toFixed(2)} on the faces that it learns from, `, make("strong", { class: "accuracy", "data-loss": now.loss, "data-accuracy": now.accuracy }, `${Math.round(100 * now.accuracy)} %`), ` of ${test[0].length} others right.${state}`);
  };
  const drawCurves = () => {
    const last = Math.max(10, history.at(-1).steps);
    const top = Math.min(8, Math.max(2.2, ...history.map(({ loss, unseen }) => Math.max(loss, unseen))));
    const x = (steps) => 30 + (270 * steps) / last;
    const y = (loss) => 165 - (150 * Math.min(loss, top)) / top;
    const every = Math.max(1, Math.floor(history.length / 250));
    const shown = history.filter((_, place) => place % every === 0 || place === history.length - 1);
    const line = (key, colour, wide) => makeSvg("polyline", { points: shown.map((each) => `${x(each.steps).toFixed(1)},${y(each[key]).toFixed(1)}`).join(" "), fill: "none", stroke: colour, "stroke-width": wide });
    const now = history.at(-1);
    const apart = Math.abs(y(now.loss) - y(now.unseen)) < 14 ? 7 : 0;
    const below = y(now.loss) > y(now.unseen) ? 1 : -1;
    curves.replaceChildren(...[0, top].flatMap((loss) => [makeSvg("line", { x1: 30, x2: 300, y1: y(loss), y2: y(loss), stroke: "currentColor", "stroke-opacity": 0.2 }),
      makeSvg("text", { x: 26, y: y(loss) + 4, "text-anchor": "end" }, loss.toFixed(1))]),
      line("unseen", "currentColor", 1.5), line("loss", "var(--hero)", 3),
      makeSvg("text", { x: 306, y: y(now.loss) + 4 + below * apart }, "loss, learned"), makeSvg("text", { x: 306, y: y(now.unseen) + 4 - below * apart }, "loss, others"),
      makeSvg("text", { x: 300, y: 182, "text-anchor": "end" }, `${now.steps} steps`));
    curves.setAttribute("aria-label", `loss after ${now.steps} steps: ${now.loss.toFixed(2)} on learned faces, ${now.unseen.toFixed(2)} on others`);
  };

  const redraw = onFrame(draw);
  begin();
  draw();
  const unwatch = watch(model, ["rate", "batch", "steps"], () => {
    rate.value = Math.max(0, RATES.indexOf(model.get("rate")));
    batch.value = Math.max(0, BATCHES.indexOf(model.get("batch")));
    redraw();
  });
  root.append(
    make("div", { class: "row" }, rate.element, batch.element, play, button("one step", () => advance(1), { "data-step": true }), button("start again", begin)),
    make("div", { class: "row" }, ...pictures.map(({ name, canvas }) => make("div", {}, canvas, make("span", { class: "note" }, name)))),
    curves, sentence);
  return () => { stop(); unwatch(); end(); };
}

export default { render };
