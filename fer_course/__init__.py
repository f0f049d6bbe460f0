"""fer_course: efficient convolutional networks, from the pixels of FER2013 to a mini-Xception.

Nouns are at the root, verbs and audiences have rooms, plumbing is behind an underscore.

===============  ===============================================================================================
*nouns*          importable without Keras
``faces``        `Faces`: pictures with labels and splits, the one form in which data travels
``recipes``      `Recipe`: every number that decides how a network is trained
``runs``         `Run`: the folder of a training
``reports``      `Report`: how good a model's probabilities are, and where they are wrong
*parts*
``linear``       the first models, in NumPy: the majority guess and a linear classifier
``layers``       convolution building blocks
``costs``        parameters, multiply-adds and bytes, counted
``augment``      changed copies of training faces
``export``       networks as LiteRT and ONNX files
*verbs*
``data``         load faces from anything in which FER2013 circulates, or draw them
``models``       build a network by name
``training``     train it: `train(model, faces, recipe, out)` makes a `Run`
``evaluation``   evaluate it: scores, intervals, comparisons, class maps, slices, model cards
``plots``        figures and diagrams with alternative text
``live``         from a photograph or a camera to scores
``sweep``        a recipe or lesson over a grid of settings and seeds
*people*
``checks``       for learners: the checks of the exercises, one module per topic
``widgets``      for learners: sliders, the camera panel
``course``       for everybody: execute the lessons, copy them, see progress, find problems on this machine
``authoring``    for authors: build lessons, tidy and check notebooks
``classroom``    for teachers: assignments, collecting, sandboxed grading, marks
``cli``          the command line `fer-course`
*records*
``results``      recorded runs on real FER2013, and the table of the zoo made from them
*plumbing*
``errors``       every error that is raised on purpose
``quiet``        Keras without TensorFlow's start-up messages
``_shared``      files, processes, executors, settings, install advice
===============  ===============================================================================================

A module imports only what comes before it in this order: `_shared`, nouns, `data` and `models`, `evaluation`, `training`,
`sweep`, the rooms of people, `cli`. `make lint` checks this. Importing `fer_course` or `fer_course.data` loads neither Keras
nor TensorFlow. Only modules that need NumPy load it, so that `fer-course doctor` can report what is wrong with it.
"""

from fer_course._shared import former_names
from fer_course.errors import DataError, FerCourseError

__version__ = "0.1.0"
__all__ = ["CLASS_NAMES", "DataError", "Faces", "FerCourseError", "__version__"]

former_names.install()


def __getattr__(name: str):
    if name in ("CLASS_NAMES", "Faces"):
        from fer_course import faces

        return getattr(faces, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
