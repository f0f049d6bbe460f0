// One drawn face at a time: `fer_course/data/drawn` in JavaScript, part by part and in the same order, equal within a grey level.
// `fer_course.widgets.drawn_faces.describe` hands over what is data: the people's numbers, the names of muscles, random numbers.
// The usual scene has no hand, scarf, lock of hair or letters before a face; these are not drawn here.
//
// Coordinates: x to the right, y down, 0 between nose and eyes, 1 is 24 pixels. A field is a number for each of 48 × 48 pixels.

import { array } from "./numbers.js";

export const SIDE = 48;
const PIXELS = SIDE * SIDE;
const STRANDS = [6, 32], BLOTS = [6, 6];
const HEAD_DOWN = 20; // degrees by which action unit 54 lowers the head
const WITH_GLASSES = 0.11;

const field = () => new Float64Array(PIXELS);
const clip = (value, low, high) => Math.min(high, Math.max(low, value));
const radians = (degrees) => (degrees * Math.PI) / 180;

// ---------------------------------------------------------------------------------------------- geometry: shapes, view

const ramp = (x, start, end) => {
  const t = clip((x - start) / (end - start), 0, 1);
  return t * t * (3 - 2 * t);
};
const coverage = (distance, softness = 2 / SIDE) => clip(0.5 - distance / softness, 0, 1);
const bump = (x, y, centreX, centreY, width, height) => {
  const a = (x - centreX) / width, b = (y - centreY) / height;
  return Math.exp(-(a * a + b * b));
};
const ridge = (distance, width) => {
  const t = distance / width;
  return Math.exp(-(t * t));
};
const ellipse = (x, y, centreX, centreY, width, height) => {
  const a = (x - centreX) / width, b = (y - centreY) / height;
  return (Math.sqrt(a * a + b * b) - 1) * Math.min(width, height);
};
const roundedBox = (x, y, centreX, centreY, width, height, radius) => {
  const a = Math.abs(x - centreX) - (width - radius), b = Math.abs(y - centreY) - (height - radius);
  return Math.sqrt(Math.max(a, 0) ** 2 + Math.max(b, 0) ** 2) + Math.min(Math.max(a, b), 0) - radius;
};
const over = (below, colour, cover) => below + (colour - below) * cover;

// Coarse numbers, enlarged to a field by linear interpolation.
const upsample = (coarse, [rows, columns]) => {
  const fine = field();
  const between = (place, count) => {
    const position = (place * (count - 1)) / (SIDE - 1);
    const before = Math.min(Math.floor(position), count - 2);
    return [before, position - before];
  };
  for (let row = 0; row < SIDE; row += 1)
    for (let column = 0; column < SIDE; column += 1) {
      const [i, down] = between(row, rows), [j, right] = between(column, columns);
      const along = (line) => over(coarse[line * columns + j], coarse[line * columns + j + 1], right);
      fine[row * SIDE + column] = over(along(i), along(i + 1), down);
    }
  return fine;
};

const rimAt = (x, y, { width, jaw, crown, chin, square }) => {
  const lower = clip(y, 0, 1.2);
  let across = (x / width) * (1 + jaw * lower * lower), along = y / (y < 0 ? crown : chin);
  across = Math.min(across * across, 2);
  along = Math.min(along * along, 2);
  return Math.sqrt(across + along - square * across * along);
};

const headDepth = (x, y, rim, { nose_length, depth }) => {
  const r = Math.min(rim, 1.1) ** 2;
  return depth * (1 - 0.55 * r - 0.45 * r * r) + 0.22 * bump(x, y, 0, nose_length - 0.04, 0.13, 0.22);
};

// The point of the face that each pixel shows: shift, size and roll undone, then each ray followed to the turned head.
const lookAt = (pose, head) => {
  const view = { x: field(), y: field(), rim: field(), pixel: 2 / SIDE / pose.size };
  const cosine = Math.cos(pose.roll), sine = Math.sin(pose.roll);
  const cosX = Math.cos(pose.yaw), tanX = Math.tan(pose.yaw), cosY = Math.cos(pose.pitch), tanY = Math.tan(pose.pitch);
  for (let place = 0; place < PIXELS; place += 1) {
    const right = ((place % SIDE) + 0.5) * (2 / SIDE) - 1 - pose.shift_x;
    const down = (Math.floor(place / SIDE) + 0.5) * (2 / SIDE) - 1 - pose.shift_y;
    const flatX = (cosine * right + sine * down) / pose.size, flatY = (cosine * down - sine * right) / pose.size;
    let x = flatX, y = flatY;
    for (let step = 0; step < 2; step += 1) {
      const depth = headDepth(x, y, rimAt(x, y, head), head) - 0.35 * head.depth;
      x = flatX / cosX - tanX * depth;
      y = flatY / cosY - tanY * depth;
    }
    view.x[place] = x;
    view.y[place] = y;
    view.rim[place] = rimAt(x, y, head);
  }
  return view;
};

// Calls `visit(place, x, y, far, side)` for the pixels of all rows between the first and the last that `y` touches.
const within = ({ x, y }, top, bottom, visit) => {
  let first = PIXELS, last = 0;
  for (let place = 0; place < PIXELS; place += 1)
    if (y[place] >= top && y[place] <= bottom) {
      first = Math.min(first, place - (place % SIDE));
      last = place - (place % SIDE) + SIDE;
    }
  for (let place = first; place < last; place += 1)
    visit(place, x[place], y[place], Math.abs(x[place]), clip(x[place] * 6, -1, 1));
};

// ------------------------------------------------------------------------------------- features: what the muscles move

const moveFeatures = (person, au) => {
  const y = person.eye_y - person.brow_gap;
  const squeeze = clip(1 - 0.35 * au[6] - 0.30 * au[7] - 0.35 * au[9] - 0.25 * au[4], 0.25, 1);
  const shut = (1 - 0.95 * au[43]) * (1 - 0.35 * au[64]);
  const lower = 1 + 0.25 * au[5] - 0.7 * au[6] - 0.55 * au[7] - 0.4 * au[9];
  return {
    brow_inner: y - 0.15 * au[1] + 0.10 * au[4] + 0.05 * au[9] + person.brow_slope,
    brow_middle: y - person.brow_arch - 0.055 * au[1] - 0.09 * au[2] + 0.08 * au[4] + 0.02 * au[9],
    brow_outer: y - 0.13 * au[2] + 0.03 * au[4] + 0.02 * au[6] + 0.03,
    brow_start: 0.13 - 0.055 * au[4] + 0.01 * au[2],
    lid_upper: person.eye_open * squeeze * shut * (1 + au[5]) + 0.004,
    lid_lower: 0.62 * person.eye_open * Math.max(lower * (1 - 0.5 * au[43]), -0.25),
    bag: Math.min(1.2, 0.35 * person.bags + 0.8 * au[6] + 0.4 * au[7] + 0.4 * au[9]),
    gaze_y: person.gaze_y + 0.05 * au[64],
    lid_slope: 0.05 * au[1] * (1 - au[2]) + 0.5 * Math.min(person.eye_tilt, 0.03),
    ...moveMouth(person, au),
    cheek_lift: Math.min(au[6] + 0.5 * au[12], 1.2),
    fold: Math.min(0.9 * au[9] + 0.8 * au[10] + 0.9 * au[12] + 0.3 * au[6] + 0.25 * au[20], 1.3),
    nose_lift: 0.045 * au[9] + 0.02 * au[10],
    nose_spread: 1 + 0.14 * au[9] + 0.10 * au[10] + 0.10 * au[12],
    frown: au[4] * (1 - 0.4 * au[1]) + 0.4 * au[9],
    forehead_lines: Math.min(1, 0.7 * au[2] + 0.6 * au[1]),
    oblique: au[1] * (1 - 0.8 * au[2]),
    nose_lines: au[9],
    crow_feet: au[6],
    chin_boss: au[17],
    stretch: au[20],
    corner_pull: au[15],
  };
};

const moveMouth = (person, au) => {
  const jaw = Math.min(au[26] * (0.25 + 0.75 * au[25]) + 0.8 * au[27], 1.5);
  const width = 1 + 0.50 * au[12] + 0.28 * au[20] - 0.14 * au[23] - 0.22 * Math.min(jaw, 1) * (1 - au[12]) - 0.08 * au[17];
  const raised = person.mouth_curve + 0.125 * au[12] - 0.14 * au[15] - 0.03 * au[20] - 0.04 * au[17];
  const parted = Math.min(1, au[25] + 0.3 * au[16] + au[27]);
  const thin = Math.max(0.2, 1 - 0.65 * au[23] - 0.35 * au[12] - 0.35 * au[20] - 0.2 * au[9]);
  const teeth = 0.9 * au[12] + 0.7 * au[10] + 0.7 * au[20] + 0.15 * au[25];
  return {
    jaw: 0.13 * jaw,
    mouth_y: person.mouth_y + 0.03 * au[12] * au[25] - 0.035 * au[17] - 0.02 * au[9] + 0.15 * 0.13 * jaw,
    mouth_width: person.mouth_width * width,
    corner: -raised,
    open_upper: parted * (0.025 + 0.06 * au[10] + 0.055 * au[12] + 0.02 * au[20]) + 0.07 * jaw,
    open_lower: parted * (0.035 + 0.07 * au[16] + 0.15 * au[12] + 0.05 * au[20]) + 0.19 * jaw,
    round: Math.min(jaw, 1) * (1 - 0.6 * au[12]) * (1 - 0.6 * au[20]),
    lip_upper: person.lip_upper * thin * (1 - 0.25 * au[10] - 0.3 * au[17]),
    lip_lower: person.lip_lower * thin * (1 + 0.3 * au[17] - 0.2 * au[16]),
    teeth: Math.min(1, teeth) * parted,
    teeth_lower: Math.min(1, 0.9 * au[16] + 0.5 * au[20] + 0.2 * au[9]) * parted,
    press: au[23],
  };
};

// The heights of the four edges of the lips at `x`, and the position along the mouth.
const lipsAt = (x, person, moved) => {
  const t = x / moved.mouth_width;
  const squared = Math.min(t * t, 1.6);
  const bow = Math.max(1 - squared, 0), root = Math.sqrt(bow);
  const line = moved.mouth_y + moved.corner * squared - 0.02 * person.asymmetry * t - 0.012 * (1 - moved.round) * ridge(t, 0.35) * bow;
  const gap = moved.round * root + (1 - moved.round) * bow;
  const top = line - moved.open_upper * gap, bottom = line + moved.open_lower * gap;
  const outerTop = top - moved.lip_upper * bow * (1.12 - 0.3 * ridge(t, 0.22));
  return { t, top, bottom, outerTop, outerBottom: bottom + moved.lip_lower * root * (0.35 + 0.65 * bow) };
};

const paintMouth = (face, view, person, moved, light) => within(view, 0.28, 1.0, (place, x, y) => {
  const edges = lipsAt(x, person, moved);
  const { t, top, bottom } = edges;
  const skin = face[place], soft = 1.3 * view.pixel, wide = Math.abs(t) < 1 ? 1 : 0;
  const upper = coverage(Math.max(edges.outerTop - y, y - top), soft) * wide;
  const lower = coverage(Math.max(bottom - y, y - edges.outerBottom), soft) * wide;
  let shade = over(skin, skin * (0.78 - 0.8 * person.lip_dark), upper);
  shade = over(shade, skin * (0.93 - 0.8 * person.lip_dark), lower);
  shade += 0.07 * light[place] * bump(t, y, -0.15 * person.light_x, bottom + 0.4 * moved.lip_lower, 0.35, 0.02) * lower;
  const opening = coverage(Math.max(top - y, y - bottom), view.pixel) * wide;
  shade = over(shade, 0.05 + 0.05 * light[place], opening);
  if (opening) shade = overTeeth(shade, view, moved, light[place], edges, y, opening);
  const closed = 1 - ramp(moved.open_upper + moved.open_lower, 0.02, 0.06);
  const meet = ridge(y - top, 0.022) * (1 - ramp(Math.abs(t), 0.70, 1.10)) * (0.40 + 0.45 * closed);
  shade = over(shade, 0.18 * skin, meet * (0.75 + 0.25 * moved.press));
  face[place] = over(shade, 0.4 * skin, 0.45 * bump(Math.abs(t), y, 1.03, moved.mouth_y + moved.corner, 0.13, 0.035));
});

const overTeeth = (below, view, moved, light, { t, top, bottom }, y, opening) => {
  const rounded = Math.max(0.45, 1 - 0.4 * t * t), gaps = 0.93 + 0.07 * Math.cos(t * 22);
  const upper = coverage(y - top - 0.17 * moved.teeth, 1.4 * view.pixel) * opening * Math.min(1, 1.6 * moved.teeth);
  let shade = over(below, Math.min(light * 1.12, 1.05) * rounded * gaps, upper);
  const lower = coverage(bottom - y - 0.07 * moved.teeth_lower, 1.4 * view.pixel) * opening * Math.min(1, 1.4 * moved.teeth_lower);
  shade = over(shade, light * 0.72 * rounded * gaps, lower * (1 - upper));
  const tongue = ellipse(t, y, 0, moved.mouth_y + moved.open_lower, 0.62, 0.40 * moved.open_lower + 1e-3);
  return over(shade, light * 0.36, coverage(tongue, 0.08) * opening * (1 - upper) * ramp(moved.open_lower, 0.08, 0.2));
};

const paintEyes = (face, view, person, moved, light) => within(view, -0.5, 0.08, (place, x, y, far, side) => {
  const s = (far - person.eye_x) / person.eye_width, off = Math.abs(s);
  const bow = Math.max(1 - s * s, 0);
  const level = y - person.eye_y + (person.eye_tilt - moved.lid_slope) * s;
  const above = level + moved.lid_upper * bow * (1 - 0.18 * s), below = moved.lid_lower * bow * (1 + 0.15 * s) - level;
  const near = 1 - ramp(off, 0.95, 1.35);
  const skin = face[place];
  const opened = off < 1 ? coverage(-Math.min(above, below), view.pixel) : 0;
  let shade = over(skin, light[place] * Math.min(0.50 + 0.16 * ramp(above, 0.0, 0.07), 0.35 + 0.6 * person.skin), opened);
  if (opened) shade = overIris(shade, view, person, moved, light[place], (far - person.eye_x) * side, y, opened);
  const lash = ridge(above, 0.030 + (moved.lid_upper < 0.03 ? 0.25 * moved.lid_upper : 0)) * near * person.lashes * (1 - ramp(off, 0.8, 1.15));
  shade = over(shade, 0.12 * skin, Math.min(0.9, lash));
  shade = over(shade, 0.35 * skin, ridge(above + 0.040 + 0.35 * person.eye_open, 0.026) * near * (0.10 + 0.22 * person.eye_depth));
  shade = over(shade, 0.45 * skin, ridge(below, 0.022) * near * (0.18 + 0.14 * moved.bag));
  face[place] = over(shade, 0.55 * skin, ridge(below + 0.075, 0.028) * (1 - ramp(off, 0.6, 1.2)) * 0.42 * moved.bag);
});

const overIris = (below, view, person, moved, light, across, down, opened) => {
  const x = across - person.gaze_x, y = down - person.eye_y + 0.012 - moved.gaze_y;
  const distance = Math.sqrt(x * x + y * y);
  let shade = over(below, light * person.iris, coverage(distance - 0.083, view.pixel) * opened);
  shade = over(shade, 0.03, coverage(distance - 0.038, view.pixel) * opened * 0.9);
  return over(shade, 0.95, bump(x, y, 0.035 * Math.sign(person.light_x), -0.03, 0.022, 0.022) * opened * 0.8);
};

const paintBrows = (face, view, person, moved, hair, texture) => within(view, -0.85, 0.05, (place, x, y, far, side) => {
  const s = (far - moved.brow_start) / 0.50;
  const inner = moved.brow_inner, middle = moved.brow_middle, outer = moved.brow_outer;
  const bend = (outer - inner - (middle - inner) / 0.55) / 0.45;
  const line = inner + s * (outer - inner - bend + bend * s) - 0.025 * person.asymmetry * side;
  const thick = person.brow_thick * clip(1.15 - 0.75 * s * s, 0.1, 1.2);
  const cover = coverage(Math.abs(y - line) - thick, 1.6 * view.pixel) * ramp(s, -0.07, 0.10) * (1 - ramp(s, 0.82, 1.08))
    * person.brow_dark * (0.75 + 0.5 * texture[place]);
  face[place] = over(face[place], hair, Math.min(cover, 0.95));
});

// --------------------------------------------------------------------------------------------- skin: relief and light

const reliefOf = (view, person, moved) => {
  const depth = view.x.map((x, place) => headDepth(x, view.y[place], view.rim[place], person));
  const brow = (moved.brow_inner + moved.brow_outer) * 0.5;
  within(view, -0.75, 0.1, (place, x, y, far) => {
    depth[place] += 0.035 * person.eye_depth * bump(far, y, 0.34, brow + 0.01, 0.32, 0.09)
      + 0.045 * moved.frown * bump(far, y, 0.13, moved.brow_inner + 0.02, 0.09, 0.08)
      - (0.05 + 0.09 * person.eye_depth) * bump(far, y, person.eye_x - 0.06, person.eye_y - 0.04, 0.24, 0.13)
      + 0.055 * bump(far, y, person.eye_x, person.eye_y, 0.15, 0.09)
      + 0.03 * moved.bag * bump(far, y, person.eye_x, person.eye_y + 0.11, 0.15, 0.045);
  });
  const tip = person.nose_length - moved.nose_lift;
  within(view, -0.55, 0.5, (place, x, y, far) => {
    const slope = clip((y + 0.30) / (tip + 0.30), 0, 1);
    const width = 0.075 + (person.nose_width - 0.06) * slope * slope;
    depth[place] += person.nose_height * 0.145 * slope * (0.55 + 0.45 * slope) * (1 - ramp(y, tip - 0.05, tip + 0.09)) * ridge(far, width)
      + 0.06 * person.nose_height * bump(far, y, person.nose_width * moved.nose_spread, tip + 0.005, 0.055, 0.055);
  });
  const cheek = 0.02 + 0.03 * person.cheeks + 0.07 * moved.cheek_lift, step = (0.06 * person.age + 0.05) * (0.2 + moved.fold);
  within(view, -0.35, 0.95, (place, x, y, far) => {
    const [distance, reach] = foldAt(far, y, person, moved);
    depth[place] += cheek * bump(far, y, 0.44, 0.12 - 0.05 * moved.cheek_lift, 0.20, 0.15)
      + step * ramp(distance, -0.05, 0.05) * ridge(distance, 0.22) * reach;
  });
  addMouthAndChin(depth, view, person, moved);
  return depth;
};

// The signed distance to the fold between nose and mouth, and how strong it is along its length.
const foldAt = (far, y, person, moved) => {
  const start = person.nose_length - 0.05 - moved.nose_lift;
  const down = y - start, end = moved.mouth_y + 0.8 * moved.corner - start + 0.10;
  const out = person.nose_width + 0.05 + (moved.mouth_width + 0.09 - person.nose_width) * ramp(down, -0.04, end * 0.75);
  return [(far - out) * 0.8, ramp(down, -0.03, 0.06) * (1 - ramp(down, end - 0.16, end + 0.02))];
};

const addMouthAndChin = (depth, view, person, moved) => {
  const groove = moved.mouth_y + moved.open_lower + moved.lip_lower + 0.07;
  within(view, 0.2, 1.15, (place, x, y) => {
    const edges = lipsAt(x, person, moved);
    const wide = coverage(Math.abs(edges.t) - 0.95, 0.2);
    depth[place] += 0.05 * bump(x, y, 0, moved.mouth_y, 0.32, 0.20)
      - 0.02 * ridge(x, 0.05) * bump(x, y, 0, 0.38, 0.3, 0.10)
      + 0.035 * wide * ridge(y - 0.5 * (edges.top + edges.outerTop), 0.5 * moved.lip_upper + 0.02)
      + 0.05 * wide * ridge(y - 0.5 * (edges.bottom + edges.outerBottom), 0.5 * moved.lip_lower + 0.02)
      - (0.03 + 0.03 * moved.chin_boss) * bump(x, y, 0, groove, 0.20, 0.055)
      + (0.045 + 0.05 * moved.chin_boss) * bump(x, y, 0, 0.87 + moved.jaw - 0.05 * moved.chin_boss, 0.17, 0.10);
  });
};

// Soft Lambert light on the relief, and darker hollows.
const lightOn = (depth, view, person) => {
  const facing = depth.map((z, place) => z * Math.cos(person.yaw) - view.x[place] * Math.sin(person.yaw) - view.y[place] * Math.sin(person.pitch));
  const lightLength = 1 / Math.sqrt(1 + person.light_x ** 2 + person.light_y ** 2);
  const scale = 0.5 / view.pixel, smooth = blurred(depth);
  const inner = (place) => clip(place, 1, SIDE - 2); // at the edge, the slope beside it
  return depth.map((z, place) => {
    const row = Math.floor(place / SIDE), column = place % SIDE;
    const left = row * SIDE + inner(column), above = inner(row) * SIDE + column;
    const slopeX = (facing[left + 1] - facing[left - 1]) * scale, slopeY = (facing[above + SIDE] - facing[above - SIDE]) * scale;
    const straight = (1 - slopeX * person.light_x - slopeY * person.light_y) * lightLength / Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
    const direct = Math.max((straight + 0.15) / 1.15, 0);
    const hollow = clip(1 + 1.7 * (z - smooth[place]), 0.6, 1.15);
    return ((1 - person.hardness) * 0.85 + person.hardness * 1.25 * direct) * hollow * (1 - 0.30 * ramp(view.rim[place], 0.72, 1.02));
  });
};

// The mean of 4 × 4 pixels, linearly interpolated.
const blurred = (values) => {
  const count = SIDE / 4, coarse = new Float64Array(count * count);
  for (let place = 0; place < PIXELS; place += 1)
    coarse[Math.floor(place / SIDE / 4) * count + Math.floor((place % SIDE) / 4)] += values[place] / 16;
  const between = (place) => {
    const position = clip((place - 1.5) / 4, 0, count - 1);
    const before = Math.min(Math.floor(position), count - 2);
    return [before, position - before];
  };
  return values.map((_, place) => {
    const [i, down] = between(Math.floor(place / SIDE)), [j, right] = between(place % SIDE);
    const along = (line) => over(coarse[line * count + j], coarse[line * count + j + 1], right);
    return over(along(i), along(i + 1), down);
  });
};

// How dark folds and lines make the skin.
const linesOf = (view, person, moved) => {
  const dark = field();
  addUpperLines(dark, view, person, moved);
  addNoseLines(dark, view, person, moved);
  addLowerLines(dark, view, person, moved);
  return dark.map((value) => Math.min(value, 0.8));
};

const addUpperLines = (dark, view, person, moved) => within(view, -1.0, 0.15, (place, x, y, far) => {
  const amount = (0.06 + 0.30 * person.age) * moved.forehead_lines + 0.12 * person.age;
  const forehead = bump(x, y, 0, -0.70, 0.42 * (1 - 0.3 * moved.oblique), 0.15);
  const beside = far - person.eye_x - person.eye_width;
  const fan = (y - person.eye_y) / Math.max(beside + 0.12, 0.08);
  const feet = ramp(beside, 0.0, 0.05) * (1 - ramp(beside, 0.10, 0.20)) * ridge(y - person.eye_y, 0.13);
  dark[place] += amount * forehead * (0.5 + 0.5 * Math.cos((y + 0.12 * x * x) * 58))
    + 0.38 * Math.min(moved.frown, 1.2) * bump(far, y, 0.055, moved.brow_inner - 0.02, 0.030, 0.12)
    + 0.20 * moved.oblique * bump(x, y, 0, moved.brow_inner - 0.13, 0.16, 0.03)
    + (0.10 + 0.25 * person.eye_depth) * bump(far, y, 0.20, person.eye_y - 0.03, 0.09, 0.10)
    + (0.05 + 0.16 * person.eye_depth) * bump(far, y, person.eye_x, person.eye_y - 0.02, 0.24, 0.12)
    + (0.10 + 0.25 * person.age) * moved.crow_feet * feet * (0.5 + 0.5 * Math.cos(fan * 9));
});

const addNoseLines = (dark, view, person, moved) => within(view, -0.5, 0.5, (place, x, y, far) => {
  const tip = person.nose_length - moved.nose_lift, wide = person.nose_width * moved.nose_spread;
  const shadow = bump(x, y, -0.13 * Math.sign(person.light_x), tip - 0.10, 0.07, 0.17);
  const across = bump(x, y, 0, -0.20, 0.13, 0.12) * (0.5 + 0.5 * Math.cos((y + far * 0.7) * 70));
  dark[place] += 0.50 * bump(far, y, 0.5 * wide, tip + 0.055, 0.045, 0.028)
    + 0.28 * bump(x, y, 0, tip + 0.085, wide, 0.035)
    + 0.30 * bump(far, y, wide + 0.045, tip + 0.01, 0.025, 0.05)
    + 0.24 * Math.min(Math.abs(person.light_x), 1) * person.hardness * shadow
    + 0.38 * moved.nose_lines * across
    + 0.18 * moved.nose_lines * ridge(far - 0.13 - 0.35 * (y + 0.1), 0.04) * ridge(y + 0.05, 0.13);
});

const addLowerLines = (dark, view, person, moved) => within(view, 0.0, 1.15, (place, x, y, far) => {
  const [distance, reach] = foldAt(far, y, person, moved);
  const below = moved.mouth_y + moved.open_lower + moved.lip_lower, corner = moved.mouth_y + moved.corner;
  const pits = 0.5 + 0.25 * Math.cos(x * 75) + 0.25 * Math.cos(y * 70 + 2 * x);
  dark[place] += 0.16 * (1 - person.cheeks) * bump(far - 0.25 * (0.4 - y), y, 0.56, 0.40, 0.12, 0.24)
    + (0.03 + 0.11 * person.age + 0.22 * moved.fold) * ridge(distance, 0.055) * reach
    + (0.16 + 0.15 * moved.chin_boss) * bump(x, y, 0, below + 0.045, 0.20, 0.035)
    + (0.28 * moved.corner_pull + 0.10 * person.age) * bump(far - moved.mouth_width - 0.03 - 0.25 * (y - corner), y, 0, corner + 0.08, 0.035, 0.09)
    + 0.30 * moved.stretch * ridge(far - moved.mouth_width - 0.10, 0.03) * ridge(y - corner, 0.14)
    + 0.26 * moved.chin_boss * pits * bump(x, y, 0, 0.85 + moved.jaw, 0.16, 0.09);
});

// -------------------------------------------------------------------------- surroundings: background, hair, beard, glasses

// Calls `visit` as `within` does, for all pixels.
const everywhere = (view, visit) => within(view, -Infinity, Infinity, visit);

const hairOf = (view, person, strands) => {
  const colour = field(), mass = field();
  const style = person.hair_style, long = style > 0.5 ? 1 : 0;
  const widen = person.hair_volume * (0.35 + 0.65 * long);
  const ends = long ? 0.60 + 7 * (style - 0.5) : 0.05 + 0.30 * (style - 0.3);
  everywhere(view, (place, x, y, far) => {
    const texture = strands[place];
    const shine = bump(x, y, -0.3 * person.light_x, -0.85, 0.5, 0.3);
    colour[place] = person.hair * (0.62 + 0.60 * texture + 0.40 * shine) + 0.03 * texture;
    const cap = ellipse(x, y, 0, -0.10, person.width + widen, person.crown + 0.5 * person.hair_volume);
    const locks = Math.max(far - person.width - widen - 0.05 * y, -0.1 - y);
    const loose = 0.08 * (texture - 0.5), end = ends + 0.12 * (texture - 0.5);
    const there = Math.max(coverage(cap + loose, 0.14), coverage(locks + loose, 0.14) * long);
    mass[place] = style >= 0.07 ? there * (1 - ramp(y, end - 0.15, end + 0.20)) : 0;
  });
  return { colour, mass };
};

// Background, the hair behind, neck, shoulders and ears.
const paintBehind = (view, person, hair, light, { strands, blots }) => {
  const picture = field();
  const cloth = Math.abs(1.3 * person.background - 0.9);
  everywhere(view, (place, x, y, far) => {
    const skin = person.skin * light[place];
    let shade = clip(person.background + (0.15 + 0.9 * person.clutter) * (blots[place] - 0.5), 0, 1);
    shade = over(shade, hair.colour[place], hair.mass[place]);
    const neckline = 1.16 - 0.16 * ramp(far, 0.30, 0.70) + 0.10 * far;
    shade = over(shade, cloth * (0.8 + 0.4 * strands[place]), coverage(neckline - y, 0.12));
    shade = over(shade, 0.52 * skin, coverage(Math.max(far - 0.62 * person.width, 0.6 - y), 0.12));
    const ear = ellipse(far, y, person.width * 0.99, 0.0, 0.10, 0.20);
    picture[place] = person.ears < 0.8 ? over(shade, skin * (0.62 + 0.9 * clip(-ear, 0, 0.1) * 4), coverage(ear)) : shade;
  });
  return picture;
};

// The hair over forehead and temples, or a hat.
const paintFrontHair = (picture, view, person, hair, light, strands) => {
  const style = person.hair_style, bald = ramp(style, 0.16, 0.05), steep = style > 0.5 ? 1 : 0.4;
  const fringe = style > 0.3 ? ramp(person.fringe, 0.86, 0.90) : 0;
  everywhere(view, (place, x, y, far, side) => {
    const across = x / person.width, temple = across * across;
    let line = person.hairline - 0.35 * bald + 0.5 * (person.fringe - 0.4) * x + 0.06 * (strands[place] - 0.5);
    line += temple * (0.12 + temple * (0.15 + steep * temple)) * (1 - bald);
    line = Math.max(line, (-0.50 - 0.15 * (1 - person.brow_gap * 4) + 0.10 * x * side) * fringe - (1 - fringe));
    const slope = Math.abs(across) * (0.24 + temple * (0.60 + 6 * steep * temple));
    picture[place] = over(picture[place], hair.colour[place] * (0.7 + 0.3 * light[place]), coverage(y - line, 0.16 + 0.08 * slope) * hair.mass[place]);
    if (style > 0.95) picture[place] = over(picture[place], 0.15 + 0.7 * person.background * light[place], coverage(y + 0.62 - 0.1 * x * x));
  });
};

const paintBeard = (face, view, person, moved, hair, strands) => {
  const kind = person.beard;
  const share = kind > 0.86 ? 0.85 : kind > 0.72 ? 0.32 : 0, moustache = kind > 0.80 && kind < 0.90 ? 0.8 : 0;
  if (!share && !moustache) return;
  everywhere(view, (place, x, y, far) => {
    const jaw = ramp(y + 0.55 * far - 0.12 * strands[place], 0.72, 0.92) * ramp(y, -0.05, 0.35);
    const lip = bump(x, y, 0, moved.mouth_y - moved.open_upper - moved.lip_upper - 0.065, 0.30, 0.055);
    const cover = share * (0.55 + 0.6 * strands[place]) * Math.max(jaw, 0.8 * lip) + moustache * lip;
    face[place] = over(face[place], 0.8 * hair.colour[place], Math.min(cover, 0.92));
  });
};

const paintGlasses = (picture, view, person) => {
  if (person.glasses >= WITH_GLASSES) return;
  const kind = person.glasses / WITH_GLASSES, dark = 0.05 + 0.5 * ramp(person.brow_dark, 0.75, 0.95);
  everywhere(view, (place, x, y, far) => {
    const lens = roundedBox(far, y, person.eye_x, person.eye_y + 0.03, 0.25, 0.15 + 0.06 * kind, 0.06 + 0.08 * kind);
    const bridge = Math.max(Math.abs(y - person.eye_y) - 0.015, far - 0.15);
    const temple = Math.max(Math.abs(y - person.eye_y + 0.04) - 0.015, 0.66 - far);
    let shade = picture[place];
    if (kind < 0.09) shade = over(shade, 0.06, coverage(lens) * 0.85);
    if (view.rim[place] < 1.05) shade = over(shade, dark, coverage(Math.min(Math.abs(lens) - 0.008 - 0.018 * kind, bridge, temple)) * 0.85);
    if (person.ears > 0.6) shade = over(shade, 0.95, 0.35 * ridge(x + 0.8 * y - 0.25, 0.06) * coverage(lens));
    picture[place] = shade;
  });
};

// ------------------------------------------------------------------------------------------ render: all of it, in order

const paintAll = (view, person, moved, light, texture) => {
  const hair = hairOf(view, person, texture.strands);
  const picture = paintBehind(view, person, hair, light, texture);
  const dark = linesOf(view, person, moved);
  const face = light.map((value, place) => person.skin * (1 + 0.16 * (texture.freckles[place] - 0.5)) * value * (1 - dark[place]));
  paintBeard(face, view, person, moved, hair, texture.strands);
  paintMouth(face, view, person, moved, light);
  paintEyes(face, view, person, moved, light);
  paintBrows(face, view, person, moved, Math.min(0.75 * person.hair, 0.7 * person.skin), texture.strands);
  picture.forEach((value, place) => { picture[place] = over(value, face[place], coverage(view.rim[place] - 1, 0.07)); });
  paintFrontHair(picture, view, person, hair, light, texture.strands);
  paintGlasses(picture, view, person);
  return picture;
};

// Exposure, contrast, a soft lens, grain; then 0 to 255.
const photograph = (picture, person, grain) => {
  const soft = 0.25 * person.blur, last = SIDE - 1;
  const film = picture.map((value) => {
    const exposed = 0.5 + (value * person.exposure - 0.5) * person.contrast;
    return exposed - 0.55 * Math.max(exposed - 0.7, 0);
  });
  const blur = (values, step, place) => values.map((value, at) => {
    const here = place(at);
    return here > 0 && here < last ? value + soft * (values[at + step] + values[at - step] - 2 * value) : value;
  });
  const sharp = blur(blur(film, 1, (at) => at % SIDE), SIDE, (at) => Math.floor(at / SIDE));
  return Uint8ClampedArray.from(sharp, (value, at) => Math.floor(clip(value + 0.09 * person.grain * (grain[at] - 0.5), 0, 1) * 255 + 0.5));
};

const splitNoise = (noise) => {
  let start = 0;
  const take = (count) => noise.subarray(start, (start += count));
  const grain = take(PIXELS), strands = take(STRANDS[0] * STRANDS[1]), blots = take(BLOTS[0] * BLOTS[1]), freckles = take(BLOTS[0] * BLOTS[1]);
  return { grain, strands: upsample(strands, STRANDS), blots: upsample(blots, BLOTS), freckles: upsample(freckles, BLOTS) };
};

// Returns `draw(units, person, changes)`: 48 × 48 grey levels of person number `person`, whose muscles `units` ({ 12: 0.5 }) move;
// `changes` are numbers of the person, the pose or the scene to have instead, such as { yaw: 10 } (degrees).
export const facesOf = ({ fields, people, usual, units: numbers, noise }) => {
  const table = array(people), texture = splitNoise(array(noise).data);
  return (units, who, changes = {}) => {
    const row = table.data.subarray(who * fields.length, (who + 1) * fields.length);
    const person = { ...Object.fromEntries(fields.map((name, place) => [name, row[place]])), ...usual, ...changes };
    for (const name of ["yaw", "pitch", "roll"]) person[name] = radians(person[name]);
    for (const name of ["shift_x", "shift_y"]) person[name] *= 2 / SIDE;
    const au = Object.fromEntries(numbers.map((number) => [number, units[number] ?? 0]));
    const moved = moveFeatures(person, au);
    person.chin += moved.jaw;
    person.pitch += radians(HEAD_DOWN) * au[54];
    const view = lookAt(person, person);
    const light = lightOn(reliefOf(view, person, moved), view, person);
    return photograph(paintAll(view, person, moved, light, texture), person, texture.grain);
  };
};
