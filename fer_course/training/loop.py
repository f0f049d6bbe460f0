"""`train`: from a model, faces and a recipe to a `Run`.

The path of the faces: `train` opens or begins the run, `_fit` runs the loop, `make_feed` splits the faces and turns them into
batches, and the checkpoint finishes the run.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_course import models
from fer_course._shared import files
from fer_course.errors import RunError
from fer_course.faces import Faces
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training import shared_runs
from fer_course.training.batch_norm import fused_normalisation
from fer_course.training.checkpoint import Checkpoint, load_best
from fer_course.training.devices import accelerated, data_parallel, make_deterministic
from fer_course.training.distillation import warn_of_known_faces
from fer_course.training.feed import make_feed
from fer_course.training.objectives import blend_targets, compile_model
from fer_course.training.pace import Pace
from fer_course.training.progress import Progress
from fer_course.training.run_folder import Request, describe, leaves_near_copies_out
from fer_course.training.stages import HandOver, stages


def train(
    model,
    faces: Faces,
    recipe: Recipe | str = "quick",
    out: str | Path | None = None,
    progress: bool = True,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    teacher: np.ndarray | None = None,
    devices: int = 1,
    deterministic: bool = False,
) -> Run:
    """Train a model with a recipe. The same call resumes a training that was killed or interrupted.

    Args:
        model: a Keras model, a name that `models.build` knows, or None for the model of the recipe. A Keras model is trained
            in place: it ends with the weights of the best epoch.
        faces: must have a Training split; only that split is used.
        recipe: a `Recipe` or the name of a preset.
        out: the folder of the run; None makes a temporary one.
        progress: print one line per epoch, and a moving line in between.
        callbacks: more Keras callbacks, for example `LiveCurves()` or `TensorBoard(folder)`.
        teacher: for a recipe with distillation: the teacher's probabilities for the Training faces, float (N, classes), as
            `distillation.soft_targets` returns them. Of a teacher that was trained on faces held out here, you are warned.
        devices: the number of local accelerators; each one takes an equal part of every batch. More than 1 needs the JAX
            backend, and leaves out up to `devices - 1` held-out faces, so that those can be divided equally, too.
        deterministic: make an accelerator give the same weights for the same seed, bit for bit, at the cost of speed. A
            processor always does. See `devices.make_deterministic`.

    Returns:
        The `Run`. After Ctrl-C it is valid, but unfinished: `run.finished` is False.

    Raises:
        DataError: if there are no Training faces, or too few for one batch and the validation; if recipe and teacher don't
            fit together.
        RunError: if `out` holds a run with another recipe, other faces or another model; if the recipe begins with smaller
            pictures, which the model can't take.
        BusyError: if another process is training in `out`.
        FerCourseError: if there are fewer devices, or the backend can't use several together; if JAX used a device
            before it was told to be deterministic.

    """
    recipe = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    folder = Path(out) if out else Path(tempfile.mkdtemp(prefix="fer-run-"))
    if devices > 1 and isinstance(model, keras.Model):
        raise RunError(
            "Training on several devices needs the name of a model. A model itself is on one device already."
        )
    if recipe.batch_size % devices:
        raise RunError(f"A batch of {recipe.batch_size} faces can't be divided equally among {devices} devices.")
    gc.collect()  # a Keras model is a cycle of references: without this, the models of earlier trainings stay in memory
    keras.utils.set_random_seed(recipe.seed)
    if deterministic:
        make_deterministic()
    network = None if isinstance(model, keras.Model) else model or recipe.model
    with data_parallel(devices):
        if network:
            model = models.build(network, recipe.input_size, len(faces.class_names), recipe.seed)
        networks = stages(model, recipe)
        faces = faces.select("Training")
        request = Request(recipe, describe(faces), blend_targets(faces.labels, recipe, teacher, model.output_shape[-1]))
        run = request.find(folder)
        if run is None or not run.finished:
            with files.exclusive(folder):
                # Look again: another process may have worked here while this one waited.
                run = request.find(folder) or request.begin(folder)
                if not run.finished:
                    warn_of_known_faces(recipe, teacher, faces)
                    with shared_runs.turn(request, network) as place:
                        if callbacks or not (place and place.take(run)):
                            _fit(networks, faces, request, run, progress, callbacks, devices)
                            if place and run.finished:
                                place.leave(run)
                            return run
        load_best(model, run.path)
    return run


def _fit(
    networks: list[tuple[keras.Model, int]],
    faces: Faces,
    request: Request,
    run: Run,
    progress: bool,
    callbacks,
    devices: int,
) -> None:
    """Train after the last finished epoch, until the run is finished or Ctrl-C comes; see `train` and `stages`."""
    recipe, near, finished = request.recipe, leaves_near_copies_out(run), True
    model = networks[-1][0]
    checkpoint = Checkpoint(run.path, recipe, model)
    for network, until in networks:
        if network is not model and len(checkpoint.rows) >= until:
            continue
        feed = make_feed(network, faces, request.targets, recipe, devices, near)
        compile_model(feed.model, recipe, len(feed.batches))
        epochs_done = checkpoint.resume(feed.model)
        if epochs_done >= until or checkpoint.exhausted():
            break
        batches = feed.model.whole_epochs(feed.batches) if devices == 1 and accelerated() else feed.batches
        own = [Pace(feed.batches, recipe, checkpoint), HandOver(network, model), checkpoint]
        shown = [Progress(recipe.epochs, len(batches))] if progress else []
        try:
            with fused_normalisation(feed.model):
                feed.model.fit(
                    batches, validation_data=feed.held_out, validation_batch_size=256 // devices * devices,
                    initial_epoch=epochs_done, epochs=until, callbacks=[*own, *shown, *callbacks], verbose=0, shuffle=False,
                )  # fmt: skip
        except KeyboardInterrupt:
            finished = False
            break
    checkpoint.finish(finished, len(feed.batches) * feed.batches.batch_size)
