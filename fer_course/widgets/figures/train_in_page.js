// Train in the page: a linear classifier learns faces while one watches; learning rate and batch size decide how.
// Traits: faces { uint8 (N, s, s) }, labels { uint8 (N) }, test (how many of the last faces are test faces), class_names,
// rate, batch, steps, loss, accuracy.

import { button, choose, frame, make, makeSvg, onFrame, paintSigned, slider, watch } from "../../_shared/javascript/dom.js";
import { array, counted } from "../../_shared/javascript/numbers.js";
import { measure, step, zeros } from "../../_shared/javascript/linear.js";
import { generator, shuffled } from "../../_shared/javascript/random.js";

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const CEILING = 8; // of the loss that is drawn

// Rows of numbers from -0.5 to 0.5, as linear.pixel_rows.
export const pixelRows = ({ shape: [n, height, width], data }) =>
  Array.from({ length: n }, (_, number) => Float32Array.from(data.subarray(number * height * width, (number + 1) * height * width), (level) => level / 255 - 0.5));

// What a run looks like so far, as a sentence; "" while there is nothing to say. `rate`: that of the next step.
export const verdict = (history, rate = history.at(-1).rate) => {
  const [first, now, lately] = [history[0], history.at(-1), history.slice(-10)];
  const mean = lately.reduce((sum, { loss }) => sum + loss, 0) / lately.length;
  const lowered = rate === RATES[0] || history.slice(1).some((each) => each.rate > rate);
  if (mean > 1.5 * first.loss && lowered) return "The loss has exploded, and small steps lead back slowly, if at all: start again.";
  if (mean > 1.5 * first.loss) return "The loss explodes: the steps are too large, and where it is wrong, it is very sure. Take a smaller rate, and start again.";
  if (now.steps > 200 && mean > 1.03 * first.loss) return "The loss is larger than at the start: take a smaller rate, and start again.";
  if (now.steps > 200 && mean > 0.97 * first.loss) return "Hardly anything happens: try a larger rate.";
  if (now.seen - now.accuracy > 0.25) return "It knows the training faces by heart, and little that holds for others: they are few, or too different.";
  if (now.unseen > 1.03 * first.unseen) return "On other faces the loss is above guessing: where it is wrong there, it is very sure.";
  return "";
};

// The learning rates of a run, one after the other: { rate, from }, the step after which it was taken.
export const ratesOf = (history) => history.slice(1).map(({ rate }, place) => ({ rate, from: history[place].steps }))
  .filter(({ rate }, place, all) => !place || rate !== all[place - 1].rate);

// Training faces in batches: every face once, in a random order, before one comes again.
export const trainer = ([rows, labels], classes) => {
  const random = generator(0);
  let network = zeros(rows[0].length, classes), order = [];
  return {
    get network() { return network; },
    advance: (rate, batch) => {
      if (order.length < batch) order = [...order, ...shuffled(random, rows.length)];
      const chosen = order.splice(0, batch);
      network = step(network, chosen.map((place) => rows[place]), chosen.map((place) => labels[place]), rate);
    },
  };
};

function render({ model, el }) {
  const [root, end] = frame(el, "Train in the page: watch a linear classifier learn");
  const faces = array(model.get("faces"));
  const labels = [...array(model.get("labels")).data];
  const [, height, width] = faces.shape;
  const names = model.get("class_names");
  const rows = pixelRows(faces);
  const split = rows.length - model.get("test");
  const [train, test] = [[rows.slice(0, split), labels.slice(0, split)], [rows.slice(split), labels.slice(split)]];
  const chance = Math.log(names.length); // the loss of who guesses
  let run, history = [], before = [], playing = 0;

  const begin = () => {
    stop();
    if (history.length > 1) before = history;
    run = trainer(train, names.length);
    history = [];
    note(0);
  };
  const note = (steps) => {
    const [seen, unseen] = [measure(run.network, ...train), measure(run.network, ...test)];
    history.push({ steps, loss: seen.loss, unseen: unseen.loss, seen: seen.accuracy, accuracy: unseen.accuracy, rate: model.get("rate") });
    choose(model, { steps, loss: seen.loss, accuracy: unseen.accuracy });
  };
  const advance = (count) => {
    for (let each = 0; each < count; each += 1) run.advance(model.get("rate"), model.get("batch"));
    note(model.get("steps") + count);
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
  const pictures = names.map((name) => ({ name, canvas: make("canvas", { role: "img", "aria-label": `weights of ${name}`, style: "width:min(84px,21cqw);aspect-ratio:1;border:1px solid var(--line)" }) }));
  const curves = makeSvg("svg", { viewBox: "0 -6 460 196", role: "img", style: "width:100%;max-width:38rem;display:block" });
  const earlier = make("p", { class: "note earlier" });
  const sentence = make("p", { role: "status" });
  const percent = (share) => `${Math.round(100 * share)} %`;

  const draw = () => {
    const { weights } = run.network;
    const most = weights.reduce((limit, weight) => Math.max(limit, Math.abs(weight)), 1e-9);
    pictures.forEach(({ canvas }, k) => paintSigned(canvas, weights, [height, width], { limit: most, step: names.length, start: k }));
    drawCurves();
    const now = history.at(-1);
    sentence.replaceChildren(`Step ${now.steps}: right on `, make("strong", { style: "color:var(--hero)", "data-seen": now.seen }, percent(now.seen)), ` of ${counted(split, "training face")} and on `,
      make("strong", { class: "accuracy", "data-loss": now.loss, "data-accuracy": now.accuracy }, percent(now.accuracy)), ` of ${counted(test[0].length, "other face")}; guessing: ${percent(1 / names.length)}. ${verdict(history, model.get("rate"))}`);
  };
  // A line where the rate was changed; its words stand where there is room.
  const changes = (x) => {
    let free = 0;
    return ratesOf(history).slice(1).flatMap(({ rate, from }) => {
      const at = x(from), parts = [makeSvg("line", { class: "change", x1: at, x2: at, y1: 9, y2: 165, stroke: "currentColor", "stroke-dasharray": "2 3" })];
      if (at < free) return parts;
      free = at + 66;
      return [...parts, makeSvg("text", { x: at, y: 6 }, `rate ${rate}`)];
    });
  };
  const drawCurves = () => {
    const now = history.at(-1);
    const last = Math.max(10, now.steps);
    const highest = history.reduce((most, { loss, unseen }) => Math.max(most, loss, unseen), 2.2);
    const top = Math.min(CEILING, highest);
    const x = (steps) => 64 + (246 * steps) / last;
    const y = (loss) => 165 - (150 * Math.min(loss, top)) / top;
    const uncut = (loss) => 165 - (150 * loss) / top;
    const line = (run, key, colour, wide, opacity = 1, y = uncut) => {
      const every = Math.max(1, Math.floor(run.length / 250));
      const shown = run.filter((_, place) => place % every === 0 || place === run.length - 1);
      const points = shown.map((each) => `${x(each.steps).toFixed(1)},${y(each[key]).toFixed(1)}`).join(" ");
      return makeSvg("polyline", { points, fill: "none", stroke: colour, "stroke-width": wide, "stroke-opacity": opacity });
    };
    const level = (loss, words) => [makeSvg("line", { x1: 64, x2: 310, y1: y(loss), y2: y(loss), stroke: "currentColor", "stroke-opacity": 0.2 }),
      makeSvg("text", { x: 60, y: y(loss) + 4, "text-anchor": "end" }, words)];
    const apart = Math.abs(y(now.loss) - y(now.unseen)) < 14 ? 7 : 0;
    const below = y(now.loss) > y(now.unseen) ? 1 : -1;
    const right = Math.min(318, x(now.steps) + 8);
    const label = (words, key, way, style) => makeSvg("text", { x: right, y: y(now[key]) + 4 + way * apart, style }, `${words} ${now[key].toFixed(2)}`);
    curves.replaceChildren(...level(0, "0"), ...level(top, highest > CEILING ? `${CEILING} or more` : top.toFixed(1)), ...level(chance, "guessing"),
      ...(before.length ? [makeSvg("svg", { x: 64, y: 15, width: 246, height: 152, viewBox: "64 15 246 152" }, line(before, "unseen", "currentColor", 1.5, 0.35), line(before, "loss", "currentColor", 3, 0.35))] : []),
      ...changes(x), line(history, "unseen", "currentColor", 1.5, 1, y), line(history, "loss", "var(--hero)", 3, 1, y),
      label("training faces", "loss", below, "fill:var(--hero);font-weight:700"), label("other faces", "unseen", -below, ""),
      makeSvg("text", { x: 310, y: 182, "text-anchor": "end" }, counted(last, "step")));
    earlier.textContent = before.length ? `Grey: the run before, cut at the ends of the axes: ${counted(before.at(-1).steps, "step")}, learning rate ${ratesOf(before).map(({ rate }) => rate).join(", then ")}.` : "";
    curves.setAttribute("aria-label", `loss after ${counted(now.steps, "step")}: ${now.loss.toFixed(2)} on training faces, ${now.unseen.toFixed(2)} on others`);
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
    make("h4", {}, "the weights of each class"),
    make("p", { class: "note" }, "Red: brightness there speaks for the class. Blue: darkness does. White: no weight yet."),
    make("div", { class: "row", style: "gap:.4rem" }, ...pictures.map(({ name, canvas }) => make("div", {}, canvas, make("span", { class: "note" }, name)))),
    make("h4", {}, "loss: 0 if the right class gets 100 %, more the less it gets"), curves, sentence, earlier);
  return () => { stop(); unwatch(); end(); };
}

export default { render };
