"""Record how towers of 4 to 60 layers learn on real FER2013, with each trick alone and with both, for lesson 07.

usage: python benchmarks/depth.py --data PATH [--seeds 0 1 2] [--rates 0.001]

Tower, gradients and training step are those of lesson 07: the cells `tower` and `gradients` of solutions/07-go-deep.ipynb are
executed here. Each tower learns 32 faces of Training again and again; no test face is looked at. Each run is written into
fer_course/results/depth.json as soon as it is done, and what is there is not trained again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import keras
import numpy as np
from recording import RESULTS, about, few, made, nothing_left, real_faces

from fer_course._shared import files

LESSON = Path(__file__).parents[1] / "solutions" / "07-go-deep.ipynb"
OUT = RESULTS / "depth.json"
DEPTHS = few((4, 8, 16, 24, 40, 60), (4,))
#: What each kind of tower has, as arguments of the lesson's `tower`.
KINDS = {
    "plain": {},
    "he_normal": {"initial": "he_normal"},
    "normalisation": {"norm": True},
    "shortcuts": {"shortcut": True},
    "both": {"norm": True, "shortcut": True},
}
FACES, STEPS = 32, few(100, 10)


def lesson() -> dict:
    """Return the names that the lesson's cells define."""
    names: dict = {"keras": keras, "np": np}
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if cell["id"] in ("tower", "gradients"):
            exec("".join(cell["source"]), names)
    return names


def restart(model: keras.Model, weights: list[np.ndarray], optimizer: list[np.ndarray]) -> None:
    """Give a compiled model other weights and a new optimiser's state: compiling a tall tower takes longer than its steps."""
    model.set_weights(weights)
    for variable, value in zip(model.optimizer.variables, optimizer, strict=True):
        variable.assign(value)


def main() -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=few([0, 1, 2], [0]))
    parser.add_argument("--depths", nargs="+", type=int, default=list(DEPTHS))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--rates", nargs="+", type=float, default=[0.001])
    options = parser.parse_args()
    training, names = real_faces(options.data).select("Training"), lesson()
    runs = json.loads(OUT.read_text(encoding="utf-8"))["towers"] if OUT.is_file() else []
    order, before = list(KINDS), len(runs)
    for depth in options.depths:
        for kind in options.kinds:
            for rate in options.rates:
                done = {(run["kind"], run["depth"], run["rate"], run["seed"]) for run in runs}
                seeds = [seed for seed in options.seeds if (kind, depth, rate, seed) not in done]
                for run in towers(names, training, kind, depth, rate, seeds):
                    runs.append(run)
                    runs.sort(key=lambda each: (each["rate"], order.index(each["kind"]), each["depth"], each["seed"]))
                    record = about("python benchmarks/depth.py --data PATH", faces=FACES, steps=STEPS, towers=runs)
                    files.write_json(OUT, record)
                    print(kind, depth, rate, run["seed"], run["gradients"][0], run["losses"][-1], flush=True)
    if len(runs) == before:
        print(nothing_left("depth", len(runs)))


def towers(names: dict, training, kind: str, depth: int, rate: float, seeds: list[int]):
    """Yield one run per seed of one kind of tower: gradients before the first step, and the loss at each step."""
    compiled = fresh = None
    for seed in seeds:
        chosen = training.sample(FACES, seed)
        pixels, labels = chosen.images[:, ::2, ::2, None], chosen.labels
        keras.utils.set_random_seed(seed)
        model = names["tower"](depth, **KINDS[kind])
        gradients = names["gradient_sizes"](model, pixels, labels)
        if compiled is None:
            compiled = model
            compiled.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
            compiled.optimizer.build(compiled.trainable_variables)
            fresh = [keras.ops.convert_to_numpy(variable) for variable in compiled.optimizer.variables]
        else:
            restart(compiled, model.get_weights(), fresh)
        losses = [float(compiled.train_on_batch(pixels, labels)) for _ in range(STEPS)]
        counts = np.bincount(labels, minlength=len(chosen.class_names))
        yield {
            "kind": kind,
            "depth": depth,
            "rate": rate,
            "seed": seed,
            "labels": counts.tolist(),
            "gradients": [float(f"{size:.2e}") for size in gradients],
            "made": made(),
            "losses": [float(f"{loss:.4g}") if np.isfinite(loss) else None for loss in losses],
        }


if __name__ == "__main__":
    main()
