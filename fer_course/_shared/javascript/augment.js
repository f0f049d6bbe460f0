// A face changed by hand: covered, mirrored, moved, lit. `augmentation_judge.changed` in Python does the same, with augment.move.

import { toEven } from "./resize.js";

// Rows that a cover hides, as in the lesson.
export const COVERS = { nothing: [0, 0], eyes: [12, 26], mouth: [30, 48] };
const GREY = 128;

export const AS_IT_IS = { right: 0, down: 0, turn: 0, zoom: 1, brightness: 0, contrast: 1, mirrored: false, covered: "nothing" };

// Turned (degrees, anticlockwise), zoomed, and moved by pixels, in one bilinear step; the pixels at the edge are repeated.
const moved = (pixels, side, { right, down, turn, zoom }) => {
  const angle = (turn * Math.PI) / 180, centre = (side - 1) / 2;
  const cosine = Math.cos(angle) / zoom, sine = Math.sin(angle) / zoom;
  const within = (place) => Math.max(0, Math.min(side - 1, place));
  return pixels.map((_, place) => {
    const x = (place % side) - centre, y = Math.floor(place / side) - centre;
    const column = within(cosine * x - sine * y + centre - right), row = within(sine * x + cosine * y + centre - down);
    const left = Math.floor(column), top = Math.floor(row);
    const at = (i, j) => pixels[within(i) * side + within(j)];
    const along = (i) => at(i, left) + (at(i, left + 1) - at(i, left)) * (column - left);
    return toEven(along(top) + (along(top + 1) - along(top)) * (row - top));
  });
};

// The changed face, in this order: covered, mirrored, moved, contrast and brightness.
export const changed = (pixels, side, settings) => {
  const { brightness, contrast, mirrored, covered } = { ...AS_IT_IS, ...settings };
  const [top, bottom] = COVERS[covered];
  let face = Float64Array.from(pixels, (value, place) => (place >= top * side && place < bottom * side ? GREY : value));
  if (mirrored) face = face.map((_, place) => face[place + side - 1 - 2 * (place % side)]);
  const { right, down, turn, zoom } = { ...AS_IT_IS, ...settings };
  if (right || down || turn || zoom !== 1) face = moved(face, side, { right, down, turn, zoom });
  return Uint8ClampedArray.from(face, (value) => toEven(127.5 + contrast * (value - 127.5) + brightness));
};
