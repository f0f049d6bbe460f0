// The augmentation judge: handles change a face, the learner votes what it is still, then the network says its probability.
// Traits: faces { uint8 (N, 48, 48) }, labels, class_names, network, face, settings, votes [{ face, settings, vote, label, probability }].

import { bars, button, choose, frame, make, menu, onFrame, paintGrey, scroll, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array } from "../../_shared/javascript/numbers.js";
import { AS_IT_IS, changed, COVERS } from "../../_shared/javascript/augment.js";
import { build } from "../../_shared/javascript/network.js";
import { resize } from "../../_shared/javascript/resize.js";

const FAR = 24; // pixels by which a face can be moved
const CANT = "can't tell";
const LAYOUT = `
.fer .handles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .1rem 1rem; align-items: end; flex: 1 1 14rem; }
.fer .handles input[type=range] { width: 100%; }
.fer .choices { display: flex; flex-wrap: wrap; gap: .3rem; }
.fer .answer { flex: 1 1 16rem; }
`;

// The seven scores of a changed face.
export const judge = (network, pixels, side, settings) =>
  [...network.run(resize(changed(pixels, side, settings), side, network.size)).at(-1).data];

// What a vote and the network's answer say about the change, as a sentence.
export const verdict = (label, vote, named) => {
  const [you, network] = [vote === label, named === label];
  if (you && network) return `You and the network still say ${label}: this change keeps the label.`;
  if (you) return `You still say ${label}, the network says ${named}: the label holds, and training with such pictures could teach it.`;
  if (network) return `The network still says ${label}, you don't: where people no longer see a label, it is broken, whatever a network says.`;
  return `Neither of you says ${label}: here the label is broken. Training with such pictures would be learning from lies.`;
};

const UNITS = { right: "pixels right", down: "pixels down", turn: "degrees turned", zoom: "× zoom", brightness: "brighter", contrast: "× contrast" };

// The handles that are not at rest, in words.
export const inWords = (settings) => {
  const all = { ...AS_IT_IS, ...settings };
  const words = Object.entries(UNITS).filter(([name]) => all[name] !== AS_IT_IS[name]).map(([name, unit]) => `${String(all[name]).replace("-", "−")} ${unit}`);
  if (all.mirrored) words.push("mirrored");
  if (all.covered !== "nothing") words.push(`${all.covered} covered`);
  return words.join(", ") || "as it is";
};

function render({ model, el }) {
  const [root, end] = frame(el, "Augmentation judge: change a face, vote, then see what the network says");
  const faces = array(model.get("faces"));
  const [, side] = faces.shape;
  const network = build(model.get("network"));
  const names = model.get("class_names"), labels = model.get("labels");
  const pixels = () => faces.data.subarray(model.get("face") * side * side, (model.get("face") + 1) * side * side);
  const settings = () => ({ ...AS_IT_IS, ...model.get("settings") });
  const set = (values) => choose(model, { settings: { ...settings(), ...values } });

  // ---------------------------------------------------------------------------------------------------------- handles
  const before = stage(96, "the face as it is");
  const after = stage(240, "the changed face");
  const ranges = {
    turn: ["turn (degrees)", -180, 180, 5], zoom: ["zoom (times)", 0.4, 3, 0.1], right: ["right (pixels)", -FAR, FAR, 1],
    down: ["down (pixels)", -FAR, FAR, 1], brightness: ["brightness", -200, 200, 10], contrast: ["contrast", -1, 3, 0.1],
  };
  const handles = Object.entries(ranges).map(([name, [words, min, max, step]]) => [name, slider(words, {
    min, max, step, value: settings()[name], words: (value) => String(value).replace("-", "−"),
  }, (value) => set({ [name]: value }))]);
  const mirror = button("mirror", () => set({ mirrored: !settings().mirrored }), { "aria-pressed": "false" });
  const cover = menu("cover", Object.keys(COVERS), settings().covered, (covered) => set({ covered }));
  const reset = button("as it was", () => choose(model, { settings: AS_IT_IS }));
  const chooser = menu("face", labels.map((label, place) => [place, `${place + 1}: ${label}`]), model.get("face"), (face) => choose(model, { face, settings: AS_IT_IS }));

  // ------------------------------------------------------------------------------------------------------------ votes
  const question = make("h4", {}, "Which of the seven is it, still? Your vote first:");
  const ballots = [...names, CANT].map((name) => button(name, () => vote(name), { "data-vote": name }));
  const scores = bars(names);
  const sentence = make("p", { role: "status" }, "The network answers after you.");
  const answer = make("div", { class: "answer", hidden: true }, make("h4", {}, "the network's scores"), scores.element);
  const list = scroll("your votes so far");
  const sameAsNow = (each) => each.face === model.get("face") && inWords(each.settings) === inWords(settings());
  const committed = () => model.get("votes").find(sameAsNow);

  const vote = (name) => {
    if (committed()) return; // a vote counts once, and before the answer
    const shares = judge(network, pixels(), side, settings());
    const label = labels[model.get("face")];
    choose(model, { votes: [...model.get("votes"), { face: model.get("face"), settings: settings(), vote: name, label, probability: shares[names.indexOf(label)] }] });
  };

  const drawVotes = () => {
    const found = committed();
    answer.hidden = !found;
    ballots.forEach((each) => {
      each.disabled = Boolean(found);
      each.setAttribute("aria-pressed", found?.vote === each.dataset.vote);
    });
    sentence.textContent = "The network answers after you.";
    if (found) {
      const shares = judge(network, pixels(), side, found.settings);
      scores.show(shares);
      sentence.textContent = verdict(found.label, found.vote, names[shares.indexOf(Math.max(...shares))]);
    }
    const votes = model.get("votes");
    list.hidden = !votes.length;
    list.replaceChildren(make("table", { "aria-label": "your votes" },
      make("tr", {}, ...["change", "label", "you", "the label's score"].map((words) => make("th", { scope: "col" }, words))),
      ...votes.slice(-8).reverse().map((each) => make("tr", {}, make("td", { style: "text-align:left" }, inWords(each.settings)), make("td", {}, each.label),
        make("td", {}, each.vote), make("td", {}, `${Math.round(100 * each.probability)} %`)))));
  };

  // --------------------------------------------------------------------------------------------------------- together
  const title = make("h4");
  const draw = () => {
    const now = settings();
    title.textContent = `label: ${labels[model.get("face")]}`;
    paintGrey(before.canvas, pixels(), [side, side]);
    paintGrey(after.canvas, changed(pixels(), side, now), [side, side]);
    for (const [name, handle] of handles) if (handle.value !== now[name]) handle.value = now[name];
    mirror.setAttribute("aria-pressed", now.mirrored);
    cover.value = now.covered;
    chooser.value = model.get("face");
    drawVotes();
  };

  let from = [0, 0]; // where the face is taken hold of
  const within = (pixel) => Math.max(-FAR, Math.min(FAR, pixel));
  steer(after.element, "the changed face: drag it, or move it with the arrow keys", {
    shape: () => [side, side],
    move: (row, column, event) => {
      if (event.type === "pointerdown") from = [row - settings().down, column - settings().right];
      else set({ down: within(row - from[0]), right: within(column - from[1]) });
    },
    keys: {
      shape: () => [2 * FAR + 1, 2 * FAR + 1],
      at: () => [settings().down + FAR, settings().right + FAR],
      move: (row, column) => set({ down: row - FAR, right: column - FAR }),
    },
  });
  const unwatch = watch(model, ["settings", "face", "votes"], onFrame(draw));

  root.append(
    make("style", {}, LAYOUT),
    make("div", { class: "row" }, ...(labels.length > 1 ? [chooser.element] : []), cover.element, mirror, reset),
    make("div", { class: "panels" },
      make("div", { class: "panel" }, title, before.element),
      make("div", { class: "panel" }, make("h4", {}, "changed: drag it"), after.element),
      make("div", { class: "handles", role: "group", "aria-label": "handles" }, ...handles.map(([, { element }]) => element))),
    question,
    make("div", { class: "choices", role: "group", "aria-label": "your vote" }, ...ballots),
    sentence,
    make("div", { class: "panels" }, answer, list));
  draw();
  return () => { unwatch(); end(); };
}

export default { render };
