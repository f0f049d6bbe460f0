"""`Faces`: pictures of faces with their labels and splits. All of this package exchanges data in this form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from fer_course.errors import DataError

#: FER2013's classes in FER2013's order: label 0 is angry, label 6 is neutral.
CLASS_NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
#: Side of every picture, in pixels.
SIZE = 48
#: FER2013's splits. Copies in the form of image folders have only two; the second one is called `Test` here.
SPLITS = ("Training", "PublicTest", "PrivateTest", "Test")
#: Pearson's correlation of the pixels from which two pictures are near copies. Measured on FER2013: of the 103 million pairs of a
#: Training and a PublicTest face, 389 reach .998, 391 reach .995 and 400 reach .99.
NEAR = 0.998


@dataclass(frozen=True, eq=False)
class Faces:
    """Grey pictures of faces, each with a label and a split.

    >>> faces = Faces(np.zeros((3, 48, 48), np.uint8), labels=[3, 3, 6], split=["Training", "Training", "PublicTest"])
    >>> faces
    Faces(3 from an array: Training 2, PublicTest 1)
    >>> faces.select("Training", "happy").labels
    array([3, 3])

    Attributes:
        images: uint8 array (N, 48, 48), 0 is black and 255 is white.
        labels: int64 array (N,), 0 to 6 in the order of `CLASS_NAMES`.
        split: string array (N,), with names from `SPLITS`.
        source: where the faces come from, in words.
        drawn: True if these are drawn faces, not photographs.
        class_names: the names of the classes, in the order of the labels.
        notes: sentences about what was left out or assumed when the faces were read.

    Raises:
        DataError: if a shape, dtype or value is not as above.

    """

    images: np.ndarray
    labels: np.ndarray
    split: np.ndarray
    source: str = "an array"
    drawn: bool = False
    class_names: tuple[str, ...] = field(default=CLASS_NAMES, repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self):
        images = np.asanyarray(self.images)
        labels = np.asarray(self.labels)
        split = np.asarray(self.split, dtype=np.str_)
        if images.ndim != 3 or images.shape[1:] != (SIZE, SIZE) or images.dtype != np.uint8:
            raise DataError(
                f"Faces need images of shape (N, {SIZE}, {SIZE}) and dtype uint8; "
                f"found {images.shape} and {images.dtype} in {self.source}."
            )
        if labels.shape != (len(images),) or split.shape != (len(images),):
            raise DataError(
                f"Faces need a label and a split for each of the {len(images)} images; "
                f"found labels {labels.shape} and split {split.shape} in {self.source}."
            )
        if len(labels) and not np.issubdtype(labels.dtype, np.integer):
            raise DataError(f"Faces need whole numbers as labels; found {labels.dtype} in {self.source}.")
        wrong = np.flatnonzero((labels < 0) | (labels >= len(self.class_names)))
        if len(wrong):
            raise DataError(
                f"Labels run from 0 to {len(self.class_names) - 1} ({', '.join(self.class_names)}); "
                f"found {labels[wrong[0]]} at face {wrong[0]} of {self.source}."
            )
        unknown = sorted(set(np.unique(split)) - set(SPLITS))
        if unknown:
            raise DataError(f"A split is one of {', '.join(SPLITS)}; found {str(unknown[0])!r} in {self.source}.")
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels.astype(np.int64))
        object.__setattr__(self, "split", split)

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        parts = ", ".join(f"{name} {count:,}" for name, count in self.split_sizes().items())
        return f"Faces({len(self):,} from {self.source}: {parts or 'empty'})"

    @property
    def test_split(self) -> str:
        """The split on which scores are reported: `PublicTest`, or `Test` in a copy that does not tell the test splits apart."""
        return "PublicTest" if "PublicTest" in self.split or "Test" not in self.split else "Test"

    def split_sizes(self) -> dict[str, int]:
        """Return the number of faces in each split that has any, in the order of `SPLITS`."""
        return {name: count for name in SPLITS if (count := int((self.split == name).sum()))}

    def select(self, split: str | None = None, label: int | str | None = None) -> Faces:
        """Return the faces of one split, of one class, or of one class in one split, in their present order.

        Raises:
            DataError: if there is no such class, or no face in the split. (A class may have no face in a split.)

        """
        chosen = np.ones(len(self), dtype=bool)
        if split is not None:
            if split not in self.split:
                have = ", ".join(self.split_sizes()) or "none"
                raise DataError(f"There are no faces of the split {split!r} in {self.source}; it has: {have}.")
            chosen &= self.split == split
        if label is not None:
            if isinstance(label, str):
                if label not in self.class_names:
                    raise DataError(f"There is no class {label!r}; there are {', '.join(self.class_names)}.")
                label = self.class_names.index(label)
            elif not 0 <= label < len(self.class_names):
                raise DataError(f"There is no class {label}; labels run from 0 to {len(self.class_names) - 1}.")
            chosen &= self.labels == label
        return self[chosen]

    def __getitem__(self, index) -> Faces:
        """Return the faces at a slice, an index, an array of indices, or a boolean mask (N,)."""
        if isinstance(index, (int, np.integer)):
            index = [index]
        return replace(self, images=self.images[index], labels=self.labels[index], split=self.split[index])

    def counts(self, split: str | None = None) -> np.ndarray:
        """Return the number of faces per class, int64 (classes,), of one split or of all."""
        labels = self.labels if split is None else self.select(split).labels
        return np.bincount(labels, minlength=len(self.class_names))

    def sample(self, n: int, seed: int = 0) -> Faces:
        """Return a random sample of `n` faces that keeps the proportions of splits and classes (all if `n` is 0 or too large).

        Raises:
            DataError: if `n` is negative.

        """
        if n < 0:
            raise DataError(f"The number of faces to sample is 0 (all) or more; found {n}.")
        if n == 0 or n >= len(self):
            return self
        group = np.unique(self.split, return_inverse=True)[1] * len(self.class_names) + self.labels
        return self[np.sort(stratified(group, n, seed))]

    def duplicates(self) -> list[np.ndarray]:
        """Return the groups of two or more faces whose pixels are exactly equal, each as an array of ascending indices."""
        flat = np.ascontiguousarray(self.images).reshape(len(self), SIZE * SIZE)
        keys = flat.view(np.dtype((np.void, flat.shape[1]))).ravel() if len(self) else np.empty(0)
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(inverse, kind="stable")
        groups = np.split(order, np.cumsum(counts)[:-1]) if len(self) else []
        return sorted((group for group in groups if len(group) > 1), key=lambda group: group[0])

    def unseen(self, split: str | None = None) -> Faces:
        """Return the faces of a split (default: `test_split`) of which Training holds no exact copy."""
        test = self.select(split or self.test_split)
        return test[~find_copies(self.select("Training").images, test.images)]

    def constant(self) -> np.ndarray:
        """Return a boolean mask (N,): True for pictures with one single grey level, which show no face."""
        flat = self.images.reshape(len(self), SIZE * SIZE)
        return (flat == flat[:, :1]).all(axis=1)


def find_copies(train_images: np.ndarray, test_images: np.ndarray) -> np.ndarray:
    """Return a boolean mask (M,): True where a test picture exactly equals a training picture. Built in lesson 01.

    >>> find_copies(np.array([[[1, 2]], [[3, 4]]]), np.array([[[3, 4]], [[4, 3]]]))
    array([ True, False])

    Args:
        train_images: pictures (N, height, width).
        test_images: pictures (M, height, width) of the same dtype.

    """
    seen = {image.tobytes() for image in train_images}
    return np.array([image.tobytes() in seen for image in test_images], dtype=bool)


def find_near_copies(train_images: np.ndarray, test_images: np.ndarray, correlation: float = NEAR) -> np.ndarray:
    """Return a boolean mask (M,): True where a test picture is a copy of a training picture, exactly or nearly.

    Near copies are pictures whose pixels correlate by `correlation` or more: compressed or resampled once more, brighter, or with
    more contrast; not mirrored or moved ones. A constant picture correlates with nothing: it is a copy only of one that is equal.

    >>> pictures = np.array([[[10, 20], [30, 50]], [[7, 7], [7, 7]]], np.uint8)
    >>> find_near_copies(pictures, np.array([[[11, 20], [30, 50]], [[50, 30], [20, 10]], [[8, 8], [8, 8]]], np.uint8))
    array([ True, False, False])

    The answer is exact. Summed over parts of 8 × 8 pixels, standardised pictures differ by no more than as they are, so that
    nearly all pairs are told apart by a product of small float32 matrices, and the others by whole numbers. 28,709 × 3,589 faces
    take seconds on two cores, and 65 MB.

    Args:
        train_images: uint8 (N, height, width).
        test_images: uint8 (M, height, width).
        correlation: above 0, at most 1.

    """
    found = find_copies(train_images, test_images)
    train, test = _Standardised(train_images, ~np.zeros(len(train_images), bool)), _Standardised(test_images, ~found)
    block = 2048
    for first in range(0, len(test.rows), block):
        of_test = slice(first, first + block)
        for start in range(0, len(train.rows), block):
            of_train = slice(start, start + block)
            # Of standardised pictures the squared distance is 2 - 2 * correlation; between their parts it is that or less.
            near = train.left[of_train] @ test.right[of_test].T >= 2 * correlation - 2 - 1e-4  # 1e-4: float32
            if near.any():
                ours, theirs = train.rows[of_train][near.any(axis=1)], test.rows[of_test][near.any(axis=0)]
                found[theirs] |= (_correlations(train_images[ours], test_images[theirs]) >= correlation).any(axis=0)
    return found


class _Standardised:
    """Some of the pictures (`wanted`, without those that are constant), as sums over parts that a product of matrices compares.

    Attributes:
        rows: which of the pictures these are, int64 (n,).
        left, right: float32 (n, parts + 2): `left @ right.T` is the negative squared distance between the pictures' parts.

    """

    def __init__(self, images: np.ndarray, wanted: np.ndarray, side: int = 8):
        height, width = images.shape[1:]
        down, across = np.arange(0, height, side), np.arange(0, width, side)
        sizes = np.outer(np.diff([*down, height]), np.diff([*across, width])).ravel()
        self.rows = np.flatnonzero(wanted & (images.min(axis=(1, 2)) < images.max(axis=(1, 2))))
        together = np.empty((len(self.rows), len(sizes)), np.float32)
        for start in range(0, len(self.rows), 1024):
            pixels = images[self.rows[start : start + 1024]].astype(np.int64)
            sums = np.add.reduceat(np.add.reduceat(pixels, down, axis=1), across, axis=2).reshape(len(pixels), -1)
            mean = sums.sum(axis=1, keepdims=True) / (height * width)
            spread = np.sqrt((pixels**2).sum(axis=(1, 2))[:, None] - mean**2 * height * width)
            together[start : start + 1024] = (sums - mean * sizes) / np.sqrt(sizes) / spread
        norms, ones = (together**2).sum(axis=1, keepdims=True), np.ones((len(together), 1), np.float32)
        self.left, self.right = np.hstack([2 * together, -norms, -ones]), np.hstack([together, ones, norms])


def _correlations(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each picture with each other one, float64 (N, M); none may be constant.

    Until the last step all numbers are whole and below 2**53, so that float64 holds them exactly.
    """
    ours, theirs = (each.reshape(len(each), -1).astype(np.float64) for each in (images, others))
    n = ours.shape[1]
    products = n * (ours @ theirs.T) - np.outer(ours.sum(axis=1), theirs.sum(axis=1))
    spreads = (np.sqrt(n * (each**2).sum(axis=1) - each.sum(axis=1) ** 2) for each in (ours, theirs))
    return products / np.outer(*spreads)


def count_labels(labels: np.ndarray) -> np.ndarray:
    """Return how often each of the seven labels occurs, int64 (7,). Built in lesson 01.

    >>> count_labels(np.array([3, 3, 6]))
    array([0, 0, 0, 2, 0, 0, 1])
    """
    return np.bincount(labels, minlength=len(CLASS_NAMES))


def stratified(group: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Sample `n` of N rows so that each group keeps its share (largest remainders); return their indices, int64 (n,).

    Args:
        group: int array (N,), the group of each row.
        n: the number of rows to sample, at most N.
        seed: the same seed samples the same rows.

    """
    rng = np.random.default_rng(seed)
    names, sizes = np.unique(group, return_counts=True)
    share = sizes * n / max(len(group), 1)
    take = np.floor(share).astype(int)
    remainder = np.argsort(-(share - take), kind="stable")[: n - take.sum()]
    take[remainder] += 1
    rows = [rng.permutation(np.flatnonzero(group == name))[:count] for name, count in zip(names, take, strict=True)]
    return np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
