// The augmentation judge: handles change a face, the learner votes what it is still, then the network says its probability.
// Traits: faces { uint8 (N, 48, 48) }, labels, class_names, network, face, settings, votes [{ face, settings, vote, label,
// network, probability }].

import { bars, button, choose, frame, make, makeSvg, menu, onFrame, paintGrey, scroll, slider, stage, steer, watch } from "../../_shared/javascript/dom.js";
import { array, direction } from "../../_shared/javascript/numbers.js";
import { AS_IT_IS, changed, COVERS } from "../../_shared/javascript/augment.js";
import { build } from "../../_shared/javascript/network.js";
import { resize } from "../../_shared/javascript/resize.js";

const FAR = 24; // pixels by which a face can be moved
const CANT = "can't tell";
const LAYOUT = `
.fer .handles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .1rem 1rem; align-items: end; flex: 1 1 14rem; }
.fer .handles input[type=range] { width: 100%; }
.fer .choices { display: flex; flex-wrap: wrap; gap: .3rem; }
.fer .outlined canvas { outline: 1px solid var(--line); }
.fer .votes { font-size: 13px; margin-top: .8rem; }
.fer .before { width: 130px; }
.fer .votes td, .fer .votes th { text-align: left; }
.fer .votes th, .fer .votes td:first-child { white-space: normal; }
.fer .votes td:first-child { min-width: 6rem; }
`;

// The seven scores of a changed face.
export const judge = (network, pixels, side, settings) =>
  [...network.run(resize(changed(pixels, side, settings), side, network.size)).at(-1).data];

// What a vote and the network's answer say about the change, as a sentence; `first`: its answer before the change.
export const verdict = (label, vote, named, settings, first) => {
  const [you, network] = [vote === label, named === label];
  const said = vote === CANT ? "you can't tell" : `you say ${vote}`;
  if (inWords(settings) === inWords({})) {
    if (you && network) return `The label, you and the network say ${label}. Now change the face.`;
    if (you) return `The label and you say ${label}, the network says ${named}: it is wrong before anything is changed.`;
    if (network) return `The label and the network say ${label}, ${said}. Nothing is changed yet, so nothing is broken: some faces are hard to name.`;
    return `The label is ${label}, ${said}, the network says ${named}. Nothing is changed yet, so nothing is broken: this face is hard to name.`;
  }
  const now = first === label ? "still says" : "now says"; // it may have got the label only by the change
  if (you && network) return first === label ? `You and the network still say ${label}: this change keeps the label.` : `You still say ${label}, and the network now says so, too: before the change it said ${first}.`;
  if (you && first !== label) return `You still say ${label}, the network says ${named}. It never had the label: it said ${first} before anything was changed.`;
  if (you) return `You still say ${label}, the network says ${named}: for you the label holds. If others see it too, training with such pictures could teach it.`;
  if (network) return `The network ${now} ${label}, ${said}: for you the label is broken, whatever a network says. Would others see it as you do?`;
  const never = first === label ? "" : ` The network had another name from the start: ${first}.`;
  return `Neither of you says ${label}: for you the label is broken here. If others agree, training with such pictures would be learning from lies.${never}`;
};

// The handles that are not at rest, in words.
export const inWords = (settings) => {
  const { right, down, turn, zoom, brightness, contrast, mirrored, covered } = { ...AS_IT_IS, ...settings };
  return [
    direction([down, right]),
    turn && `${Math.abs(turn)} degrees ${turn > 0 ? "anticlockwise" : "clockwise"}`,
    zoom !== 1 && `${zoom} × zoom`,
    brightness && `${Math.abs(brightness)} ${brightness > 0 ? "brighter" : "darker"}`,
    contrast !== 1 && `${`${contrast}`.replace("-", "−")} × contrast${contrast < 0 ? ", a negative" : ""}`,
    mirrored && "mirrored",
    covered !== "nothing" && `${covered} covered`,
  ].filter(Boolean).join(", ") || "as it is";
};

const RANGES = {
  turn: ["turn (degrees)", -180, 180, 5], zoom: ["zoom (times)", 0.4, 3, 0.1], right: ["right (pixels)", -FAR, FAR, 1],
  down: ["down (pixels)", -FAR, FAR, 1], brightness: ["brightness", -200, 200, 10], contrast: ["contrast", -1, 3, 0.1],
};

// The votes on a face that only this handle changes, by its value: who still says the label.
export const track = (votes, face, handle) => votes.map((each) => ({ ...each, settings: { ...AS_IT_IS, ...each.settings } }))
  .filter((each) => each.face === face && Object.entries(AS_IT_IS).every(([name, rest]) => name === handle || each.settings[name] === rest))
  .map(({ settings, vote, label, network }) => ({ value: settings[handle], you: vote === label, network: network === label }))
  .sort((one, other) => one.value - other.value);

// Where `who` ("you" or "network") leaves the label, to either side of rest: from there on outward no vote keeps it. Null where
// a vote further out keeps it again: this is not one place.
export const leaves = (points, who, rest) => {
  const lost = [-1, 1].map((way) => {
    const side = points.filter(({ value }) => way * (value - rest) >= 0).sort((one, other) => way * (one.value - other.value));
    const first = side.findIndex((each) => !each[who]);
    return first < 0 ? [] : side.slice(first);
  });
  return lost.flat().some((each) => each[who]) ? null : [...new Set(lost.filter(({ length }) => length).map(([{ value }]) => value))];
};

// The same in words.
export const border = (points, who, rest, label) => {
  const [found, minus] = [leaves(points, who, rest), (value) => `${value}`.replace("-", "−")];
  const [name, s] = who === "you" ? ["you", ""] : ["the network", "s"];
  if (!found) return `${name} say${s} ${label} at ${points.map((each) => `${minus(each.value)} ${each[who] ? "yes" : "no"}`).join(", ")}: not one place`;
  if (found.includes(rest)) return `${name} had another name from the start`;
  return found.length ? `${name} leave${s} ${label} at ${found.map(minus).join(" and ")}` : `${name} keep${s} ${label}`;
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
  const before = stage(96, "the face as it is"), after = stage(240, "the changed face");
  const handles = Object.entries(RANGES).map(([name, [words, min, max, step]]) => [name, slider(words, {
    min, max, step, value: settings()[name], words: (value) => `${String(value).replace("-", "−")}${name === "contrast" && value < 0 ? ", a negative" : ""}`,
  }, (value) => set({ [name]: value }))]);
  const mirror = button("mirror", () => set({ mirrored: !settings().mirrored }), { "aria-pressed": "false" });
  const cover = menu("cover", Object.keys(COVERS), settings().covered, (covered) => set({ covered }));
  const reset = button("as it was", () => choose(model, { settings: AS_IT_IS }));
  const chooser = menu("face", labels.map((_, place) => [place, `face ${place + 1}`]), model.get("face"), (face) => choose(model, { face, settings: AS_IT_IS }));
  const next = button("next face", () => choose(model, { face: (model.get("face") + 1) % labels.length, settings: AS_IT_IS }));

  // ------------------------------------------------------------------------------------------------------------ votes
  const question = make("h4", {}, "Which of the seven is it now? Your vote first:");
  const ballots = [...names, CANT].map((name) => button(name, () => vote(name), { "data-vote": name }));
  const scores = bars(names);
  const sentence = make("p", { role: "status" }, "The network answers after you.");
  const answer = make("div", { class: "panel answer", hidden: true }, make("h4", {}, "the network's scores"), scores.element);
  const list = scroll("your votes so far");
  const [borders, borderline] = [makeSvg("svg", { role: "img", style: "width:100%;max-width:28rem;display:block" }), make("div")];
  const breaking = make("div", { class: "panel", style: "flex:1 1 18rem" }, make("h4", {}, "● still the label, × no longer"), borders, borderline);
  const sameAsNow = (each) => each.face === model.get("face") && inWords(each.settings) === inWords(settings());
  const committed = () => model.get("votes").find(sameAsNow);

  let rest = {}; // the network's answer to the face as it is: { face, named }
  const first = () => {
    if (rest.face !== model.get("face")) {
      const shares = judge(network, pixels(), side, {});
      rest = { face: model.get("face"), named: names[shares.indexOf(Math.max(...shares))] };
    }
    return rest.named;
  };
  const vote = (name) => {
    if (committed()) return; // a vote counts once, and before the answer
    const shares = judge(network, pixels(), side, settings());
    const label = labels[model.get("face")], named = names[shares.indexOf(Math.max(...shares))];
    choose(model, { votes: [...model.get("votes"), { face: model.get("face"), settings: settings(), vote: name, label, network: named, probability: shares[names.indexOf(label)] }] });
  };

  // For each handle that was moved alone: over its amount, where you and the network still say the label.
  const drawBorders = () => {
    const label = labels[model.get("face")];
    const rows = Object.entries(RANGES).map(([name, [words, min, max]]) => ({ name, words, min, max, rest: AS_IT_IS[name], points: track(model.get("votes"), model.get("face"), name) }))
      .filter(({ points, rest }) => points.some(({ value }) => value !== rest));
    breaking.hidden = !rows.length;
    borders.setAttribute("viewBox", `0 0 330 ${58 * rows.length}`);
    borders.replaceChildren(...rows.flatMap(({ words, min, max, rest, points }, row) => {
      const x = (value) => 112 + (200 * (value - min)) / (max - min), y = 58 * row;
      const mark = (value, kept, high) => (kept ? makeSvg("circle", { cx: x(value), cy: high, r: 4, fill: "var(--right)" })
        : makeSvg("path", { d: `M${x(value) - 4} ${high - 4}l8 8m0 -8l-8 8`, stroke: "var(--wrong)", "stroke-width": 2.5 }));
      return [makeSvg("text", { x: 0, y: y + 12 }, words), ...[min, rest, max].map((value) => makeSvg("text", { x: x(value), y: y + 12, "text-anchor": "middle" }, `${value}`.replace("-", "−"))),
        ...["you", "network"].flatMap((who, place) => [makeSvg("text", { x: 0, y: y + 29 + 17 * place }, who),
          makeSvg("line", { x1: x(min), x2: x(max), y1: y + 25 + 17 * place, y2: y + 25 + 17 * place, stroke: "currentColor", "stroke-opacity": 0.3 }),
          ...points.map((each) => mark(each.value, each[who], y + 25 + 17 * place))])];
    }));
    const told = rows.map(({ words, rest, points }) => {
      const known = points.some(({ value }) => value === rest) ? [] : [{ value: rest, network: first() === label }]; // the network at rest
      const answers = [...points, ...known].sort((one, other) => one.value - other.value);
      return `${words}: ${border(points, "you", rest, label)}; ${border(answers, "network", rest, label)}.`;
    });
    borderline.replaceChildren(...told.map((words) => make("p", {}, words)));
    borders.setAttribute("aria-label", told.join(" "));
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
      sentence.textContent = verdict(found.label, found.vote, found.network, found.settings, first());
    }
    const votes = model.get("votes");
    list.hidden = !votes.length;
    list.replaceChildren(make("table", { "aria-label": "your votes", class: "votes" },
      make("tr", {}, ...["change", "label", "you", "network", "the label's score"].map((words) => make("th", { scope: "col" }, words))),
      ...votes.slice(-8).reverse().map((each) => make("tr", {}, ...[`face ${each.face + 1}: ${inWords(each.settings)}`, each.label, each.vote, each.network, `${Math.round(100 * each.probability)} %`]
        .map((words) => make("td", {}, words))))));
    drawBorders();
  };

  // --------------------------------------------------------------------------------------------------------- together
  const title = make("h4");
  const draw = () => {
    const now = settings();
    title.textContent = model.get("votes").some(({ face }) => face === model.get("face")) ? `label: ${labels[model.get("face")]}` : "label: after a vote";
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
    make("p", {}, "Augmentation shows a network changed faces with the old label. Which changes keep the label true?"),
    make("div", { class: "row" }, ...(labels.length > 1 ? [chooser.element, next] : []), cover.element, mirror, reset),
    make("div", { class: "panels" },
      make("div", { class: "panel outlined before" }, title, before.element),
      make("div", { class: "panel outlined" }, make("h4", {}, "changed: drag it, or use the handles"), after.element),
      make("div", { class: "handles", role: "group", "aria-label": "handles" }, ...handles.map(([, { element }]) => element))),
    question,
    make("div", { class: "choices", role: "group", "aria-label": "your vote" }, ...ballots),
    sentence,
    make("div", { class: "panels" }, answer, breaking), list);
  draw();
  return () => { unwatch(); end(); };
}

export default { render };
