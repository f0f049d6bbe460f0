"""Checks of augmentation: right answers pass in any form, and each known mistake gets its own hint."""

import keras
import numpy as np
from answers import three_tests
from keras import layers
from scipy import ndimage

from fer_course import augment
from fer_course.checks import augmentation

# --------------------------------------------------------------------------------------------------------- flip


def flip_plain(images, mirrored):
    flipped = images.copy()
    flipped[mirrored] = flipped[mirrored, :, ::-1]
    return flipped


def flip_by_loop(images, mirrored):
    return np.array([np.fliplr(image) if yes else image for image, yes in zip(images, mirrored, strict=True)])


def flip_where(images, mirrored):
    return np.where(mirrored[:, None, None], images[:, :, ::-1], images)


def flip_keras(images, mirrored):
    both = np.asarray(layers.Lambda(lambda x: x[:, :, ::-1])(images))
    return np.where(mirrored[:, None, None], both, images)


def flip_in_place(images, mirrored):
    images[mirrored] = images[mirrored, :, ::-1]
    return images


def flipped(change):
    """Return a function that changes the pictures of the mask by `change(pictures)`."""

    def function(images, mirrored):
        images = images.copy()
        images[mirrored] = change(images[mirrored])
        return images

    return function


FLIP_RIGHT = {"mask": flip_plain, "loop": flip_by_loop, "where": flip_where, "keras": flip_keras}
FLIP_RIGHT["list"] = lambda *given: flip_plain(*given).tolist()


FLIP_WRONG = {
    "axis 2 of one picture": (
        lambda images, mirrored: np.stack([image[:, :, ::-1] for image in images]),
        "A single picture",
    ),
    "np.where": (lambda images, mirrored: np.where(mirrored, images[:, :, ::-1], images), "Use it as an index"),
    "in place": (flip_in_place, "in place"),
    "no return": (lambda images, mirrored: None, "return"),
    "on its side": (lambda images, mirrored: images.transpose(0, 2, 1), "shape"),
    "float": (lambda images, mirrored: flip_plain(images, mirrored).astype(float), "uint8"),
}

# -------------------------------------------------------------------------------------------------------- shift


def shift_clip(image, down, right):
    rows = np.clip(np.arange(len(image)) - down, 0, len(image) - 1)
    columns = np.clip(np.arange(image.shape[1]) - right, 0, image.shape[1] - 1)
    return image[rows][:, columns]


def shift_by_loop(image, down, right):
    height, width = image.shape
    moved = np.empty_like(image)
    for y in range(height):
        for x in range(width):
            moved[y, x] = image[min(max(y - down, 0), height - 1), min(max(x - right, 0), width - 1)]
    return moved


def padded(mode):
    def function(image, down, right):
        height, width = image.shape
        most = max(abs(down), abs(right))
        return np.pad(image, most, mode=mode)[most - down : most - down + height, most - right : most - right + width]

    return function


def shift_scipy(image, down, right):
    return ndimage.shift(image, (down, right), order=0, mode="nearest")


SHIFT_RIGHT = {"clip": shift_clip, "loop": shift_by_loop, "pad": padded("edge"), "scipy": shift_scipy}
SHIFT_RIGHT["list"] = lambda *given: shift_clip(*given).tolist()


SHIFT_WRONG = {
    "np.pad on one side": (
        lambda image, down, right: np.pad(image, ((down, 0), (right, 0)), mode="edge")[: len(image), : image.shape[1]],
        "fewer than 0 rows",
    ),
    "rows and columns at once": (
        lambda image, down, right: image[np.arange(len(image)) - down, np.arange(image.shape[1]) - right],
        "rows first",
    ),
    "off by one": (lambda image, down, right: shift_clip(image, down + 1, right), "some values|of your|place"),
    "slices": (lambda image, down, right: np.pad(image, ((down, 0), (right, 0)), "edge")[:-down, :-right], "shape|stopped"),
    "no clip": (lambda image, down, right: image[np.arange(5) - down], "some values|stopped"),
    "no return": (lambda image, down, right: None, "return"),
    "float": (lambda image, down, right: shift_clip(image, down, right).astype("float32"), "uint8"),
}  # fmt: skip

# ------------------------------------------------------------------------------------------------- the paper's settings


def translated(turn=1 / 360, fill="nearest", one_zoom=False, swap=False, flip="horizontal", container=list, **fixed):
    """Return a translation of ImageDataGenerator's settings, right but for what the arguments change."""

    def keras_layers(settings):
        down, right, zoom = (settings[name] for name in ("height_shift_range", "width_shift_range", "zoom_range"))
        factor = fixed.get("factor", settings["rotation_range"] * turn)
        return container(
            [
                layers.RandomFlip(flip),
                layers.RandomRotation(factor, fill_mode=fill),
                layers.RandomTranslation(*((right, down) if swap else (down, right)), fill_mode=fill),
                layers.RandomZoom(
                    fixed.get("zoom", zoom), None if one_zoom else fixed.get("zoom", zoom), fill_mode=fill
                ),
            ]
        )

    return keras_layers


def with_pairs(settings):
    turn, down, right, zoom = (
        settings[name] for name in ("rotation_range", "height_shift_range", "width_shift_range", "zoom_range")
    )
    return (
        layers.RandomZoom((-zoom, zoom), (-zoom, zoom), fill_mode="nearest"),
        layers.RandomTranslation((-down, down), (-right, right), fill_mode="nearest"),
        layers.RandomRotation((-turn / 360, turn / 360), fill_mode="nearest"),
        layers.RandomFlip("horizontal"),
    )


def changed(change):
    """Return a right translation whose list is changed by `change(list)`."""
    return lambda settings: change(translated()(settings))


LAYERS_RIGHT = {
    "list": translated(),
    "pairs, another order": with_pairs,
    "Pipeline": translated(container=layers.Pipeline),
    "Sequential": translated(container=keras.Sequential),
    "negative": translated(turn=-1 / 360),
}
LAYERS_WRONG = {
    "a flip of True": (
        changed(
            lambda made: [each for each in made if type(each) is not layers.RandomFlip] + [layers.RandomFlip(True)]
        ),
        "takes no True",
    ),
    "half turn": (translated(turn=1 / 180), "full.* turn.*20 degrees"),
    "radians": (translated(turn=np.pi / 180), "radians"),
    "percent": (translated(turn=1 / 100), "percentage"),
    "degrees": (translated(turn=1), "stopped with"),
    "always ten": (translated(factor=10 / 360), "from `settings`"),
    "the paper's": (lambda settings: augment.paper_layers(), "from `settings`"),
    "one way": (translated(factor=(0, 10 / 360)), "both ways"),
    "far off": (translated(factor=0.49), "expected turns by up to 10 degrees"),
    "reflect": (translated(fill="reflect"), "fill_mode='nearest'"),
    "constant": (translated(fill="constant"), "fill_mode='nearest'"),
    "one zoom": (translated(one_zoom=True), "both factors"),
    "zooms out only": (translated(zoom=(0.0, 0.1)), "one number stands for both"),
    "swapped": (translated(swap=True), "height and width are swapped"),
    "vertical": (translated(flip="vertical"), "heads"),
    "both flips": (translated(flip="horizontal_and_vertical"), "heads"),
    "no flip": (changed(lambda made: made[1:]), "RandomFlip is missing"),
    "no zoom": (changed(lambda made: made[:-1]), "RandomZoom is missing"),
    "twice": (changed(lambda made: [*made, made[0]]), "twice"),
    "another": (changed(lambda made: [*made, layers.RandomContrast(0.1)]), "found RandomContrast"),
    "class": (changed(lambda made: [layers.RandomFlip, *made[1:]]), "calling its class"),
    "names": (lambda settings: ["RandomFlip"], "hold layers"),
    "a layer": (lambda settings: layers.RandomFlip("horizontal"), "Return a list of layers"),
    "no return": (lambda settings: None, "return"),
}

# ------------------------------------------------------------------------------------------------ split then augment


def split_plain(images, labels, held_out, change, copies):
    train, train_labels = images[~held_out], labels[~held_out]
    changed = np.concatenate([change(train) for _ in range(copies)])
    return changed, np.tile(train_labels, copies), images[held_out], labels[held_out]


def split_at_once(images, labels, held_out, change, copies):
    rows = np.repeat(np.flatnonzero(~held_out), copies)
    return change(images[rows]), labels[rows], images[held_out], labels[held_out]


def split_by_loop(images, labels, held_out, change, copies):
    sides = [], [], [], []
    for image, label, out in zip(images, labels, held_out, strict=True):
        for _ in range(1 if out else copies):
            sides[2 * out].append(image if out else change(image[None])[0])
            sides[2 * out + 1].append(int(label))
    return sides


def split_with(**other):
    """Return the plain answer to other arguments: each named one is changed by its function."""

    def function(images, labels, held_out, change, copies):
        given = {"images": images, "labels": labels, "held_out": held_out, "change": change, "copies": copies}
        return split_plain(**given | {name: replace(given[name]) for name, replace in other.items()})

    return function


def once(change):
    """Return a change that is sampled the first time only."""
    sampled = []

    def function(images):
        sampled.append(change(images)) if not sampled else None
        return sampled[0]

    return function


def split_wrong(change_answer):
    """Return the plain answer, its four parts changed by `change_answer(parts, arguments)`."""
    return lambda *arguments: change_answer(split_plain(*arguments), arguments)


def augment_then_split(images, labels, held_out, change, copies):
    everything, owners = np.concatenate([change(images) for _ in range(copies)]), np.tile(labels, copies)
    out = np.arange(len(everything)) % len(images) < 3
    return everything[~out], owners[~out], everything[out], owners[out]


def leaky(images, labels, held_out, change, copies):
    changed = np.concatenate([change(images) for _ in range(copies)])
    return changed, np.tile(labels, copies), images[held_out], labels[held_out]


SPLIT_RIGHT = {"plain": split_plain, "at once": split_at_once, "loop": split_by_loop}


def change_then_split(images, labels, held_out, change, copies):
    many, held = np.concatenate([change(images) for _ in range(copies)]), np.tile(held_out, copies)
    answers = np.tile(labels, copies)
    return many[~held], answers[~held], many[held], answers[held]


def split_chained(images, labels, held_out, change, copies):
    versions, faces = [], images[~held_out]
    for _ in range(copies):
        faces = change(faces)
        versions.append(faces)
    return np.concatenate(versions), np.tile(labels[~held_out], copies), images[held_out], labels[held_out]


SPLIT_WRONG = {
    "changed, then split": (change_then_split, "Split first"),
    "validation augmented": (split_wrong(lambda p, a: (*p[:2], a[3](p[2]), p[3])), "validation faces are augmented"),
    "validation in copies": (split_wrong(lambda p, a: (*p[:2], np.tile(p[2], (a[4], 1, 1)), np.tile(p[3], a[4]))), "once"),
    "leak": (leaky, "leak"),
    "augmented before": (augment_then_split, "training faces|once|leak"),
    "turned round": (split_with(held_out=lambda held_out: ~held_out), "held_out is False"),
    "all validated": (split_wrong(lambda p, a: (*p[:2], a[0], a[1])), "Among your validation"),
    "repeat for tile": (split_wrong(lambda p, a: (p[0], np.repeat(a[1][~a[2]], a[4]), *p[2:])), "np.tile"),
    "labels once": (split_wrong(lambda p, a: (p[0], a[1][~a[2]], *p[2:])), "need .* labels"),
    "validation labels": (split_wrong(lambda p, a: (*p[:3], p[3][::-1])), "validation labels"),
    "only one copy": (split_with(copies=lambda copies: 1), "versions are"),
    "originals too": (split_with(copies=lambda copies: copies + 1), "versions are"),
    "unchanged": (split_with(change=lambda change: lambda some: some), "unchanged"),
    "chained": (split_chained, "the changes add up"),
    "same change": (split_with(change=lambda change: once(change)), "again for each"),
    "one face only": (
        split_wrong(lambda p, a: (np.stack([p[0][0]] * len(p[0])), np.repeat(p[1][0], len(p[0])), *p[2:])),
        "different numbers",
    ),
    "three things": (split_wrong(lambda p, a: p[:3]), "Return four things"),
    "stacked": (split_wrong(lambda p, a: (p[0][None], *p[1:])), "expected pictures"),
    "no return": (lambda *arguments: None, "return"),
}  # fmt: skip

# --------------------------------------------------------------------------------------------------------- labels_kept


def kept_plain(changes, images, labels, judge):
    right = judge(images) == labels
    return {name: (judge(change(images[right])) == labels[right]).mean() for name, change in changes.items()}


def kept_by_loop(changes, images, labels, judge):
    shares = {}
    for name, change in changes.items():
        before = after = 0
        for image, label in zip(images, labels, strict=True):
            if judge(image[None])[0] == label:
                before += 1
                after += judge(change(image[None]))[0] == label
        shares[name] = np.float32(after / before)
    return shares


def kept(share):
    """Return an answer that computes `share(right before, right after, answer before, answer after)` for each change."""

    def function(changes, images, labels, judge):
        old = judge(images)
        return {
            name: share(old == labels, (new := judge(change(images))) == labels, old, new)
            for name, change in changes.items()
        }

    return function  # fmt: skip


KEPT_RIGHT = {"mask": kept_plain, "loop": kept_by_loop, "&": kept(lambda b, a, old, new: (b & a).sum() / b.sum())}


KEPT_WRONG = {
    "the changes": (lambda changes, *given: changes, "is one number"),
    "list": (lambda *given: list(kept_plain(*given).values()), "Return a dictionary"),
    "first only": (lambda changes, *given: kept_plain({"mirrored": changes["mirrored"]}, *given), "is missing"),
    "no return": (lambda *given: None, "return"),
}

# ----------------------------------------------------------------------------------------------------------------------

CHECKS = {
    augmentation.flip: (FLIP_RIGHT, FLIP_WRONG),
    augmentation.shift: (SHIFT_RIGHT, SHIFT_WRONG),
    augmentation.keras_layers: (LAYERS_RIGHT, LAYERS_WRONG),
    augmentation.split_then_augment: (SPLIT_RIGHT, SPLIT_WRONG),
    augmentation.labels_kept: (KEPT_RIGHT, KEPT_WRONG),
}
test_right, test_wrong, test_not_attempted = three_tests(CHECKS)


def test_the_shift_of_the_check_agrees_with_scipy():
    image = np.random.default_rng(0).integers(0, 256, (6, 9), dtype=np.uint8)
    for down, right in ((2, -3), (-1, 4), (7, 0)):
        theirs = ndimage.shift(image, (down, right), order=0, mode="nearest")
        np.testing.assert_array_equal(augmentation._shifted(image, down, right), theirs)
