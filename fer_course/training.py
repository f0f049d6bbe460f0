"""`train(model, faces, recipe, out)` makes a `Run`: a folder with weights, recipe, history and metrics.

A training can be killed at any moment: the same call goes on after the last whole epoch, see `fer_course.checkpoint`.
"""

from __future__ import annotations

import gc
import math
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_course import models, schedules
from fer_course._shared import files
from fer_course.augment import Batches
from fer_course.checkpoint import Checkpoint, anew, load_weights, read_history
from fer_course.devices import accelerated, data_parallel, make_deterministic
from fer_course.errors import DataError, RunError
from fer_course.faces import Faces, stratified
from fer_course.fused import fused_normalisation
from fer_course.progress import Progress
from fer_course.quiet import keras
from fer_course.recipes import Recipe
from fer_course.resident import Plans, resident

#: Validation faces are chosen with this seed in every run, so that runs can be compared.
VALIDATION_SEED = 2013


@dataclass(frozen=True)
class Run:
    """A training's folder: `model.keras` (the best epoch), `recipe.yaml`, `history.csv`, `metrics.json`, `faces.json`."""

    path: Path

    def __post_init__(self):
        object.__setattr__(self, "path", Path(self.path))
        if not (self.path / "recipe.yaml").is_file():
            raise RunError(
                f"{self.path} is not a training run: it has no recipe.yaml. Give the folder that `train` wrote."
            )

    @property
    def recipe(self) -> Recipe:
        """The recipe it was trained with."""
        return Recipe.from_yaml(self.path / "recipe.yaml")

    @property
    def history(self) -> dict[str, list[float]]:
        """One list per column of `history.csv` (epoch, loss, accuracy, val_loss, …), one entry an epoch."""
        return read_history(self.path / "history.csv")

    @property
    def metrics(self) -> dict:
        """What `metrics.json` holds; empty before the first epoch has ended."""
        file = self.path / "metrics.json"
        return files.read_json(file, RunError, anew(self.path)) if file.is_file() else {}

    @property
    def finished(self) -> bool:
        """True when the training came to its end; False when it was interrupted and can go on."""
        return bool(self.metrics.get("finished"))

    @property
    def images_per_second(self) -> float:
        """Faces trained on a second in the median epoch, validation and saving included; NaN before the first has ended."""
        seconds, images = self.history.get("seconds", []), self.metrics.get("images")
        return images / float(np.median(seconds)) if seconds and images else math.nan

    def seconds_to(self, accuracy: float) -> float | None:
        """Return the seconds of training after which the validation accuracy had reached a share; None if it never did."""
        elapsed = 0.0
        for seconds, reached in zip(self.history["seconds"], self.history.get("val_accuracy", []), strict=False):
            elapsed += seconds
            if reached >= accuracy:
                return elapsed
        return None

    def model(self) -> keras.Model:
        """Load the model of the best epoch.

        Raises:
            RunError: if no epoch has ended yet, or the file is damaged.

        """
        file = self.path / "model.keras"
        if not file.is_file():
            raise RunError(f"{self.path} has no model.keras yet: no epoch has ended. Train on with the same command.")
        try:
            return keras.models.load_model(file, compile=False)
        except Exception as error:  # whatever zipfile, json, HDF5 and Keras make of a damaged file
            raise RunError(f"{file} can't be loaded ({error}). {anew(self.path)}") from None


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
    """Train a model as a recipe says; the same call goes on where a killed or interrupted training was.

    Args:
        model: a Keras model (trained in place: it ends with the weights of the best epoch), a name that
            `models.build` knows, or None for the recipe's.
        faces: must have a Training split; nothing else of it is used.
        recipe: a `Recipe` or the name of a preset.
        out: the run's folder; None makes a temporary one.
        progress: print a line an epoch, and a moving one in between.
        callbacks: further Keras callbacks, `LiveCurves()` or `TensorBoard(folder)`, say.
        teacher: for a recipe with distillation, the teacher's probabilities for the Training faces, float (N, classes), as
            `distillation.soft_targets` gives them.
        devices: on how many local accelerators; each takes its part of every batch. More than 1 needs the JAX backend, and
            leaves out up to devices - 1 validation faces, so that they can be dealt out equally, too.
        deterministic: the same seed gives the same weights, bit for bit, on the same accelerator too (on a processor it does
            so anyway), at the cost of speed; see `fer_course.devices.make_deterministic`.

    Returns:
        The `Run`. After Ctrl-C it is unfinished, but valid: `run.finished` is False.

    Raises:
        DataError: if there are no Training faces, or too few for a batch and the validation; if recipe and teacher don't
            go together.
        RunError: if `out` holds a run of another recipe, other faces or another model.
        BusyError: if another process is training in `out`.
        FerCourseError: if there are not so many devices, or the backend can't use them together; if JAX was not told in time
            that it has to be deterministic.

    """
    recipe = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    gc.collect()  # networks are cycles: what earlier trainings left would stay beside this one
    keras.utils.set_random_seed(recipe.seed)
    if deterministic:
        make_deterministic()
    if devices > 1 and isinstance(model, keras.Model):
        raise RunError(
            "Training on several devices needs a model's name, not a model, which lies on one device already."
        )
    if recipe.batch_size % devices:
        raise RunError(f"A batch of {recipe.batch_size} faces can't be dealt out equally to {devices} devices.")
    with data_parallel(devices):
        if model is None or isinstance(model, str):
            model = models.build(model or recipe.model, recipe.input_size, len(faces.class_names), recipe.seed)
        targets = _targets(faces, recipe, teacher, model.output_shape[-1])
        folder = Path(out) if out else Path(tempfile.mkdtemp(prefix="fer-run-"))
        wanted = (folder, _described(faces), recipe, targets)
        run = _there(*wanted)
        if not (run and run.finished):
            with files.alone(folder):
                run = _there(*wanted) or _begin(*wanted)
                if not run.finished:  # else another process came to its end while this one waited
                    _train(model, faces.select("Training"), targets, run, progress, callbacks, devices)
                    return run
        load_weights(model, run.path / "model.keras")
    return run


def _train(model, training: Faces, targets: np.ndarray | None, run: Run, progress: bool, callbacks, devices: int):
    """Begin a run, or go on with it, until it is finished or Ctrl-C comes; see `train`."""
    recipe = run.recipe
    trainee, batches, held_out = _material(model, training, targets, recipe, devices)
    compile_model(trainee, recipe, len(batches))
    checkpoint = Checkpoint(run.path, recipe, model)
    pace = Pace(batches, recipe, checkpoint)
    done = checkpoint.resume(trainee)
    finished = True
    try:
        if done < recipe.epochs and not checkpoint.exhausted():
            feed = trainee.whole_epochs(batches) if devices == 1 and accelerated() else batches
            watchers = [pace, checkpoint, *([Progress(recipe.epochs, len(feed))] if progress else []), *callbacks]
            with fused_normalisation(trainee):
                trainee.fit(
                    feed, validation_data=held_out, validation_batch_size=256 // devices * devices,
                    initial_epoch=done, epochs=recipe.epochs, callbacks=watchers, verbose=0, shuffle=False,
                )  # fmt: skip
    except KeyboardInterrupt:
        finished = False
    checkpoint.finish(finished, len(batches) * batches.batch_size)


def _material(model: keras.Model, training: Faces, targets: np.ndarray | None, recipe: Recipe, devices: int):
    """Return what is trained, on what, and what it is validated with: the model, batches, and (pictures, answers) or None.

    On JAX these are a model that holds the pictures itself and plans that name them; see `fer_course.resident`.
    """
    kept, held_out = validation_rows(training, recipe.validation, recipe.fold)
    images, classes = prepare(training.images, model.input_shape[1]), model.output_shape[-1]
    held_out = np.flatnonzero(held_out)
    held_out = held_out[: len(held_out) // devices * devices]  # several devices get equal parts of them
    labels, answers = training.labels if targets is None else targets, training.labels[held_out]
    if _soft(recipe):  # the loss is one of targets then; the validation faces themselves are never blended
        answers = keras.utils.to_categorical(answers, classes)
    if keras.backend.backend() == "jax":
        batches = Plans(np.flatnonzero(kept), images.shape[1], labels[kept], recipe, classes)
        trainee, pictures = resident(model, images, batches), batches.untouched(held_out)
    else:
        batches = Batches(images[kept], labels[kept], recipe, classes)
        trainee, pictures = model, images[held_out]
    return trainee, batches, (pictures, answers) if len(held_out) else None


def compile_model(model: keras.Model, recipe: Recipe, steps: int = 0) -> None:
    """Compile a model with the recipe's loss and optimiser; `Pace` sets the learning rate as training goes.

    On JAX, where a callback can't reach into the steps of an epoch, the one-cycle schedule becomes part of the optimiser; it has
    to know then how many steps an epoch has. (On TensorFlow that would make each step slower.)
    """
    rate = recipe.learning_rate
    if keras.backend.backend() == "jax" and recipe.schedule == "one_cycle" and steps:
        rate = OneCycle(recipe.epochs * steps, recipe.learning_rate, recipe.warmup)
    optimizer = {
        "adam": lambda: keras.optimizers.Adam(rate),
        "adamw": lambda: keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay),
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    }[recipe.optimizer]()
    model.compile(optimizer, loss=_loss(recipe), metrics=["accuracy"])


def _loss(recipe: Recipe):
    """Return the recipe's loss: of targets (N, classes) with mixup or a teacher, else of whole-number labels (N,)."""
    if _soft(recipe):
        return keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    if recipe.label_smoothing:
        return SmoothedCrossentropy(recipe.label_smoothing)
    return "sparse_categorical_crossentropy"


def _soft(recipe: Recipe) -> bool:
    """Say whether the recipe's targets are probabilities of all classes, not labels."""
    return bool(recipe.mixup or recipe.distillation)


def _targets(faces: Faces, recipe: Recipe, teacher: np.ndarray | None, classes: int) -> np.ndarray | None:
    """Blend labels and the teacher's probabilities for the Training faces: float32 (N, classes); None without a teacher."""
    if not recipe.distillation and teacher is None:
        return None
    labels = faces.select("Training").labels
    found = None if teacher is None else np.shape(teacher)
    if not recipe.distillation or found != (len(labels), classes):
        raise DataError(
            f"A recipe with distillation {recipe.distillation:g} needs "
            f"{f'teacher probabilities of shape {(len(labels), classes)}' if recipe.distillation else 'no teacher'}; found "
            f"{found}. See `fer_course.distillation.soft_targets`, or on the command line `train --teacher RUN`."
        )
    share = np.float32(recipe.distillation)
    return (1 - share) * keras.utils.to_categorical(labels, classes) + share * np.asarray(teacher, dtype="float32")


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of whole-number labels against probabilities, a share of the target spread over all classes.

    Source: Szegedy et al. 2016, "Rethinking the Inception architecture", section 7. Keras has it for one-hot labels only.
    """

    def __init__(self, smoothing: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        """Return the loss (N,) of labels (N,) or (N, 1) against probabilities (N, classes)."""
        labels = keras.ops.one_hot(keras.ops.reshape(y_true, (-1,)), y_pred.shape[-1], dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(labels, y_pred, label_smoothing=self.smoothing)


def prepare(images: np.ndarray, size: int) -> np.ndarray:
    """Give pictures the form that models take: uint8 (N, 48, 48) to uint8 (N, size, size, 1), resized antialiased."""
    images = np.asarray(images)[..., None]
    if images.shape[1:3] == (size, size):
        return images
    pieces = [
        keras.ops.convert_to_numpy(
            keras.ops.image.resize(images[i : i + 1024].astype("float32"), (size, size), antialias=True)
        )
        for i in range(0, len(images), 1024)
    ]
    return np.clip(np.rint(np.concatenate(pieces)), 0, 255).astype(np.uint8)


def split_validation(faces: Faces, share: float) -> tuple[Faces, Faces]:
    """Split the Training faces in two: to train on, and to validate on (`share`, stratified by class, always the same).

    Training faces that are exact copies of a validation face are left out of both, so that validation is not learned by heart.

    Raises:
        DataError: if there are no Training faces, too few to set aside a share of them, or none but copies of those.

    """
    training = faces.select("Training")
    kept, held_out = validation_rows(training, share)
    return training[kept], training[held_out]


def validation_rows(training: Faces, share: float, fold: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return which Training faces are trained on, and which are held out: two boolean masks (N,), see `split_validation`.

    With fold 1, 2, … it is another part of the faces that is held out; the parts have no face in common.
    """
    wanted = round(share * len(training))
    if len(training) - wanted < 1 or (share and not wanted):
        raise DataError(f"A validation share of {share:g} needs more Training faces; found {len(training)}.")
    held_out = np.zeros(len(training), dtype=bool)
    free = np.arange(len(training))
    for _ in range(fold + 1):
        chosen = free[stratified(training.labels[free], min(wanted, len(free)), VALIDATION_SEED)]
        free = np.setdiff1d(free, chosen)
    if fold and not len(chosen):
        raise DataError(
            f"A validation share of {share:g} makes {len(training) // max(wanted, 1)} parts; there is no fold {fold}."
        )
    held_out[chosen] = True
    seen = {image.tobytes() for image in training.images[held_out]}
    copy = np.array([image.tobytes() in seen for image in training.images])
    if copy.all():
        raise DataError(
            f"Every one of the {len(training)} Training faces is an exact copy of a validation face: nothing is left to "
            f"train on. Give more different faces, or a recipe with validation 0."
        )
    return ~copy, held_out


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """`schedules.one_cycle` as a part of the compiled step."""

    def __init__(self, steps: int, peak: float, warmup: float):
        self.steps, self.peak, self.warmup = steps, peak, warmup

    def __call__(self, step):
        """Return the learning rate of a step, a scalar tensor."""
        ops, low, end, top = keras.ops, self.peak / 25, self.peak / 10_000, self.warmup * self.steps
        step = ops.cast(step, "float32")
        up = self.peak + (low - self.peak) * (1 + ops.cos(math.pi * step / max(top, 1e-9))) / 2
        share = ops.minimum((step - top) / max(self.steps - top, 1), 1.0)
        down = end + (self.peak - end) * (1 + ops.cos(math.pi * share)) / 2
        return ops.where(step < top, up, down)

    def get_config(self) -> dict:
        """Return what `__init__` was given."""
        return {"steps": self.steps, "peak": self.peak, "warmup": self.warmup}


class Pace(keras.callbacks.Callback):
    """Sets the learning rate of each step, and what is random in the batches and layers of each epoch."""

    def __init__(self, batches: Batches, recipe: Recipe, checkpoint: Checkpoint):
        super().__init__()
        self.batches, self.recipe, self.checkpoint = batches, recipe, checkpoint
        self.step = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Go to the epoch's faces and learning rate."""
        self.batches.epoch = epoch
        states = [variable for variable in self.model.variables if variable.name == "seed_generator_state"]
        for number, state in enumerate(states):  # of dropout, say: Keras does not save them with the weights
            state.assign([self.recipe.seed + number, epoch])
        self.step = epoch * len(self.batches)
        if self.recipe.schedule == "plateau":
            recipe, losses = self.recipe, self.checkpoint.losses()
            self._set(schedules.plateau(losses, recipe.learning_rate, recipe.plateau_factor, recipe.plateau_patience))

    def on_train_batch_begin(self, batch, logs=None):
        """Follow the one-cycle schedule."""
        if self.recipe.schedule == "one_cycle" and keras.backend.backend() != "jax":  # there: see `compile_model`
            steps = self.recipe.epochs * len(self.batches)
            self._set(schedules.one_cycle(self.step + batch, steps, self.recipe.learning_rate, self.recipe.warmup))

    def _set(self, rate: float) -> None:
        self.model.optimizer.learning_rate.assign(rate)


def _same_targets(file: Path, targets: np.ndarray) -> bool:
    """Whether a run's teachers said the same; a file of theirs that is missing or damaged is an error of its own."""
    try:
        kept = np.load(file, allow_pickle=False)
        return kept.shape == targets.shape and np.allclose(kept, targets, atol=1e-3)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise RunError(
            f"{file} is missing or damaged ({error}): it holds what the teachers say. Delete {file.parent} and start again."
        ) from None


def _described(faces: Faces) -> dict:
    training = faces.select("Training")
    checksum = zlib.crc32(np.ascontiguousarray(training.labels), zlib.crc32(np.ascontiguousarray(training.images)))
    return {"source": faces.source, "drawn": faces.drawn, "training": len(training), "checksum": checksum}


def _there(folder: Path, faces: dict, recipe: Recipe, targets: np.ndarray | None) -> Run | None:
    """Return the run that is in a folder, None if there is none; refuse one of another recipe, other faces or teachers."""
    if not ((folder / "recipe.yaml").is_file() and (folder / "faces.json").is_file()):
        return None
    same = {
        "recipe": Recipe.from_yaml(folder / "recipe.yaml") == recipe,
        "faces": files.read_json(folder / "faces.json", RunError, anew(folder)) == faces,
        "teachers": targets is None or _same_targets(folder / "targets.npy", targets),
    }
    if not all(same.values()):
        what = next(name for name in same if not same[name])
        raise RunError(f"{folder} holds a run with other {what}. Choose another folder, or delete that one.")
    return Run(folder)


def _begin(folder: Path, faces: dict, recipe: Recipe, targets: np.ndarray | None) -> Run:
    """Make a run in a folder that is empty, or holds what a killed process had begun to make."""
    if not files.empty(folder) and not (folder / "faces.json").is_file():
        raise RunError(f"{folder} is not empty and not a training run. Choose another folder for this run.")
    files.write_json(folder / "faces.json", faces)
    if targets is not None:
        with files.atomic(folder / "targets.npy") as temporary:
            np.save(temporary, targets)
    recipe.to_yaml(folder / "recipe.yaml")
    return Run(folder)
