// The sum behind one number of a map: which numbers went into it, and how they were joined.

import { shapeOf, windows } from "./network.js";

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
      found.push({ pixel, weight, product: pixel * weight, row: top + i, column: left + j });
    }
  return found;
};

const EXPLAIN = {
  convolution: ({ layer, inputs: [x], row, column, channel }) => {
    const { kernel, bias } = layer.arrays;
    const place = corner(layer, x.shape, kernel.shape, row, column);
    const terms = Array.from({ length: kernel.shape[2] }, (_, c) => {
      const each = products(x, kernel, place, c, channel);
      return { name: `map ${c}`, value: total(each.map(({ product }) => product)), products: each };
    });
    if (bias) terms.push({ name: "bias", value: bias.data[channel] });
    return { how: `${kernel.shape[0]} × ${kernel.shape[1]} pixels times a kernel, in each of ${kernel.shape[2]} maps, summed`, terms, value: total(terms.map((term) => term.value)) };
  },
  depthwise: ({ layer, inputs: [x], row, column, channel }) => {
    const { kernel, bias } = layer.arrays;
    const multiplier = kernel.shape[3];
    const source = Math.floor(channel / multiplier);
    const each = products(x, kernel, corner(layer, x.shape, kernel.shape, row, column), source, channel % multiplier);
    const terms = [{ name: `map ${source}`, value: total(each.map(({ product }) => product)), products: each }];
    if (bias) terms.push({ name: "bias", value: bias.data[channel] });
    return { how: `${kernel.shape[0]} × ${kernel.shape[1]} pixels of this one map times its own kernel, summed`, terms, value: total(terms.map((term) => term.value)) };
  },
  "scale and shift": ({ layer, inputs: [x], row, column, channel, read }) => {
    const { scale, shift } = layer.arrays;
    const place = channel % scale.data.length;
    const terms = [{ name: `number × ${scale.data[place].toPrecision(3)}`, value: read(x) * scale.data[place] }, { name: "shift", value: shift.data[place] }];
    return { how: layer.normalisation ? "batch normalisation: times a number, plus a number, the same everywhere in this map" : "grey levels brought to −1 … 1", terms, value: total(terms.map((term) => term.value)) };
  },
  activation: ({ layer, inputs: [x], read, value }) => ({
    how: layer.function.startsWith("relu") ? "ReLU: what is below zero becomes zero" : `${layer.function} of the number before it`,
    terms: [{ name: "before", value: read(x) }], value,
  }),
  add: ({ inputs, read }) => {
    const terms = inputs.map((x, number) => ({ name: number ? "shortcut" : "way through the layers", value: read(x) }));
    return { how: "two ways through the network, added", terms, value: total(terms.map((term) => term.value)) };
  },
  "max pooling": (asked) => pooled(asked, "the largest of a window", (values) => Math.max(...values)),
  "mean pooling": (asked) => pooled(asked, "the mean of a window", (values) => total(values) / values.length),
  "global mean": ({ inputs: [x], channel, value }) => ({ how: `the mean of all ${x.data.length / x.shape.at(-1)} numbers of map ${channel}`, terms: [{ name: `mean of map ${channel}`, value }], value }),
  dense: ({ layer, inputs: [x], channel }) => {
    const { kernel, bias } = layer.arrays;
    const terms = Array.from(x.data, (each, place) => ({ name: `number ${place}`, value: each * kernel.data[place * kernel.shape[1] + channel] }));
    if (bias) terms.push({ name: "bias", value: bias.data[channel] });
    return { how: "all numbers before it, each times its weight, summed", terms, value: total(terms.map((term) => term.value)) };
  },
};

const pooled = ({ layer, inputs: [x], row, column, channel }, how, join) => {
  const [top, left] = corner(layer, x.shape, layer.size, row, column);
  const terms = [];
  for (let i = top; i < top + layer.size[0]; i += 1)
    for (let j = left; j < left + layer.size[1]; j += 1)
      if (inside(x, i, j)) terms.push({ name: `row ${i}, column ${j}`, value: at(x, i, j, channel) });
  return { how, terms, value: join(terms.map((term) => term.value)) };
};

// Returns { how, terms: [{ name, value, products? }], value } for a number of layer `number`'s maps.
export const explain = (network, maps, number, row, column, channel) => {
  const layer = network.layers[number];
  const map = maps[number];
  const [, width, channels] = shapeOf(map);
  const read = (x) => (x.data.length === map.data.length ? x.data[(row * width + column) * channels + channel] : x.data[channel]);
  const value = read(map);
  const known = EXPLAIN[layer.kind];
  const inputs = layer.inputs.map((each) => maps[each]);
  return known ? known({ layer, inputs, row, column, channel, read, value }) : { how: layer.kind, terms: [], value };
};
