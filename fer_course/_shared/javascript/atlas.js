// The maps of layers, side by side.

import { largest, signColour } from "./dom.js";

export const MAP = 34; // pixels of a map in a row of maps
const STEPS = new Set(["pixels", "activation", "add", "concatenate", "max pooling", "global mean", "dense"]);

// The layers of which a row of maps is shown: all, or those where a step of the network ends.
export const shownLayers = (network, all) => network.layers.map((_, number) => number).filter((number) => {
  const { kind, name } = network.layers[number];
  return all || STEPS.has(kind) || name === "class_maps";
});

const TITLES = { "scale and shift": "normalisation", convolution: "convolution", depthwise: "depthwise convolution", activation: "activation", add: "sum with the shortcut" };
export const title = (layer) => (layer.kind === "activation" ? layer.function : layer.kind === "scale and shift" && !layer.normalisation ? "rescaling" : TITLES[layer.kind] ?? layer.kind);

// All maps of a layer side by side, each with its own scale: red above zero, blue below.
export const drawAtlas = (canvas, data, [height, width, channels], grey, most) => {
  const across = Math.min(channels, most);
  const down = Math.ceil(channels / across);
  const gap = height > 1 ? 1 : 0;
  const cell = [height + gap, width + gap];
  canvas.width = across * cell[1];
  canvas.height = down * cell[0];
  canvas.dataset.across = across;
  canvas.style.width = `${across * MAP}px`;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(canvas.width, canvas.height);
  for (let c = 0; c < channels; c += 1) {
    const limit = grey ? 255 : height > 1 ? largest(data, channels, c) || 1 : largest(data) || 1;
    const top = Math.floor(c / across) * cell[0];
    const left = (c % across) * cell[1];
    for (let i = 0; i < height; i += 1)
      for (let j = 0; j < width; j += 1) {
        const share = data[(i * width + j) * channels + c] / limit;
        const at = 4 * ((top + i) * canvas.width + left + j);
        const [red, green, blue] = grey ? [0, 0, 0] : signColour(share);
        const strength = grey ? 1 - share : Math.abs(share);
        picture.data[at] = 255 + (red - 255) * strength;
        picture.data[at + 1] = 255 + (green - 255) * strength;
        picture.data[at + 2] = 255 + (blue - 255) * strength;
        picture.data[at + 3] = 255;
      }
  }
  pen.putImageData(picture, 0, 0);
};
