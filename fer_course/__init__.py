"""fer_course: efficient convolutional networks, from the pixels of FER2013 to a mini-Xception.

Importing this package (or `fer_course.data`) loads neither Keras nor TensorFlow; NumPy is loaded with what needs it, so that
`fer-course doctor` can say what is wrong with it.
"""

from fer_course.errors import DataError, FerCourseError

__version__ = "0.1.0"
__all__ = ["CLASS_NAMES", "DataError", "Faces", "FerCourseError", "__version__"]


def __getattr__(name: str):
    if name in ("CLASS_NAMES", "Faces"):
        from fer_course import faces

        return getattr(faces, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
