"""Every check of lesson 10 passes right answers, however written, and gives each wrong answer its own hint."""

import numpy as np
from answers import three_tests

import fer_course.quiet  # noqa: F401, a check loads Keras
from fer_course import evaluation
from fer_course.checks import lesson10

# ------------------------------------------------------------------------------------------------------------ slices


def slices_by_loop(right, slices):
    measured = {}
    for name, mask in slices.items():
        hits = [bool(hit) for hit, inside in zip(right, mask, strict=True) if inside]
        if hits:
            p = sum(hits) / len(hits)
            measured[name] = [len(hits), p, 1.96 * (p * (1 - p) / len(hits)) ** 0.5]
    return measured


def slices_with(n=lambda right, mask: mask.sum(), p=lambda right, mask: right[mask].mean(), half=None, empty=False):
    """Return a slice accuracy in which one of the three numbers is another."""
    half = half or (lambda p, n, right: 1.96 * np.sqrt(p * (1 - p) / n))

    def measure(right, slices):
        measured = {}
        for name, mask in slices.items():
            if mask.any():
                true_n, true_p = mask.sum(), right[mask].mean()
                measured[name] = (n(right, mask), p(right, mask), half(true_p, true_n, right))
            elif empty:
                measured[name] = (0, float("nan"), float("nan"))
        return measured

    return measure


def only_the_first(right, slices):
    for name, mask in slices.items():
        return {name: slices_by_loop(right, {name: mask})[name]}


def slices_in_place(right, slices):
    measured = slices_by_loop(right, slices)
    slices["nobody"] |= True
    return measured


SLICES_RIGHT = {
    "package": evaluation.slice_accuracy,
    "loop": slices_by_loop,
    "arrays": slices_with(),
    "float32": lambda right, slices: {k: np.array(v, np.float32) for k, v in slices_by_loop(right, slices).items()},
}
SLICES_WRONG = {
    "n of all": (slices_with(n=lambda right, mask: len(right)), "these are all faces"),
    "divided by all": (slices_with(p=lambda right, mask: (right & mask).sum() / len(right)), r"number of \*all\*"),
    "accuracy of all": (slices_with(p=lambda right, mask: right.mean()), "accuracy of all faces"),
    "masked, not indexed": (slices_with(p=lambda right, mask: (right * mask).mean()), r"number of \*all\*"),
    "errors": (slices_with(p=lambda right, mask: (~right[mask]).mean()), "wrong answers"),
    "per cent": (slices_with(p=lambda right, mask: 100 * right[mask].mean()), "per cent"),
    "hits": (slices_with(p=lambda right, mask: right[mask].sum()), "Divide it by"),
    "standard error": (slices_with(half=lambda p, n, right: np.sqrt(p * (1 - p) / n)), "one standard error"),
    "whole width": (slices_with(half=lambda p, n, right: 3.92 * np.sqrt(p * (1 - p) / n)), "whole width"),
    "no root": (slices_with(half=lambda p, n, right: 1.96 * p * (1 - p) / n), "square root is missing"),
    "no n": (slices_with(half=lambda p, n, right: 1.96 * np.sqrt(p * (1 - p))), "narrower"),
    "n outside": (slices_with(half=lambda p, n, right: 1.96 * np.sqrt(p * (1 - p)) / n), "belongs under the root"),
    "all n": (slices_with(half=lambda p, n, right: 1.96 * np.sqrt(p * (1 - p) / len(right))), r"faces of the \*slice\*"),
    "no factor": (slices_with(half=lambda p, n, right: 1.96 * np.sqrt(p / n)), r"\(1 − p\) is missing"),
    "lower end": (slices_with(half=lambda p, n, right: p - 1.96 * np.sqrt(p * (1 - p) / n)), "lower end"),
    "points": (slices_with(half=lambda p, n, right: 196 * np.sqrt(p * (1 - p) / n)), "in points"),
    "empty slice": (slices_with(empty=True), "leave it out"),
    "return in the loop": (only_the_first, "inside the loop"),
    "a list": (lambda right, slices: list(slices_by_loop(right, slices).values()), "dictionary"),
    "accuracy only": (lambda right, slices: {k: v[1] for k, v in slices_by_loop(right, slices).items()}, "three numbers"),
    "other names": (lambda right, slices: slices_by_loop(right, slices) | {"x": (1, 1, 0)}, "no slice"),
    "in place": (slices_in_place, "in place"),
    "nothing": (lambda right, slices: None, "return"),
}  # fmt: skip

# --------------------------------------------------------------------------------------------------------- distances


def table(images, others, power=2, dtype=float):
    """Return the mean powers of the absolute differences (N, M)."""
    return (np.abs(images[:, None].astype(dtype) - others[None].astype(dtype)) ** power).mean(axis=(2, 3))


def nearest_by_loops(images, others):
    answer = []
    for image in images:
        best = float("inf")
        for other in others:
            best = min(best, float(np.mean((image.astype(int) - other.astype(int)) ** 2)) ** 0.5)
        answer.append(best)
    return answer


def nearest_in_place(images, others):
    answer = nearest_by_loops(images, others)
    images //= 2
    return np.array(answer)


NEAREST_RIGHT = {
    "package": evaluation.nearest_distance,
    "loops": nearest_by_loops,
    "at once": lambda images, others: np.sqrt(table(images, others)).min(axis=1),
    "root last": lambda images, others: np.sqrt(table(images, others).min(axis=1)),
    "float32": lambda images, others: np.sqrt(table(images, others, dtype=np.float32).min(axis=1)),
    "norm": lambda images, others: np.array(
        [min(np.linalg.norm(image * 1.0 - other) / image.size**0.5 for other in others) for image in images]
    ),
}
NEAREST_WRONG = {
    "uint8": (
        lambda images, others: np.sqrt(((images[:, None] - others) ** 2).mean(axis=(2, 3))).min(axis=1),
        "uint8 has no negative",
    ),
    "float too late": (
        lambda images, others: np.sqrt(((images[:, None] - others).astype(float) ** 2).mean(axis=(2, 3))).min(axis=1),
        "uint8 has no negative",
    ),
    "no root": (lambda images, others: table(images, others).min(axis=1), "square root"),
    "sum": (lambda images, others: np.sqrt(table(images, others) * images[0].size).min(axis=1), "Take their mean"),
    "absolute": (lambda images, others: table(images, others, 1).min(axis=1), "mean absolute"),
    "farthest": (lambda images, others: np.sqrt(table(images, others)).max(axis=1), "min, not max"),
    "mean": (lambda images, others: np.sqrt(table(images, others)).mean(axis=1), "Only the nearest"),
    "other axis": (lambda images, others: np.sqrt(table(images, others)).min(axis=0), "the other axis"),
    "which": (lambda images, others: table(images, others).argmin(axis=1), "not argmin"),
    "one number": (lambda images, others: np.sqrt(table(images, others)).min(), "smallest distance of all"),
    "all": (lambda images, others: np.sqrt(table(images, others)), "N × M"),
    "row by row": (lambda images, others: np.sqrt(((images[0] * 1.0 - others) ** 2).mean(axis=1)), "shape"),
    "no axis": (
        lambda images, others: np.sqrt([((image - others.astype(float)) ** 2).mean().min() for image in images]),
        "over all others, too",
    ),
    "shares": (lambda images, others: np.sqrt(table(images, others)).min(axis=1) / 255, "don't divide"),
    "no loop": (
        lambda images, others: np.sqrt(((images - others.astype(float)) ** 2).mean(axis=(1, 2))),
        "Take one picture after",
    ),
    "in place": (nearest_in_place, "in place"),
    "nothing": (lambda images, others: None, "return"),
}

# ------------------------------------------------------------------------------------------------------------ splits


def split_by_loop(source, share, seed):
    names = sorted(set(source.tolist()))
    chosen = set(np.random.default_rng(seed).choice(names, int(share * len(names)), replace=False).tolist())
    return [each in chosen for each in source.tolist()]


def split_by_coin(source, share, seed):
    names, place = np.unique(source, return_inverse=True)
    return (np.random.default_rng(seed).random(len(names)) < share)[place]


def by_picture(source, share, seed):
    return np.random.default_rng(seed).random(len(source)) < share


def first_sources(source, share, seed):
    names = np.unique(source)
    return np.isin(source, names[: round(share * len(names))])


def split_in_place(source, share, seed):
    source.sort()
    return split_by_coin(source, share, seed)


SPLIT_RIGHT = {"package": evaluation.split_by_source, "loop": split_by_loop, "coin": split_by_coin}


def split_of_small_numbers(source, share, seed):
    numbers = source.max() + 1
    chosen = np.random.default_rng(seed).permutation(numbers)[: round(share * numbers)]
    return np.isin(source, chosen)


def split_with_replacement(source, share, seed):
    names = np.unique(source)
    return np.isin(source, np.random.default_rng(seed).choice(names, round(share * len(names))))


def split_of_pictures(source, share, seed):
    return np.isin(source, np.random.default_rng(seed).permutation(source)[: round(share * len(source))])


SPLIT_WRONG = {
    "with replacement": (split_with_replacement, "drawn twice"),
    "not unique": (split_of_pictures, r"`np.unique\(source\)` has each once"),
    "small numbers": (split_of_small_numbers, "on one side"),
    "by picture": (by_picture, "on both sides"),
    "last rows": (lambda s, share, seed: np.arange(len(s)) >= len(s) * (1 - share), "on both sides"),
    "not at random": (first_sources, "Every seed"),
    "no seed": (lambda s, share, seed: split_by_coin(s, share, None), "two different splits"),
    "wrong way round": (lambda s, share, seed: ~evaluation.split_by_source(s, share, seed), "wrong way round"),
    "half": (lambda s, share, seed: evaluation.split_by_source(s, 0.5, seed), "were asked for"),
    "nobody": (lambda s, share, seed: np.zeros(len(s), dtype=bool), "one side"),
    "a value a source": (lambda s, share, seed: np.arange(len(set(s.tolist()))) < 30, r"one value a \*source\*"),
    "the sources": (lambda s, share, seed: np.unique(s)[:30], "chosen sources"),
    "row numbers": (lambda s, share, seed: np.flatnonzero(split_by_coin(s, share, seed)) + 10_000, "Row numbers"),
    "zeros and ones": (lambda s, share, seed: split_by_coin(s, share, seed).astype(int), "True and False"),
    "two things": (lambda s, share, seed: (split_by_coin(s, share, seed), ~split_by_coin(s, share, seed)), "one mask"),
    "source as index": (lambda s, share, seed: np.zeros(150, dtype=bool)[s], "IndexError"),
    "in place": (split_in_place, "in place"),
    "nothing": (lambda s, share, seed: None, "return"),
}

# -------------------------------------------------------------------------------------------------------------- card


def card_as_shares(report, recipe, seeds):
    """Return a card that says the same in other words: shares instead of per cent, recalls line by line."""
    low, high = report.interval
    return {
        "data": "These faces were drawn by a program (CC BY 4.0).",
        "recipe": f"recipe={recipe.name}\nmodel={recipe.model}\nepochs={recipe.epochs}",
        "seeds": f"seeds {seeds}",
        "interval": f"n={report.n}: {report.accuracy:.3f} [{low:.3f}, {high:.3f}]",
        "per class": "\n".join(f"- {name}: {recall:.2f}" for name, recall in zip(*pair(report), strict=True)),
        "limits": "It sees what a face does, never what somebody feels; not tried on any photograph.",
        "intended uses": "Teaching convolutional networks in class.",
        "forbidden uses": "Not to be used on employees, applicants, pupils, students.",
    }


def pair(report):
    return report.class_names, report.recall.tolist()


def card_but(**changes):
    """Return `fill_card` with some fields changed, or left out where the change is None; `_` stands for a space."""

    def fill(report, recipe, seeds):
        card = evaluation.fill_card(report, recipe, seeds)
        for name, value in changes.items():
            value = value(report) if callable(value) else value
            card[name.replace("_", " ")] = value
        return {name: value for name, value in card.items() if value is not None}

    return fill


CARD_RIGHT = {"package": evaluation.fill_card, "shares": card_as_shares}
CARD_WRONG = {
    "a text": (lambda *given: evaluation.card_markdown(evaluation.fill_card(*given), "x"), "dictionary"),
    "a field less": (card_but(limits=None), "'limits' .* is missing"),
    "a field more": (card_but(author="me"), "no field 'author'"),
    "a number": (card_but(interval=0.61), "expected a text"),
    "to do": (card_but(data="TODO"), "says nothing yet"),
    "dots": (card_but(limits="..."), "says nothing yet"),
    "its own name": (card_but(intended_uses="Intended uses"), "says nothing yet"),
    "not drawn": (card_but(data="FER2013, terms of its contest"), r"\*drawn\*"),
    "no terms": (card_but(data="6,000 drawn faces"), "terms too"),
    "typed recipe": (card_but(recipe="quick: mini_xception, 6 epochs"), "don't type it"),
    "one seed": (card_but(seeds="0 and 1"), "seeds: 17 is missing"),
    "no accuracy": (card_but(interval=lambda r: f"{r.n} faces"), "accuracy is missing"),
    "no interval": (card_but(interval=lambda r: f"{r.accuracy:.1%} of {r.n}"), "lower end is missing"),
    "no upper end": (card_but(interval=lambda r: f"{r.accuracy:.1%} of {r.n}, at least {r.interval[0]:.1%}"), "upper end"),
    "no n": (card_but(interval=lambda r: "{:.1%}, {:.1%} to {:.1%}".format(r.accuracy, *r.interval)), "of how many"),
    "no classes": (card_but(per_class=lambda r: f"mean {r.balanced_accuracy:.1%}"), "angry is missing"),
    "names only": (card_but(per_class=lambda r: ", ".join(r.class_names)), "its recall is expected"),
    "half of it": (card_but(per_class=lambda r: ", ".join(f"{k} {v / 2:.2f}" for k, v in zip(*pair(r), strict=True))), "recall"),
    "short limits": (card_but(limits="No emotions."), "short"),
    "no feelings": (card_but(limits="It has never been tried on any photograph of a person."), "somebody feels"),
    "prohibited": (card_but(intended_uses="Evaluating students' emotions in class."), r"5\(1\)\(f\)"),
    "only work": (card_but(forbidden_uses="Hiring and watching employees."), "name education"),
    "only places": (card_but(forbidden_uses="Work and school."), "names places"),
    "only schools": (card_but(forbidden_uses="Grading pupils."), "name the workplace"),
    "nothing": (lambda report, recipe, seeds: None, "return"),
}  # fmt: skip

# ------------------------------------------------------------------------------------------------------ the tests

CHECKS = {
    lesson10.slice_accuracy: (SLICES_RIGHT, SLICES_WRONG),
    lesson10.nearest_distance: (NEAREST_RIGHT, NEAREST_WRONG),
    lesson10.split_by_source: (SPLIT_RIGHT, SPLIT_WRONG),
    lesson10.model_card: (CARD_RIGHT, CARD_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)
