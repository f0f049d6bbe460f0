// From a picture of the page to what a network takes: a square cut out, grey, averaged to a few pixels.

// Grey levels by the weights of ITU-R 601, as fer_course.live.grey: RGBA bytes to one number per pixel.
export const grey = ({ data, width, height }) => {
  const levels = new Float32Array(width * height);
  for (let place = 0; place < levels.length; place += 1)
    levels[place] = Math.round(0.299 * data[4 * place] + 0.587 * data[4 * place + 1] + 0.114 * data[4 * place + 2]);
  return { data: levels, width, height };
};

// The square { top, left, side } of a grey picture, as size × size levels from 0 to 255: each the mean of the area that it covers.
// Outside the picture the pixels at its edge are repeated.
export const cut = ({ data, width, height }, { top, left, side }, size) => {
  const step = side / size;
  const rows = Array.from({ length: size }, (_, i) => shares(top + i * step, step, height));
  const columns = Array.from({ length: size }, (_, j) => shares(left + j * step, step, width));
  const levels = new Uint8Array(size * size);
  rows.forEach((row, i) => columns.forEach((column, j) => {
    let sum = 0;
    for (const [y, high] of row) for (const [x, wide] of column) sum += data[y * width + x] * high * wide;
    levels[i * size + j] = Math.max(0, Math.min(255, Math.round(sum)));
  }));
  return levels;
};

// The pixels from `start` on, `length` long, each with its share of the whole; a length below a pixel means the nearest two.
const shares = (start, length, most) => {
  const inside = (place) => Math.max(0, Math.min(most - 1, place));
  if (length < 1) {
    const middle = start + length / 2 - 0.5;
    const first = Math.floor(middle);
    return [[inside(first), 1 - (middle - first)], [inside(first + 1), middle - first]];
  }
  const found = [];
  for (let place = Math.floor(start); place < start + length; place += 1) {
    const part = Math.min(place + 1, start + length) - Math.max(place, start);
    if (part > 1e-9) found.push([inside(place), part / length]);
  }
  return found;
};
