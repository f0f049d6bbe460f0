"""One augmentation pipeline for training faces: flips, shifts, rotation, zoom and erasing, on whole batches.

Nothing here ever touches validation or test faces. The same seed, epoch and batch give the same pictures on every backend
(to one grey level where pictures are rotated or zoomed).
"""

from __future__ import annotations

import keras
import numpy as np

from fer_course.recipes import Recipe


class Batches(keras.utils.PyDataset):
    """Training faces in shuffled, augmented batches; an incomplete last batch of an epoch is left out.

    Order and augmentation of batch `b` in epoch `e` depend on `(seed, e, b)` alone, so a resumed training sees what the
    unbroken one would have seen. Set `epoch` at the beginning of each epoch.

    Args:
        images: uint8 (N, size, size, 1).
        labels: int64 (N,).
        recipe: batch size, augmentation and seed.

    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, recipe: Recipe):
        super().__init__()
        self.images, self.labels, self.recipe = images, labels, recipe
        self.batch_size = min(recipe.batch_size, len(images))
        self.epoch = 0

    @property
    def epoch(self) -> int:
        """The epoch whose faces come out, 0 for the first."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int):
        self._epoch = epoch
        self._order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.images))

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, batch):
        """Return images uint8 (batch, size, size, 1) and labels int64 (batch,)."""
        rows = self._order[batch * self.batch_size : (batch + 1) * self.batch_size]
        rng = np.random.default_rng([self.recipe.seed, self._epoch, batch])
        return augment(self.images[rows], self.recipe, rng), self.labels[rows]


def augment(images: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Return randomly changed copies of the pictures, as the recipe's flip, shift, rotation, zoom and erase say.

    Args:
        images: uint8 (N, H, W, 1); left as they are.
        recipe: how much of what.
        rng: where the randomness comes from.

    Returns:
        uint8 (N, H, W, 1).

    """
    images = images.copy()
    if recipe.flip:
        mirrored = rng.random(len(images)) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
    if recipe.rotation or recipe.zoom:
        images = rotate_zoom_shift(images, recipe.rotation, recipe.zoom, recipe.shift, rng)
    elif recipe.shift:
        images = shift(images, recipe.shift, rng)
    if recipe.erase:
        erase(images, recipe.erase, rng)
    return images


def shift(images: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Shift each picture by whole pixels, up to `share` of its sides; what comes into view repeats the edge."""
    n, height, width = images.shape[:3]
    most_y, most_x = round(share * height), round(share * width)
    y = np.arange(height) + rng.integers(-most_y, most_y, size=(n, 1), endpoint=True)
    x = np.arange(width) + rng.integers(-most_x, most_x, size=(n, 1), endpoint=True)
    rows, columns = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    return images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def rotate_zoom_shift(images: np.ndarray, rotation: float, zoom: float, share: float, rng: np.random.Generator):
    """Rotate (degrees), zoom and shift (shares) each picture about its centre, in one bilinear step, edges repeated.

    Like Keras' `ImageDataGenerator`, height and width are zoomed independently, by 1 - zoom to 1 + zoom.
    """
    n, height, width = images.shape[:3]
    angle = np.deg2rad(rng.uniform(-rotation, rotation, n))
    scale_x, scale_y = rng.uniform(1 - zoom, 1 + zoom, (2, n))
    shift_x, shift_y = rng.uniform(-share, share, (2, n)) * [[width], [height]]
    cosine, sine = np.cos(angle), np.sin(angle)
    a, b, c, d = scale_x * cosine, -scale_x * sine, scale_y * sine, scale_y * cosine
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    # Each row maps a pixel of the new picture to a place in the old one: x' = a x + b y + e, y' = c x + d y + f.
    e = centre_x - a * centre_x - b * centre_y + shift_x
    f = centre_y - c * centre_x - d * centre_y + shift_y
    transform = np.stack([a, b, e, c, d, f, np.zeros(n), np.zeros(n)], axis=1).astype("float32")
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
        area, aspect = rng.uniform(0.02, 0.2) * height * width, np.exp(rng.uniform(-np.log(3), np.log(3)))
        tall = int(np.clip(round(np.sqrt(area * aspect)), 1, height))
        wide = int(np.clip(round(np.sqrt(area / aspect)), 1, width))
        top, left = rng.integers(0, height - tall, endpoint=True), rng.integers(0, width - wide, endpoint=True)
        images[index, top : top + tall, left : left + wide] = rng.integers(0, 256, (tall, wide, 1), dtype=np.uint8)
