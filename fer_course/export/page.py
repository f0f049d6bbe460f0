"""A network as one HTML page: its weights, the JavaScript that computes it, a camera, drawn faces; nothing from outside."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from fer_course._shared import scripts
from fer_course.data import drawn
from fer_course.errors import ExportError
from fer_course.export.networks import describe
from fer_course.faces import CLASS_NAMES

_HERE = Path(__file__).parent
#: What the page says before one has asked for more; the rest is `NOTICE`.
SHORT = "These are scores of an expression, not a feeling. The picture stays on this device."
#: Drawn people that show each of the seven faces in the page.
PEOPLE = (3, 8)


def page(model, notice: str) -> str:
    """Return the page of a network.

    Args:
        model: a Keras model of this package's form with the seven classes of the course.
        notice: what the scores mean and what they do not.

    Raises:
        ExportError: if the network has other classes, or a layer has no counterpart in the page.

    """
    from fer_course.models.prepare import prepare

    if model.output_shape[1] != len(CLASS_NAMES):
        raise ExportError(
            f"A page shows the {len(CLASS_NAMES)} classes of the course; {model.name} has {model.output_shape[1]}."
        )
    cast = [(name, who) for who in PEOPLE for name in drawn.PROTOTYPES]
    faces = np.stack([drawn.draw_one(drawn.PROTOTYPES[name], who) for name, who in cast])
    network = describe(model)
    given = {
        "network": network,
        "faces": scripts.to_array(prepare(faces, network["size"])[..., 0]),
        "names": [f"{name}, person {who}" for name, who in cast],
        "class_names": list(CLASS_NAMES),
        "short": SHORT,
    }
    filled = {
        "__NOTICE__": html.escape(notice),
        "__NAME__": html.escape(model.name),
        "__PARAMETERS__": f"{model.count_params():,}",
        "__GIVEN__": scripts.to_json(given),
        "__SCRIPT__": scripts.bundle(_HERE / "page.js"),
    }
    text = (_HERE / "page.html").read_text(encoding="utf-8")
    for place, value in filled.items():
        text = text.replace(place, value)
    return text
