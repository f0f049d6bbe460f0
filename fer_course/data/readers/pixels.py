"""Text of numbers → bytes, more than a hundred million characters per second, with every value checked.

Splitting `"70 80 82 …"` and calling `int` takes about 0.1 µs per number, and FER2013 has 83 million numbers. Here a whole block
of text is one NumPy array, and all its numbers are computed from their digits at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_course.faces import SIZE

PIXELS = SIZE * SIZE
SPACE, ZERO = np.uint8(ord(" ")), np.uint8(ord("0"))
#: For `translate`: what surrounds and separates numbers in lists, as text and as bytes, becomes a space.
SPACED = {ord(character): " " for character in "[](){},;|\t\r\n"}
SPACED_BYTES = bytes(ord(" ") if number in SPACED else number for number in range(256))


def parse_quickly(fields: Sequence[bytes]) -> np.ndarray | None:
    """Turn fields of 2,304 numbers with spaces between them into pixels.

    Args:
        fields: the texts of the pictures.

    Returns:
        uint8 array (len(fields), 2304), or None if any field holds anything but 2,304 whole numbers from 0 to 255 of at
        most three digits. `parse_slowly` tells which field is wrong, and why.

    """
    # Three spaces in front, so that each character has three neighbours to its left.
    text = np.frombuffer(b"   " + b" ".join(fields) + b" ", dtype=np.uint8)
    digit = text - ZERO  # what lies below "0" wraps round to above 200
    is_digit = digit < 10
    if not (is_digit | (text == SPACE)).all():
        return None
    digit *= is_digit
    numbers = _numbers(digit, is_digit)
    if numbers is None:
        return None
    last_digit = is_digit[3:-1] > is_digit[4:]
    if not _counts_are_right(fields, last_digit):
        return None
    # compress does what numbers[last_digit] does, three times as fast.
    return numbers.compress(last_digit).reshape(-1, PIXELS)


def _numbers(digit: np.ndarray, is_digit: np.ndarray) -> np.ndarray | None:
    """Return, for each character from the fourth on, the number that ends there; None if any is above 255 or 999."""
    pair = is_digit[1:] & is_digit[:-1]
    two = pair[2:-1]
    four = two & pair[:-3]
    low = digit[2:-2] * np.uint8(10)
    low += digit[3:-1]
    hundreds = digit[1:-3] * two
    if four.any() or (hundreds > 2).any():
        return None
    hundreds *= np.uint8(100)
    hundreds += low
    # From 256 on, the sum has wrapped round and is smaller than what was added.
    return None if (hundreds < low).any() else hundreds


def _counts_are_right(fields: Sequence[bytes], last_digit: np.ndarray) -> bool:
    start = 0
    for field in fields:
        if np.count_nonzero(last_digit[start : start + len(field)]) != PIXELS:
            return False
        start += len(field) + 1
    return True


def parse_slowly(field: bytes) -> np.ndarray:
    """Turn one field into pixels, uint8 (2304,), one number at a time.

    Raises:
        ValueError: with a sentence that says what was expected and what was found.

    """
    words = field.split(b" ")
    words = [word for word in words if word]
    wrong = [(number, word) for number, word in enumerate(words, 1) if not _is_pixel(word)]
    if wrong:
        number, word = wrong[0]
        found = word.decode("ascii", "backslashreplace")
        found = found if len(found) <= 20 else found[:20] + "…"
        raise ValueError(f"expected whole numbers from 0 to 255 as pixels, found {found!r} as number {number}")
    if len(words) != PIXELS:
        raise ValueError(f"expected {PIXELS:,} pixels ({SIZE}×{SIZE}), found {len(words):,}")
    return np.array([int(word) for word in words], dtype=np.uint8)


def _is_pixel(word: bytes) -> bool:
    return word.isdigit() and len(word) <= 3 and int(word) <= 255
