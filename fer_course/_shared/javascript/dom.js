// What all figures are made of: elements, controls with names, pictures of numbers, bars; in the colours of the page around them.

const SVG = "http://www.w3.org/2000/svg";

export const make = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
export const makeSvg = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

const filled = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
};

// ------------------------------------------------------------------------------------------------------------- colours

// Okabe and Ito's colours as in fer_course.plots, darker or lighter where needed to be read on the page's ground.
const STYLE = `
.fer { color: inherit; font: 400 14px/1.45 system-ui, sans-serif; max-width: 60rem; container-type: inline-size; text-align: left;
  --line: color-mix(in srgb, currentColor 25%, transparent); --soft: color-mix(in srgb, currentColor 8%, transparent);
  --hero: #0064a6; --second: #b04700; --third: #007a58; --right: #007a58; --wrong: #b04700; --on-hero: #fff; }
.fer[data-ground=dark] { --hero: #6cbcf0; --second: #f2a35e; --third: #45cfa4; --right: #45cfa4; --wrong: #f2a35e; --on-hero: #000; }
.fer *, .fer *::before { box-sizing: border-box; }
.fer [hidden] { display: none !important; }
.fer p { margin: .3rem 0; }
.fer .row { padding: 0; display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: end; margin: .4rem 0; }
.fer .row > * { flex-shrink: 1; width: auto; margin-top: 0; }
.fer .row > label, .fer .row > div, .fer .row > fieldset, .fer .row > span { padding-left: 0; padding-right: 0; }
.fer fieldset { min-width: 0; }
.fer legend { float: none; font: inherit; margin: 0; padding: 0; width: auto; }
.fer .panels { display: flex; flex-wrap: wrap; gap: 1rem 1.4rem; align-items: start; }
.fer .panel { min-width: 0; }
.fer h4 { font: 600 13px/1.3 system-ui, sans-serif; margin: 0 0 .25rem; color: inherit; }
.fer label { display: inline-flex; flex-direction: column; gap: .1rem; font-size: 13px; }
.fer label.beside { flex-direction: row; align-items: center; gap: .4rem; }
.fer output { font-variant-numeric: tabular-nums; }
.fer input[type=range] { width: 11rem; max-width: 80vw; accent-color: var(--hero); margin: .35rem 0; min-height: 1.5rem; }
.fer select, .fer button, .fer input[type=number] { font: inherit; color: inherit; background: var(--soft);
  border: 1px solid color-mix(in srgb, currentColor 55%, transparent); border-radius: 4px; padding: .3rem .6rem; min-height: 2rem; }
.fer select option { color: #000; background: #fff; }
.fer button { cursor: pointer; }
.fer .layers button { min-height: 1.6rem; padding: .1rem .5rem; font-size: 13px; border-color: transparent; }
.fer .scroll { overflow-x: auto; max-width: 100%; }
.fer button[aria-pressed=true], .fer button[aria-checked=true] { background: var(--hero); color: var(--on-hero); }
.fer button:disabled { opacity: .5; cursor: default; }
.fer :focus-visible { outline: 3px solid var(--hero); outline-offset: 2px; }
.fer canvas { image-rendering: pixelated; display: block; max-width: 100%; touch-action: none; }
.fer canvas.smooth { image-rendering: auto; }
.fer .stage { position: relative; display: block; max-width: 100%; touch-action: none; }
.fer .stage > canvas { width: 100%; height: auto; }
.fer .frame { position: absolute; border: 2px solid var(--second); outline: 1px solid #fff; pointer-events: none; }
.fer table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0; background: none; }
.fer td, .fer th { padding: .1rem .35rem; text-align: right; white-space: nowrap; border: 1px solid var(--line); background: none; color: inherit; }
.fer th { font-weight: 600; }
.fer .bars { display: grid; grid-template-columns: max-content minmax(5rem, 14rem) 3.2rem; gap: .2rem .5rem; align-items: center; }
.fer .bar { height: 1rem; background: var(--soft); }
.fer .bar > div { height: 100%; background: color-mix(in srgb, currentColor 45%, transparent); width: 0; }
.fer .bar[data-winner=true] > div { background: var(--hero); }
.fer .bars .percent { text-align: right; font-variant-numeric: tabular-nums; }
.fer .bars [data-winner=true] { font-weight: 700; }
.fer .note { font-size: 13px; opacity: .85; }
.fer svg text { fill: currentColor; font: 400 12px system-ui, sans-serif; }
@media (prefers-reduced-motion: reduce) { .fer * { transition: none !important; animation: none !important; } }
@media print { .fer .row button { display: none; } }
`;

// Makes a figure's frame in `el`: its style, its name for screen readers, and whether the ground is dark, kept up to date.
// Returns the element to fill, and a function that ends the watching.
export const frame = (el, name) => {
  const root = make("div", { class: "fer", role: "group", "aria-label": name, "data-lm-suppress-shortcuts": "true" });
  el.replaceChildren(make("style", {}, STYLE), root);
  const look = () => { root.dataset.ground = brightness(getComputedStyle(root).color) > 128 ? "dark" : "light"; };
  const watching = [document.documentElement, document.body].map((each) => {
    const observer = new MutationObserver(look);
    observer.observe(each, { attributes: true });
    return observer;
  });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", look);
  requestAnimationFrame(look); // in JupyterLab it joins the page later
  look();
  return [root, () => { watching.forEach((each) => each.disconnect()); scheme.removeEventListener("change", look); }];
};

// Light ink means a dark ground.
const brightness = (colour) => {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue;
};

// ------------------------------------------------------------------------------------------------------------ controls

let count = 0;
export const newId = () => `fer-${(count += 1)}-${Math.random().toString(36).slice(2, 7)}`;

// A slider with its name and number: { element, value }; `change` gets the number.
export const slider = (name, { min, max, step = 1, value, words = String }, change) => {
  const number = make("output", {}, words(value));
  const input = make("input", { type: "range", min, max, step, value, "aria-label": name, "aria-valuetext": words(value), "data-lm-suppress-shortcuts": "true" });
  const show = () => { number.textContent = words(Number(input.value)); input.setAttribute("aria-valuetext", number.textContent); };
  input.addEventListener("input", () => { show(); change(Number(input.value)); });
  return {
    element: make("label", {}, make("span", {}, `${name}: `, number), input),
    get value() { return Number(input.value); },
    set value(next) { input.value = next; show(); },
  };
};

// A menu: { element, value }; options are words, or pairs of value and words; `change` gets the value.
export const menu = (name, options, value, change) => {
  const pairs = options.map((each) => (Array.isArray(each) ? each : [each, String(each)]));
  const select = make("select", { "aria-label": name, "data-lm-suppress-shortcuts": "true" }, ...pairs.map(([, words], place) => make("option", { value: place }, words)));
  const put = (next) => { select.value = String(pairs.findIndex(([each]) => each === next)); };
  put(value);
  select.addEventListener("change", () => change(pairs[Number(select.value)][0]));
  return {
    element: make("label", {}, make("span", {}, name), select),
    get value() { return pairs[Number(select.value)]?.[0]; },
    set value(next) { put(next); },
  };
};

// A box for what may be wider than a telephone: it scrolls, with the keyboard too.
export const scroll = (name, ...children) => make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": name, "data-lm-suppress-shortcuts": "true" }, ...children);

// Which parts of a box that scrolls are in it: the first and the last, counted from 1; none where it has no height yet.
export const inBox = (box, parts) => {
  const { top, bottom } = box.getBoundingClientRect();
  const seen = parts.flatMap((part, place) => {
    const each = part.getBoundingClientRect();
    return each.bottom > top + 8 && each.top < bottom - 8 ? [place + 1] : [];
  });
  return seen.length ? [seen[0], seen.at(-1)] : [];
};

export const button = (words, click, attributes = {}) => make("button", { type: "button", "data-lm-suppress-shortcuts": "true", ...attributes, onclick: click }, words);

// A pointer, or the arrow keys, on something with rows and columns. `shape()` returns how many there are; `move(row, column,
// event)` gets a place under the pointer. Arrow keys go on from `keys.at()` by one, in `keys.shape()`, to `keys.move`.
export const steer = (element, name, { shape, move, keys }) => {
  for (const [key, value] of Object.entries({ tabindex: 0, role: "application", "aria-label": name, "data-lm-suppress-shortcuts": "true" })) element.setAttribute(key, value);
  const within = (place, most) => Math.max(0, Math.min(most - 1, place));
  const point = (event) => {
    const box = element.getBoundingClientRect();
    const [rows, columns] = shape();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    move(within(row, rows), within(column, columns), event);
  };
  element.addEventListener("pointerdown", (event) => { element.setPointerCapture(event.pointerId); point(event); });
  element.addEventListener("pointermove", (event) => event.buttons && point(event));
  element.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const [rows, columns] = (keys.shape ?? shape)();
    const [row, column] = keys.at();
    (keys.move ?? move)(within(row + step[0], rows), within(column + step[1], columns), event);
  });
};

// ------------------------------------------------------------------------------------------------------------ pictures

const paint = (canvas, height, width, colour) => {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  const pixels = pen.createImageData(width, height);
  for (let place = 0; place < height * width; place += 1) colour(place, pixels.data, 4 * place);
  pen.putImageData(pixels, 0, 0);
};

// Grey levels: `values[place · step + start]` from `low` (black) to `high` (white).
export const paintGrey = (canvas, values, [height, width], { low = 0, high = 255, step = 1, start = 0 } = {}) => {
  const scale = 255 / (high - low || 1);
  paint(canvas, height, width, (place, data, at) => {
    data[at] = data[at + 1] = data[at + 2] = (values[place * step + start] - low) * scale;
    data[at + 3] = 255;
  });
};

// The colour of signed numbers: red above zero, blue below.
export const signColour = (number) => (number > 0 ? [178, 24, 43] : [33, 102, 172]);

// Signed numbers: red above zero, white at zero, blue below, as in plots.signed_grid.
export const paintSigned = (canvas, values, [height, width], { limit, step = 1, start = 0 } = {}) => {
  const most = limit ?? (largest(values, step, start) || 1);
  paint(canvas, height, width, (place, data, at) => {
    const share = Math.max(-1, Math.min(1, values[place * step + start] / most));
    const [red, green, blue] = signColour(share);
    const strength = Math.abs(share);
    data[at] = 255 + (red - 255) * strength;
    data[at + 1] = 255 + (green - 255) * strength;
    data[at + 2] = 255 + (blue - 255) * strength;
    data[at + 3] = 255;
  });
};

export const largest = (values, step = 1, start = 0) => {
  let most = 0;
  for (let place = start; place < values.length; place += step) most = Math.max(most, Math.abs(values[place]));
  return most;
};

// A canvas in a box of this width, on which other things can lie.
export const stage = (width, name) => {
  const canvas = make("canvas", { width: 1, height: 1, role: "img", "aria-label": name });
  return { canvas, element: make("div", { class: "stage", style: `width:${width}px` }, canvas) };
};

// Bars of seven scores; the winner is marked.
export const bars = (names) => {
  const rows = names.map((name) => ({
    name: make("span", {}, name),
    bar: make("div", { class: "bar", role: "meter", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, make("div")),
    percent: make("span", { class: "percent", "aria-hidden": "true" }),
  }));
  return {
    element: make("div", { class: "bars" }, ...rows.flatMap((row) => [row.name, row.bar, row.percent])),
    show: (shares) => {
      const winner = shares.indexOf(Math.max(...shares));
      rows.forEach(({ name, bar, percent }, place) => {
        const words = `${Math.round(100 * shares[place])} %`;
        percent.textContent = words;
        bar.setAttribute("aria-valuenow", Math.round(100 * shares[place]));
        bar.setAttribute("aria-valuetext", words);
        bar.dataset.score = shares[place].toPrecision(6);
        bar.firstChild.style.width = `${100 * shares[place]}%`;
        for (const each of [name, bar, percent]) each.dataset.winner = place === winner;
      });
    },
  };
};

// -------------------------------------------------------------------------------------------------------------- state

// Calls `draw` once before the next picture of the screen, however often it is asked to.
export const onFrame = (draw) => {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
};

// Sets traits of the model, here and in Python, and says so once.
export const choose = (model, values) => {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
};

// Calls `draw` when one of these traits changes; returns a function that ends it.
export const watch = (model, names, draw) => {
  names.forEach((name) => model.on(`change:${name}`, draw));
  return () => names.forEach((name) => model.off(`change:${name}`, draw));
};
