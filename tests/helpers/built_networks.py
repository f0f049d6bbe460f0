"""Networks of the registry that tests only look at: each one is built once per process, which takes half a second."""

import functools

import keras

from fer_course.models import build  # the function itself: a test may put `built` in its place


def built(name: str, size: int = 48) -> keras.Model:
    """Return the network of this name for pictures of this size. Don't change its weights: others get the same one."""
    return _built(name, size)


@functools.cache
def _built(name: str, size: int) -> keras.Model:
    return build(name, size)
