"""The learning rate, and when to stop: plain functions of the step, or of the validation losses so far.

Keras' own callbacks (`EarlyStopping`, `ReduceLROnPlateau`) keep their counters in memory and forget them when a training is
killed. These functions count from the history, so a resumed training continues as if it had not been interrupted. The tests
compare them with Keras'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def one_cycle(step: int, steps: int, peak: float, warmup: float = 0.25) -> float:
    """Return the learning rate of step 0 … steps-1: up from peak/25 to the peak, then down to peak/10,000, both as a cosine.

    >>> [round(one_cycle(step, steps=8, peak=1.0), 3) for step in (0, 2, 5, 8)]
    [0.04, 1.0, 0.5, 0.0]

    Source: Smith 2018, "A disciplined approach to neural network hyper-parameters", arXiv:1803.09820. Built in lesson 10.
    """
    low, end = peak / 25, peak / 10_000
    top = warmup * steps
    if step < top:
        return peak + (low - peak) * (1 + math.cos(math.pi * step / top)) / 2
    share = (step - top) / max(steps - top, 1)
    return end + (peak - end) * (1 + math.cos(math.pi * share)) / 2


def linear(step: int, steps: int, peak: float, warmup: float = 0.25) -> float:
    """Return the learning rate of step 0 … steps-1: up from peak/25 to the peak, then down to 0, both in a straight line.

    >>> [round(linear(step, steps=8, peak=1.0), 3) for step in (0, 2, 5, 8)]
    [0.04, 1.0, 0.5, 0.0]

    Source: Defazio et al. 2023, "When, why and how much? Adaptive learning rate scheduling by refinement", arXiv:2310.07831.
    There a straight line down to 0 does as well as the other common schedules, or better.
    """
    low, top = peak / 25, warmup * steps
    if step < top:
        return low + (peak - low) * step / top
    return peak * (1 - (step - top) / max(steps - top, 1))


#: Schedules of each step, by the name that a recipe gives them: functions of step, steps, peak and warmup.
OF_STEPS = {"one_cycle": one_cycle, "linear": linear}


def epochs_without_improvement(losses: Sequence[float]) -> int:
    """Return how many epochs have passed since the lowest loss (0 if the last is the lowest). Built in lesson 10.

    >>> epochs_without_improvement([1.2, 0.9, 1.0, 1.1])
    2
    """
    best, waited = math.inf, 0
    for loss in losses:
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
    return waited


def plateau(losses: Sequence[float], start: float, factor: float, patience: int, tolerance: float = 1e-4) -> float:
    """Return the learning rate after these losses: multiplied by `factor` after each `patience` epochs without improvement.

    The same rule as `keras.callbacks.ReduceLROnPlateau` with its default tolerance.
    """
    rate, best, waited = start, math.inf, 0
    for loss in losses:
        best, waited = (loss, 0) if loss < best - tolerance else (best, waited + 1)
        if waited >= patience:
            rate, waited = rate * factor, 0
    return rate
