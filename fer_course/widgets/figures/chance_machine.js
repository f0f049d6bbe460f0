// The chance machine: the same network, other test faces, again and again; each time its 95 % interval falls.
// Traits: accuracy (the truth, a share), n (test faces), seed; drops (how many have fallen), missed.

import { button, choose, frame, make, makeSvg, onFrame, slider, watch } from "../../_shared/javascript/dom.js";
import { generator, successes } from "../../_shared/javascript/random.js";

// Wilson's 95 % interval of a share (Wilson 1927), as Report.interval.
export const wilson = (right, n, z = 1.959963984540054) => {
  const share = right / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [centre - half, centre + half];
};

// `count` test sets of `n` faces, on which a network of this true accuracy is measured: { share, low, high, missed }.
export const rain = ({ accuracy, n, seed, count }) => {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    const right = successes(random, n, accuracy);
    const [low, high] = wilson(right, n);
    return { share: right / n, low, high, missed: accuracy < low || accuracy > high };
  });
};

const SIZES = [25, 50, 100, 200, 400, 600, 1000, 2000, 3589, 7178];
const MOST = 100, SHOWN = 25;
const inPercent = (share) => `${(100 * share).toFixed(1)} %`;

function render({ model, el }) {
  const [root, end] = frame(el, "Chance machine: how far a measured accuracy falls from the true one");
  const restart = (values) => choose(model, { ...values, drops: 0, missed: 0 });
  const truth = slider("true accuracy", { min: 5, max: 95, value: 100 * model.get("accuracy"), words: (value) => `${value} %` }, (value) => restart({ accuracy: value / 100 }));
  const faces = slider("test faces", { min: 0, max: SIZES.length - 1, value: SIZES.indexOf(model.get("n")), words: (place) => SIZES[place].toLocaleString("en") }, (place) => restart({ n: SIZES[place] }));
  const seed = slider("seed", { min: 0, max: 20, value: model.get("seed") }, (value) => restart({ seed: value }));
  let playing = 0;
  const stop = () => { clearInterval(playing); playing = 0; play.setAttribute("aria-pressed", "false"); };
  const drop = (count) => choose(model, { drops: Math.min(MOST, model.get("drops") + count) });
  const play = button("let them rain", () => {
    if (playing) return stop();
    if (model.get("drops") >= MOST) restart({});
    play.setAttribute("aria-pressed", "true");
    playing = setInterval(() => (model.get("drops") < MOST ? drop(1) : stop()), 90);
  }, { "aria-pressed": "false" });
  const one = button("one more", () => drop(1));
  const picture = makeSvg("svg", { role: "img", viewBox: "0 0 480 330", style: "width:100%;max-width:40rem" });
  const sentence = make("p", { role: "status" });

  const draw = () => {
    const asked = { accuracy: model.get("accuracy"), n: model.get("n"), seed: model.get("seed"), count: model.get("drops") };
    truth.value = Math.round(100 * asked.accuracy);
    faces.value = Math.max(0, SIZES.indexOf(asked.n));
    seed.value = asked.seed;
    const all = rain(asked);
    const missed = all.filter((each) => each.missed).length;
    if (missed !== model.get("missed")) choose(model, { missed });
    const x = (share) => 30 + 420 * share;
    const shown = all.slice(-SHOWN);
    picture.replaceChildren(
      ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [makeSvg("line", { x1: x(share), x2: x(share), y1: 10, y2: 300, stroke: "currentColor", "stroke-opacity": 0.15 }),
        makeSvg("text", { x: x(share), y: 318, "text-anchor": "middle" }, `${100 * share} %`)]),
      makeSvg("line", { x1: x(asked.accuracy), x2: x(asked.accuracy), y1: 4, y2: 300, stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "5 3" }),
      ...shown.flatMap(({ share, low, high, missed: miss }, place) => {
        const y = 18 + (place * 280) / SHOWN;
        const colour = miss ? "var(--second)" : "var(--hero)";
        return [makeSvg("line", { x1: x(low), x2: x(high), y1: y, y2: y, stroke: colour, "stroke-width": miss ? 5 : 3 }),
          makeSvg("circle", { cx: x(share), cy: y, r: 4, fill: colour }), ...(miss ? [makeSvg("text", { x: x(high) + 6, y: y + 4 }, "missed")] : [])];
      }));
    picture.setAttribute("aria-label", `${all.length} intervals around a true accuracy of ${inPercent(asked.accuracy)}, ${missed} of them miss it`);
    const last = all.at(-1);
    sentence.replaceChildren(...(last ? [
      `${all.length} test sets of ${asked.n.toLocaleString("en")} faces. The last measured `, make("strong", { class: "last", "data-share": last.share, "data-low": last.low, "data-high": last.high }, inPercent(last.share)),
      `, ± ${((100 * (last.high - last.low)) / 2).toFixed(1)} points. Measured from ${inPercent(Math.min(...all.map(({ share }) => share)))} to ${inPercent(Math.max(...all.map(({ share }) => share)))}. ${missed} of ${all.length} intervals miss the truth.`,
    ] : ["The dashed line is the true accuracy, which nobody knows. Each test set measures it once. Let them rain."]));
  };

  draw();
  const unwatch = watch(model, ["accuracy", "n", "seed", "drops"], onFrame(draw));
  root.append(make("div", { class: "row" }, truth.element, faces.element, seed.element, play, one), picture, sentence);
  return () => { stop(); unwatch(); end(); };
}

export default { render };
