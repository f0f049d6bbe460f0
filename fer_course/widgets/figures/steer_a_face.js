// Steer a face: move its muscles, change the person, and watch the seven scores of a network, and the name that they give.
// Traits: faces (drawn people), network, class_names, muscles [[number, name]], presets { name: units }, persons [numbers],
// units { number: 0 to 1 }, person (its place in persons), scores.

import { bars, button, choose, frame, inBox, make, onFrame, paintGrey, slider, stage, watch } from "../../_shared/javascript/dom.js";
import { facesOf, SIDE } from "../../_shared/javascript/drawn.js";
import { build } from "../../_shared/javascript/network.js";
import { resize } from "../../_shared/javascript/resize.js";
import { trail } from "../../_shared/javascript/trail.js";

const STEP = 0.05;
const LAYOUT = `
.fer .steered { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: start; }
.fer .steered .stage { width: min(12rem, 34cqw); }
.fer .steered .bars { grid-template-columns: max-content minmax(2.5rem, 10rem) 2.8rem; }
.fer .steered .said { flex: 1 1 10rem; }
.fer .steered .trail { flex: 1 1 20rem; min-width: min(20rem, 100%); }
.fer .presets { display: flex; flex-wrap: wrap; gap: .3rem; }
.fer .sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(11.5rem, 1fr)); gap: .1rem 1rem; align-items: end; }
.fer .sliders input[type=range] { width: 100%; }
@container (max-width: 40rem) { .fer .sliders { max-height: 15rem; overflow-y: auto; border: 1px solid var(--line); padding: .3rem .5rem;
  grid-template-columns: repeat(2, 1fr); } }
`;

// The grey levels and the seven scores of a face: everything behind a picture of this figure.
export const look = (draw, network, units, person) => {
  const pixels = draw(units, person);
  return { pixels, scores: [...network.run(resize(pixels, SIDE, network.size)).at(-1).data] };
};

// What has just happened, as a sentence: the winner before and after a move, where it differs; else null.
export const renamed = (before, after, names, what) => {
  const [first, second] = [before, after].map((scores) => names[scores.indexOf(Math.max(...scores))]);
  return first === second ? null : `The name changed from ${first} to ${second}: ${what}.`;
};

// Where the muscles are those of a button and the network says another name, as a sentence; else null.
export const disagreement = (preset, scores, names) => {
  const most = Math.max(...scores), named = names[scores.indexOf(most)];
  return !preset || preset === named ? null : `The muscles of ${preset}: the network says ${named}, ${Math.round(100 * most)} %.`;
};

function render({ model, el }) {
  const [root, end] = frame(el, "Steer a face: its muscles, and what a network says");
  const draw = facesOf(model.get("faces"));
  const network = build(model.get("network"));
  const names = model.get("class_names"), muscles = model.get("muscles"), persons = model.get("persons");
  const presets = model.get("presets");

  const picture = stage(192, "the drawn face");
  picture.element.style.width = ""; // the layout says it
  const scores = bars(names);
  const line = trail(names, "the scores over the last moves");
  const advice = "Move one muscle slowly, in even steps, and watch the scores.";
  const sentence = make("p", { role: "status" }, advice);

  const unitsNow = () => model.get("units");
  const controls = muscles.map(([number, name]) => slider(`${number} ${name}`, {
    min: 0, max: 1, step: STEP, value: unitsNow()[number] ?? 0, words: (value) => value.toFixed(2),
  }, (value) => {
    const { [number]: _, ...others } = unitsNow();
    choose(model, { units: value ? { ...others, [number]: value } : others });
  }));
  const who = slider("person", { min: 0, max: persons.length - 1, value: model.get("person"), words: (place) => String(persons[place]) },
    (person) => choose(model, { person }));
  const chooser = Object.entries(presets).map(([name, units]) =>
    button(Object.keys(units).length ? name : `${name} (rest)`, () => choose(model, { units }), { "data-preset": name }));

  // ------------------------------------------------------------------------------------------------------ after a move
  let told = null; // the muscle whose move the sentence tells of
  let last = null; // { units, person, scores } of the picture before

  // One drag of the slider `person` is one move of the trail, however many people it passes.
  let drag = 0, dragged = null;
  const people = who.element.querySelector("input");
  people.addEventListener("pointerdown", () => { drag += 1; });
  people.addEventListener("keydown", ({ repeat }) => { if (!repeat) drag += 1; });

  const happened = (units, person) => {
    if (person !== last.person) return { words: "the same muscles, another person", mark: `person ${persons[person]}` };
    const changed = muscles.filter(([number]) => (units[number] ?? 0) !== (last.units[number] ?? 0));
    if (changed.length !== 1) return { words: "another expression", mark: presetOf(units) ?? "rest" };
    const [[number, name]] = changed;
    const [from, to] = [last.units, units].map((each) => (each[number] ?? 0).toFixed(2));
    return { words: `${number} ${name} goes from ${from} to ${to}`, step: { name: `${number} ${name}`, from, to } };
  };
  const presetOf = (units) => Object.keys(presets).find((name) => same(presets[name], units));
  const same = (a, b) => muscles.every(([number]) => (a[number] ?? 0) === (b[number] ?? 0));

  const show = () => {
    const units = unitsNow(), person = model.get("person");
    if (last && last.person === person && same(last.units, units)) return;
    const { pixels, scores: shares } = look(draw, network, units, person);
    paintGrey(picture.canvas, pixels, [SIDE, SIDE]);
    scores.show(shares);
    const { words, mark, step } = last ? happened(units, person) : {};
    const moved = last && last.person !== person;
    line.add(shares, { mark, step, instead: moved && dragged === drag });
    dragged = moved && drag ? drag : null;
    const said = disagreement(presetOf(units), shares, names) ?? (last && renamed(last.scores, shares, names, words));
    if (said || step?.name !== told) sentence.textContent = said ?? advice; // what was said stays while the same muscle moves on
    if (said) told = step?.name ?? null;
    last = { units, person, scores: shares };
    showControls();
    choose(model, { scores: shares });
  };

  const showControls = () => {
    const units = unitsNow();
    muscles.forEach(([number], place) => { if (controls[place].value !== (units[number] ?? 0)) controls[place].value = units[number] ?? 0; });
    if (who.value !== model.get("person")) who.value = model.get("person");
    for (const each of chooser) each.setAttribute("aria-pressed", same(presets[each.dataset.preset], units));
  };

  const clear = button("clear the trail", () => {
    line.clear();
    line.add(last.scores);
    sentence.textContent = advice;
    dragged = null;
  }, { style: "min-height:1.6rem;padding:.1rem .5rem;font-size:13px" });

  // On a telephone the sliders scroll in a box.
  const box = make("div", { class: "sliders", role: "group", "aria-label": "muscles", onscroll: () => locate() }, ...controls.map(({ element }) => element));
  const where = make("p", { class: "note where" });
  const locate = () => {
    const [first, final] = inBox(box, controls.map(({ element }) => element));
    where.hidden = !final || final - first + 1 === controls.length;
    where.textContent = `${first} to ${final} of ${controls.length} muscles: scroll in the box for the others.`;
  };
  const widths = new ResizeObserver(locate);
  widths.observe(box);

  const unwatch = watch(model, ["units", "person"], onFrame(show));
  root.append(
    make("style", {}, LAYOUT),
    make("div", { class: "row" }, who.element, make("div", { class: "presets", role: "group", "aria-label": "textbook expressions" }, ...chooser)),
    make("div", { class: "steered" },
      make("div", { class: "panel" }, make("h4", {}, "face"), picture.element),
      make("div", { class: "panel said" }, make("h4", {}, "the network's scores"), scores.element),
      make("div", { class: "trail" }, make("div", { class: "row", style: "margin:0;align-items:center" }, make("h4", {}, "scores over the last moves"), clear), line.element)),
    sentence,
    make("h4", {}, `${muscles.length} muscles: action units, with their numbers in the Facial Action Coding System`),
    box, where,
    make("p", { class: "note" }, "Scores are not feelings: they say which training faces this picture resembles. Seven of them, always 100 % together."));
  show();
  return () => { widths.disconnect(); unwatch(); end(); };
}

export default { render };
