"""Synthetic pictures that a tiny model learns in seconds: for tests that train, here and in processes of their own."""

import numpy as np

from fer_course.faces import Faces


def make_faces(per_class: dict[str, int], seed: int = 0) -> Faces:
    """Return synthetic pictures of which the class can be learned: a bright bar whose height tells the label, and noise."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.tile(np.arange(7), count) for count in per_class.values()])
    split = np.concatenate([np.repeat(name, 7 * count) for name, count in per_class.items()])
    images = rng.integers(0, 120, (len(labels), 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label + 2 : 6 * label + 7] += 130
    order = rng.permutation(len(labels))
    return Faces(images[order], labels[order], split[order], source="bars", drawn=True)
