"""Figure 9, the augmentation judge: change a face, vote, and then see whether the network still knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from fer_course import augment
from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES, SIZE
from fer_course.plots import grid
from fer_course.widgets.figure import Figure, handed

#: The settings that change nothing.
AS_IT_IS: dict[str, Any] = {
    "right": 0, "down": 0, "turn": 0, "zoom": 1.0, "brightness": 0, "contrast": 1.0, "mirrored": False, "covered": "nothing",
}  # fmt: skip
#: Rows that a cover hides.
COVERS = {"nothing": (0, 0), "eyes": (12, 26), "mouth": (30, 48)}


def changed(image: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Return the face, uint8 (48, 48), as the handles change it: covered, mirrored, moved, then contrast and brightness.

    Args:
        image: uint8 (48, 48).
        settings: some of `right`, `down` (pixels), `turn` (degrees, anticlockwise), `zoom` (above 1 is nearer), `brightness`
            (grey levels), `contrast` (1 is as it is, -1 the negative), `mirrored`, `covered` ("nothing", "eyes" or "mouth").

    """
    how = AS_IT_IS | dict(settings)
    face = image.copy()
    face[slice(*COVERS[how["covered"]])] = 128
    face = face[:, ::-1] if how["mirrored"] else face
    if any(how[name] != AS_IT_IS[name] for name in ("right", "down", "turn", "zoom")):
        nearer = 1 / how["zoom"]
        face = augment.move(face[None, ..., None], how["turn"], nearer, nearer, -how["right"], -how["down"])[0, ..., 0]
    lit = 127.5 + how["contrast"] * (face.astype(float) - 127.5) + how["brightness"]
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)


class AugmentationJudge(Figure):
    """Handles change a face; the learner votes which of the seven expressions it is still; then the network answers.

    Afterwards one can say where a label breaks: where people no longer see it, whatever the network says. A change that
    people see through and the network doesn't is one to train with.

    Attributes:
        face: number of the face.
        settings: what the handles say, as for `changed`.
        votes: for each vote a dictionary: `face`, `settings`, `vote` (a class, or "can't tell"), `label`, `network` (the
            class that the network says), and `probability`, that it gives to the label.

    """

    module = "augmentation_judge"
    faces = handed(traitlets.Dict())
    labels = handed(traitlets.List())
    class_names = handed(traitlets.List())
    network = handed(traitlets.Dict())
    face = handed(traitlets.Int(0))
    settings = handed(traitlets.Dict(AS_IT_IS))
    votes = handed(traitlets.List())

    def image(self) -> np.ndarray:
        """Return the face as it is changed now, uint8 (48, 48)."""
        return changed(as_array(self.faces)[self.face], self.settings)

    def still(self):
        """Return the face before and after the change as a matplotlib figure, and the alternative text."""
        label = self.labels[self.face]
        pictures = np.stack([as_array(self.faces)[self.face], self.image()])
        differing = {name: value for name, value in self.settings.items() if value != AS_IT_IS[name]}
        how = ", ".join(f"{name} {value}" for name, value in differing.items()) or "not changed yet"
        alt = f"A face with the label {label}, to be changed by handles ({how}); {len(self.votes)} votes so far."
        return grid(pictures, [f"label: {label}", "changed"], columns=2, size=2.2), alt


def augmentation_judge(
    images: np.ndarray | None = None, labels: Sequence[str | int] | None = None, model=None, **options
) -> AugmentationJudge:
    """Return the figure for faces and a network.

    Args:
        images: uint8 (N, 48, 48); None: a drawn face of every class.
        labels: a class for each face, its name or its number.
        model: a Keras model of this package's form, or a `Run`; None: the mini-Xception that comes with the course.
        **options: other traits of `AugmentationJudge`, such as `face=2`.

    Raises:
        FerCourseError: if the pictures are no such faces, or there is not a known class for each.
        ExportError: if the network has a layer that a page can't compute.

    """
    from fer_course import models
    from fer_course.data import drawn
    from fer_course.export import networks

    if images is None:
        labels = list(drawn.PROTOTYPES)
        images = np.stack([drawn.draw_one(units, 3) for units in drawn.PROTOTYPES.values()])
    images, names = np.asarray(images, dtype=np.uint8), [_name(label) for label in (() if labels is None else labels)]
    if images.shape != (len(names), SIZE, SIZE) or not names:
        raise FerCourseError(
            f"augmentation_judge takes faces (N, {SIZE}, {SIZE}) and N labels; found {images.shape} and {len(names)} labels."
        )
    model = models.pretrained() if model is None else models.as_model(model)
    described = networks.describe(model)
    return AugmentationJudge(
        faces=to_array(images), labels=names, class_names=list(CLASS_NAMES), network=described, **options
    )


def _name(label: str | int) -> str:
    if label in CLASS_NAMES:
        return str(label)
    if isinstance(label, (int, np.integer)) and 0 <= label < len(CLASS_NAMES):
        return CLASS_NAMES[label]
    raise FerCourseError(f"A label is one of {', '.join(CLASS_NAMES)}, or its number from 0 to 6; found {label!r}.")
