"""Change one thing of LeNet (1995) at a time, train it with three seeds on real FER2013, and record all scores for lesson 04.

usage: python benchmarks/one_change.py --data PATH [--faces N] [--epochs N] [--record FILE] [--rows NAME …]

A fifth of Training is held out, the same for all; of 12 epochs the one that is best on it counts. All rows have the same
optimiser, batches and epochs: Keras' Adam, 64 faces, no augmentation unless a row says so. PublicTest is looked at once per
training, without the faces that also stand in Training, as it is and moved to the right by 2 to 8 pixels. Each training is
written as soon as it is done, and what stands in the record is not trained again.
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from pathlib import Path

import numpy as np

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
from recording import RESULTS, about, few, made, nothing_left, real_faces

from fer_course import models
from fer_course._shared import files
from fer_course.costs import costs
from fer_course.faces import Faces
from fer_course.linear import majority_baseline
from fer_course.training.splits import validation_rows

layers = keras.layers
SHIFTS = (0, 2, 4, 6, 8)
EPOCHS, BATCH = few(12, 1), 64
#: The farthest that faces are moved in training, in each direction, where a row says so.
FARTHEST = 8


def every_second(_size: int) -> keras.Layer:
    """Return a layer that takes every second number of a map, without looking at those between."""
    return layers.AveragePooling2D(1, strides=2)


def linear() -> keras.Model:
    """Return the classifier of lesson 02: one picture of weights for each class."""
    inputs = keras.Input((48, 48, 1))
    x = layers.Flatten()(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(x))


#: Name of a row -> what makes its network.
ROWS = {
    "LeNet of 1995": models.lenet_1995,
    "ReLU": lambda: models.lenet_1995(activation="relu"),
    "max pooling": lambda: models.lenet_1995(pooling=layers.MaxPooling2D),
    "dropout": lambda: models.lenet_1995(dropout=0.5),
    "third pair": lambda: models.lenet_1995(third=True),
    "batch normalisation": lambda: models.lenet_1995(norm=True),
    "every second number": lambda: models.lenet_1995(pooling=every_second),
    "one more pooling": lambda: models.lenet_1995(ending="pooled"),
    "global average": lambda: models.lenet_1995(ending="averages"),
    "moved faces": models.lenet_1995,
    "all four": lambda: models.lenet_1995("relu", layers.MaxPooling2D, 0.5, True),
    "small AlexNet": lambda: models.build("alexnet_small"),
    "linear": linear,
}


def moved(images: np.ndarray, by: int) -> np.ndarray:
    """Move pictures (N,48,48) to the right, as lesson 04 does: the right edge is cut off, the left one repeated."""
    return np.pad(images, [(0, 0), (0, 0), (by, 0)], mode="edge")[:, :, : images.shape[2]]


def anywhere(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each picture by up to `FARTHEST` pixels down or up and right or left; what is empty repeats the edge."""
    side = images.shape[1]
    wide = np.pad(images, [(0, 0), (FARTHEST, FARTHEST), (FARTHEST, FARTHEST)], mode="edge")
    tops, lefts = rng.integers(0, 2 * FARTHEST + 1, (2, len(images)))
    views = np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(1, 2))
    return views[np.arange(len(images)), tops, lefts]


def shares(model: keras.Model, faces: Faces) -> tuple[list[float], str]:
    """Return the accuracy for each shift, and which faces were right unmoved: their bits, in base64."""
    right = [
        model.predict(moved(faces.images, by)[..., None], 512, verbose=0).argmax(axis=1) == faces.labels
        for by in SHIFTS
    ]
    return [float(each.mean()) for each in right], base64.b64encode(np.packbits(right[0])).decode()


def one(row: str, seed: int, kept: Faces, held_out: Faces, test: Faces, epochs: int) -> dict:
    """Train one network with one seed and return what the record keeps of it."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model, rng, start = ROWS[row](), np.random.default_rng(seed), time.perf_counter()
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    best, weights, curves = -1.0, None, {"accuracy": [], "val_accuracy": []}
    for _epoch in range(epochs):
        images = anywhere(kept.images, rng) if row == "moved faces" else kept.images
        done = model.fit(
            images[..., None], kept.labels, batch_size=BATCH, verbose=0,
            validation_data=(held_out.images[..., None], held_out.labels), validation_batch_size=512,
        )  # fmt: skip
        for name, values in curves.items():
            values.append(round(done.history[name][0], 5))
        if done.history["val_accuracy"][0] > best:
            best, weights = done.history["val_accuracy"][0], model.get_weights()
    model.set_weights(weights)
    accuracy, right = shares(model, test)
    counted = costs(model)
    return {
        "row": row, "seed": seed, "parameters": counted.parameters, "multiply_adds": counted.multiply_adds,
        "best_epoch": 1 + int(np.argmax(curves["val_accuracy"])), "seconds": round(time.perf_counter() - start, 1),
        "accuracy": accuracy, "right": right, "on_training": curves["accuracy"], "on_held_out": curves["val_accuracy"],
        "made": made(),
    }  # fmt: skip


def main() -> None:
    """Train what is missing, seed after seed, so that all rows have their first seed before any has its second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--faces", type=int, default=0, help="for a trial: train on a sample of so many")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2], [0]))
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--record", type=Path, default=RESULTS / "one_change.json")
    options = parser.parse_args()
    faces = real_faces(options.data)
    test, training = faces.unseen("PublicTest"), faces.select("Training").sample(options.faces)
    kept, held_out = (training[rows] for rows in validation_rows(training, 0.2))
    left_out = len(faces.select("PublicTest")) - len(test)
    found = json.loads(options.record.read_text(encoding="utf-8"))["trainings"] if options.record.is_file() else []
    # What always naming Training's most frequent class scores.
    majority = majority_baseline(training.labels, test.labels)

    def write() -> None:
        found.sort(key=lambda each: (list(ROWS).index(each["row"]), each["seed"]))
        record = about(
            "python benchmarks/one_change.py --data PATH",
            what=f"LeNet of 1995 with one thing changed at a time: Adam, batches of {BATCH}, the best of {options.epochs} "
            "epochs on a fifth of Training that is held out.",
            split="PublicTest", n=len(test), left_out=left_out, trained_on=len(kept), held_out=len(held_out),
            majority=round(majority, 5), shifts=list(SHIFTS), trainings=found,
        )  # fmt: skip
        files.write_json(options.record, record)

    wanted = [(row, seed) for seed in options.seeds for row in options.rows]
    missing = [each for each in wanted if each not in {(run["row"], run["seed"]) for run in found}]
    if not missing:
        print(nothing_left(options.record.stem, len(wanted), "one_change"))
    for row, seed in missing:
        last = one(row, seed, kept, held_out, test, options.epochs)
        found.append(last)
        write()
        told = ", ".join(f"{share:.1%}" for share in last["accuracy"])
        print(f"{row}, seed {seed}: {told} ({last['seconds']:.0f} s, epoch {last['best_epoch']})", flush=True)


if __name__ == "__main__":
    main()
