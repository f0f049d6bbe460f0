"""Tables, parquet files and arrays of faces as people write them: columns, and files made of them."""

import io

import numpy as np
from faces_for_tests import number, picture_bytes, some_faces, spaced, usage, written

from fer_course import CLASS_NAMES

FACES = some_faces(14)
PLAIN = {"emotion": number, "pixels": spaced, "Usage": usage}


def but(**columns):
    """FER2013's columns with others in the place of some."""
    return PLAIN | columns


def renamed(emotion="emotion", pixels="pixels", split="Usage"):
    return {emotion: number, pixels: spaced, split: usage}


def listed(image, label, split):
    return str(image.ravel().tolist())


def nested(image, label, split):
    return str(image.tolist())


def printed(image, label, split):
    with np.printoptions(threshold=10_000):
        return str(image)


def printed_flat(image, label, split):
    with np.printoptions(threshold=10_000):
        return repr(image.ravel())


def commas(image, label, split):
    return ",".join(map(str, image.ravel()))


def shortened(image, label, split):
    with np.printoptions(threshold=1000):
        return str(image.ravel())


def called(image, label, split):
    return CLASS_NAMES[label].title()


def alphabetical(image, label, split):
    return sorted(CLASS_NAMES).index(CLASS_NAMES[label])


def each_pixel(image, label, split):
    return image.ravel().tolist()


def one_hot(image, label, split):
    return [int(each == label) for each in range(7)]


def wide(front=(), back=(), name="pixel_{}"):
    """A header of one column for each pixel, with others before and after them."""
    return [*front, *(name.format(place) for place in range(2304)), *back]


def table(header, columns, faces=FACES):
    """A table whose header does not follow from its columns."""
    body = written(faces, columns, header=False)
    return ",".join(header).encode() + b"\n" + body


def parquet(columns, metadata=None, faces=None):
    """The bytes of a parquet file: name → function of image, label and split."""
    import pyarrow
    from pyarrow import parquet

    faces = FACES if faces is None else faces
    rows = list(zip(faces.images, faces.labels.tolist(), faces.split.tolist(), strict=True))
    table = pyarrow.table({name: pyarrow.array([make(*row) for row in rows]) for name, make in columns.items()})
    buffer = io.BytesIO()
    parquet.write_table(table.replace_schema_metadata(metadata), buffer)
    return buffer.getvalue()


def file(image, label, split):
    return picture_bytes(image)


def struct(image, label, split):
    return {"bytes": picture_bytes(image), "path": None}


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
