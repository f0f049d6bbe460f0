"""What `study.py` trains: for each study a sentence, and its rows. All recipes were tuned on Training alone.

Each row says what was chosen on which faces. Nobody wrote down which part of Training the settings were tuned on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recording import tiny

from fer_course import models
from fer_course.recipes import Recipe

#: What `Row.chosen_on` says of a row whose notes say nothing.
NOT_RECORDED = "not recorded"
#: Of settings that were tuned.
TUNED = "a part of Training (which: not recorded)"
#: Of rows that are there to be compared with another one.
ONE_CHANGE = "not chosen: one change of mini_xception"


@dataclass(frozen=True)
class Row:
    """One row of a study.

    Attributes:
        recipe: with seed 0; each seed of the study replaces it.
        teachers: rows of the same study, trained with seed 0; the row learns from the mean of their probabilities.
        unseen: of those teachers alone, for each face, that held it out.
        seeds: fewer than the study's, where one is enough.
        chosen_on: on which faces its settings were chosen, and, after a semicolon, its epoch, where it is not the last one.

    """

    recipe: Recipe
    teachers: tuple[str, ...] = ()
    unseen: bool = False
    seeds: tuple[int, ...] | None = None
    chosen_on: str = NOT_RECORDED


#: What the comparisons below change: the recipe `minutes` of the first edition, all epochs with pictures of full size.
MINUTES = Recipe.named("minutes").but(early=0.0, epochs=11, schedule="one_cycle")

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
TEACHERS = {
    f"teacher {fold}": Row(
        TEACHER.but(fold=fold), seeds=(0,), chosen_on=f"{TUNED}; epoch: a fifth of Training (fold {fold})"
    )
    for fold in range(3)
}
#: With these every face of Training has one teacher that has not seen it, three fifths of them two.
MORE_TEACHERS = {
    f"teacher {fold}": Row(
        TEACHER.but(fold=fold), seeds=(0,), chosen_on=f"{TUNED}; epoch: a fifth of Training (fold {fold})"
    )
    for fold in (3, 4)
} | {
    f"teacher {fold}, 64 pixels": Row(
        MAGNIFYING.but(fold=fold), seeds=(0,), chosen_on=f"{TUNED}; epoch: a fifth of Training (fold {fold})"
    )
    for fold in range(3)
}

#: Fewer epochs, of which half are cheap, for machines without a GPU. With five of them every face has one teacher that has not
#: seen it.
QUICK_TEACHER = TEACHER.but(name="quick teacher", epochs=30, early=0.5, schedule="linear")
QUICK_TEACHERS = {
    f"quick teacher {fold}": Row(
        QUICK_TEACHER.but(fold=fold), seeds=(0,), chosen_on=f"not chosen; epoch: a fifth of Training (fold {fold})"
    )
    for fold in range(5)
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
#: The teachers judge each picture as the student sees it, through many epochs, of which the first half is cheap, and with
#: pictures that never repeat, see Beyer et al. 2022, arXiv:2106.05237.
PATIENT = UNSEEN.but(name="quick teachers, consistent", consistent=True, epochs=160, early=0.5, mixup=0.2)
#: The same without labels, as there.
NO_LABELS = PATIENT.but(name="quick teachers, consistent, no labels", distillation=1.0)
ALL_TEACHERS = (*TEACHERS, *MORE_TEACHERS)

#: The rows of the study `size`, and what each changes of the first one.
SIZE: dict[str, dict] = {
    "mini_xception": {},
    "twice the filters": {"model": "mini_xception_wide"},
    "three convolutions a module": {"model": "mini_xception_deep"},
    "standard convolutions": {"model": "mini_xception_standard"},
    "without shortcuts": {"model": "mini_xception_no_shortcuts"},
    "without normalisation": {"model": "mini_xception_no_normalisation"},
    "without normalisation, a tenth of the rate": {
        "model": "mini_xception_no_normalisation",
        "learning_rate": ZOO.learning_rate / 10,
    },
    "a tenth of the rate": {"learning_rate": ZOO.learning_rate / 10},
    "without shortcuts, more filters": {"model": "mini_xception_no_shortcuts_wide"},
    "ReLU between the halves": {"model": "mini_xception_relu_between"},
    "normalisation between the halves": {"model": "mini_xception_norm_between"},
    "normalisation and ReLU between the halves": {"model": "mini_xception_norm_relu_between"},
    "24 pixels": {"input_size": 24},
    "64 pixels": {"input_size": 64},
}
#: Its patience takes the epoch with the lowest loss on the fifth that it holds out.
AS_PUBLISHED = "not chosen: as published; epoch: a fifth of Training (fold 0)"

STUDIES: dict[str, tuple[str, dict[str, Row]]] = {
    "zoo": (
        "Every network of the zoo, one recipe.",
        {
            name: Row(ZOO.but(model=name), chosen_on="not chosen: the first edition's `minutes`, shorter")
            for name in models.names()
        },
    ),
    "size": (
        "The paper's claims on filters and layers, mini-Xception with one of its parts changed or left out, and the input.",
        {
            name: Row(
                ZOO.but(**changes),
                chosen_on=ONE_CHANGE if changes else "not chosen: the first edition's `minutes`, shorter",
            )
            for name, changes in SIZE.items()
        },
    ),
    "augmentation": (
        "None, the paper's and ours, over 24 epochs.",
        {
            "none": Row(LONG.but(**PLAIN), chosen_on="not chosen: no augmentation"),
            "the paper's": Row(LONG.but(**PAPER), chosen_on="not chosen: as published"),
            "ours": Row(LONG, chosen_on=TUNED),
        },
    ),
    "paper": (
        "The paper's settings as printed, under its own early stopping; and the same with faces as large as FER2013 has them.",
        {
            "paper": Row(Recipe.named("paper"), chosen_on=AS_PUBLISHED),
            "paper at 48 pixels": Row(
                Recipe.named("paper").but(name="paper at 48 pixels", input_size=48), chosen_on=AS_PUBLISHED
            ),
        },
    ),
    "best": (
        "The longest recipe, from labels alone and with teachers.",
        {
            **TEACHERS,
            **MORE_TEACHERS,
            **QUICK_TEACHERS,
            "best": Row(BEST, chosen_on=TUNED),
            "distilled from one": Row(DISTILLED, teachers=("teacher 0",), seeds=(0,), chosen_on=TUNED),
            "distilled": Row(DISTILLED, teachers=tuple(TEACHERS), seeds=(0,), chosen_on=TUNED),
            "distilled, 64 pixels": Row(MAGNIFIED, teachers=tuple(TEACHERS), chosen_on=TUNED),
            "unseen teachers": Row(UNSEEN, teachers=ALL_TEACHERS, unseen=True, chosen_on=TUNED),
            "unseen teachers, 64 pixels": Row(UNSEEN_MAGNIFIED, teachers=ALL_TEACHERS, unseen=True, chosen_on=TUNED),
            "unseen teachers, 64 pixels, turned": Row(
                TURNED, teachers=ALL_TEACHERS, unseen=True, chosen_on="a fifth of Training (which: not recorded)"
            ),
            "quick teachers, consistent": Row(
                PATIENT, teachers=tuple(QUICK_TEACHERS), unseen=True, chosen_on="not chosen: after Beyer et al. 2022"
            ),
            "quick teachers, consistent, no labels": Row(
                NO_LABELS, teachers=tuple(QUICK_TEACHERS), unseen=True, chosen_on="not chosen: after Beyer et al. 2022"
            ),
        },
    ),
}

for _, each in STUDIES.values():
    each.update({name: replace(row, recipe=tiny(row.recipe)) for name, row in each.items()})
