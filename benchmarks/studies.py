"""What `study.py` trains: for each study a sentence, and its rows, name -> recipe. All are tuned on Training alone."""

from __future__ import annotations

from fer_course import models
from fer_course.recipes import Recipe

MINUTES = Recipe.named("minutes")

#: One recipe for all, as short as a comparison of nine networks allows.
ZOO = MINUTES.but(name="zoo", epochs=8)

#: Long enough that a network without augmentation begins to learn its faces by heart.
LONG = MINUTES.but(name="long", epochs=24)
PLAIN = {"flip": False, "shift": 0.0}
PAPER = {setting: getattr(Recipe.named("paper"), setting) for setting in ("flip", "shift", "rotation", "zoom")}

STUDIES: dict[str, tuple[str, dict[str, Recipe]]] = {
    "zoo": (
        "Every network of the zoo, one recipe.",
        {name: ZOO.but(model=name) for name in models.names()},
    ),
    "size": (
        "The paper's claims on filters and layers, standard against separable convolutions at equal parameters, and the input.",
        {
            "mini_xception": ZOO,
            "twice the filters": ZOO.but(model="mini_xception_wide"),
            "three convolutions a module": ZOO.but(model="mini_xception_deep"),
            "standard convolutions": ZOO.but(model="mini_xception_standard"),
            "24 pixels": ZOO.but(input_size=24),
            "64 pixels": ZOO.but(input_size=64),
        },
    ),
    "augmentation": (
        "None, the paper's and ours, over 24 epochs.",
        {"none": LONG.but(**PLAIN), "the paper's": LONG.but(**PAPER), "ours": LONG},
    ),
    "paper": (
        "The paper's settings as printed, under its own early stopping.",
        {"paper": Recipe.named("paper")},
    ),
    "best": ("The longest recipe.", {"best": Recipe.named("best")}),
}
