"""Photographs as arrays: read upright, shrunk, eight bits per channel; and made grey as FER2013 is."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from fer_course._shared.files import refuse_endless
from fer_course.errors import PhotographError, first_line

#: Longest side of a photograph in pixels; larger ones are shrunk when they are read: a face needs 48 of them.
LONGEST = 1024


def read_photograph(source: str | Path | bytes, longest: int = LONGEST) -> np.ndarray:
    """Read a picture of any common kind: upright, 8 bits, no transparency, not too large.

    Args:
        source: a file, or the bytes of one (jpg, png, webp, tif, gif, bmp, …); of several pictures, the first is read.
        longest: longest side of the returned picture, in pixels; larger pictures are shrunk (antialiased), smaller ones stay.

    Returns:
        uint8 array: (H, W) for a grey picture, (H, W, 3) for one in colours (RGB). It is rotated as its EXIF data say, 16 bits
        become 8, and transparent parts become white.

    Raises:
        PhotographError: if there is no such file, or it is not a picture, is damaged, or has more than 89 million pixels.

    """
    file: io.BytesIO | Path
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, file = "This photograph", io.BytesIO(source)
    else:
        name, file = str(source), Path(source)
        refuse_endless(source, PhotographError)
    try:
        with warnings.catch_warnings():
            # Pillow warns about pictures that may be made to fill the memory; they are too large here, too.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                return _pixels(image, longest)
    except PhotographError as error:
        raise PhotographError(f"{name}: {error}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PhotographError(f"{name} has far too many pixels. Save a smaller copy, and use that.") from None
    except FileNotFoundError:
        raise PhotographError(f"There is no file {name}. Check its name and folder.") from None
    except Exception as error:  # Pillow's decoders raise errors of many kinds for what is damaged
        raise PhotographError(
            f"{name} can't be read as a picture ({_short(error)}). Use a jpg, png or webp file. Some phones save "
            f"photographs as heic files: save a copy as jpg."
        ) from None


def _short(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "its content is of no known format"
    return first_line(error, 80)


def _pixels(image: Image.Image, longest: int) -> np.ndarray:
    # A large jpg is decoded directly at a half, a quarter or an eighth of its size.
    image.draft(None, (longest, longest))
    image = _eight_bits(image)
    scale = longest / max(image.size)
    if scale < 1:
        image = image.resize([max(1, round(side * scale)) for side in image.size], reducing_gap=2.0)
    return np.asarray(ImageOps.exif_transpose(image)).copy()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in mode L or RGB, with its EXIF data; transparent parts become white."""
    if image.mode == "F":
        raise PhotographError("its pixels are fractions without a defined white. Save it with 8 bits.")
    exif = image.getexif()
    if image.mode.startswith("I"):  # 16 bits, some of them in 32
        levels = np.clip(np.asarray(image).astype(np.int64) // 256, 0, 255)
        image = Image.fromarray(levels.astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    elif image.mode != "L":
        image = image.convert("L" if image.mode == "1" else "RGB")
    image.info["exif"] = exif.tobytes()
    return image


def grey(photo: np.ndarray) -> np.ndarray:
    """Return a photograph in grey, uint8 (H, W), by the weights of ITU-R 601, as FER2013's colours became grey.

    Raises:
        PhotographError: if it is not uint8 (H, W) or (H, W, 3), or has no pixels.

    """
    photo = np.asarray(photo)
    shaped = photo.ndim == 2 or (photo.ndim == 3 and photo.shape[2] == 3)
    if photo.dtype != np.uint8 or not shaped or not photo.size:
        raise PhotographError(
            f"Expected a photograph as a uint8 array (H, W) or (H, W, 3), as read_photograph returns it; found {photo.dtype} "
            f"{photo.shape}."
        )
    return photo if photo.ndim == 2 else np.asarray(Image.fromarray(photo).convert("L"))
