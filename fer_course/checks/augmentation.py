"""Checks: flips and shifts, the paper's settings in Keras, the split before them, the labels that survive."""

from __future__ import annotations

import numpy as np

from fer_course.checks.answers import dictionary, number, pixels, several
from fer_course.checks.core import Hint, Mistake, attempt, check, close, grown, judge, numbers, passed, short
from fer_course.quiet import keras

# ------------------------------------------------------------------------------------------------- flips and shifts


@check
def flip(answer) -> None:
    """Check `flip(images, mirrored)`: pictures uint8 (N,H,W), those of the mask (N,) mirrored left and right."""
    cases = []
    for seed, (n, height, width) in enumerate([(5, 4, 7), (6, 5, 3), (3, 1, 6)]):
        n, height, width = grown(seed, n, height, width)
        rng = numbers(seed)
        images = rng.integers(0, 256, (n, height, width), dtype=np.uint8)
        cases.append((images, rng.permutation(np.arange(n) < 2)))

    def what(images, mirrored):
        n, height, width = images.shape
        return f"{n} pictures of {height} × {width}, of which {np.flatnonzero(mirrored).tolist()} are mirrored"

    judge(
        answer,
        cases,
        _flipped,
        what,
        mistakes=FLIP_MISTAKES,
        advice={
            "broadcast": "The mask has one value per picture. Use it as an index: images[mirrored].",
            "too many indices": "A single picture has two axes, rows and columns: image[:, ::-1].",
        },
        form=lambda images: pixels(images, "A stack of pictures"),
    )
    passed("Mirrored: those that the mask names, left and right, and no others.")


def _flipped(images: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    pairs = zip(images.tolist(), mirrored, strict=True)
    return np.array([[row[::-1] for row in image] if yes else image for image, yes in pairs])


def _only(change, other=False):
    """Return a wrong flip: `change` of the pictures of the mask, or of the other ones."""

    def flip(images, mirrored):
        changed, mask = images.copy(), mirrored != other
        changed[mask] = change(images[mask])
        return changed

    return flip


_ORDER = "the *order of the pictures* is reversed: axis 0 counts pictures. Reverse axis 2."

FLIP_MISTAKES = (
    Mistake(lambda images, mirrored: images.copy(), "nothing is mirrored. Change the copy, and return the copy."),
    Mistake(lambda images, mirrored: images[:, :, ::-1],
            "all pictures are mirrored. Only those where the mask is True should be."),
    Mistake(_only(lambda x: x[:, :, ::-1], True), "the *others* are mirrored: those where the mask is False."),
    Mistake(_only(lambda x: x[:, ::-1]),
            "these stand on their heads: axis 1 is the rows. Left and right is axis 2 (axis 1 of a single picture)."),
    Mistake(_only(lambda x: x[:, ::-1, ::-1]), "these are turned by half a turn: both axes are reversed. Reverse the last only."),
    Mistake(_only(np.flip), "np.flip without an axis reverses all three. Give it `axis=2`."),
    Mistake(_only(lambda x: x[::-1]), _ORDER),
    Mistake(lambda images, mirrored: images[::-1], _ORDER),
    Mistake(lambda images, mirrored: images[mirrored][:, :, ::-1],
            "only the mirrored ones came back. Return all pictures, in their order."),
)  # fmt: skip


@check
def shift(answer) -> None:
    """Check `shift(image, down, right)`: a picture uint8 (H,W) moved by whole pixels, its edge repeated."""
    cases = []
    for seed, (down, right) in enumerate([(2, 1), (0, 3), (3, 0), (-1, -2), (1, -2), (-2, 1), (0, 0), (9, -9)]):
        image = numbers(seed).integers(0, 256, grown(seed, 5, 7), dtype=np.uint8)
        cases.append((image, down, right))

    def what(image, down, right):
        return "a picture of {} × {}, moved {} down and {} to the right".format(*image.shape, down, right)

    judge(
        answer,
        cases,
        _shifted,
        what,
        mistakes=SHIFT_MISTAKES,
        advice={
            "broadcast": "Take the rows first, then the columns: `image[rows][:, columns]`.",
            "negative values": "np.pad can't add fewer than 0 rows. Pad all four sides by enough, then cut; or clip row numbers.",
            "is out of bounds": f"Counted from 0, {_CLIP}",
        },
        form=lambda image: pixels(image, "A picture"),
    )
    passed("Shifted, in all directions, with the edge repeated.")


def _shifted(image: np.ndarray, down: int, right: int, fill=None) -> np.ndarray:
    """Go through the new pixels and fetch each from where it was; `fill` is what lies outside, None the nearest pixel."""
    height, width = image.shape
    moved = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            from_y, from_x = y - down, x - right
            inside = 0 <= from_y < height and 0 <= from_x < width
            if inside or fill is None:
                moved[y, x] = image[min(max(from_y, 0), height - 1), min(max(from_x, 0), width - 1)]
            else:
                moved[y, x] = fill
    return moved


def _clipped(top=0, bottom=1, first=0, last=1, rows=1, columns=1):
    """Return a wrong shift: it clips to other ends, or takes the places times -1 where `rows` or `columns` is."""

    def shift(image, down, right):
        height, width = image.shape
        from_y = np.clip(rows * (np.arange(height) - down), top, height - bottom)
        from_x = np.clip(columns * (np.arange(width) - right), first, width - last)
        return image[from_y][:, from_x]

    return shift


def _padded(mode: str):
    """Return a wrong shift: what comes into view is what `np.pad(mode=mode)` puts there."""

    def shift(image, down, right):
        (height, width), far = image.shape, max(abs(down), abs(right))
        return np.pad(image, far, mode=mode)[far - down : far - down + height, far - right : far - right + width]

    return shift


_CLIP = "the rows of a picture go from 0 to height - 1, its columns from 0 to width - 1: clip to these."
_MIRROR = 'what comes into view is mirrored. Repeat the outermost row and column instead: mode="edge" in np.pad.'
_MINUS = "the new pixel at row y comes from row y - down: the size of the shift is subtracted from the place."

SHIFT_MISTAKES = (
    Mistake(lambda image, down, right: _shifted(image, -down, -right),
            "it moved the other way. The new pixel at row y comes from row y - down."),
    Mistake(lambda image, down, right: _shifted(image, right, down),
            "`down` and `right` are swapped. Down changes rows, the first axis."),
    Mistake(lambda image, down, right: _shifted(image, down, -right), "down is right, but it moved left instead of right."),
    Mistake(lambda image, down, right: _shifted(image, -down, right), "right is right, but it moved up instead of down."),
    Mistake(lambda image, down, right: np.roll(image, (down, right), (0, 1)),
            "it goes round, as with np.roll: row -1 is the last row. Repeat the edge."),
    Mistake(lambda image, down, right: _shifted(image, down, right, 0),
            "what comes into view is black. Repeat the edge instead."),
    Mistake(_padded("symmetric"), _MIRROR),
    Mistake(_padded("reflect"), _MIRROR),
    Mistake(lambda image, down, right: _shifted(image, down, 0), "it moved down only. Take the columns by the same rule."),
    Mistake(lambda image, down, right: _shifted(image, 0, right), "it moved to the right only. Take the rows by the same rule."),
    Mistake(lambda image, down, right: image.copy(), "nothing moved."),
    Mistake(_clipped(rows=-1), _MINUS),
    Mistake(_clipped(columns=-1), _MINUS),
    *(Mistake(_clipped(**{end: by}), _CLIP) for end in ("top", "first") for by in (-1, 1)),
    *(Mistake(_clipped(**{end: 2}), _CLIP) for end in ("bottom", "last")),
    *(Mistake(_clipped(top=first, first=first, bottom=last, last=last), _CLIP) for first, last in ((1, 1), (0, 2), (1, 2))),
)  # fmt: skip


# ------------------------------------------------------------------------------- ImageDataGenerator in today's layers

KINDS = ("RandomRotation", "RandomTranslation", "RandomZoom", "RandomFlip")


@check
def keras_layers(answer) -> None:
    """Check `keras_layers(settings)`: a list of Keras layers that do what `ImageDataGenerator(**settings)` does."""
    for turn, down, right, zoom in ((10, 0.1, 0.1, 0.1), (18, 0.2, 0.05, 0.3)):
        settings = {"rotation_range": turn, "width_shift_range": right, "height_shift_range": down, "zoom_range": zoom}
        layers = _by_kind(attempt(answer, settings | {"horizontal_flip": True}))
        _check_turn(layers["RandomRotation"], turn)
        _check_pair(layers["RandomTranslation"], {"height": down, "width": right}, "shift")
        _check_pair(layers["RandomZoom"], {"height": zoom, "width": zoom}, "zoom")
        for kind in KINDS[:3]:
            _check_fill(layers[kind], kind)
        if layers["RandomFlip"].get("mode") != "horizontal":
            if layers["RandomFlip"].get("mode") is True:
                raise Hint('RandomFlip takes no True, but the way to mirror, as a word: RandomFlip("horizontal").')
            raise Hint(
                f"RandomFlip mirrors {layers['RandomFlip'].get('mode')!r}; faces on their heads are no part of the "
                f'settings: RandomFlip("horizontal").'
            )
    passed("Translated: the same turns, shifts, zooms and flips, the same edges.")


def _by_kind(answer) -> dict[str, dict]:
    """Return the layers' settings by kind; each kind has to be there once."""
    layers = answer if isinstance(answer, (list, tuple)) else getattr(answer, "layers", None)
    if layers is None:
        raise Hint(f"Return a list of layers, [layers.RandomRotation(…), …]; found {short(answer)}.")
    found: dict[str, dict] = {}
    for layer in layers:
        kind = layer.__name__ if isinstance(layer, type) else type(layer).__name__
        if isinstance(layer, type) or not isinstance(layer, keras.layers.Layer):
            raise Hint(f"The list is to hold layers; found {short(layer)}. A layer is made by calling its class.")
        if kind not in KINDS or kind in found:
            raise Hint(
                f"The settings ask for one each of {', '.join(KINDS)}; found {kind}{' twice' * (kind in found)}."
            )
        found[kind] = layer.get_config()
    missing = [kind for kind in KINDS if kind not in found]
    if missing:
        raise Hint(f"{missing[0]} is missing; the settings ask for one each of {', '.join(KINDS)}.")
    return found


def _range(factor) -> tuple[float, float]:
    """Return lowest and highest value of a factor: a number stands for minus and plus that number."""
    if isinstance(factor, (list, tuple)):
        return float(min(factor)), float(max(factor))
    return -abs(float(factor)), abs(float(factor))


def _check_turn(config: dict, degrees: float) -> None:
    low, high = _range(config["factor"])
    what = f"rotation_range={degrees}"
    if close(low, -degrees / 360) and close(high, degrees / 360):
        return
    for wrong, hint in (
        (degrees / 180, "a factor of 1 is a *full* turn, 360 degrees, not half of one."),
        (np.deg2rad(degrees), "the factor is not in radians. It is a fraction of a full turn: degrees / 360."),
        (degrees / 100, "the factor is no percentage. It is a fraction of a full turn: degrees / 360."),
        (10 / 360, "this layer always turns by 10 degrees at most. Take the number from `settings`."),
    ):
        if close(high, wrong) and not close(high, degrees / 360):
            raise Hint(f"{what}: {hint} Yours turns by up to {360 * high:.4g} degrees.")
    if close(high, degrees / 360) or close(low, -degrees / 360):
        raise Hint(
            f"{what} turns both ways, by up to {degrees} degrees; yours from {360 * low:.4g} to {360 * high:.4g}."
        )
    raise Hint(f"{what}: expected turns by up to {degrees} degrees, found {360 * low:.4g} to {360 * high:.4g}.")


def _check_pair(config: dict, wanted: dict[str, float], what: str) -> None:
    """Check the factors of height and width, each from minus to plus its value."""
    found = {side: config[f"{side}_factor"] for side in wanted}
    if found["width"] is None:
        raise Hint(
            "ImageDataGenerator samples one zoom for the height and another for the width; without a width_factor the layer "
            "takes the same for both. Give it both factors."
        )
    ranges = {side: _range(factor) for side, factor in found.items()}
    if all(close(ranges[side], (-value, value)) for side, value in wanted.items()):
        return
    swapped = dict(zip(ranges, reversed(wanted.values()), strict=True))
    if all(close(ranges[side], (-value, value)) for side, value in swapped.items()):
        raise Hint(f"The {what}: height and width are swapped. height_shift_range moves up and down: height_factor.")
    for side, value in wanted.items():
        low, high = ranges[side]
        if not close((low, high), (-value, value)):
            one_way = " A pair is taken as it is; one number stands for both directions." * (low * high >= 0)
            raise Hint(
                f"The {what}: {side}_factor goes from {low:g} to {high:g}; expected {-value:g} to {value:g}.{one_way}"
            )


def _check_fill(config: dict, kind: str) -> None:
    if config["fill_mode"] != "nearest":
        raise Hint(
            f"{kind} fills what comes into view by {config['fill_mode']!r} (reflect is the default of the layers); "
            f"ImageDataGenerator repeats the edge: fill_mode='nearest'."
        )


# ------------------------------------------------------------------------------------------ split first, then augment


@check
def split_then_augment(answer) -> None:
    """Check `split_then_augment(images, labels, held_out, change, copies)`: training changed, validation left alone."""
    for seed, (n, copies) in enumerate([(9, 3), (7, 2)]):
        n, copies = grown(seed, n, copies)
        rng = numbers(seed)
        # The upper four bits of all pixels tell whose picture it is; a change replaces the lower ones.
        images = (np.arange(1, n + 1, dtype=np.uint8) * 16)[:, None, None] + np.zeros((n, 4, 3), dtype=np.uint8)
        labels, held_out = rng.permutation(np.arange(n) % 5), rng.permutation(np.arange(n) < 3)
        again: list[np.ndarray] = []

        def change(some, rng=rng, again=again):
            again.append(bool((np.asarray(some) % 16).any()))
            return (np.asarray(some) & 0xF0) + rng.integers(1, 16, np.shape(some), dtype=np.uint8)

        found = attempt(answer, images, labels, held_out, change, copies)
        found = several(found, "training images, training labels, validation images, validation labels", 4)
        train_images, train_labels, val_images, val_labels = map(np.asarray, found)
        _check_validation(val_images, val_labels, images, labels, held_out)
        _check_training(train_images, train_labels, labels, held_out, copies)
        if any(again):
            raise Hint(
                "`change` was given faces that it had already changed, so the changes add up: the last version is turned three "
                "times. Change the training faces themselves for each version: change(train_images)."
            )
    passed("Split first: training faces in many versions, validation faces once, as they are.")


def _check_validation(found, found_labels, images, labels, held_out) -> None:
    owners = _owners(found, "validation images", images.shape[1:])
    wanted = np.flatnonzero(held_out)
    if sorted(owners) == sorted(np.flatnonzero(~held_out)):
        raise Hint("You validate on the faces where held_out is False. True means: held out, for validation.")
    if set(owners) - set(wanted):
        raise Hint("Among your validation images are training faces. Validation is images[held_out], and no others.")
    if sorted(owners) != sorted(wanted):
        raise Hint(
            f"Validation needs each of its {len(wanted)} faces once; found {len(owners)} pictures. Split first, then change."
        )
    if not np.array_equal(found, images[owners]):
        raise Hint(
            "Your validation faces are augmented. They stand for the faces to come: leave them as they are. The score is "
            "about other pictures otherwise."
        )
    if not np.array_equal(found_labels, labels[owners]):
        raise Hint("Some validation labels do not belong to their pictures. Take both with the same mask.")


def _check_training(found, found_labels, labels, held_out, copies: int) -> None:
    owners = _owners(found, "training images", found.shape[1:])
    wanted = np.flatnonzero(~held_out)
    if set(owners) & set(np.flatnonzero(held_out)):
        raise Hint(
            "Copies of validation faces are in your training images: a leak. Take images[~held_out] *before* changing."
        )
    if len(owners) != copies * len(wanted):
        raise Hint(
            f"{len(wanted)} training faces in {copies} versions are {copies * len(wanted)}; found {len(owners)}."
        )
    if sorted(owners) != sorted(np.tile(wanted, copies)):
        raise Hint(f"Each training face is needed {copies} times; yours occur in different numbers.")
    if found_labels.shape != owners.shape:
        raise Hint(f"{len(owners)} training images need {len(owners)} labels; found {short(found_labels)}.")
    if not np.array_equal(found_labels, labels[owners]):
        raise Hint(
            "Some training labels do not belong to their pictures. For whole sets one after the other: np.tile(labels, "
            "copies). For each picture several times in a row: np.repeat."
        )
    if (found % 16 == 0).all(axis=(1, 2)).any():
        raise Hint("Some training faces are unchanged. Give all of them to `change`, for each of the copies.")
    if len({picture.tobytes() for picture in found}) < len(found):
        raise Hint("The versions of a face are all the same: `change` was called once. Call it again for each version.")


def _owners(found: np.ndarray, what: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return for each picture whose it is, int (n,)."""
    if found.ndim != 3 or found.shape[1:] != shape or found.dtype.kind not in "iuf":
        raise Hint(f"The {what}: expected pictures, an array (number, height, width); found {short(found)}.")
    return found[:, 0, 0].astype(int) // 16 - 1


# ---------------------------------------------------------------------------------------------- what keeps the label

CHANGES = {
    "mirrored": lambda images: images[:, :, ::-1],
    "upside down": lambda images: images[:, ::-1],
    "negative": lambda images: 255 - images,
    "the same": lambda images: images.copy(),
}


@check
def labels_kept(answer) -> None:
    """Check `labels_kept(changes, images, labels, judge)`: a share for each change, of those that were right before."""
    cases = []
    for seed, shape in enumerate([(40, 3, 5), (31, 4, 3)]):
        rng = numbers(seed)
        images = rng.integers(0, 256, grown(seed, *shape), dtype=np.uint8)
        labels = np.where(rng.random(len(images)) < 0.7, _brightest_column(images), rng.integers(0, 3, len(images)))
        cases.append((CHANGES, images, labels, _brightest_column))
    names = ", ".join(CHANGES)
    judge(
        answer,
        cases,
        lambda changes, images, *others: np.array([_kept(change, images, *others) for change in changes.values()]),
        lambda changes, images, *others: f"share of the {len(images)} labels that each change keeps ({names})",
        mistakes=LABELS_KEPT_MISTAKES,
        form=_shares,
    )
    passed("Measured: of the faces that were named rightly, how many still are.")


def _shares(answer) -> np.ndarray:
    answer = dictionary(answer, "{'mirrored': 0.9, …}", CHANGES, kind="change")
    return np.array([number(answer[name], f"The share for {name!r}") for name in CHANGES])


def _brightest_column(images: np.ndarray) -> np.ndarray:
    """Judge pictures (N,H,W): which of the first three columns is the brightest, int (N,)."""
    return np.asarray(images)[:, :, :3].astype(int).sum(axis=1).argmax(axis=1)


def _kept(change, images: np.ndarray, labels: np.ndarray, judge) -> float:
    before = after = 0
    for image, label in zip(images, labels, strict=True):
        if judge(image[None])[0] == label:
            before += 1
            after += int(judge(change(image[None]))[0] == label)
    return after / before


def _share(share_of):
    """Return a wrong answer: for each change `share_of(right before, right after, answers before, answers after)`."""

    def labels_kept(changes, images, labels, judge):
        old = judge(images)
        new = {name: judge(change(images)) for name, change in changes.items()}
        return {name: share_of(old == labels, each == labels, old, each) for name, each in new.items()}

    return labels_kept


LABELS_KEPT_MISTAKES = (
    Mistake(_share(lambda before, after, old, new: after.mean()),
            "this is the accuracy on the changed pictures. Look only at those that were right *before*."),
    Mistake(_share(lambda before, after, old, new: (old == new).mean()),
            "this is how often the answer stayed the same, also where it was wrong. Compare with the labels."),
    Mistake(_share(lambda before, after, old, new: (before & after).mean()),
            "divide by the number that were right before, not by the number of all pictures."),
    Mistake(_share(lambda before, after, old, new: (before & after).sum() / max(after.sum(), 1)),
            "divide by the number that were right *before*, not after."),
    Mistake(_share(lambda before, after, old, new: before.mean()), "this is the accuracy before the change."),
    Mistake(_share(lambda before, after, old, new: 1.0),
            "the judge was shown the pictures as they were. Show it the changed ones: `judge(change(known))`."),
    Mistake(_share(lambda before, after, old, new: after.mean() / before.mean()),
            "pictures that were wrong before count, too. Drop them first: images[right]."),
    Mistake(_share(lambda before, after, old, new: after[~before].mean()),
            "this is about the pictures that were *wrong* before. Take those that were right: ==, not !=."),
    Mistake(_share(lambda before, after, old, new: (~after)[before].mean()), "this is the share of labels that are *lost*."),
    Mistake(_share(lambda before, after, old, new: 100 * after[before].mean()),
            "this is in per cent. Return a share from 0 to 1."),
    Mistake(_share(lambda before, after, old, new: (before & after).sum()),
            "this is a number of pictures. Divide it by the number that were right before."),
)  # fmt: skip
