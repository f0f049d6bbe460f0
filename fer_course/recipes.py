"""`Recipe`: every number that decides how a network is trained, in one frozen object that can be saved as YAML."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fer_course._shared.files import read_yaml, write_text
from fer_course.errors import RecipeError, shown

OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("one_cycle", "linear", "plateau", "constant")
#: setting -> (lowest, highest) value that makes sense
LIMITS = {
    "input_size": (24, 96),
    "early": (0.0, 1.0),
    "early_size": (24, 96),
    "epochs": (1, 100_000),
    "batch_size": (1, 4096),
    "learning_rate": (1e-7, 10.0),
    "warmup": (0.0, 0.9),
    "plateau_patience": (1, 100_000),
    "plateau_factor": (0.01, 0.99),
    "weight_decay": (0.0, 1.0),
    "label_smoothing": (0.0, 0.9),
    "shift": (0.0, 0.5),
    "rotation": (0.0, 180.0),
    "zoom": (0.0, 0.9),
    "erase": (0.0, 1.0),
    "mixup": (0.0, 10.0),
    "distillation": (0.0, 1.0),
    "validation": (0.0, 0.9),
    "fold": (0, 99),
    "patience": (0, 100_000),
    "seed": (0, 2**32 - 1),
}


@dataclass(frozen=True)
class Recipe:
    """How to train: model, schedule, augmentation, validation and stopping.

    >>> recipe = Recipe.named("quick").but(epochs=2)
    >>> recipe.epochs, recipe.model
    (2, 'mini_xception')

    Attributes:
        name: the recipe's name.
        model: a name that `fer_course.models.build` knows.
        input_size: side of the pictures in pixels; faces are resized to it, antialiased.
        early: share of the epochs, from the first on, in which pictures are smaller. Such an epoch takes less time, and what is
            learned in it holds for larger pictures, if a network takes any size (Tan and Le 2021, arXiv:2104.00298).
        early_size: side of these smaller pictures in pixels. If it is not below `input_size`, all epochs are alike.
        epochs: the largest number of epochs. In one epoch every training face is seen once.
        batch_size: faces per step.
        optimizer: `adam`, `adamw` or `sgd` (with Nesterov momentum 0.9).
        learning_rate: the highest learning rate.
        schedule: `one_cycle` (up, then down to almost 0, as cosines), `linear` (the same in straight lines, to 0), `plateau`
            (lower when the validation stalls), `constant`.
        warmup: share of all steps in which `one_cycle` and `linear` go up.
        plateau_patience: epochs without improvement after which `plateau` lowers the learning rate.
        plateau_factor: the factor by which `plateau` multiplies the learning rate.
        weight_decay: decoupled weight decay (`adamw` only).
        label_smoothing: share of the target that is spread evenly over all classes.
        flip: whether a random half of the faces is mirrored.
        shift: largest shift, as a share of the side.
        rotation: largest rotation, in degrees.
        zoom: largest zoom, in or out, as a share.
        erase: share of the faces in which a random rectangle is replaced by noise.
        mixup: how evenly pairs of faces, and their labels, are blended: α of the Beta distribution; 0 blends nothing.
        distillation: share of a teacher's probabilities in the target; the rest is the label. See
            `fer_course.training.distillation`. 0 needs no teacher.
        consistent: whether the teacher judges the same mirrored and shifted picture that the network sees, not the face as it
            is (Beyer et al. 2022, arXiv:2106.05237). Rectangles are erased, and pairs are mixed, after it has judged.
        validation: share of Training that is held out, stratified, to choose the best epoch; 0 keeps the last epoch.
        fold: which of the equal parts of Training is held out; 0, the first, in every preset.
        patience: the number of epochs without a better validation loss after which the training stops; 0 never stops early.
        seed: fixes the weights, the order of the faces and their augmentation. The held-out faces do not depend on it.

    Raises:
        RecipeError: if a setting has the wrong type or is outside `LIMITS`.

    """

    name: str = "custom"
    model: str = "mini_xception"
    input_size: int = 48
    early: float = 0.0
    early_size: int = 32
    epochs: int = 12
    batch_size: int = 64
    optimizer: str = "adamw"
    learning_rate: float = 0.01
    schedule: str = "one_cycle"
    warmup: float = 0.25
    plateau_patience: int = 12
    plateau_factor: float = 0.1
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    flip: bool = True
    shift: float = 0.08
    rotation: float = 0.0
    zoom: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    distillation: float = 0.0
    consistent: bool = False
    validation: float = 0.2
    fold: int = 0
    patience: int = 0
    seed: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _check(field.name, str(field.type), getattr(self, field.name)))
        for setting, choices in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, setting) not in choices:
                raise RecipeError(f"{setting} is one of {', '.join(choices)}; found {shown(getattr(self, setting))}.")
        if self.consistent and (self.rotation or self.zoom or not self.distillation):
            raise RecipeError(
                f"consistent needs distillation above 0, and faces that are mirrored and shifted alone: the teacher judges each "
                f"such picture once, before the training. Found distillation {self.distillation:g}, rotation "
                f"{self.rotation:g}, zoom {self.zoom:g}."
            )

    @property
    def early_epochs(self) -> int:
        """Return how many epochs, from the first on, have smaller pictures."""
        return round(self.early * self.epochs) if self.early_size < self.input_size else 0

    @classmethod
    def named(cls, name: str) -> Recipe:
        """Return one of the presets `quick`, `minutes`, `best`, `paper`.

        Raises:
            RecipeError: if there is no such preset.

        """
        if name not in PRESETS:
            raise RecipeError(f"There is no recipe {name!r}; there are: {', '.join(PRESETS)}, or a .yaml file.")
        return PRESETS[name]

    @classmethod
    def load(cls, name_or_file: str | Path) -> Recipe:
        """Return a preset by name, or read a recipe from a `.yaml` file."""
        if str(name_or_file).endswith((".yaml", ".yml")):
            return cls.from_yaml(name_or_file)
        return cls.named(str(name_or_file))

    @classmethod
    def from_yaml(cls, path: str | Path) -> Recipe:
        """Read a recipe from a YAML file; settings that are not in it keep their default.

        Raises:
            RecipeError: if the file is missing, is not a list of `setting: value`, or has an unknown setting.

        """
        settings = read_yaml(path, RecipeError)
        if not isinstance(settings, dict):
            raise RecipeError(f"{path} must hold lines such as `epochs: 12`; found {type(settings).__name__}.")
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = [setting for setting in settings if setting not in known]
        if unknown:
            raise RecipeError(f"{path} has an unknown setting {shown(unknown[0])}; there are: {', '.join(known)}.")
        try:
            return cls(**settings)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from None

    def to_yaml(self, path: str | Path) -> None:
        """Write the recipe as YAML, whole or not at all."""
        write_text(path, yaml.safe_dump(dataclasses.asdict(self), sort_keys=False))

    def but(self, **changes) -> Recipe:
        """Return a copy with some settings changed: `Recipe.named("quick").but(epochs=2)`.

        Raises:
            RecipeError: if there is no such setting.

        """
        known = [field.name for field in dataclasses.fields(self)]
        unknown = [setting for setting in changes if setting not in known]
        if unknown:
            raise RecipeError(f"A recipe has no setting {unknown[0]!r}; there are: {', '.join(known)}.")
        return dataclasses.replace(self, **changes)


def _check(setting: str, kind: str, value: Any) -> Any:
    """Return the value in its declared type. A whole number may be given for a float; nothing else is converted."""
    if kind == "float" and type(value) is int and abs(value) < 2**53:  # a float can't hold larger ones exactly
        value = float(value)
    found, declared = type(value), {"str": str, "int": int, "float": float, "bool": bool}[kind]
    if found is not declared:
        advice = " (in YAML, 1e-3 is text: write 1.0e-3)" if kind == "float" and isinstance(value, str) else ""
        raise RecipeError(f"{setting} is a {kind}; found {shown(value)}{advice}.")
    if setting in LIMITS:
        low, high = LIMITS[setting]
        if not low <= value <= high:
            raise RecipeError(f"{setting} lies between {low:g} and {high:g}; found {shown(value)}.")
    return value


#: The recipes that notebooks and profiles name.
PRESETS = {
    # Seconds, to see that everything works: for drawn faces and for first trials.
    "quick": Recipe("quick", epochs=6, batch_size=32),
    # Minutes on two CPU cores: as good as the paper.
    "minutes": Recipe(
        "minutes",
        early=0.55,
        epochs=11,
        learning_rate=0.015,
        schedule="linear",
        warmup=0.15,
        weight_decay=0.01,
        shift=0.03,
        validation=0.0,
    ),
    # Half an hour on a CPU, minutes on a GPU.
    "best": Recipe(
        "best",
        epochs=80,
        learning_rate=0.015,
        warmup=0.15,
        weight_decay=0.01,
        label_smoothing=0.1,
        shift=0.06,
        validation=0.0,
    ),
    # The paper as printed (batch, epochs, patience, input, validation share). What it does not say follows the public code
    # from which its settings come: Arriaga's face_classification (Adam, plateau with a quarter of the patience, ranges).
    "paper": Recipe(
        "paper",
        input_size=24,
        epochs=1000,
        batch_size=48,
        optimizer="adam",
        learning_rate=1e-3,
        schedule="plateau",
        weight_decay=0.0,
        shift=0.1,
        rotation=10.0,
        zoom=0.1,
        patience=50,
    ),
}
