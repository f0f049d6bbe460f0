// The networks of the course in plain JavaScript, with the maps of every layer.
// `fer_course.export.networks.describe` writes the description that `build` takes; layers are executed in its order.
// A map is { shape: [height, width, channels], data: Float32Array }, channels last, as in Keras; after Flatten, shape is [units].

import { floats } from "./numbers.js";

const size = (shape) => shape.reduce((product, each) => product * each, 1);
const blank = (shape) => ({ shape, data: new Float32Array(size(shape)) });

// Where a window begins and how many there are, as TensorFlow counts: with "same" padding an odd place goes to the end.
export const windows = (length, kernel, stride, padding) => {
  if (padding === "valid") return { count: Math.floor((length - kernel) / stride) + 1, before: 0 };
  const count = Math.ceil(length / stride);
  return { count, before: Math.floor(Math.max((count - 1) * stride + kernel - length, 0) / 2) };
};

// Calls `visit(output place, row, column)` for every window: row and column of its first pixel, which padding puts outside.
const slide = ([height, width], [kernelHeight, kernelWidth], { strides, padding }, visit) => {
  const rows = windows(height, kernelHeight, strides[0], padding);
  const columns = windows(width, kernelWidth, strides[1], padding);
  for (let i = 0; i < rows.count; i += 1)
    for (let j = 0; j < columns.count; j += 1)
      visit(i * columns.count + j, i * strides[0] - rows.before, j * strides[1] - columns.before);
};

const slid = ([height, width], [kernelHeight, kernelWidth], { strides, padding }) =>
  [windows(height, kernelHeight, strides[0], padding).count, windows(width, kernelWidth, strides[1], padding).count];

// ------------------------------------------------------------------------------------------------------ convolutions

// The numbers of a window, zeros outside the picture, in the order of a kernel's: row, column, channel.
const gather = (patch, { shape: [height, width, channels], data }, top, left, [rows, columns]) => {
  let place = 0;
  for (let i = top; i < top + rows; i += 1)
    for (let j = left; j < left + columns; j += 1) {
      const inside = i >= 0 && i < height && j >= 0 && j < width;
      const pixel = (i * width + j) * channels;
      for (let c = 0; c < channels; c += 1) patch[place++] = inside ? data[pixel + c] : 0;
    }
};

// Kernels one after the other, so that each filter's sum runs through memory in order; made once per layer.
const filterByFilter = (array) => {
  if (!array.turned) {
    const filters = array.shape.at(-1);
    const length = array.data.length / filters;
    array.turned = array.data.map((_, place) => array.data[(place % length) * filters + Math.floor(place / length)]);
  }
  return array.turned;
};

const convolve = (layer, [x], { kernel, bias }) => {
  const filters = kernel.shape[3];
  const y = blank([...slid(x.shape, kernel.shape, layer), filters]);
  const weights = filterByFilter(kernel);
  const length = weights.length / filters;
  const patch = new Float32Array(length);
  slide(x.shape, kernel.shape, layer, (place, top, left) => {
    gather(patch, x, top, left, kernel.shape);
    sumUp(y.data, place * filters, patch, weights, bias?.data);
  });
  return y;
};

// Four filters at a time: their sums don't wait for one another, which makes this twice as fast.
const sumUp = (sums, place, patch, weights, bias) => {
  const length = patch.length;
  const filters = weights.length / length;
  let m = 0;
  for (; m + 3 < filters; m += 4) {
    const a = m * length, b = a + length, c = b + length, d = c + length;
    let first = 0, second = 0, third = 0, fourth = 0;
    for (let k = 0; k < length; k += 1) {
      const value = patch[k];
      first += value * weights[a + k];
      second += value * weights[b + k];
      third += value * weights[c + k];
      fourth += value * weights[d + k];
    }
    sums[place + m] = first + (bias ? bias[m] : 0);
    sums[place + m + 1] = second + (bias ? bias[m + 1] : 0);
    sums[place + m + 2] = third + (bias ? bias[m + 2] : 0);
    sums[place + m + 3] = fourth + (bias ? bias[m + 3] : 0);
  }
  for (; m < filters; m += 1) {
    let sum = bias ? bias[m] : 0;
    for (let k = 0; k < length; k += 1) sum += patch[k] * weights[m * length + k];
    sums[place + m] = sum;
  }
};

const convolveDepthwise = (layer, [x], { kernel, bias }) => {
  const [height, width, channels] = x.shape;
  const [rows, columns, , multiplier] = kernel.shape;
  const filters = channels * multiplier;
  const y = blank([...slid(x.shape, kernel.shape, layer), filters]);
  const sums = new Float64Array(filters);
  const [pixels, weights] = [x.data, kernel.data];
  slide(x.shape, kernel.shape, layer, (place, top, left) => {
    if (bias) sums.set(bias.data);
    else sums.fill(0);
    for (let i = Math.max(0, -top); i < rows && top + i < height; i += 1)
      for (let j = Math.max(0, -left); j < columns && left + j < width; j += 1) {
        const pixel = ((top + i) * width + left + j) * channels;
        const weight = (i * columns + j) * filters;
        if (multiplier === 1) for (let c = 0; c < channels; c += 1) sums[c] += pixels[pixel + c] * weights[weight + c];
        else for (let m = 0; m < filters; m += 1) sums[m] += pixels[pixel + Math.floor(m / multiplier)] * weights[weight + m];
      }
    y.data.set(sums, place * filters);
  });
  return y;
};

// ----------------------------------------------------------------------------------------------------------- pooling

// The largest value of each window, or the mean; values outside the picture don't count.
const pool = (largest) => (layer, [x]) => {
  const [height, width, channels] = x.shape;
  const y = blank([...slid(x.shape, layer.size, layer), channels]);
  const values = new Float64Array(channels);
  slide(x.shape, layer.size, layer, (place, top, left) => {
    values.fill(largest ? -Infinity : 0);
    let count = 0;
    for (let i = Math.max(0, -top); i < layer.size[0] && top + i < height; i += 1)
      for (let j = Math.max(0, -left); j < layer.size[1] && left + j < width; j += 1) {
        const pixel = ((top + i) * width + left + j) * channels;
        count += 1;
        if (largest) for (let c = 0; c < channels; c += 1) values[c] = Math.max(values[c], x.data[pixel + c]);
        else for (let c = 0; c < channels; c += 1) values[c] += x.data[pixel + c];
      }
    for (let c = 0; c < channels; c += 1) y.data[place * channels + c] = largest ? values[c] : values[c] / count;
  });
  return y;
};

const poolGlobally = (start, join, finish) => (layer, [x]) => {
  const channels = x.shape.at(-1);
  const count = x.data.length / channels;
  const values = Float64Array.from({ length: channels }, () => start);
  x.data.forEach((value, place) => { values[place % channels] = join(values[place % channels], value); });
  return { shape: [channels], data: Float32Array.from(values, (value) => finish(value, count)) };
};

const add = (a, b) => a + b;
const mean = (value, count) => value / count;
const same = (value) => value;

// ---------------------------------------------------------------------------------------------- one value at a time

const ACTIVATIONS = {
  linear: same,
  relu: (x) => Math.max(0, x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  leaky_relu: (x, slope) => (x > 0 ? x : slope * x),
};

export const softmax = (scores) => {
  const largest = Math.max(...scores);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - largest));
  const sum = powers.reduce(add, 0);
  return Float32Array.from(powers, (power) => power / sum);
};

const activate = (layer, [x]) => {
  if (layer.function === "softmax") return overChannels(x, softmax);
  const change = ACTIVATIONS[layer.function];
  const y = blank(x.shape);
  for (let place = 0; place < y.data.length; place += 1) y.data[place] = change(x.data[place], layer.slope);
  return y;
};

const overChannels = ({ shape, data }, change) => {
  const y = blank(shape);
  const channels = shape.at(-1);
  for (let start = 0; start < data.length; start += channels) y.data.set(change(data.subarray(start, start + channels)), start);
  return y;
};

const scaleAndShift = (layer, [x], { scale, shift }) => {
  const y = blank(x.shape);
  const channels = scale.data.length; // one of them, or one per channel
  const [from, to, factors, sums] = [x.data, y.data, scale.data, shift.data];
  for (let start = 0; start < from.length; start += channels)
    for (let c = 0; c < channels; c += 1) to[start + c] = from[start + c] * factors[c] + sums[c];
  return y;
};

// ------------------------------------------------------------------------------------------------ several maps, shapes

const together = (join) => (layer, maps) => {
  const [first, ...rest] = maps;
  const shape = first.shape.length === 3 ? first.shape : maps.reduce((most, map) => (map.shape.length > most.length ? map.shape : most), first.shape);
  const y = blank(shape);
  const at = (map, place) => map.data[map.data.length === y.data.length ? place : place % map.data.length]; // one number per channel
  for (let place = 0; place < y.data.length; place += 1)
    y.data[place] = rest.reduce((value, map) => join(value, at(map, place)), at(first, place));
  return y;
};

const concatenate = (layer, maps) => {
  const channels = maps.map((map) => map.shape.at(-1));
  const total = channels.reduce(add, 0);
  const y = blank([...maps[0].shape.slice(0, -1), total]);
  let start = 0;
  maps.forEach((map, number) => {
    for (let pixel = 0; pixel * channels[number] < map.data.length; pixel += 1)
      y.data.set(map.data.subarray(pixel * channels[number], (pixel + 1) * channels[number]), pixel * total + start);
    start += channels[number];
  });
  return y;
};

const takeChannels = ({ start, stop }, [x]) => {
  const channels = x.shape.at(-1);
  const y = blank([...x.shape.slice(0, -1), stop - start]);
  for (let pixel = 0; pixel * channels < x.data.length; pixel += 1)
    y.data.set(x.data.subarray(pixel * channels + start, pixel * channels + stop), pixel * (stop - start));
  return y;
};

const padWithZeros = ({ padding: [[top, bottom], [left, right]] }, [x]) => {
  const [height, width, channels] = x.shape;
  const y = blank([height + top + bottom, width + left + right, channels]);
  for (let i = 0; i < height; i += 1)
    y.data.set(x.data.subarray(i * width * channels, (i + 1) * width * channels), ((i + top) * y.shape[1] + left) * channels);
  return y;
};

const connect = (layer, [x], { kernel, bias }) => {
  const [inputs, units] = kernel.shape;
  const sums = bias ? Float64Array.from(bias.data) : new Float64Array(units);
  for (let i = 0; i < inputs; i += 1)
    for (let m = 0; m < units; m += 1) sums[m] += x.data[i] * kernel.data[i * units + m];
  return { shape: [units], data: Float32Array.from(sums) };
};

const KINDS = {
  convolution: convolve,
  depthwise: convolveDepthwise,
  "max pooling": pool(true),
  "mean pooling": pool(false),
  "global mean": poolGlobally(0, add, mean),
  "global maximum": poolGlobally(-Infinity, Math.max, same),
  activation: activate,
  "scale and shift": scaleAndShift,
  add: together(add),
  multiply: together((a, b) => a * b),
  concatenate,
  "take channels": takeChannels,
  "pad with zeros": padWithZeros,
  reshape: (layer, [x]) => ({ shape: layer.shape, data: x.data }),
  dense: connect,
};

// Returns the network of a description: `run(pixels)` takes size × size grey levels from 0 to 255 and returns the maps of all
// layers, by number; the first are the pixels themselves. `layers` are the description's, with their weights as arrays.
export const build = (description) => {
  const numbers = floats(description.weights);
  const weightsOf = (layer) => Object.fromEntries(Object.entries(layer.weights ?? {}).map(([name, { start, shape }]) =>
    [name, { shape, data: numbers.subarray(start, start + size(shape)) }]));
  const layers = description.layers.map((layer) => ({ ...layer, arrays: weightsOf(layer) }));
  const { size: side } = description;
  return {
    ...description,
    layers,
    run: (pixels) => {
      const maps = [];
      for (const layer of layers)
        maps.push(layer.kind === "pixels"
          ? { shape: [side, side, 1], data: Float32Array.from(pixels) }
          : KINDS[layer.kind](layer, layer.inputs.map((number) => maps[number]), layer.arrays));
      return maps;
    },
  };
};

// A map as [height, width, channels], also where it is a row of numbers.
export const shapeOf = ({ shape }) => (shape.length === 3 ? shape : [1, 1, shape[0]]);

// The numbers of the layers on shortcuts: where two ways are added, those of the shorter one, back to where it leaves the other.
export const onShortcuts = ({ layers }) => {
  const uses = layers.map((_, number) => layers.filter(({ inputs }) => inputs.includes(number)).length);
  const back = (number) => (uses[number] === 1 && layers[number].inputs.length === 1 ? [number, ...back(layers[number].inputs[0])] : []);
  return new Set(layers.filter(({ kind }) => kind === "add").flatMap(({ inputs }) => inputs.map(back).reduce((a, b) => (b.length < a.length ? b : a))));
};

// The seven scores, and the maps that say where they come from: null where a network has none.
export const scores = (maps) => maps.at(-1).data;

export const classMaps = (network, maps) => {
  const number = network.layers.findIndex((layer) => layer.name === "class_maps");
  return number < 0 ? null : maps[number];
};
