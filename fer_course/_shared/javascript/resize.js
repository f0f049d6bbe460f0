// Pictures brought to a network's size, as `fer_course.models.prepare.prepare` does: bilinear, antialiased, then whole grey levels.

const weightsOf = (from, to) => {
  const scale = from / to, reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const weights = Array.from({ length: from }, (_, pixel) => Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / reach));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight, pixel) => [pixel, weight / sum]).filter(([, weight]) => weight > 0);
  });
};

// To the nearest whole number; halves to the even one, as NumPy does.
export const toEven = (number) => {
  const low = Math.floor(number), rest = number - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
};

// Square pictures of `from` × `from` grey levels, as Uint8 of `to` × `to`.
export const resize = (pixels, from, to) => {
  if (from === to) return Uint8ClampedArray.from(pixels);
  const weights = weightsOf(from, to);
  const tall = new Float64Array(to * from);
  for (let row = 0; row < to; row += 1)
    for (let column = 0; column < from; column += 1)
      tall[row * from + column] = weights[row].reduce((sum, [pixel, weight]) => sum + weight * pixels[pixel * from + column], 0);
  return Uint8ClampedArray.from({ length: to * to }, (_, place) => {
    const row = Math.floor(place / to);
    return toEven(weights[place % to].reduce((sum, [pixel, weight]) => sum + weight * tall[row * from + pixel], 0));
  });
};
