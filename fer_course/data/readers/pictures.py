"""One encoded picture (jpg, png, webp, …) → pixels."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
from PIL import Image

from fer_course.data.containers.members import refuse_what_is_no_data
from fer_course.errors import DataError
from fer_course.faces import SIZE

WORKERS = 2
#: First bytes that show what was saved instead of a picture.
HEAD = 512
CHUNK = 128
Key = TypeVar("Key")


class WrongSize(DataError):
    """A picture is complete, but not 48×48."""

    def __init__(self, where: str, size: tuple[int, int], others: str = ""):
        super().__init__(
            f"{where}: expected pictures of {SIZE}×{SIZE} pixels, found {size[0]}×{size[1]}{others}. "
            f"Crop the faces and scale them to {SIZE}×{SIZE} first, or use a copy with the original pictures."
        )
        self.where, self.size = where, size

    def among(self, others: str) -> WrongSize:
        """Return the same error with words about the other pictures."""
        return WrongSize(self.where, self.size, f", and {others}")


def decode(content: bytes, where: str) -> np.ndarray:
    """Return the pixels of one picture, uint8 (48, 48); colours become grey.

    Args:
        content: the bytes of the file.
        where: how messages name it.

    Raises:
        DataError: if it can't be decoded, or does not have 8 bits per pixel.
        WrongSize: if it is not 48×48.

    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.size == (SIZE, SIZE) and not image.mode.startswith(("I", "F")):
                return np.asarray(image.convert("L"))
            size, mode = image.size, image.mode
    # Pillow's decoders raise errors of many kinds for damaged files.
    except Exception as error:
        refuse_what_is_no_data(content[:HEAD] or b" ", where)
        raise DataError(f"{where} can't be decoded as a picture ({_short(error)}). Get a fresh copy of it.") from error
    if size == (SIZE, SIZE):
        raise DataError(f"{where}: expected 8 bits per pixel, found mode {mode}. Convert it to 8-bit grey.")
    raise WrongSize(where, size)


def decode_all(files: Iterable[tuple[Key, str, bytes]]) -> Iterator[tuple[Key, np.ndarray]]:
    """Decode many pictures in parallel, with few of their files in memory at any time.

    Args:
        files: for each picture a key, how messages name it, and its bytes.

    Yields:
        the keys in the same order, with the pixels, uint8 (48, 48).

    Raises:
        DataError: as `decode`.

    """
    files = iter(files)
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        while some := list(islice(files, CHUNK)):
            waiting.append(pool.submit(_decode_some, some))
            if len(waiting) > 2 * WORKERS:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _decode_some(files: list[tuple[Key, str, bytes]]) -> list[tuple[Key, np.ndarray]]:
    return [(key, decode(content, where)) for key, where, content in files]


def size_of(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a picture; None if it can't be opened."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.size
    except Exception:  # a damaged picture has no size to report
        return None


def _short(error: Exception) -> str:
    # Pillow names the object in memory that it read from, which helps nobody.
    text = re.sub(r" ?<_io\.BytesIO[^>]*>", "", str(error)).strip() or type(error).__name__
    return text if len(text) <= 80 else text[:80] + "…"
