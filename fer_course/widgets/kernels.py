"""The nine numbers of a 3 × 3 kernel as sliders (lesson 03)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fer_course.errors import FerCourseError
from fer_course.widgets.core import Choice, Slider, explore


def drag_kernel(
    function: Callable,
    presets: Mapping[str, Sequence[Sequence[float]]],
    alt: str,
    low: float = -5.0,
    high: float = 5.0,
    step: float = 0.1,
):
    """Return a widget that shows `function(kernel)` and updates it whenever one of a kernel's nine numbers is moved.

    Args:
        function: takes a float64 array (3, 3); returns what a function for `explore` may return.
        presets: name -> kernel of three rows of three numbers, for a menu that starts with the first.
        alt: the alternative text of the picture; the nine numbers are added to it.
        low: smallest number of a slider.
        high: largest number of a slider.
        step: distance between two neighbouring values of a slider.

    Returns:
        A box as `explore` returns it. `box.controls` has "preset", and "[0, 0]" to "[2, 2]" for row and column of each number.

    Raises:
        FerCourseError: if there is no preset, or one is not of three rows of three numbers between `low` and `high`.

    """
    import ipywidgets

    kernels = {name: _kernel(name, numbers, low, high) for name, numbers in presets.items()}
    if not kernels:
        raise FerCourseError("drag_kernel needs at least one kernel to start from; found none.")
    start = next(iter(kernels.values()))
    sliders = {
        f"[{row}, {column}]": Slider(low, high, float(start[row, column]), step) for row, column in np.ndindex(3, 3)
    }
    box = explore(
        lambda preset, **numbers: function(_square(numbers)),
        lambda preset, **numbers: f"{alt}, kernel {_square(numbers).tolist()}",
        preset=Choice(list(kernels), label="start from"),
        **sliders,
    )
    menu, *nine = box.controls.values()

    def start_from(change) -> None:
        for slider, number in zip(nine, kernels[change["new"]].flat, strict=True):
            slider.value = float(number)

    menu.observe(start_from, names="value")
    for slider in nine:
        slider.layout.width, slider.style.description_width = "auto", "initial"
    # Three in a row: the sliders are arranged like the numbers in the kernel.
    grid = ipywidgets.Layout(grid_template_columns="repeat(3, minmax(0, 1fr))", max_width="60em")
    box.children = [menu, ipywidgets.GridBox(nine, layout=grid), *box.children[len(box.controls) :]]
    return box


def _square(numbers: Mapping[str, float]) -> np.ndarray:
    return np.reshape([float(number) for number in numbers.values()], (3, 3))


def _kernel(name: str, numbers, low: float, high: float) -> np.ndarray:
    try:
        kernel = np.asarray(numbers, dtype=float)
    except (TypeError, ValueError):
        kernel = np.empty(0)
    if kernel.shape != (3, 3) or not ((low <= kernel) & (kernel <= high)).all():
        raise FerCourseError(
            f"The kernel {name!r} must be three rows of three numbers from {low:g} to {high:g}; found {numbers!r}."
        )
    return kernel
