"""fer_course: efficient convolutional networks, from the pixels of FER2013 to a mini-Xception.

Importing this package (or `fer_course.data`) loads neither Keras nor TensorFlow.
"""

from fer_course.errors import DataError, FerCourseError
from fer_course.faces import CLASS_NAMES, Faces

__version__ = "0.1.0"
__all__ = ["CLASS_NAMES", "DataError", "Faces", "FerCourseError", "__version__"]
