"""`fer-course train`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from fer_course.cli.commands import FACES, add_command


def add_train(commands) -> None:
    """Add `train`."""
    train = add_command(commands, "train", _train, "train a model; after a kill the same command resumes")
    train.add_argument("--recipe", default="quick", help="quick, minutes, best, paper, or a .yaml file")
    train.add_argument("--model", help="the model's name, instead of the recipe's")
    train.add_argument("--data", help=f"{FACES}; none: look for it")
    train.add_argument("--faces", type=int, default=0, help="train on this many faces only; 0: all")
    train.add_argument("--seed", type=int, help="instead of the recipe's")
    train.add_argument("--devices", type=int, default=1, help="accelerators that share each batch (KERAS_BACKEND=jax)")
    train.add_argument("--deterministic", action="store_true", help="the same weights each time, on a GPU too; slower")
    train.add_argument("--teacher", nargs="+", metavar="RUN", help="runs to learn from, for a recipe with distillation")
    train.add_argument("--unseen", action="store_true", help="each face is judged only by teachers that held it out")
    train.add_argument("--out", type=Path, required=True, help="the run's folder")


def _train(options) -> int:
    from fer_course import data
    from fer_course.recipes import Recipe

    recipe = Recipe.load(options.recipe)
    changes = {"model": options.model, "seed": options.seed}
    recipe = recipe.but(**{name: value for name, value in changes.items() if value is not None})
    faces = data.load(options.data)

    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course.runs import Run
    from fer_course.training import devices, train
    from fer_course.training.distillation import consistent_targets, soft_targets

    if options.deterministic:
        devices.tell_xla()
    faces = faces.sample(options.faces)
    teachers = [Run(path) for path in options.teacher or ()]
    teacher = None
    if teachers and recipe.consistent:
        kept = options.out.with_name(f"{options.out.name}-judged.npy")
        teacher = consistent_targets(teachers, faces, recipe, options.unseen, kept, progress=True)
    elif teachers:
        teacher = soft_targets(teachers, faces, unseen=options.unseen)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(f"fer-course: {message}", file=sys.stderr)
        run = train(
            None,
            faces,
            recipe,
            out=options.out,
            teacher=teacher,
            devices=options.devices,
            deterministic=options.deterministic,
        )
    metrics = run.metrics
    kind = "drawn faces" if faces.drawn else "faces"
    if not run.finished:
        print(f"Interrupted after epoch {metrics['epochs']}. The same command resumes {options.out}.")
        return 130
    print(f"{run.images_per_second:,.0f} images per second.", end=" ")
    if not faces.drawn and (seconds := run.seconds_to(0.61)) is not None:
        print(f"The paper's 61 % was reached on the faces held out after {seconds:,.0f} s.", end=" ")
    held_out = "val_accuracy" in metrics
    score, which = metrics["val_accuracy" if held_out else "accuracy"], "held out" if held_out else "trained on"
    print(f"{options.out}: {metrics['epochs']} epochs, best {metrics['best_epoch']}, {score:.1%} of {kind} {which}.")
    return 0
