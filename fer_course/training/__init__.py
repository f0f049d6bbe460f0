"""Train a model with a recipe: `train(model, faces, recipe, out)` makes a `Run`. A training can be killed and resumed.

================  ==========================================================================================
``loop``          `train`
``run_folder``    the folder of a training: find the run in it, or begin one
``splits``        Training faces split in two: to train on, and held out for validation
``feed``          batches of Training faces, and the held-out ones
``objectives``    losses, optimiser, targets blended with a teacher's
``schedules``     learning rate and patience as plain functions
``stages``        smaller pictures first, full size then
``pace``          learning rate and seeds, set while a training runs
``checkpoint``    files after each epoch, so that a kill loses at most one epoch
``progress``      one line per epoch
``live_curves``   curves below a notebook cell, updated after each epoch
``devices``       accelerators, several of them, determinism
``on_device``     faces that stay on an accelerator
``batch_norm``    batch normalisation by TensorFlow's fused kernel
``distillation``  targets from teachers
================  ==========================================================================================

`splits` and `schedules` need only NumPy. Everything else loads Keras when it is first used.
"""

import lazy_loader

from fer_course.runs import Run
from fer_course.training.splits import VALIDATION_SEED, split_validation, validation_rows

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submodules=[
        "batch_norm",
        "checkpoint",
        "devices",
        "distillation",
        "feed",
        "live_curves",
        "loop",
        "objectives",
        "on_device",
        "pace",
        "progress",
        "run_folder",
        "schedules",
        "stages",
    ],
    submod_attrs={
        "feed": ["prepare"],  # where the first edition had it; it is in `models.prepare`
        "loop": ["train"],
        "objectives": ["Linear", "OneCycle", "SmoothedCrossentropy", "compile_model"],
        "live_curves": ["LiveCurves"],
    },
)
__all__ = ["VALIDATION_SEED", "Run", "split_validation", "validation_rows", *_lazy]
