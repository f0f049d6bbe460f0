"""Checks: flips and shifts, the paper's settings in Keras, the split before them, the labels that survive."""

from __future__ import annotations

import numpy as np

from fer_course.checks.answers import dictionary
from fer_course.checks.core import Hint, attempt, close, expect, grown, numbers, passed, short
from fer_course.quiet import keras

# ------------------------------------------------------------------------------------------------- flips and shifts


_FLIP_STOPS = {
    "broadcast": "The mask has one value a picture. Use it as an index: images[mirrored].",
    "too many indices": "One picture alone has two axes, rows and columns: image[:, ::-1].",
}


def flip(learner) -> None:
    """Check `flip(images, mirrored)`: pictures uint8 (N,H,W), those of the mask (N,) mirrored left and right."""
    for seed, (n, height, width) in enumerate([(5, 4, 7), (6, 5, 3), (3, 1, 6)]):
        n, height, width = grown(seed, n, height, width)
        rng = numbers(seed)
        images = rng.integers(0, 256, (n, height, width), dtype=np.uint8)
        mirrored = rng.permutation(np.arange(n) < 2)
        expected = np.stack([_mirrored(image) if yes else image for image, yes in zip(images, mirrored, strict=True)])
        answer = attempt(learner, images, mirrored, advice=_FLIP_STOPS)
        what = f"{n} pictures of {height} × {width}, of which numbers {np.flatnonzero(mirrored).tolist()} are mirrored"
        expect(answer, expected, what, _flip_mistakes(images, mirrored))
        _expect_bytes(answer)
    passed("Mirrored: those that the mask names, left and right, and no others.")


def _mirrored(image: np.ndarray) -> np.ndarray:
    return np.array([[row[len(row) - 1 - x] for x in range(len(row))] for row in image], dtype=image.dtype)


def _flip_mistakes(images: np.ndarray, mirrored: np.ndarray) -> list:
    def only(change, mask=mirrored):
        changed = images.copy()
        changed[mask] = change(images[mask])
        return changed

    return [
        (images, "nothing is mirrored. Change the copy, and return the copy."),
        (images[:, :, ::-1], "all pictures are mirrored. Only those where the mask is True should be."),
        (only(lambda x: x[:, :, ::-1], ~mirrored), "the *others* are mirrored: those where the mask is False."),
        (only(lambda x: x[:, ::-1]), "these stand on their heads: axis 1 is the rows. Left and right is axis 2 (of one, 1)."),
        (only(lambda x: x[:, ::-1, ::-1]), "these are turned by half a turn: both axes are reversed. Reverse the last only."),
        (only(lambda x: x[::-1, ::-1, ::-1]), "np.flip without an axis reverses all three. Give it `axis=2`."),
        (only(lambda x: x[::-1]), "the *order of the pictures* is reversed: axis 0 counts pictures. Reverse axis 2."),
        (images[::-1], "the *order of the pictures* is reversed: axis 0 counts pictures. Reverse axis 2."),
        (images[mirrored][:, :, ::-1], "only the mirrored ones came back. Return all pictures, in their order."),
    ]  # fmt: skip


_SHIFT_STOPS = {
    "broadcast": "Take the rows first, then the columns: `image[rows][:, columns]`.",
    "negative values": "np.pad can't add fewer than 0 rows. Pad all four sides by enough, then cut; or clip row numbers.",
}


def shift(learner) -> None:
    """Check `shift(image, down, right)`: a picture uint8 (H,W) moved by whole pixels, its edge repeated."""
    for seed, (down, right) in enumerate([(2, 1), (0, 3), (3, 0), (-1, -2), (1, -2), (-2, 1), (0, 0), (9, -9)]):
        height, width = grown(seed, 5, 7)
        image = numbers(seed).integers(0, 256, (height, width), dtype=np.uint8)
        answer = attempt(learner, image, down, right, advice=_SHIFT_STOPS)
        what = f"a picture of {height} × {width}, moved {down} down and {right} to the right"
        expect(answer, _shifted(image, down, right), what, _shift_mistakes(image, down, right))
        _expect_bytes(answer)
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


def _shift_mistakes(image: np.ndarray, down: int, right: int) -> list:
    height, width = image.shape
    rows, columns = np.arange(height) - down, np.arange(width) - right
    mirror_y, mirror_x = (_reflected(places, size) for places, size in ((rows, height), (columns, width)))
    return [
        (_shifted(image, -down, -right), "it moved the other way. The new pixel at row y comes from row y - down."),
        (_shifted(image, right, down), "`down` and `right` are swapped. Down changes rows, the first axis."),
        (_shifted(image, down, -right), "down is right, but it moved left instead of right."),
        (_shifted(image, -down, right), "right is right, but it moved up instead of down."),
        (np.roll(image, (down, right), (0, 1)), "it goes round, as with np.roll: row -1 is the last row. Repeat the edge."),
        (_shifted(image, down, right, 0), "what comes into view is black. Repeat the edge instead."),
        (image[mirror_y][:, mirror_x], "what comes into view is mirrored. Repeat the outermost row and column instead."),
        (_padded(image, down, right), "what comes into view is mirrored. Pad with the edge: mode=\"edge\"."),
        (_shifted(image, down, 0), "it moved down only. Take the columns by the same rule."),
        (_shifted(image, 0, right), "it moved to the right only. Take the rows by the same rule."),
        (image, "nothing moved."),
    ]  # fmt: skip


def _padded(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Pad by 10, mirrored without the edge, and cut out: what `np.pad(mode="reflect")` gives."""
    height, width = image.shape
    return np.pad(image, 10, mode="reflect")[10 - down : 10 - down + height, 10 - right : 10 - right + width]


def _reflected(places: np.ndarray, size: int) -> np.ndarray:
    places = places % (2 * size)
    return np.minimum(places, 2 * size - 1 - places)


def _expect_bytes(answer) -> None:
    if not isinstance(answer, np.ndarray) or answer.dtype != np.uint8:
        found = answer.dtype if isinstance(answer, np.ndarray) else type(answer).__name__
        raise Hint(f"The values are right, but pictures stay arrays of np.uint8; yours is {found}.")


# ------------------------------------------------------------------------------- ImageDataGenerator in today's layers

KINDS = ("RandomRotation", "RandomTranslation", "RandomZoom", "RandomFlip")


def keras_layers(learner) -> None:
    """Check `keras_layers(settings)`: a list of Keras layers that do what `ImageDataGenerator(**settings)` does."""
    for turn, down, right, zoom in ((10, 0.1, 0.1, 0.1), (18, 0.2, 0.05, 0.3)):
        settings = {"rotation_range": turn, "width_shift_range": right, "height_shift_range": down, "zoom_range": zoom}
        layers = _by_kind(attempt(learner, settings | {"horizontal_flip": True}))
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
            "ImageDataGenerator draws one zoom for the height and another for the width; without a width_factor the layer "
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


def split_then_augment(learner) -> None:
    """Check `split_then_augment(images, labels, held_out, change, copies)`: training changed, validation left alone."""
    for seed, (n, copies) in enumerate([(9, 3), (7, 2)]):
        n, copies = grown(seed, n, copies)
        rng = numbers(seed)
        # The upper bits of all pixels tell whose picture it is; a change touches the lower ones.
        images = (np.arange(1, n + 1, dtype=np.uint8) * 16)[:, None, None] + np.zeros((n, 4, 3), dtype=np.uint8)
        labels, held_out = rng.permutation(np.arange(n) % 5), rng.permutation(np.arange(n) < 3)

        def change(some, rng=rng):
            return np.asarray(some) + rng.integers(1, 16, np.shape(some), dtype=np.uint8)

        answer = attempt(learner, images, labels, held_out, change, copies)
        if not isinstance(answer, (tuple, list)) or len(answer) != 4:
            raise Hint(
                f"Return four things: training images and labels, validation images and labels; found {short(answer)}."
            )
        train_images, train_labels, val_images, val_labels = map(np.asarray, answer)
        _check_validation(val_images, val_labels, images, labels, held_out)
        _check_training(train_images, train_labels, labels, held_out, copies)
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
            "Your validation faces are augmented. They stand for faces as they will come; leave them as they are, or the "
            "score tells of other pictures."
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
        raise Hint(f"Each training face is to stand there {copies} times; yours do so in different numbers.")
    if found_labels.shape != owners.shape:
        raise Hint(f"{len(owners)} training images need {len(owners)} labels; found {short(found_labels)}.")
    if not np.array_equal(found_labels, labels[owners]):
        raise Hint(
            "Some training labels do not belong to their pictures. Several whole sets after one another: np.tile(labels, "
            "copies); each picture several times in a row: np.repeat."
        )
    if (found % 16 == 0).all(axis=(1, 2)).any():
        raise Hint("Some training faces are unchanged. Give all of them to `change`, for each of the copies.")
    if len({picture.tobytes() for picture in found}) < len(found):
        raise Hint("The versions of a face are all the same: `change` was called once. Call it anew for each version.")


def _owners(found: np.ndarray, what: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return whose picture each is, int (n,)."""
    if found.ndim != 3 or found.shape[1:] != shape or found.dtype.kind not in "iuf":
        raise Hint(f"The {what}: expected pictures, an array (number, height, width); found {short(found)}.")
    return found[:, 0, 0].astype(int) // 16 - 1


# ---------------------------------------------------------------------------------------------- what keeps the label


def labels_kept(learner) -> None:
    """Check `labels_kept(changes, images, labels, judge)`: a share for each change, of those that were right before."""
    changes = {
        "mirrored": lambda x: x[:, :, ::-1],
        "upside down": lambda x: x[:, ::-1],
        "negative": lambda x: 255 - x,
        "the same": lambda x: x.copy(),
    }
    for seed, shape in enumerate([(40, 3, 5), (31, 4, 3)]):
        shape = grown(seed, *shape)
        rng = numbers(seed)
        images = rng.integers(0, 256, shape, dtype=np.uint8)
        labels = np.where(rng.random(len(images)) < 0.7, _brightest_column(images), rng.integers(0, 3, len(images)))
        answer = attempt(learner, changes, images, labels, _brightest_column)
        answer = dictionary(answer, "{'mirrored': 0.9, …}", changes, kind="change")
        for name, change in changes.items():
            what = f"share of the {len(images)} labels that the change {name!r} keeps"
            expect(answer[name], _kept(change, images, labels), what, _kept_mistakes(change, images, labels))
    passed("Measured: of the faces that were named rightly, how many still are.")


def _brightest_column(images: np.ndarray) -> np.ndarray:
    """Judge pictures (N,H,W): which of the first three columns is the brightest, int (N,)."""
    return np.asarray(images)[:, :, :3].astype(int).sum(axis=1).argmax(axis=1)


def _kept(change, images: np.ndarray, labels: np.ndarray) -> float:
    before = after = 0
    for image, label in zip(images, labels, strict=True):
        if _brightest_column(image[None])[0] == label:
            before += 1
            after += int(_brightest_column(change(image[None]))[0] == label)
    return after / before


def _kept_mistakes(change, images: np.ndarray, labels: np.ndarray) -> list:
    old, new = _brightest_column(images), _brightest_column(change(images))
    right = old == labels
    kept, after = _kept(change, images, labels), new == labels
    return [
        (after.mean(), "this is the accuracy on the changed pictures. Look only at those that were right *before*."),
        ((new == old).mean(), "this is how often the answer stayed the same, also where it was wrong. Compare with the labels."),
        ((right & after).mean(), "divide by the number that were right before, not by the number of all pictures."),
        ((right & after).sum() / max(after.sum(), 1), "divide by the number that were right *before*, not after."),
        (right.mean(), "this is the accuracy before the change."),
        (1.0, "the judge was shown the pictures as they were. Show it the changed ones: `judge(change(known))`."),
        (after.mean() / right.mean(), "pictures that were wrong before count, too. Drop them first: images[right]."),
        (1 - kept, "this is the share of labels that are *lost*."),
        (100 * kept, "this is in per cent. Return a share from 0 to 1."),
        ((right & after).sum(), "this is a number of pictures. Divide it by the number that were right before."),
    ]  # fmt: skip
