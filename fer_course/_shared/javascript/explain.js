// The sum behind one number of a map: which numbers went into it, and how they were joined.

import { onShortcuts, shapeOf, windows } from "./network.js";
import { counted } from "./numbers.js";

const at = ({ shape, data }, row, column, channel) => {
  const [height, width, channels] = shape;
  return row < 0 || column < 0 || row >= height || column >= width ? 0 : data[(row * width + column) * channels + channel];
};

const inside = ({ shape: [height, width] }, row, column) => row >= 0 && column >= 0 && row < height && column < width;

// First row and column of the window behind a place, as the layer's windows move.
const corner = (layer, [height, width], [rows, columns], row, column) => [
  row * layer.strides[0] - windows(height, rows, layer.strides[0], layer.padding).before,
  column * layer.strides[1] - windows(width, columns, layer.strides[1], layer.padding).before,
];

const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

// The products of a window in one channel: [{ pixel, weight, product, row, column }].
const products = (x, kernel, [top, left], channel, filter) => {
  const [rows, columns, channels, filters] = kernel.shape;
  const found = [];
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < columns; j += 1) {
      const pixel = at(x, top + i, left + j, channel);
      const weight = kernel.data[((i * columns + j) * channels + channel) * filters + filter];
      found.push({ pixel, weight, product: pixel * weight, outside: !inside(x, top + i, left + j) });
    }
  return found;
};

const EXPLAIN = {
  convolution: ({ layer, inputs: [x], row, column, channel, named }) => {
    const { kernel, bias } = layer.arrays;
    const place = corner(layer, x.shape, kernel.shape, row, column);
    const terms = Array.from({ length: kernel.shape[2] }, (_, c) => {
      const each = products(x, kernel, place, c, channel);
      return { name: named(0, c), value: total(each.map(({ product }) => product)), products: each };
    });
    if (bias) terms.push({ name: "bias", value: bias.data[channel] });
    const all = terms.length > 1 ? `, ${kernel.shape[2] > 1 ? `in each of ${kernel.shape[2]} maps, ` : ""}all summed${bias ? ", plus a learned number, the bias" : ""}` : ", summed";
    return { how: `A convolution: ${kernel.shape[0]} × ${kernel.shape[1]} pixels of the map before, times the weights of a kernel${all}`, terms, value: total(terms.map((term) => term.value)) };
  },
  depthwise: ({ layer, inputs: [x], row, column, channel, named }) => {
    const { kernel, bias } = layer.arrays;
    const multiplier = kernel.shape[3];
    const source = Math.floor(channel / multiplier);
    const each = products(x, kernel, corner(layer, x.shape, kernel.shape, row, column), source, channel % multiplier);
    const terms = [{ name: named(0, source), value: total(each.map(({ product }) => product)), products: each }];
    if (bias) terms.push({ name: "bias", value: bias.data[channel] });
    return { how: `A depthwise convolution: ${kernel.shape[0]} × ${kernel.shape[1]} pixels of one map, times the kernel of this map alone, summed`, terms, value: total(terms.map((term) => term.value)) };
  },
  "scale and shift": ({ layer, inputs: [x], row, column, channel, read }) => {
    const { scale, shift } = layer.arrays;
    const place = channel % scale.data.length;
    const terms = [{ name: `number × ${scale.data[place].toPrecision(3)}`, value: read(x) * scale.data[place] }, { name: "shift", value: shift.data[place] }];
    return { how: layer.normalisation ? "Normalisation brings maps to a common scale: times a number, plus a number, the same everywhere in this map" : "Rescaling: grey levels brought to −1 … 1", terms, value: total(terms.map((term) => term.value)) };
  },
  activation: ({ layer, inputs: [x], row, column, channel, read, value, named }) => layer.function === "softmax" ? softmaxed(x, row, column, channel, named) : {
    how: layer.function.startsWith("relu") ? "relu keeps what is above zero, and makes the rest zero" : `${layer.function} of the number before it`,
    terms: [{ name: "before", value: read(x) }], value,
  },
  add: ({ layer, inputs, read, shortcut }) => {
    const terms = inputs.map((x, number) => ({ name: shortcut.has(layer.inputs[number]) || (number && !inputs.some((_, each) => shortcut.has(layer.inputs[each]))) ? "the shortcut" : "the way through the layers", value: read(x) }));
    return { how: "A shortcut takes maps past some layers; here it meets the other way, and both are added", terms, value: total(terms.map((term) => term.value)) };
  },
  "max pooling": (asked) => pooled(asked, "Max pooling keeps the largest number of a window, so the map gets smaller", (values) => Math.max(...values)),
  "mean pooling": (asked) => pooled(asked, "Mean pooling takes the mean of a window, so the map gets smaller", (values) => total(values) / values.length),
  "global mean": ({ inputs: [x], channel, named }) => {
    const [height, width] = shapeOf(x);
    return pooled({ layer: { size: [height, width], strides: [1, 1], padding: "valid" }, inputs: [x], row: 0, column: 0, channel },
      `The mean of all ${height * width} numbers of ${named(0, channel)}`, (values) => total(values) / values.length);
  },
  dense: ({ layer, inputs: [x], channel }) => {
    const { kernel, bias } = layer.arrays;
    const terms = Array.from(x.data, (each, place) => ({ name: `number ${place}`, value: each * kernel.data[place * kernel.shape[1] + channel] }));
    if (bias) terms.push({ name: "bias", value: bias.data[channel] });
    return { how: "A dense layer: all numbers before it, each times its weight, summed", terms, value: total(terms.map((term) => term.value)) };
  },
};

const pooled = ({ layer, inputs: [x], row, column, channel }, how, join) => {
  const [top, left] = corner(layer, x.shape, layer.size, row, column);
  const terms = [];
  for (let i = top; i < top + layer.size[0]; i += 1)
    for (let j = left; j < left + layer.size[1]; j += 1)
      if (inside(x, i, j)) terms.push({ name: `row ${i}, column ${j}`, row: i, value: at(x, i, j, channel) });
  return { how, terms, value: join(terms.map((term) => term.value)), columns: terms.filter(({ row: each }) => each === terms[0].row).length };
};

// e to the power of each class's number, and its share of their sum.
const softmaxed = (x, row, column, channel, named) => {
  const [, width, channels] = shapeOf(x);
  const numbers = [...x.data.subarray((row * width + column) * channels, (row * width + column + 1) * channels)];
  const powers = numbers.map(Math.exp), sum = total(powers);
  const terms = numbers.map((number, c) => ({ name: named(0, c), number, power: powers[c], value: powers[c] / sum }));
  return { how: `softmax: e to the power of each of the ${channels} numbers, divided by the sum of all`, terms, value: powers[channel] / sum, powers: sum };
};

// Layers that compute nothing new, or little.
const OTHERS = {
  pixels: "A pixel is a grey level, from 0 (black) to 255 (white)",
  concatenate: "Maps of several layers side by side, unchanged",
  multiply: "The numbers of two maps at this place, multiplied",
  "global maximum": "The largest number of a map",
  "take channels": "Some of the maps before, unchanged",
  "pad with zeros": "The map before, with zeros around it",
  reshape: "The numbers before, unchanged, arranged anew",
};

// The terms that a table lists: the `most` largest, the rest as one, and a bias by itself.
export const listed = (terms, most = 8) => {
  const sorted = [...terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const [bias, maps] = [true, false].map((learned) => sorted.filter(({ name }) => (name === "bias") === learned));
  const rest = maps.slice(most);
  return [...maps.slice(0, most), ...(rest.length ? [{ name: counted(rest.length, "other"), value: total(rest.map(({ value }) => value)) }] : []), ...bias];
};

// Returns { how, terms: [{ name, value, products?, number?, power? }], value, columns?, powers? } for a number of layer `number`'s maps.
// `columns`: the terms are a window with so many; `powers`: the terms are a softmax, and this is the sum of their powers.
export const explain = (network, maps, number, row, column, channel, nameOf = (_, map) => `map ${map}`) => {
  const layer = network.layers[number];
  const map = maps[number];
  const [, width, channels] = shapeOf(map);
  const read = (x) => (x.data.length === map.data.length ? x.data[(row * width + column) * channels + channel] : x.data[channel]);
  const value = read(map);
  const known = EXPLAIN[layer.kind];
  const inputs = layer.inputs.map((each) => maps[each]);
  const named = (input, map) => nameOf(layer.inputs[input], map);
  return known ? known({ layer, inputs, row, column, channel, read, value, named, shortcut: onShortcuts(network) }) : { how: OTHERS[layer.kind] ?? layer.kind, terms: [], value };
};
