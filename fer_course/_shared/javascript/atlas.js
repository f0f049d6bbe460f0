// The maps of layers, side by side.

import { largest, make, signColour } from "./dom.js";

export const MAP = 34; // pixels of a map in a row of maps
const STEPS = new Set(["pixels", "activation", "add", "concatenate", "max pooling", "global mean", "dense"]);

// The layers of which a row of maps is shown: all, or the first convolution and those where a step of the network ends.
export const shownLayers = (network, all) => {
  const first = network.layers.findIndex(({ kind }) => kind === "convolution");
  return network.layers.map((_, number) => number).filter((number) => {
    const { kind, name } = network.layers[number];
    return all || number === first || STEPS.has(kind) || name === "class_maps";
  });
};

const TITLES = { "scale and shift": "normalisation", convolution: "convolution", depthwise: "depthwise convolution", activation: "activation", add: "sum with the shortcut" };
export const title = (layer) => (layer.kind === "activation" ? layer.function : layer.kind === "scale and shift" && !layer.normalisation ? "rescaling" : TITLES[layer.kind] ?? layer.kind);

// All maps of a layer side by side in thin frames, each with its own scale (numbers with one for all): red above zero, blue below.
let small = null; // the maps pixel by pixel, before they are brought to their size
export const drawAtlas = (canvas, data, [height, width, channels], grey, most, wide = MAP) => {
  const across = Math.min(channels, most), down = Math.ceil(channels / across);
  small ??= make("canvas");
  [small.width, small.height] = [across * width, down * height];
  const pen = small.getContext("2d", { willReadFrequently: true });
  const picture = pen.createImageData(small.width, small.height);
  for (let c = 0; c < channels; c += 1) {
    const limit = grey ? 255 : height > 1 ? largest(data, channels, c) || 1 : largest(data) || 1;
    const top = Math.floor(c / across) * height;
    const left = (c % across) * width;
    for (let i = 0; i < height; i += 1)
      for (let j = 0; j < width; j += 1) {
        const share = data[(i * width + j) * channels + c] / limit;
        const at = 4 * ((top + i) * small.width + left + j);
        const [red, green, blue] = grey ? [0, 0, 0] : signColour(share);
        const strength = grey ? 1 - share : Math.abs(share);
        picture.data[at] = 255 + (red - 255) * strength;
        picture.data[at + 1] = 255 + (green - 255) * strength;
        picture.data[at + 2] = 255 + (blue - 255) * strength;
        picture.data[at + 3] = 255;
      }
  }
  pen.putImageData(picture, 0, 0);
  framed(canvas, across, down, channels, wide);
};

// The small maps at their size, with lines between them; nothing where the last row has no more maps.
const framed = (canvas, across, down, channels, wide) => {
  const cell = wide * Math.ceil(globalThis.devicePixelRatio ?? 1);
  if (canvas.width !== across * cell || canvas.height !== down * cell) {
    [canvas.width, canvas.height] = [across * cell, down * cell];
    canvas.dataset.across = across;
    canvas.style.width = `${across * wide}px`;
  }
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#888";
  for (let place = 1; place <= across; place += 1) pen.fillRect(place * cell - 1, 0, 1, (place <= channels - (down - 1) * across ? down : down - 1) * cell);
  for (let place = 1; place <= down; place += 1) pen.fillRect(0, place * cell - 1, (place < down ? across : channels - (down - 1) * across) * cell, 1);
};
