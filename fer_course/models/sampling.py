"""Private seeds: what Keras samples while a model is built depends only on the given seed.

Layers and initialisers without a seed take one from Python's global `random`. If another thread samples from it at the same
time, in a notebook's kernel or in a cluster's worker, these seeds change. Inside `private(seed)` this thread's seeds come
from a separate generator. They are the seeds that `keras.utils.set_random_seed(seed)` gives in a process that does nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from fer_course.quiet import keras

#: The generator of the current thread; None outside `private`. Every thread begins without one.
_OWN: ContextVar[random.Random | None] = ContextVar("own", default=None)


class _Source:
    """Stands in for the module `random` where Keras chooses a default seed: the thread's own generator, if it has one."""

    def __getattr__(self, name: str):
        return getattr(_OWN.get() or random, name)


@contextmanager
def private(seed: int) -> Iterator[None]:
    """Let Keras take the default seeds of this thread from a generator of their own.

    At the end Python's `random` gets the state that it would have without this function, so later cells of a notebook sample
    the same numbers.

    Args:
        seed: as for `keras.utils.set_random_seed`.

    """
    seed_generator = keras.src.random.seed_generator
    # Keras offers no way to choose where default seeds come from; tests/models/test_sampling.py tells if this one closes.
    seed_generator.python_random = _SOURCE
    own = random.Random(seed)
    token = _OWN.set(own)
    try:
        yield
    finally:
        _OWN.reset(token)
        random.setstate(own.getstate())


_SOURCE = _Source()
