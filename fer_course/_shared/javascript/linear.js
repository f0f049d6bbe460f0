// A linear classifier in plain JavaScript, as fer_course.linear: scores = pixels · weights + bias, softmax, one gradient step.

import { softmax } from "./network.js";

export const zeros = (pixels, classes) => ({ weights: new Float64Array(pixels * classes), bias: new Float64Array(classes) });

export const predict = ({ weights, bias }, row) => {
  const scores = Float64Array.from(bias);
  const classes = bias.length;
  for (let pixel = 0; pixel < row.length; pixel += 1)
    for (let k = 0; k < classes; k += 1) scores[k] += row[pixel] * weights[pixel * classes + k];
  return softmax(scores);
};

// One step of gradient descent on the mean cross-entropy of these rows; returns a new model.
export const step = (model, rows, labels, rate) => {
  const classes = model.bias.length;
  const weights = Float64Array.from(model.weights);
  const bias = Float64Array.from(model.bias);
  const share = rate / rows.length;
  rows.forEach((row, number) => {
    const error = predict(model, row);
    error[labels[number]] -= 1;
    for (let pixel = 0; pixel < row.length; pixel += 1)
      for (let k = 0; k < classes; k += 1) weights[pixel * classes + k] -= share * row[pixel] * error[k];
    for (let k = 0; k < classes; k += 1) bias[k] -= share * error[k];
  });
  return { weights, bias };
};

// Loss (mean cross-entropy) and accuracy on these rows.
export const measure = (model, rows, labels) => {
  let loss = 0;
  let right = 0;
  rows.forEach((row, number) => {
    const shares = predict(model, row);
    loss -= Math.log(Math.max(shares[labels[number]], 1e-12));
    right += shares.indexOf(Math.max(...shares)) === labels[number];
  });
  return { loss: loss / rows.length, accuracy: right / rows.length };
};
