// A small chart of scores over the last moves: a line for each class, its name at its end, the winner strongest.

import { make, makeSvg } from "./dom.js";

const WIDE = 414, TALL = 224;
const LEFT = 44, RIGHT = 88, TOP = 18, BOTTOM = 40;
const MOVES = 80; // as many as are shown
const APART = 13; // between the middles of two names

// Heights for names that want these ones: in the same order, none nearer to another than `apart`, none outside.
export const spreadOut = (wanted, apart, low, high) => {
  const order = wanted.map((_, place) => place).sort((a, b) => wanted[a] - wanted[b]);
  const heights = [...wanted];
  let least = low;
  for (const place of order) least = (heights[place] = Math.max(heights[place], least)) + apart;
  let most = high;
  for (const place of order.reverse()) most = (heights[place] = Math.min(heights[place], most)) - apart;
  return heights;
};

// Moves in a row that change the same thing: [{ name, from, to, first, last }], places in `moves`.
export const stretches = (moves) => {
  const found = [];
  moves.forEach(({ step }, place) => {
    if (!step) return;
    const before = found.at(-1);
    if (before?.name === step.name && before.last === place - 1) Object.assign(before, { to: step.to, last: place });
    else found.push({ ...step, first: place, last: place });
  });
  return found;
};

// Returns { element, add(shares, { mark, step, instead }), clear() }: `mark` names a jump, such as another person; `step` says what moved
// evenly, { name, from, to }: the axis names it; `instead`: this move takes the place of the last one.
export const trail = (names, words) => {
  const picture = makeSvg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": words, style: "width:100%;max-width:30rem;height:auto;display:block" });
  const moves = [];
  const down = (share) => TOP + (1 - share) * (TALL - TOP - BOTTOM);
  const right = (place) => LEFT + (place * (WIDE - LEFT - RIGHT)) / (MOVES - 1);

  const grid = [0, 0.5, 1].flatMap((share) => [
    makeSvg("line", { x1: LEFT, x2: WIDE - RIGHT, y1: down(share), y2: down(share), stroke: "currentColor", "stroke-opacity": 0.2 }),
    makeSvg("text", { x: LEFT - 4, y: down(share) + 4, "text-anchor": "end" }, `${100 * share} %`),
  ]);

  const draw = () => {
    const start = MOVES - moves.length, now = moves.at(-1).shares;
    const winner = now.indexOf(Math.max(...now));
    const heights = spreadOut(now.map(down), APART, TOP, TALL - BOTTOM);
    const lines = names.flatMap((name, k) => {
      const [stroke, width, opacity] = k === winner ? ["var(--hero)", 3, 1] : ["currentColor", 1.2, 0.55];
      const points = moves.map(({ shares }, place) => `${right(start + place).toFixed(1)},${down(shares[k]).toFixed(1)}`).join(" ");
      const label = { x: WIDE - RIGHT + 22, y: heights[k] + 4, style: k === winner ? "font-weight:700;fill:var(--hero)" : "" };
      return [
        makeSvg("polyline", { points, fill: "none", stroke, "stroke-width": width, "stroke-opacity": opacity, "stroke-linejoin": "round" }),
        makeSvg("circle", { cx: WIDE - RIGHT, cy: down(now[k]), r: k === winner ? 3.5 : 2, fill: stroke, "fill-opacity": opacity }),
        makeSvg("path", { d: `M${WIDE - RIGHT + 4} ${down(now[k])}L${WIDE - RIGHT + 18} ${heights[k]}`, stroke, fill: "none", "stroke-opacity": opacity / 2 }),
        makeSvg("text", label, name),
      ];
    });
    picture.replaceChildren(...grid, ...marks(start), ...axis(start), ...lines);
    picture.setAttribute("aria-label", `${words}: ${names[winner]} is highest now, ${Math.round(100 * now[winner])} %`);
  };

  // What moved, beneath its stretch: by its number, where there is room; and the last in full.
  const axis = (start) => {
    const found = stretches(moves);
    const floor = TALL - BOTTOM + 6;
    const words = found.flatMap(({ name, first, last }) => {
      const [x1, x2] = [right(start + Math.max(0, first - 1)) + 1, right(start + last) - 1];
      const lines = makeSvg("line", { x1, x2, y1: floor, y2: floor, stroke: "currentColor", "stroke-width": 2, "stroke-opacity": 0.6 });
      return x2 - x1 < 12 ? [lines] : [lines, makeSvg("text", { x: (x1 + x2) / 2, y: floor + 13, "text-anchor": "middle" }, name.split(" ")[0])];
    });
    const latest = found.at(-1);
    return [...words, makeSvg("text", { x: WIDE - RIGHT, y: TALL - 3, "text-anchor": "end" }, latest ? `${latest.name}: ${latest.from} → ${latest.to}` : "moves, the last one here")];
  };

  // A line for each jump; the latest has its words, and those before it that have room for theirs.
  const marks = (start) => {
    let free = Infinity;
    return moves.map(({ mark }, place) => [mark, right(start + place)]).filter(([mark]) => mark).reverse().flatMap(([mark, x]) => {
      const rule = makeSvg("line", { x1: x, x2: x, y1: TOP, y2: TALL - BOTTOM, stroke: "currentColor", "stroke-opacity": 0.5, "stroke-dasharray": "2 3" });
      if (x > free || x < 60) return [rule];
      free = x - 68;
      return [rule, makeSvg("text", { x, y: TOP - 6, "text-anchor": "middle" }, mark)];
    });
  };

  return {
    element: make("div", {}, picture),
    add: (shares, { mark = null, step = null, instead = false } = {}) => {
      if (instead) moves.pop();
      moves.push({ shares, mark, step });
      if (moves.length > MOVES) moves.shift();
      draw();
    },
    clear: () => { moves.length = 0; },
  };
};
