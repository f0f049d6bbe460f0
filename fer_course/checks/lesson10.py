"""Checks of lesson 10: accuracy on slices, distance to the nearest picture, a split by source, a model card."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import numpy as np

from fer_course.checks.core import Hint, attempt, expect, explaining, grown, numbers, passed, short
from fer_course.evaluation.model_card import CARD_FIELDS

# ------------------------------------------------------------------------------------------------------------ slices


def slice_accuracy(learner) -> None:
    """Check `slice_accuracy(right, slices)`: name -> (number of faces, accuracy, half width of the 95 % interval)."""
    for seed, n in ((1, 41), (2, 97), (3, 230)):
        right, slices = _some_slices(seed, *grown(seed, n))
        answer = attempt(learner, right, slices)
        if not isinstance(answer, dict):
            raise Hint(f"Return a dictionary, name → (n, accuracy, half width); found {short(answer)}.")
        _slice_names(answer, slices)
        for name, mask in slices.items():
            if mask.any():
                _one_slice(answer[name], right, mask, name)
    passed("Measured, slice by slice, each with its interval.")


def _some_slices(seed: int, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return answers and slices that overlap, one without faces and one of faces that are all right."""
    rng = numbers(seed)
    right, glasses = rng.random(n) < 0.63, rng.random(n) < 0.3
    slices = {"glasses": glasses, "no glasses": ~glasses, "turned": rng.random(n) < 0.5}
    easy = np.zeros(n, dtype=bool)
    easy[np.flatnonzero(right)[:7]] = True
    return right, slices | {"nobody": np.zeros(n, dtype=bool), "easy": easy}


def _slice_names(answer: dict, slices: dict) -> None:
    if "nobody" in answer:
        raise Hint(
            "A slice without faces stands in your answer. Nothing can be measured there: leave it out (`if mask.any():`)."
        )
    missing = [name for name, mask in slices.items() if mask.any() and name not in answer]
    if missing:
        raise Hint(f"The slice {missing[0]!r} is missing in your answer. Is the `return` inside the loop?")
    if extra := [name for name in answer if name not in slices]:
        raise Hint(f"There is no slice {short(extra[0])}; use the names of `slices` as keys.")


def _one_slice(found, right: np.ndarray, mask: np.ndarray, name: str) -> None:
    if not isinstance(found, (tuple, list, np.ndarray)) or len(found) != 3:
        raise Hint(f"The slice {name!r}: expected three numbers (n, accuracy, half width), found {short(found)}.")
    n = sum(1 for inside in mask if inside)
    hits = sum(1 for hit, inside in zip(right, mask, strict=True) if hit and inside)
    share = hits / n
    error = math.sqrt(share * (1 - share) / n)
    what = f"{name!r}, {n} of {len(right)} faces, {hits} of them right"
    expect(found[0], n, f"number of faces of {what}", [(len(right), "these are all faces. Count those of the slice.")])
    mistakes = [
        (hits / len(right), "divided by the number of *all* faces. Divide by the faces of the slice: `right[mask].mean()`."),
        (sum(right) / len(right), "this is the accuracy of all faces. Take those of the slice: `right[mask]`."),
        (1 - share, "this is the share of wrong answers."),
        (100 * share, "this is in per cent. Return a share from 0 to 1."),
        (hits, "this is the number of right answers. Divide it by the faces of the slice."),
    ]  # fmt: skip
    expect(found[1], share, f"accuracy of {what}", mistakes)
    mistakes = [
        (error, "this is one standard error. The interval reaches 1.96 of them to each side."),
        (2 * 1.96 * error, "this is the whole width. Return half of it: from the accuracy to one end."),
        (1.96 * error**2, "the square root is missing: 1.96 · √(p (1 − p) / n)."),
        (1.96 * math.sqrt(share * (1 - share)), "this does not get narrower with more faces. Divide by n under the root."),
        (1.96 * math.sqrt(share * (1 - share)) / n, "n belongs under the root: √(p (1 − p) / n)."),
        (1.96 * math.sqrt(share * (1 - share) / len(right)), "divide by the faces of the *slice*, not by all faces."),
        (1.96 * math.sqrt(share / n), "the factor (1 − p) is missing under the root."),
        (share - 1.96 * error, "this is the lower end of the interval. Return its half width."),
        (196 * error, "this is in points. Return a share, like the accuracy."),
    ]  # fmt: skip
    expect(found[2], 1.96 * error, f"half width of {what}", mistakes)


# --------------------------------------------------------------------------------------------------------- distances


def nearest_distance(learner) -> None:
    """Check `nearest_distance(images, others)`: root mean squared distance to the nearest other, (N,), in grey levels."""
    for seed, n, m in ((1, 5, 8), (2, 7, 4), (3, 3, 6)):
        n, m, *shape = grown(seed, n, m, 5, 7)
        rng = numbers(seed)
        images = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
        others = rng.integers(0, 256, (m, *shape), dtype=np.uint8)
        others[1] = images[2]  # an exact copy
        others[2] = np.clip(images[0].astype(int) + 9, 0, 255)  # nearly one
        table = _distance_table(images, others)
        with explaining({"broadcast": "Take one picture after the other, in a loop: (H, W) minus (M, H, W) works."}):
            answer = attempt(learner, images, others)
        expect(
            answer, table.min(axis=1), f"distances of {n} pictures to {m} others", _distance_mistakes(images, others)
        )
    passed("Measured: 0 for a copy, little for a near copy.")


def _distance_table(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return all distances (N, M), one pixel after the other, in Python's own numbers."""
    table = np.zeros((len(images), len(others)))
    for i, image in enumerate(images):
        for j, other in enumerate(others):
            pairs = list(zip(image.ravel().tolist(), other.ravel().tolist(), strict=True))
            table[i, j] = math.sqrt(sum((a - b) ** 2 for a, b in pairs) / len(pairs))
    return table


def _distance_mistakes(images: np.ndarray, others: np.ndarray) -> list:
    wrapped = images[:, None] - others[None]  # uint8: goes round at 0
    difference = images[:, None].astype(float) - others[None]
    table, squares = np.sqrt((difference**2).mean(axis=(2, 3))), (difference**2).mean(axis=(2, 3))
    pixels = images[0].size
    overflow = "dark minus bright became a large number: uint8 has no negative ones. Turn both into float first, then subtract."
    return [
        (np.sqrt((wrapped**2).mean(axis=(2, 3))).min(axis=1), overflow),
        (np.sqrt((wrapped.astype(float) ** 2).mean(axis=(2, 3))).min(axis=1), overflow),
        (squares.min(axis=1), "these are squared distances. Take the square root."),
        (np.sqrt(squares * pixels).min(axis=1), "the squares are summed over the pixels. Take their mean."),
        (np.abs(difference).mean(axis=(2, 3)).min(axis=1), "these are mean absolute differences. Square, then mean, then root."),
        (table.max(axis=1), "these are distances to the *least* similar picture: min, not max."),
        (table.mean(axis=1), "these are mean distances to all others. Only the nearest one counts: min."),
        (table.min(axis=0), "this is a distance for each of `others`. One for each of `images` is asked: the other axis."),
        (table.argmin(axis=1), "this says *which* picture is nearest. Return how far it is: min, not argmin."),
        (np.sqrt(squares.mean(axis=1)), "these are means over all others, too. Keep them apart: `.mean(axis=(1, 2))`, then min."),
        (table.min(axis=1) / 255, "these are shares of 255. Grey levels are asked: don't divide."),
        (table.min(), "this is the smallest distance of all. One for each of `images` is asked."),
        (table, "these are all distances, N × M. Keep the smallest of each row."),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ splits


def split_by_source(learner) -> None:
    """Check `split_by_source(source, share, seed)`: a mask (N,), True for test, every source on one side only."""
    for seed, share in ((1, 0.2), (2, 0.3), (3, 0.25)):
        source = _some_sources(seed)
        mask = attempt(learner, source, share, seed)
        _is_mask(mask, source)
        mask = np.asarray(mask)
        sides = [set(source[mask].tolist()), set(source[~mask].tolist())]
        if both := sides[0] & sides[1]:
            raise Hint(
                f"{len(both)} of {len(set(source.tolist()))} sources have pictures on both sides, {min(both)} for one. "
                "Choose among the sources (np.unique), not among the pictures; then all pictures of the chosen ones."
            )
        _share_of_sources(len(sides[0]) / (len(sides[0]) + len(sides[1])), share)
        _chosen_at_random(learner, source, share, seed, mask)
    _drawn_once(learner)
    passed("Split: nobody stands on both sides.")


def _some_sources(seed: int) -> np.ndarray:
    """Return the numbers of 150 sources, neither consecutive nor in order, each 1 to 9 times, shuffled."""
    rng = numbers(seed)
    names = rng.choice(5000, 150, replace=False) - (6000 if seed == 2 else 0)  # any whole numbers: below 0, too
    return rng.permutation(np.repeat(names, rng.integers(1, 10, 150)))


def _is_mask(mask, source: np.ndarray) -> None:
    found = np.asarray(mask)
    if isinstance(mask, tuple):
        raise Hint(f"Return one mask, True for test; found {len(mask)} things.")
    if found.shape == np.unique(source).shape:
        raise Hint("This is one value a *source*. Asked for is one a picture: `np.isin(source, chosen)` makes it.")
    if found.dtype != bool and found.ndim == 1 and set(np.unique(found).tolist()) <= set(source.tolist()):
        raise Hint("These are the chosen sources. Asked for is a mask of the pictures: `np.isin(source, chosen)`.")
    if found.dtype != bool and found.shape != source.shape:
        raise Hint(f"Expected a mask, {len(source)} values True or False; found {short(mask)}. Row numbers?")
    if found.shape != source.shape:
        raise Hint(f"Expected one value a picture, shape {source.shape}; found {found.shape}.")
    if found.dtype != bool:
        raise Hint(f"Expected True and False (bool); found {found.dtype}. A comparison or np.isin makes a mask.")


def _share_of_sources(found: float, share: float) -> None:
    if found in (0, 1):
        raise Hint(f"All sources are on one side; {share:.0%} of them belong to the test.")
    if abs(found - (1 - share)) < 0.08 and abs(found - share) > 0.15:
        raise Hint(f"{found:.0%} of the sources are test: the mask is the wrong way round. True means test.")
    if abs(found - share) > 0.12:
        raise Hint(
            f"{found:.0%} of the sources are in the test; about {share:.0%} were asked for. Did you shuffle `source` itself, in "
            "which each source stands several times? `np.unique(source)` has each once."
        )


def _drawn_once(learner) -> None:
    """Half of many sources, drawn with replacement, is only 1 − 1/√e = 39 % of them."""
    source = np.arange(3000)
    found = np.mean(attempt(learner, source, 0.5, 4))
    if abs(found - (1 - math.exp(-0.5))) < 0.04:
        raise Hint(
            f"{found:.0%} of 3,000 sources are in the test; 50 % were asked for. Are some drawn twice? `rng.choice` puts each "
            "back unless `replace=False`; `rng.permutation` never repeats one."
        )


def _chosen_at_random(learner, source: np.ndarray, share: float, seed: int, mask: np.ndarray) -> None:
    if not np.array_equal(np.asarray(attempt(learner, source, share, seed)), mask):
        raise Hint("The same seed gave two different splits. Draw from `np.random.default_rng(seed)` only.")
    others = [np.asarray(attempt(learner, source, share, seed + step)) for step in (100, 200)]
    if all(np.array_equal(other, mask) for other in others):
        raise Hint("Every seed gives the same split. Choose at random, with `np.random.default_rng(seed)`.")


# -------------------------------------------------------------------------------------------------------------- card

_PLACEHOLDER = re.compile(r"^[\W_]*(todo|tbd|n/?a|none|xxx|unknown|fill|your text)?[\W_]*$", re.IGNORECASE)
_WORK = re.compile(r"\b(work|employ|job|recruit|hiring|office)", re.IGNORECASE)
_SCHOOL = re.compile(r"\b(school|educat|class|student|pupil|universit|teach|exam)", re.IGNORECASE)
_USE = re.compile(
    r"\b(emotion|feel|mood|judg|infer|assess|evaluat|grad|monitor|survei|watch|rank|select|screen|decid|decision|detect|recogni|"
    r"use|using|rate|rating|scor|test|analy|measur|track|observ|spy|identif|conclu|draw|guess|read|find|control|punish|hir|prohibit)",
    re.IGNORECASE,
)
_FEELING = re.compile(r"\b(emotion|feel|mood|mind|state of)", re.IGNORECASE)


def model_card(learner) -> None:
    """Check `fill_card(report, recipe, seeds)`: a dictionary with a text for each of `evaluation.CARD_FIELDS`."""
    import fer_course.quiet  # noqa: F401, a check writes nothing to stderr
    from fer_course.recipes import Recipe
    from fer_course.reports import Report

    cases = [(1, 143, Recipe("quick", epochs=6), [0, 1]), (2, 611, Recipe("mine", "lenet", epochs=31), [17, 4, 2013])]
    for seed, n, recipe, seeds in cases:
        rng = numbers(seed)
        labels = np.concatenate([np.arange(7), rng.integers(0, 7, n - 7)])
        report = Report(labels, rng.dirichlet(np.ones(7), n) + 0.35 * np.eye(7)[labels], "PublicTest", drawn=True)
        card = attempt(learner, report, recipe, seeds)
        _all_fields(card)
        case = SimpleNamespace(report=report, recipe=recipe, seeds=seeds)
        for field, look in _LOOKS.items():
            look(card[field], case)
    passed("A card that one can trust a model by.")


def _all_fields(card) -> None:
    if not isinstance(card, dict):
        raise Hint(f"Return a dictionary, field → text; found {short(card)}.")
    for field, heading in CARD_FIELDS.items():
        if field not in card:
            raise Hint(f"The field {field!r} ({heading}) is missing. The fields: {', '.join(CARD_FIELDS)}.")
        if not isinstance(card[field], str):
            raise Hint(
                f"The field {field!r}: expected a text, found {type(card[field]).__name__} {short(card[field])}."
            )
        text = card[field].strip()
        if _PLACEHOLDER.match(text) or text.lower() in (field, heading.lower()):
            raise Hint(f"The field {field!r} says nothing yet: {text!r}. Who reads the card has no other source.")
    if extra := [field for field in card if field not in CARD_FIELDS]:
        raise Hint(f"There is no field {short(extra[0])}; the fields are {', '.join(CARD_FIELDS)}.")


def _data(text: str, case) -> None:
    if not re.search(r"\bdraw", text, re.IGNORECASE):
        raise Hint(f"data: {text!r} does not say that these are *drawn* faces. A reader would think of photographs.")
    if not re.search(r"licen[cs]|consent|permi|terms|agree|CC BY|MIT|asked|nobody|no one", text, re.IGNORECASE):
        raise Hint("data: say the terms too. Who allowed it? A licence, a consent, or that the faces are nobody's.")


def _recipe(text: str, case) -> None:
    recipe = case.recipe
    for what, value in (("name", recipe.name), ("model", recipe.model), ("number of epochs", recipe.epochs)):
        if not re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text):
            raise Hint(f"recipe: the {what} is missing, {value!r} here. Take it from `recipe`; don't type it.")


def _seeds(text: str, case) -> None:
    missing = [seed for seed in case.seeds if not re.search(rf"(?<!\d){seed}(?!\d)", text)]
    if missing:
        raise Hint(f"seeds: {missing[0]} is missing; the model depends on {case.seeds}. Take them from `seeds`.")


def _interval(text: str, case) -> None:
    report, (low, high) = case.report, case.report.interval
    if not _says(text, report.accuracy):
        raise Hint(f"interval: the accuracy is missing, {report.accuracy:.1%} here (`report.accuracy`).")
    for end, share in (("lower", low), ("upper", high)):
        if not _says(text, share):
            raise Hint(
                f"interval: the {end} end is missing, {share:.1%} here. `report.interval` holds both; a score alone "
                "does not say how sure it is."
            )
    if not re.search(rf"(?<![\d.,]){report.n}(?![\d%]|[.,]\d)", text.replace(f"{report.n:,}", str(report.n))):
        raise Hint(f"interval: of how many faces? `report.n` is {report.n} here.")


def _per_class(text: str, case) -> None:
    for name, recall in zip(case.report.class_names, case.report.recall, strict=True):
        place = text.lower().find(name)
        if place < 0:
            raise Hint(f"per class: {name} is missing. A mean hides its worst class.")
        after = re.match(r"[^\d]{0,20}\d[\d.]*", text[place + len(name) :])
        if not after or not _says(after[0], recall):
            raise Hint(f"per class: after {name}, its recall is expected, {recall:.0%} here (`report.recall`).")


def _limits(text: str, case) -> None:
    if len(text.split()) < 8:
        raise Hint(
            f"limits: {text!r} is short. What can't it see? For whom does it work worse? Where was it never tried?"
        )
    if not _FEELING.search(text):
        raise Hint("limits: say the one of this lesson: a model of expressions does not see what somebody feels.")


def _intended(text: str, case) -> None:
    if len(text.split()) < 3:
        raise Hint(f"intended uses: {text!r} is short. Who is to use it, and for what?")
    if _FEELING.search(text) and (_WORK.search(text) or _SCHOOL.search(text)):
        raise Hint(
            "intended uses: inferring emotions at work or in education is what Article 5(1)(f) of the AI Act prohibits. "
            "It belongs into the other field."
        )


def _forbidden(text: str, case) -> None:
    for where, words in (("the workplace", _WORK), ("education", _SCHOOL)):
        if not words.search(text):
            raise Hint(
                f"forbidden uses: name {where}; Article 5(1)(f) of the AI Act prohibits both workplace and education."
            )
    if not _USE.search(text):
        raise Hint(
            f"forbidden uses: {text!r} names places. What must not be done there? Say it: judging, inferring emotions, …"
        )


def _says(text: str, share: float) -> bool:
    """Return True if a number of the text is the share, as such or in per cent, at least to a whole per cent."""
    numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)]
    return any(min(abs(number - share), abs(number / 100 - share)) <= 0.0051 for number in numbers)


_LOOKS = {
    "data": _data,
    "recipe": _recipe,
    "seeds": _seeds,
    "interval": _interval,
    "per class": _per_class,
    "limits": _limits,
    "intended uses": _intended,
    "forbidden uses": _forbidden,
}
