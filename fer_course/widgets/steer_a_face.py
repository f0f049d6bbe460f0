"""Figure 3, steer a face: muscles and a person, and what a network says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from fer_course.data import drawn
from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES
from fer_course.widgets import drawn_faces
from fer_course.widgets.figure import Figure, handed
from fer_course.widgets.stills import face_and_scores, in_words

#: The action units that the seven prototypes move.
MUSCLES = tuple(sorted({number for units in drawn.PROTOTYPES.values() for number in units}))


class SteerAFace(Figure):
    """Muscles move a drawn face; a network gives it seven scores, and their trail shows how they tip over.

    Afterwards one can say: scores are not feelings. The muscle moves evenly, the scores tip over; another person who moves the
    same muscles gets another name.

    Attributes:
        units: number of an action unit, as text -> intensity, 0 to 1; those at rest are missing.
        person: place of the person in `persons`.
        persons: whole numbers that mean people, as for `drawn.draw_one`.
        scores: probabilities of the classes, of the face that is shown.

    """

    module = "steer_a_face"
    faces = handed(traitlets.Dict())
    network = handed(traitlets.Dict())
    class_names = handed(traitlets.List())
    muscles = handed(traitlets.List())
    presets = handed(traitlets.Dict())
    persons = handed(traitlets.List())
    units = handed(traitlets.Dict())
    person = handed(traitlets.Int(0))
    scores = handed(traitlets.List())

    def image(self) -> np.ndarray:
        """Return the face that is shown, uint8 (48, 48)."""
        units = {int(number): intensity for number, intensity in self.units.items()}
        return drawn.draw_one(units, self.persons[self.person])

    def still(self):
        """Return the face and its scores as a matplotlib figure, and the alternative text."""
        scores = self._ask(self.image())
        words = ", ".join(f"{number} at {intensity:g}" for number, intensity in self.units.items()) or "none"
        alt = f"A drawn face, its action units: {words}. The network says: {in_words(self.class_names, scores)}."
        return face_and_scores(self.image(), self.class_names, scores), alt

    def _ask(self, image: np.ndarray) -> np.ndarray:
        from fer_course.models.prepare import prepare

        return self._model.predict_on_batch(prepare(image[None], self.network["size"]))[0]

    def __init__(self, model, **options):
        self._model = model
        super().__init__(**options)
        if not self.scores:
            self.scores = self._ask(self.image()).tolist()


def steer_a_face(
    model=None,
    persons: int | Sequence[int] = 31,
    muscles: Sequence[int] = MUSCLES,
    units: Mapping[int, float] | None = None,
    **options,
) -> SteerAFace:
    """Return the figure for a network.

    Args:
        model: a Keras model of this package's form, or a `Run`; None: the mini-Xception that comes with the course.
        persons: how many people to choose from, or whole numbers that mean people, as for `drawn.draw_one`.
        muscles: action units that get a slider.
        units: action unit -> intensity of the face to begin with; None: at rest.
        **options: other traits of `SteerAFace`, such as `person=3`.

    Raises:
        FerCourseError: if there is no person, or an action unit is unknown.
        ExportError: if the network has a layer that a page can't compute.

    """
    from fer_course import models
    from fer_course.export import networks

    people = list(range(persons)) if isinstance(persons, int) else [int(each) for each in persons]
    if not people or min(people) < 0 or not muscles:
        raise FerCourseError(
            f"steer_a_face needs a person and a muscle; found persons {persons!r}, muscles {muscles!r}."
        )
    drawn.draw_one({**dict.fromkeys(muscles, 0), **(units or {})})  # refuses unknown muscles
    model = models.pretrained() if model is None else models.as_model(model)
    return SteerAFace(
        model,
        faces=drawn_faces.describe(people),
        network=networks.describe(model),
        class_names=list(CLASS_NAMES),
        muscles=[[number, drawn.ACTION_UNITS[number]] for number in muscles],
        presets={name: _as_texts(face) for name, face in drawn.PROTOTYPES.items()},
        persons=people,
        units=_as_texts(units or {}),
        **options,
    )


def _as_texts(units: Mapping[int, float]) -> dict[str, Any]:
    """Return action units in the form of JSON, where names are texts; those at rest are left out."""
    return {str(number): float(intensity) for number, intensity in units.items() if intensity}
