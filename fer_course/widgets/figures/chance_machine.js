// The chance machine: the same network, other test faces, again and again; each time its 95 % interval falls.
// Traits: accuracy (the truth, a share), n (test faces), seed; drops (how many have fallen), missed.

import { button, choose, frame, make, makeSvg, onFrame, slider, watch } from "../../_shared/javascript/dom.js";
import { generator, successes } from "../../_shared/javascript/random.js";
import { counted } from "../../_shared/javascript/numbers.js";

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

// How many measured shares are nearest to 0, 1/bins, …, 1.
export const histogram = (shares, bins) => {
  const counts = Array(bins + 1).fill(0);
  shares.forEach((share) => { counts[Math.round(share * bins)] += 1; });
  return counts;
};

// From where to where the column of a bin goes: half a bin to both sides, but not beyond 0 and 1.
export const column = (bin, bins) => [Math.max(0, (bin - 0.5) / bins), Math.min(1, (bin + 0.5) / bins)];

const inPercent = (share) => `${(100 * share).toFixed(1)} %`;

// What has been measured, in words; and how many intervals miss the truth.
export const spread = (all, n) => {
  const shares = all.map(({ share }) => share), [low, high] = [Math.min(...shares), Math.max(...shares)].map(inPercent);
  return `${counted(all.length, "test set")} of ${counted(n, "face")}: measured ${all.length > 1 ? `from ${low} to ${high}` : low}.`;
};
export const missing = (all) => {
  const missed = all.filter((each) => each.missed).length;
  if (all.length === 1) return `Its 95 % interval ${missed ? "misses" : "contains"} the truth; about 5 of 100 miss it.`;
  return `${missed} of ${all.length} intervals ${missed === 1 ? "misses" : "miss"} the truth. They are 95 % intervals: about 5 of 100 should.`;
};

const SIZES = [25, 50, 100, 200, 400, 600, 1000, 2000, 3589, 7178];
const MOST = 100, SHOWN = 25;
const WIDE = 360, HIGH = 34; // of a histogram
const X = (share) => 20 + WIDE * share;

function render({ model, el }) {
  const [root, end] = frame(el, "Chance machine: how far a measured accuracy falls from the true one");
  const asked = () => ({ accuracy: model.get("accuracy"), n: model.get("n"), seed: model.get("seed"), count: model.get("drops") });
  const sizes = [...new Set([...SIZES, model.get("n")])].sort((one, other) => one - other);
  let earlier = null; // the setting before this one, for comparison
  const restart = (values) => {
    if (model.get("drops")) earlier = asked();
    choose(model, { ...values, drops: 0, missed: 0 });
  };
  const truth = slider("true accuracy", { min: 5, max: 95, value: 100 * model.get("accuracy"), words: (value) => `${value} %` }, (value) => restart({ accuracy: value / 100 }));
  const faces = slider("test faces", { min: 0, max: sizes.length - 1, value: sizes.indexOf(model.get("n")), words: (place) => sizes[place].toLocaleString("en") }, (place) => restart({ n: sizes[place] }));
  const seed = slider("other luck (seed)", { min: 0, max: 20, value: model.get("seed") }, (value) => restart({ seed: value }));
  let playing = 0;
  const play = button("let them rain", () => {
    if (playing) return stop();
    if (model.get("drops") >= MOST) restart({});
    play.textContent = "stop";
    playing = setInterval(() => (model.get("drops") < MOST ? drop() : stop()), 90);
  });
  const stop = () => { clearInterval(playing); playing = 0; play.textContent = "let them rain"; };
  const drop = () => choose(model, { drops: Math.min(MOST, model.get("drops") + 1) });
  const one = button("one more", drop);
  const picture = makeSvg("svg", { role: "img", viewBox: "0 0 400 416", style: "width:100%;max-width:36rem;display:block" });
  const [last, before] = [make("p"), make("p", { class: "note" })];
  const sentence = make("p", { role: "status" });

  // A histogram that stands at `bottom`; columns are as wide as one face more or less, or a hundredth.
  const columns = (all, n, bottom, attributes) => {
    const bins = Math.min(100, n), counts = histogram(all.map(({ share }) => share), bins), most = Math.max(...counts);
    return counts.flatMap((count, bin) => (count ? [makeSvg("rect", { x: X(column(bin, bins)[0]), width: X(column(bin, bins)[1]) - X(column(bin, bins)[0]) - 0.5, y: bottom - (HIGH * count) / most, height: (HIGH * count) / most, ...attributes })] : []));
  };

  const draw = () => {
    const now = asked();
    truth.value = Math.round(100 * now.accuracy);
    faces.value = sizes.indexOf(now.n);
    seed.value = now.seed;
    const [all, past] = [rain(now), earlier ? rain(earlier) : []];
    const missed = all.filter((each) => each.missed).length;
    if (missed !== model.get("missed")) choose(model, { missed });
    one.disabled = all.length >= MOST;
    const side = now.accuracy < 0.5 ? { x: X(1), "text-anchor": "end" } : { x: X(0) };
    picture.replaceChildren(
      ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [makeSvg("line", { x1: X(share), x2: X(share), y1: 20, y2: 382, stroke: "currentColor", "stroke-opacity": 0.15 }),
        makeSvg("text", { x: X(share), y: 397, "text-anchor": "middle" }, `${100 * share} %`)]),
      makeSvg("text", { x: X(0.5), y: 412, "text-anchor": "middle" }, "measured accuracy"),
      ...(past.length ? [makeSvg("text", { ...side, y: 13 }, `before: ${counted(earlier.n, "face")}`), ...columns(past, earlier.n, 50, { fill: "currentColor", "fill-opacity": 0.45, class: "earlier" })] : []), makeSvg("text", { ...side, y: 65 }, `now: ${counted(now.n, "face")}`),
      makeSvg("text", { ...side, y: 132 }, `the last ${SHOWN} (×: missed)`),
      ...columns(all, now.n, 102, { fill: "var(--hero)", class: "now" }),
      ...all.filter((each) => each.missed).map(({ share }, place, lost) => { // beneath one another, where they would hide one another
        const above = lost.slice(0, place).filter((each) => Math.abs(X(each.share) - X(share)) < 5).length;
        return makeSvg("circle", { cx: X(share), cy: 106 + 4.5 * (above % 4), r: 2.2, fill: "var(--second)", class: "missed" });
      }),
      makeSvg("line", { x1: X(now.accuracy), x2: X(now.accuracy), y1: 10, y2: 382, stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "5 3" }),
      ...all.slice(-SHOWN).flatMap(({ share, low, high, missed: miss }, place) => {
        const y = 138 + (place * 245) / SHOWN;
        const colour = miss ? "var(--second)" : "var(--hero)";
        return [makeSvg("line", { x1: X(low), x2: X(high), y1: y, y2: y, stroke: colour, "stroke-width": miss ? 5 : 3, class: "interval" }),
          makeSvg("line", { x1: X(share), x2: X(share), y1: y - 4, y2: y + 4, stroke: colour, "stroke-width": 1.5 }),
          ...(miss ? [makeSvg("path", { d: `M${X(1) + 7} ${y - 4}l8 8m0 -8l-8 8`, stroke: colour, "stroke-width": 2.5 })] : [])];
      }));
    sentence.textContent = all.length ? `${spread(all, now.n)} ${missing(all)}` : "The dashed line is the true accuracy, which nobody knows. Each test set measures it once.";
    picture.setAttribute("aria-label", `A true accuracy of ${inPercent(now.accuracy)}. ${sentence.textContent}`);
    const { share, low, high, missed: lost } = all.at(-1) ?? {};
    last.replaceChildren(...(all.length ? ["The last one measured ", make("strong", { class: "last", "data-share": share, "data-low": low, "data-high": high }, inPercent(share)), `: its interval goes from ${inPercent(low)} to ${inPercent(high)}${lost ? " and misses the truth" : ""}.`] : ["Let them rain."]));
    before.textContent = past.length ? `Before, at ${inPercent(earlier.accuracy)}: ${spread(past, earlier.n)}` : "";
  };

  draw();
  const unwatch = watch(model, ["accuracy", "n", "seed", "drops"], onFrame(draw));
  root.append(make("div", { class: "row" }, truth.element, faces.element, seed.element, play, one), sentence, last, before, picture,
    make("p", { class: "note" }, `Columns: how often each accuracy was measured, by all test sets of a setting. An orange dot beneath them: a test set whose interval misses the truth. Bars: the intervals of the last ${SHOWN}; those that miss are orange, with a × at the side.`));
  return () => { stop(); unwatch(); end(); };
}

export default { render };
