"""Whether an answer agrees with the right one, within the tolerance of its dtype, and how to show a value in a few words."""

from __future__ import annotations

import re

import numpy as np

#: Relative and absolute tolerance by the kind of the answer's numbers.
#: What was computed in float32 and is returned as float64 is off by some 3e-7.
TOLERANCE = {2: 2e-2, 4: 1e-4, 8: 1e-6}


def close(answer, expected) -> bool:
    """Return True if shapes agree and all values agree within the tolerance of the answer's dtype."""
    got, wanted = as_array(answer), np.asarray(expected)
    return got is not None and got.shape == wanted.shape and bool(near(got, wanted).all())


def short(value) -> str:
    """Describe a value in a few words: small ones as they are, arrays by shape and dtype."""
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"an array {value.shape} of {value.dtype}"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=4, separator=", ").replace("\n", "")
    if isinstance(value, (list, tuple)) and value and all(isinstance(part, np.ndarray) and part.ndim for part in value):
        return f"a {type(value).__name__} of {len(value)} array{'s' * (len(value) > 1)}"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 70 else text[:67] + "..."


def apart(wanted, got) -> tuple[str, str]:
    """Describe two values that differ as `short` does, and numbers with as many digits as tell them apart."""
    words = short(wanted), short(got)
    if words[0] != words[1] or not all(isinstance(value, (int, float, np.number)) for value in (wanted, got)):
        return words
    for digits in (9, 12, 17):
        words = f"{float(wanted):.{digits}g}", f"{float(got):.{digits}g}"
        if words[0] != words[1]:
            break
    return words


def near(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Compare elementwise; whole numbers and booleans must be equal, words must be the same.

    Where a whole number is expected, a fraction may be near it, but never as far off as the next whole number: the relative
    tolerance of small dtypes would let a count of 28,708 pass for 28,709.
    """
    if wanted.dtype.kind not in "fiub" or got.dtype.kind not in "fiub":
        return got == wanted
    if got.dtype.kind in "iub" and wanted.dtype.kind in "iub":
        return got == wanted  # NumPy compares int64 with uint64 exactly; a conversion would wrap round
    size = got.dtype.itemsize if got.dtype.kind == "f" else 8
    tolerance = TOLERANCE.get(size, TOLERANCE[8])
    exact, right = got.astype(np.float64), wanted.astype(np.float64)
    near = np.isclose(exact, right, rtol=tolerance, atol=tolerance, equal_nan=True)
    return near & (np.abs(exact - right) < 0.5) if wanted.dtype.kind in "iub" else near


def as_array(value) -> np.ndarray | None:
    """Return numbers, lists and tensors as an array, or None for anything that is not one."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "fiubUS" else None


def shapes_in(error: Exception) -> list[tuple[int, ...]]:
    """Return the shapes that NumPy's message about arrays that don't fit names, in their order."""
    found = re.findall(r"\((\d+(?:,\d+)*),?\)", str(error))
    return [tuple(map(int, each.split(","))) for each in found]
