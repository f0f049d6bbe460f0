// Predictions that count: asked and committed (mode "ask"), kept beside the result ("outcome"), summed up at the end ("summary").
// Traits: mode, name, question, options [words], low, high, step, unit, committed, truth, explanation.
// What was committed is kept in one place of the page, so that an outcome finds it, with a kernel or without one. Several lessons
// may be open in one JupyterLab, and use a name twice: the question belongs to the key.

import { button, choose, frame, make, newId, scroll, watch } from "../../_shared/javascript/dom.js";

const CHANGED = "fer-prediction";
const kept = () => (globalThis.ferPredictions ??= {});
const keyOf = ({ name, question }) => `${name}: ${question}`;
const read = (model, names) => Object.fromEntries(names.map((name) => [name, model.get(name)]));

const isMissing = (value) => value === null || value === undefined;
const inWords = (value, unit) => (isMissing(value) ? "nothing" : `${value}${unit ? ` ${unit}` : ""}`);

// The sentence beside a result: what was predicted, what came, and how far apart they are.
export const verdict = ({ committed, truth, options, unit, step }) => {
  const came = inWords(truth, unit);
  if (isMissing(committed)) return { kind: "none", words: `It is ${came}. You committed no prediction.` };
  if (options.length) return committed === truth ? { kind: "right", words: `You predicted ${came}, and so it is.` } : { kind: "other", words: `You predicted ${committed}. It is ${came}.` };
  const apart = committed - truth;
  if (Math.abs(apart) <= step / 2) return { kind: "right", words: `You predicted ${inWords(committed, unit)}, and so it is.` };
  const size = Number(Math.abs(apart).toPrecision(3));
  return { kind: "other", words: `You predicted ${inWords(committed, unit)}. It is ${came}: yours is ${inWords(size, unit)} too ${apart > 0 ? "high" : "low"}.` };
};

const SIGNS = { right: "✔ ", other: "↔ ", none: "" };

const ask = (model, root) => {
  const key = keyOf(read(model, ["name", "question"]));
  const options = model.get("options");
  const group = newId();
  const note = make("p", { role: "status", class: "note" });
  const inputs = options.length
    ? options.map((words) => make("input", { type: "radio", name: group, value: words, "data-lm-suppress-shortcuts": "true" }))
    : [make("input", { type: "number", min: model.get("low"), max: model.get("high"), step: "any", "aria-label": model.get("question"), style: "width:8em", "data-lm-suppress-shortcuts": "true" })];
  const chosen = () => {
    if (options.length) return inputs.find((input) => input.checked)?.value ?? null;
    return inputs[0].value === "" || !inputs[0].checkValidity() ? null : Number(inputs[0].value);
  };
  const commit = button("commit", () => {
    const value = chosen();
    if (value === null) {
      note.textContent = options.length ? "Choose one first." : `Write a number from ${model.get("low")} to ${model.get("high")} first.`;
      return;
    }
    kept()[key] = value;
    choose(model, { committed: value });
    document.dispatchEvent(new CustomEvent(CHANGED));
  });
  const show = () => {
    const value = model.get("committed") ?? kept()[key] ?? null;
    if (value === null) return;
    kept()[key] = value;
    inputs.forEach((input) => {
      input.disabled = true;
      if (options.length) input.checked = input.value === value;
      else input.value = value;
    });
    commit.hidden = true;
    note.textContent = `Committed: ${inWords(value, model.get("unit"))}. What comes is shown beside it.`;
  };
  const fields = options.length
    ? make("fieldset", { style: "border:0;padding:0;margin:0" }, make("legend", {}, model.get("question")), ...options.map((words, place) => make("label", { class: "beside", style: "margin-right:1.2rem" }, inputs[place], words)))
    : make("label", {}, model.get("question"), make("span", {}, inputs[0], ` ${model.get("unit")}`));
  root.append(make("h4", {}, "Predict"), make("div", { class: "row" }, fields, commit), note);
  show();
  return watch(model, ["committed"], show);
};

// A result with what was committed, by now, to its question.
const withCommitted = (result) => ({ ...result, committed: kept()[keyOf(result)] ?? result.committed });

const whenCommitted = (show) => {
  show();
  document.addEventListener(CHANGED, show);
  return () => document.removeEventListener(CHANGED, show);
};

const outcome = (model, root) => {
  const line = make("p", { role: "status", class: "verdict" });
  root.append(line);
  return whenCommitted(() => {
    const result = read(model, ["name", "question", "options", "unit", "step", "committed", "truth"]);
    const { kind, words } = verdict(withCommitted(result));
    line.replaceChildren(make("strong", { style: `color:var(${{ right: "--right", other: "--wrong", none: "--hero" }[kind]})` }, SIGNS[kind] + words), ` ${model.get("explanation")}`);
    line.dataset.kind = kind;
  });
};

const summary = (model, root) => {
  const body = make("div", {});
  root.append(make("h4", {}, "What you predicted, and what came"), body);
  return whenCommitted(() => {
    const rows = model.get("asked").map(withCommitted);
    const made = rows.filter(({ committed }) => !isMissing(committed));
    const right = rows.filter((row) => verdict(row).kind === "right");
    body.replaceChildren(make("p", { role: "status" }, `${made.length} of ${rows.length} predictions committed, ${right.length} as it came.`),
      scroll("predictions", make("table", {}, make("tr", {}, ...["question", "you predicted", "it is"].map((words) => make("th", { scope: "col", style: "text-align:left" }, words))),
        ...rows.map((row) => make("tr", {}, ...[row.question, inWords(row.committed, row.unit), inWords(row.truth, row.unit)].map((words) => make("td", { style: "text-align:left;white-space:normal" }, words)))))));
  });
};

function render({ model, el }) {
  const mode = model.get("mode");
  const [root, end] = frame(el, { ask: "A prediction", outcome: "A prediction and its outcome", summary: "All predictions of this lesson" }[mode]);
  root.style.cssText = "border-left:4px solid var(--hero);padding:.3rem .8rem;margin:.6rem 0";
  const leave = { ask, outcome, summary }[mode](model, root);
  return () => { leave(); end(); };
}

export default { render };
