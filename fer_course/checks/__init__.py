"""Checks for the exercises: `checks.linear.softmax(my_softmax)` tests an answer and says what to try if it is wrong.

A check shows one card if the answer is right, or prints one line where there is no notebook. Otherwise it raises `Hint` (known
mistakes get their own hint) or `NotAttempted` (the exercise still raises NotImplementedError). A topic's module is imported
when it is first used.

================  ================================================================================================
``start``         the first exercise, which shows how checks and hints work
``faces``         a row of FER2013, class counts, the majority guess, training faces among the test faces
``linear``        softmax, the slope of a loss, and one gradient step of a linear classifier
``convolutions``  a kernel that moves the picture, the output size of a convolution, and the convolution itself
``networks``      the receptive field of a stack of layers, the cost of a layer, and LeNet with one thing changed
``separable``     depthwise and pointwise convolutions, what they cost, and the best separable kernel
``inception``     the simplified Inception module, and its equivalent form
``segments``      channels in segments
``depth``         the loss of a network that ignores the picture, batch normalisation, the depth at which towers fail
``residual``      the residual module, and its parameters
``xception``      all of mini-Xception
``augmentation``  flips and shifts, the paper's settings in Keras, the split before them, the labels that survive
``training``      the one-cycle schedule, patience, and four curves to read
``evaluation``    a normalised confusion matrix, the bootstrap, McNemar's test, an average over a flip
``photographs``   a square crop, and shrinking by averaging
``live``          a median latency, and scores smoothed over time
``slices``        accuracy on slices of the test faces
``leaks``         the distance to the nearest picture, and a split by source
``cards``         a model card
``plans``         a plan within a budget
``seeds``         several seeds, a verdict from pairs, the best of many lucky recipes
================  ================================================================================================
"""

import importlib

from fer_course.checks.core import Hint, NotAttempted, hidden, yours

#: The topics of the table above, in its order.
TOPICS = (
    *(
        "start",
        "faces",
        "linear",
        "convolutions",
        "networks",
        "separable",
        "inception",
        "segments",
        "depth",
        "residual",
        "xception",
    ),
    *("augmentation", "training", "evaluation", "photographs", "live", "slices", "leaks", "cards", "plans", "seeds"),
)
__all__ = ["Hint", "NotAttempted", "hidden", "yours"]


def __getattr__(name: str):
    if name in TOPICS:
        return importlib.import_module(f"fer_course.checks.{name}")
    if name.startswith("lesson") and name[6:].isdigit():
        return _Former(name)
    raise AttributeError(f"There are no checks of {name!r}. The topics are {', '.join(TOPICS)}.")


class _Former:
    """`checks.lesson02.output_size`, as learners' own copies of the first edition call it: the check, from whichever topic."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, check: str):
        for topic in TOPICS:
            module = importlib.import_module(f"fer_course.checks.{topic}")
            function = vars(module).get(check)
            if getattr(function, "__module__", "") == module.__name__:
                return function
        raise AttributeError(f"There is no check {check!r}, which checks.{self._name} had in the first edition.")


def __dir__() -> list[str]:
    return sorted({*globals(), *TOPICS})
