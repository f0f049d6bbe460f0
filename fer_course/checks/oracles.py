"""Slow, obviously right convolutions in plain NumPy loops: what the lessons' checks compare a learner's answer with.

All take one picture (H,W,C), channels last, compute in float64, and lay out kernels as Keras does. *Convolve* means what it
means in Keras: the kernel is not flipped (cross-correlation). The padding is "valid", "same", or a number of zeros on each side.
"""

from __future__ import annotations

import numpy as np


def shift_kernel(down: int, right: int) -> np.ndarray:
    """Kernel that moves a picture down and to the right by -1, 0 or 1 pixel: float64 (3,3), the only one that moves a dot so."""
    for row, column in np.ndindex(3, 3):
        kernel, dot, moved = np.zeros((3, 3)), np.zeros((5, 5, 1)), np.zeros((5, 5, 1))
        kernel[row, column] = dot[2, 2] = moved[2 + down, 2 + right] = 1
        if (convolve(dot, kernel[:, :, None, None], padding=1) == moved).all():
            return kernel
    raise ValueError(f"A kernel of 3 × 3 moves a picture by -1, 0 or 1 pixel; found {down} and {right}.")


def convolve(image: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str | int = "valid") -> np.ndarray:
    """Standard convolution of an image (H,W,C) with a kernel (k,k,C,M): float64 (H',W',M)."""
    size, filters = kernel.shape[:2], kernel.shape[3]
    image = _padded(image, size, stride, padding)
    rows, columns = _places(image, size, stride)
    output = np.zeros((rows, columns, filters))
    for row in range(rows):
        for column in range(columns):
            window = _window(image, row, column, size, stride)
            for m in range(filters):
                output[row, column, m] = np.sum(window * kernel[:, :, :, m])
    return output


def depthwise(image: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """Depthwise convolution of an image (H,W,C) with a kernel (k,k,C): float64 (H',W',C)."""
    size, channels = kernel.shape[:2], kernel.shape[2]
    image = _padded(image, size, stride, padding)
    rows, columns = _places(image, size, stride)
    output = np.zeros((rows, columns, channels))
    for row in range(rows):
        for column in range(columns):
            window = _window(image, row, column, size, stride)
            for c in range(channels):
                output[row, column, c] = np.sum(window[:, :, c] * kernel[:, :, c])
    return output


def pointwise(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Pointwise convolution of an image (H,W,C) with a kernel (C,M): float64 (H,W,M)."""
    rows, columns, _ = image.shape
    output = np.zeros((rows, columns, kernel.shape[1]))
    for row in range(rows):
        for column in range(columns):
            for m in range(kernel.shape[1]):
                output[row, column, m] = np.sum(image[row, column].astype(np.float64) * kernel[:, m])
    return output


def segmented(x: np.ndarray, kernels: list[np.ndarray]) -> np.ndarray:
    """Return the maps of kernels that each slide over their own segment of the channels, "same" padding. Built in lesson 06.

    Args:
        x: maps (H, W, C).
        kernels: S kernels (k, k, C // S, m).

    Returns:
        Float array (H, W, S * m).

    """
    parts = np.split(np.asarray(x), len(kernels), axis=-1)
    return np.concatenate([convolve(*pair, padding="same") for pair in zip(parts, kernels, strict=True)], axis=-1)


def max_pool(image: np.ndarray, size: int = 2, stride: int | None = None, padding: str = "valid") -> np.ndarray:
    """Largest value of each size × size window of each channel: (H,W,C) to float64 (H',W',C); stride None means size."""
    return _pooled(image, size, stride, padding, np.max, beyond=-np.inf)


def mean_pool(image: np.ndarray, size: int = 2, stride: int | None = None, padding: str = "valid") -> np.ndarray:
    """Mean of each size × size window of each channel, of the pixels inside the image: (H,W,C) to float64 (H',W',C)."""
    return _pooled(image, size, stride, padding, np.nanmean, beyond=np.nan)


def _pooled(image, size, stride, padding, summary, beyond: float) -> np.ndarray:
    stride = size if stride is None else stride
    image = _padded(image, (size, size), stride, padding, beyond)
    rows, columns = _places(image, (size, size), stride)
    output = np.zeros((rows, columns, image.shape[2]))
    for row in range(rows):
        for column in range(columns):
            output[row, column] = summary(_window(image, row, column, (size, size), stride), axis=(0, 1))
    return output


def _padded(
    image: np.ndarray, size: tuple[int, int], stride: int, padding: str | int, beyond: float = 0.0
) -> np.ndarray:
    """Return the image as float64 with what `padding` adds: Keras puts the odd row below and the odd column to the right."""
    if isinstance(padding, int):
        return np.pad(np.asarray(image, dtype=np.float64), [(padding, padding), (padding, padding), (0, 0)])
    if padding not in ("valid", "same"):
        raise ValueError(f'padding is "valid" or "same"; found {padding!r}.')
    image = np.asarray(image, dtype=np.float64)
    if padding == "valid":
        return image
    widths = []
    for length, taps in zip(image.shape[:2], size, strict=True):
        places = -(-length // stride)  # rounded up
        total = max((places - 1) * stride + taps - length, 0)
        widths.append((total // 2, total - total // 2))
    return np.pad(image, [*widths, (0, 0)], constant_values=beyond)


def _places(image: np.ndarray, size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return how many rows and columns of windows fit into an image."""
    rows, columns = ((length - taps) // stride + 1 for length, taps in zip(image.shape[:2], size, strict=True))
    return max(rows, 0), max(columns, 0)


def _window(image: np.ndarray, row: int, column: int, size: tuple[int, int], stride: int) -> np.ndarray:
    top, left = row * stride, column * stride
    return image[top : top + size[0], left : left + size[1]]
