"""What `study.py` trains: for each study a sentence, and its rows. All recipes were tuned on Training alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recording import tiny

from fer_course import models
from fer_course.recipes import Recipe


@dataclass(frozen=True)
class Row:
    """One row of a study.

    Attributes:
        recipe: with seed 0; each seed of the study replaces it.
        teachers: rows of the same study, trained with seed 0; the row learns from the mean of their probabilities.
        unseen: of those teachers alone, for each face, that held it out.
        seeds: fewer than the study's, where one is enough.

    """

    recipe: Recipe
    teachers: tuple[str, ...] = ()
    unseen: bool = False
    seeds: tuple[int, ...] | None = None


MINUTES = Recipe.named("minutes")

#: One recipe for all, as short as a comparison of nine networks allows.
ZOO = MINUTES.but(name="zoo", epochs=8)

#: Long enough that a network without augmentation begins to learn its faces by heart.
LONG = MINUTES.but(name="long", epochs=24)
PLAIN = {"flip": False, "shift": 0.0}
PAPER = {setting: getattr(Recipe.named("paper"), setting) for setting in ("flip", "shift", "rotation", "zoom")}

#: Learns from labels, with stronger augmentation, as it has twenty times as many parameters as mini-Xception.
TEACHER = Recipe(
    "teacher", "vgg_small", epochs=36, learning_rate=0.005, warmup=0.2, weight_decay=0.05, shift=0.1, erase=0.3
)  # fmt: skip

#: The same faces magnified, and turned a little.
MAGNIFYING = TEACHER.but(input_size=64, epochs=40, shift=0.08, rotation=8.0, zoom=0.08)

#: Each holds another fifth of Training out, on which its best epoch is chosen.
TEACHERS = {f"teacher {fold}": Row(TEACHER.but(fold=fold), seeds=(0,)) for fold in range(3)}
#: With these every face of Training has one teacher that has not seen it, three fifths of them two.
MORE_TEACHERS = {f"teacher {fold}": Row(TEACHER.but(fold=fold), seeds=(0,)) for fold in (3, 4)} | {
    f"teacher {fold}, 64 pixels": Row(MAGNIFYING.but(fold=fold), seeds=(0,)) for fold in range(3)
}

BEST = Recipe.named("best")
#: The same with teachers, whose probabilities stand in for the smoothing.
DISTILLED = BEST.but(name="distilled", distillation=0.7, label_smoothing=0.0)
#: The same parameters see each face magnified, so that halving it three times leaves more: an epoch takes 1.7 times as long.
MAGNIFIED = DISTILLED.but(name="distilled, 64 pixels", input_size=64, epochs=40)

#: No teacher says what it has learned by heart: those of `DISTILLED` together name 82 % of Training as the labels do, these 68 %.
UNSEEN = DISTILLED.but(name="unseen teachers")
UNSEEN_MAGNIFIED = MAGNIFIED.but(name="unseen teachers, 64 pixels")
#: Ahead of the same without by 0.2 points on a fifth of Training, after 54 epochs; behind by 1 on PublicTest.
TURNED = UNSEEN_MAGNIFIED.but(
    name="unseen teachers, 64 pixels, turned", epochs=60, rotation=8.0, zoom=0.08, erase=0.3, weight_decay=0.03
)  # fmt: skip
ALL_TEACHERS = (*TEACHERS, *MORE_TEACHERS)

STUDIES: dict[str, tuple[str, dict[str, Row]]] = {
    "zoo": (
        "Every network of the zoo, one recipe.",
        {name: Row(ZOO.but(model=name)) for name in models.names()},
    ),
    "size": (
        "The paper's claims on filters and layers, mini-Xception with one of its parts changed or left out, and the input.",
        {
            "mini_xception": Row(ZOO),
            "twice the filters": Row(ZOO.but(model="mini_xception_wide")),
            "three convolutions a module": Row(ZOO.but(model="mini_xception_deep")),
            "standard convolutions": Row(ZOO.but(model="mini_xception_standard")),
            "without shortcuts": Row(ZOO.but(model="mini_xception_no_shortcuts")),
            "without normalisation": Row(ZOO.but(model="mini_xception_no_normalisation")),
            "without normalisation, a tenth of the rate": Row(
                ZOO.but(model="mini_xception_no_normalisation", learning_rate=ZOO.learning_rate / 10)
            ),
            "a tenth of the rate": Row(ZOO.but(learning_rate=ZOO.learning_rate / 10)),
            "without shortcuts, more filters": Row(ZOO.but(model="mini_xception_no_shortcuts_wide")),
            "ReLU between the halves": Row(ZOO.but(model="mini_xception_relu_between")),
            "normalisation between the halves": Row(ZOO.but(model="mini_xception_norm_between")),
            "normalisation and ReLU between the halves": Row(ZOO.but(model="mini_xception_norm_relu_between")),
            "24 pixels": Row(ZOO.but(input_size=24)),
            "64 pixels": Row(ZOO.but(input_size=64)),
        },
    ),
    "augmentation": (
        "None, the paper's and ours, over 24 epochs.",
        {"none": Row(LONG.but(**PLAIN)), "the paper's": Row(LONG.but(**PAPER)), "ours": Row(LONG)},
    ),
    "paper": ("The paper's settings as printed, under its own early stopping.", {"paper": Row(Recipe.named("paper"))}),
    "best": (
        "The longest recipe, from labels alone and with teachers.",
        {
            **TEACHERS,
            **MORE_TEACHERS,
            "best": Row(BEST),
            "distilled from one": Row(DISTILLED, teachers=("teacher 0",), seeds=(0,)),
            "distilled": Row(DISTILLED, teachers=tuple(TEACHERS), seeds=(0,)),
            "distilled, 64 pixels": Row(MAGNIFIED, teachers=tuple(TEACHERS)),
            "unseen teachers": Row(UNSEEN, teachers=ALL_TEACHERS, unseen=True),
            "unseen teachers, 64 pixels": Row(UNSEEN_MAGNIFIED, teachers=ALL_TEACHERS, unseen=True),
            "unseen teachers, 64 pixels, turned": Row(TURNED, teachers=ALL_TEACHERS, unseen=True),
        },
    ),
}

for _, each in STUDIES.values():
    each.update({name: replace(row, recipe=tiny(row.recipe)) for name, row in each.items()})
