"""One augmentation pipeline for training faces: flips, shifts, rotation, zoom, erasing and mixup, on whole batches.

Validation and test faces are never augmented. The same seed, epoch and batch give the same pictures on every backend (to one
grey level where pictures are rotated or zoomed). For comparison, the paper's augmentation is here in two forms: as Keras' old
`ImageDataGenerator` and as Keras layers.
"""

from __future__ import annotations

import itertools

import numpy as np

from fer_course.errors import FerCourseError
from fer_course.faces import CLASS_NAMES, SIZE
from fer_course.quiet import keras
from fer_course.recipes import Recipe

#: The paper names `ImageDataGenerator`, but no numbers. These numbers come from the public program to which its other numbers
#: belong (github.com/oarriaga/face_classification). The recipe `paper` has the same.
PAPER_SETTINGS = {
    "rotation_range": 10,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "zoom_range": 0.1,
    "horizontal_flip": True,
}


class Batches(keras.utils.PyDataset):
    """Training faces in shuffled, augmented batches; an incomplete last batch of an epoch is left out.

    Order and augmentation of batch `b` in epoch `e` depend only on `(seed, e, b)`, so a resumed training sees the same
    batches as an uninterrupted one. Set `epoch` at the beginning of each epoch.

    Args:
        images: uint8 (N, size, size, 1).
        labels: int64 (N,), or targets float32 (N, classes), which are returned unchanged, or targets float (N, views, classes)
            of which those of the sampled view are returned, see `views_of`.
        recipe: batch size, augmentation and seed.
        classes: the number of classes; only needed for mixup of labels.

    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, recipe: Recipe, classes: int = len(CLASS_NAMES)):
        super().__init__()
        self.images, self.labels, self.recipe, self.classes = images, labels, recipe, classes
        self.batch_size = min(recipe.batch_size, len(images))
        self.epoch = 0

    @property
    def epoch(self) -> int:
        """The epoch whose batches are returned, 0 for the first."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int):
        self._epoch = epoch
        self._order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.images))

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, batch):
        """Return images uint8 (batch, size, size, 1) and labels: int64 (batch,), or float32 (batch, classes) as targets."""
        images, labels, rng = self._select(batch)
        n, height, width = images.shape[:3]
        moves = sample_moves(n, height, width, self.recipe, rng)
        images, labels = changed(images, moves, self.recipe, rng), self.judged(labels, moves, height)
        return mixup(images, labels, self.recipe.mixup, rng) if self.recipe.mixup else (images, labels)

    def _select(self, batch: int):
        """Return a batch's unchanged pictures, its labels (targets, if there is mixup), and its random generator."""
        rows = self._order[batch * self.batch_size : (batch + 1) * self.batch_size]
        labels = self.labels[rows]
        if self.recipe.mixup and labels.ndim == 1:
            labels = keras.utils.to_categorical(labels, self.classes)
        return self.images[rows], labels, np.random.default_rng([self.recipe.seed, self._epoch, batch])

    def judged(self, targets: np.ndarray, moves: dict[str, np.ndarray], size: int) -> np.ndarray:
        """Return a batch's targets: of targets (n, views, classes) those of the view that was sampled, float32 (n, classes)."""
        if targets.ndim < 3:
            return targets
        return targets[np.arange(len(targets)), sampled_view(moves, size, self.recipe)].astype("float32")


def augment(images: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Return randomly changed copies of the pictures, as the recipe's flip, shift, rotation, zoom and erase say.

    Args:
        images: uint8 (N, H, W, 1); not changed.
        recipe: the strength of each change.
        rng: the random generator.

    Returns:
        uint8 (N, H, W, 1).

    """
    n, height, width = images.shape[:3]
    return changed(images, sample_moves(n, height, width, recipe, rng), recipe, rng)


def changed(images: np.ndarray, moves: dict[str, np.ndarray], recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Return copies of the pictures, uint8 (N, H, W, 1), changed as `sample_moves` says and then erased as the recipe says."""
    images = images.copy()
    if "mirrored" in moves:
        images[moves["mirrored"]] = images[moves["mirrored"], :, ::-1]
    if "transform" in moves:
        images = _apply_transform(images, moves["transform"])
    if "offset" in moves:
        images = _apply_offset(images, moves["offset"])
    if recipe.erase:
        erase(images, recipe.erase, rng)
    return images


def sample_moves(n: int, height: int, width: int, recipe: Recipe, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Sample the flip, shift, rotation and zoom of each of n pictures, without touching a picture.

    Returns:
        What the recipe asks for: `mirrored` boolean (n,), and `offset` int64 (n, 2): each new pixel comes from this many pixels
        down and to the right. Where pictures are rotated or zoomed, instead of `offset`, `transform` float32 (n, 8): rows as
        `keras.ops.image.affine_transform` takes them.

    """
    moves: dict[str, np.ndarray] = {}
    if recipe.flip:
        moves["mirrored"] = rng.random(n) < 0.5
    if recipe.rotation or recipe.zoom:
        moves["transform"] = _sample_transform(n, height, width, recipe.rotation, recipe.zoom, recipe.shift, rng)
    elif recipe.shift:
        moves["offset"] = _sample_offset(n, height, width, recipe.shift, rng)
    return moves


def views_of(recipe: Recipe) -> list[tuple[bool, int, int]]:
    """Return all views that a recipe's flip and shift can make of a face, as `evaluation.predict` takes them.

    Returns:
        Triples (mirrored, pixels down, pixels to the right), in the order that `sampled_view` counts in.

    """
    most = round(recipe.shift * SIZE)
    moves = range(-most, most + 1)
    return list(itertools.product((False, True) if recipe.flip else (False,), moves, moves))


def sampled_view(moves: dict[str, np.ndarray], size: int, recipe: Recipe) -> np.ndarray:
    """Return which of the views of a face the sampled moves are, int (n,): the place in `views_of`.

    Pictures of another size than the faces move by a grid of their own: theirs is the nearest view, by the share of the side.

    Args:
        moves: what `sample_moves` returned: flips and shifts.
        size: side of the pictures that were moved, in pixels.
        recipe: the recipe that they were sampled for.

    """
    own, most = round(recipe.shift * size), round(recipe.shift * SIZE)
    offset = moves.get("offset", np.zeros((1, 2), int))
    down, right = np.rint(-offset.T * (most / own if own else 0)).astype(int) + most
    side = 2 * most + 1
    return (moves.get("mirrored", np.zeros(1, bool)) * side + down) * side + right


def shift(images: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Shift each picture by whole pixels, up to `share` of its sides; new pixels repeat the edge."""
    n, height, width = images.shape[:3]
    return _apply_offset(images, _sample_offset(n, height, width, share, rng))


def _sample_offset(n: int, height: int, width: int, share: float, rng: np.random.Generator) -> np.ndarray:
    most_y, most_x = round(share * height), round(share * width)
    y = rng.integers(-most_y, most_y, size=(n, 1), endpoint=True)
    return np.concatenate([y, rng.integers(-most_x, most_x, size=(n, 1), endpoint=True)], axis=1)


def _apply_offset(images: np.ndarray, offset: np.ndarray) -> np.ndarray:
    n, height, width = images.shape[:3]
    rows = np.clip(np.arange(height) + offset[:, :1], 0, height - 1)
    columns = np.clip(np.arange(width) + offset[:, 1:], 0, width - 1)
    return images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def rotate_zoom_shift(images: np.ndarray, rotation: float, zoom: float, share: float, rng: np.random.Generator):
    """Rotate (degrees), zoom and shift (shares) each picture at random, as `move` does.

    Like Keras' `ImageDataGenerator`, height and width are zoomed independently, by 1 - zoom to 1 + zoom.
    """
    n, height, width = images.shape[:3]
    return _apply_transform(images, _sample_transform(n, height, width, rotation, zoom, share, rng))


def _sample_transform(n: int, height: int, width: int, rotation: float, zoom: float, share: float, rng) -> np.ndarray:
    degrees = rng.uniform(-rotation, rotation, n)
    scale_x, scale_y = rng.uniform(1 - zoom, 1 + zoom, (2, n))
    shift_x, shift_y = rng.uniform(-share, share, (2, n)) * [[width], [height]]
    return _transform(n, height, width, degrees, scale_x, scale_y, shift_x, shift_y)


def move(images: np.ndarray, degrees=0.0, scale_x=1.0, scale_y=1.0, shift_x=0.0, shift_y=0.0) -> np.ndarray:
    """Rotate, zoom and shift each picture about its centre by the given amounts, in one bilinear step, with repeated edges.

    Each pixel of the new picture is read from the old one at its own position, rotated by `degrees`, with the distance to the
    centre multiplied by the scales (so 1.1 shows more and makes the face smaller), and moved by the shifts.

    Args:
        images: uint8 (N, H, W, 1).
        degrees: anticlockwise; one number or (N,), like all the following.
        scale_x: above 1 zooms out horizontally.
        scale_y: above 1 zooms out vertically.
        shift_x: pixels; above 0 moves the face to the left.
        shift_y: pixels; above 0 moves the face up.

    Returns:
        uint8 (N, H, W, 1).

    """
    n, height, width = images.shape[:3]
    return _apply_transform(images, _transform(n, height, width, degrees, scale_x, scale_y, shift_x, shift_y))


def _transform(n: int, height: int, width: int, degrees, scale_x, scale_y, shift_x, shift_y) -> np.ndarray:
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    a, b, c, d = scale_x * cosine, -scale_x * sine, scale_y * sine, scale_y * cosine
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    # Each row maps a pixel of the new picture to a position in the old one: x' = a x + b y + e, y' = c x + d y + f.
    e = centre_x - a * centre_x - b * centre_y + shift_x
    f = centre_y - c * centre_x - d * centre_y + shift_y
    return np.stack([np.broadcast_to(value, n) for value in (a, b, e, c, d, f, 0, 0)], axis=1).astype("float32")


def _apply_transform(images: np.ndarray, transform: np.ndarray) -> np.ndarray:
    moved = keras.ops.image.affine_transform(
        images.astype("float32"), transform, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
    )
    return np.clip(np.rint(keras.ops.convert_to_numpy(moved)), 0, 255).astype(np.uint8)


def erase(images: np.ndarray, share: float, rng: np.random.Generator) -> None:
    """Replace, in place, a random rectangle (2 to 20 % of the area) by noise in a random `share` of the pictures.

    Source: Zhong et al. 2020, "Random Erasing Data Augmentation", arXiv:1708.04896.
    """
    height, width = images.shape[1:3]
    for index in np.flatnonzero(rng.random(len(images)) < share):
        top, left, tall, wide = sample_rectangle(height, width, rng)
        images[index, top : top + tall, left : left + wide] = rng.integers(0, 256, (tall, wide, 1), dtype=np.uint8)


def sample_rectangle(height: int, width: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Sample a rectangle of 2 to 20 % of the area, up to three times as long as wide: top, left, height and width in pixels."""
    area, aspect = rng.uniform(0.02, 0.2) * height * width, np.exp(rng.uniform(-np.log(3), np.log(3)))
    tall = int(np.clip(round(np.sqrt(area * aspect)), 1, height))
    wide = int(np.clip(round(np.sqrt(area / aspect)), 1, width))
    return (
        int(rng.integers(0, height - tall, endpoint=True)),
        int(rng.integers(0, width - wide, endpoint=True)),
        tall,
        wide,
    )


def mixup(images: np.ndarray, targets: np.ndarray, alpha: float, rng: np.random.Generator):
    """Blend each picture, and its target, with another one of the batch; the share of each comes from Beta(α, α).

    With a small α (0.2) most pictures are hardly blended; with 1 all shares are equally likely.

    Args:
        images: uint8 (N, H, W, 1); not changed.
        targets: float (N, classes), as `keras.utils.to_categorical` makes them from labels.
        alpha: more than 0.
        rng: the random generator.

    Returns:
        images uint8 (N, H, W, 1) and targets float32 (N, classes), whose rows keep their sums.

    Source: Zhang et al. 2018, "mixup: beyond empirical risk minimization", arXiv:1710.09412, equation 2.

    """
    share, other = sample_pairs(len(images), alpha, rng)
    weight = share[:, None, None, None]
    blended = np.rint(weight * images + (1 - weight) * images[other]).astype(np.uint8)
    return blended, blend(np.asarray(targets, dtype="float32"), share, other)


def sample_pairs(n: int, alpha: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sample, for each of n pictures, its share float32 (n,) and the index int64 (n,) of the picture it is blended with."""
    return rng.beta(alpha, alpha, (n, 1)).astype("float32")[:, 0], rng.permutation(n)


def blend(targets: np.ndarray, share: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Blend targets float32 (n, classes) as `mixup` does."""
    return share[:, None] * targets + (1 - share[:, None]) * targets[other]


def paper_generator():
    """Return Keras' `ImageDataGenerator` with the paper's settings: `.flow(images, batch_size=48)` gives batches.

    It is deprecated, changes one picture at a time on the CPU, and comes only with TensorFlow.

    Raises:
        FerCourseError: if TensorFlow is not installed, or SciPy, which rotates the pictures.

    """
    try:
        import scipy.ndimage  # noqa: F401  (Keras looks for it only when it rotates the first picture)
        from tensorflow.keras.preprocessing.image import ImageDataGenerator
    except ImportError as error:
        raise FerCourseError(
            f"ImageDataGenerator needs TensorFlow and SciPy; here {error.name or error} is missing. "
            f"Install it, or use `paper_layers()`, which has the same settings on any backend."
        ) from None
    return ImageDataGenerator(**PAPER_SETTINGS)


def paper_layers(seed: int | None = None) -> keras.layers.Pipeline:
    """Return the paper's settings as current Keras layers: one layer that takes whole batches.

    Statistically it equals `paper_generator()`: rotations are fractions of a full turn instead of degrees, edges are repeated,
    and height and width are zoomed independently. Each layer interpolates again, so pictures get a little softer. Give it
    whole batches (N, H, W, 1), not single pictures; in `tf.data`, after `.batch(…)`. It returns float32. With
    `training=False` it does not change the pictures.

    Args:
        seed: the same seed gives the same changes; None gives others each time.

    """
    settings, layers = PAPER_SETTINGS, keras.layers
    shift = {"height_factor": settings["height_shift_range"], "width_factor": settings["width_shift_range"]}
    zoom = {"height_factor": settings["zoom_range"], "width_factor": settings["zoom_range"]}
    seeds = [None] * 4 if seed is None else [4 * seed + number for number in range(4)]
    # The generator looks up each new pixel in the old picture: zoom, then shift, then rotate. Layers move the picture itself, so
    # their order is reversed.
    return layers.Pipeline(
        [
            layers.RandomRotation(settings["rotation_range"] / 360, fill_mode="nearest", seed=seeds[0]),
            layers.RandomTranslation(**shift, fill_mode="nearest", seed=seeds[1]),
            layers.RandomZoom(**zoom, fill_mode="nearest", seed=seeds[2]),
            layers.RandomFlip("horizontal", seed=seeds[3]),
        ],
        name="paper_augmentation",
    )
