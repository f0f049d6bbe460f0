"""A function with its controls: sliders and menus above, its picture below."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from fer_course import plots
from fer_course.errors import FerCourseError


@dataclass(frozen=True)
class Slider:
    """A slider from `low` to `high` in steps of `step`, for whole numbers if all of these are whole.

    Attributes:
        low: smallest value.
        high: largest value.
        value: initial value.
        step: distance between two neighbouring values.
        label: the text beside it, which a screen reader reads; the argument's name if empty.

    """

    low: float
    high: float
    value: float
    step: float = 1
    label: str = ""


@dataclass(frozen=True)
class Choice:
    """A menu of words or numbers; it starts with the first."""

    options: Sequence
    label: str = ""


def explore(function: Callable, alt: str | Callable[..., str], **controls: Slider | Choice):
    """Return a widget that shows `function(**values)` and updates it whenever a control is moved.

    Args:
        function: takes one keyword argument per control; returns a matplotlib `Figure`, a grey picture (uint8, (H, W)), or a
            string of HTML. It should answer within about a fifth of a second.
        alt: the alternative text, or a function of the same arguments that returns it.
        **controls: argument name -> `Slider` or `Choice`.

    Returns:
        An ipywidgets box, to be the last value of a cell. `box.controls` is a dictionary of its controls by name and
        `box.picture` the HTML below them.

    Raises:
        FerCourseError: if there is no control, or one is neither a `Slider` nor a `Choice`.

    """
    import ipywidgets

    if not controls:
        raise FerCourseError("explore needs at least one control, such as explore(f, alt='…', size=Slider(1, 9, 3)).")
    made = {name: make_control(name, control) for name, control in controls.items()}
    picture = ipywidgets.HTML()

    def update(_change=None) -> None:
        values = {name: control.value for name, control in made.items()}
        picture.value = as_html(function, alt, values)

    for control in made.values():
        control.observe(update, names="value")
    update()
    return boxed([*made.values(), picture], made, picture)


def boxed(children: Sequence, controls: dict, picture):
    """Return a box of widgets with its controls and its picture, which also works with a keyboard and a screen reader."""
    import ipywidgets

    box = ipywidgets.VBox([*children, *_access()])
    box.add_class("fer-controls")
    box.controls, box.picture = controls, picture
    return box


def _access() -> list:
    """Return the `Access` of a box; nothing where anywidget is missing, as on Colab."""
    try:
        from fer_course.widgets.access import Access
    except ImportError:
        return []
    return [Access()]


def make_control(name: str, control: Slider | Choice):
    """Return the ipywidget of a `Slider` or `Choice`, with its label."""
    import ipywidgets

    if not isinstance(control, (Slider, Choice)):
        raise FerCourseError(f"The control {name} is a Slider or a Choice; found {control!r}.")
    label = control.label or name.replace("_", " ")
    shared = {
        "description": label,
        "style": {"description_width": "12em"},
        "layout": ipywidgets.Layout(width="min(36em, 100%)"),
    }
    if isinstance(control, Choice):
        return ipywidgets.Dropdown(options=list(control.options), **shared)
    numbers = (control.low, control.high, control.value, control.step)
    kind = ipywidgets.IntSlider if all(isinstance(each, int) for each in numbers) else ipywidgets.FloatSlider
    return kind(value=control.value, min=control.low, max=control.high, step=control.step, **shared)


def as_html(function: Callable, alt: str | Callable[..., str], values: dict) -> str:
    """Return the picture for some values as HTML, or the text of an error: a widget shows no traceback."""
    try:
        made = function(**values)
        words = alt(**values) if callable(alt) else alt
    except Exception as error:
        return alert(f"This can't be shown: {str(error) or type(error).__name__}")
    if isinstance(made, Figure):
        return plots.picture(made, words)["text/html"]
    return made if isinstance(made, str) else grey_html(made, words)


def alert(sentence: str) -> str:
    """Return a sentence as HTML that a screen reader reads immediately."""
    return f'<p role="alert">{html.escape(sentence)}</p>'


def grey_html(image: np.ndarray, alt: str, width: int = 240) -> str:
    """Return a grey picture, uint8 (H, W), as HTML `<img>`, enlarged to `width` pixels with visible pixels."""
    png = io.BytesIO()
    Image.fromarray(np.asarray(image, dtype=np.uint8)).save(png, format="png")
    data = base64.b64encode(png.getvalue()).decode()
    return (
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" '
        f'style="width:{width}px;max-width:100%;image-rendering:pixelated">'
    )
