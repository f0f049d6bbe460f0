"""A button that takes a picture from the learner's disk and shows what a function makes of it (lesson 09)."""

from __future__ import annotations

import html
from collections.abc import Callable

from fer_course.services import elsewhere
from fer_course.widgets.core import Choice, Slider, alert, as_html, make_control


def upload(function: Callable, alt: str | Callable[..., str], notice: str, **controls: Slider | Choice):
    """Return a widget that takes one file and shows `function(content, **values)` of it, anew whenever a control is moved.

    The file's content is kept in the kernel's memory until another one comes or *forget it* is pressed; the button itself
    is emptied at once, so that a notebook saved with its widgets does not hold the file. On a service that is known not to be
    the learner's machine the button is off and says so.

    Args:
        function: takes the content as `bytes` and one keyword argument a control; returns what a function for `explore` may
            return. What it raises is shown as a sentence.
        alt: the alternative text, or a function of the same arguments that returns it.
        notice: what stands above the button, always.
        **controls: argument name -> `Slider` or `Choice`.

    Returns:
        an ipywidgets box, to be the last value of a cell; `box.button`, `box.controls`, `box.forget` and `box.picture` are its
        parts. Works with ipywidgets 7 and 8.

    """
    import ipywidgets

    away = elsewhere()
    button = ipywidgets.FileUpload(accept="image/*", multiple=False, disabled=bool(away), description="photograph")
    forget = ipywidgets.Button(description="forget it")
    made = {name: make_control(name, control) for name, control in controls.items()}
    picture, held = ipywidgets.HTML(), []

    def draw(_change=None) -> None:
        values = {name: control.value for name, control in made.items()}
        picture.value = as_html(lambda **rest: function(held[0], **rest), _bound(alt, held), values) if held else ""

    def take(_change) -> None:
        if content := contents(button.value):
            held[:] = content[:1]
            draw()
            empty(button)

    def drop(_button) -> None:
        held.clear()
        draw()

    button.observe(take, names="value")
    forget.on_click(drop)
    for control in made.values():
        control.observe(draw, names="value")
    if away:
        picture.value = alert(f"This notebook runs on {away}, which is not your machine: a photograph would go there. "
                              f"Run the course on your own machine to use one; the drawn faces work everywhere.")  # fmt: skip
    words = ipywidgets.HTML(f"<p><strong>{html.escape(notice)}</strong></p>")
    box = ipywidgets.VBox([words, ipywidgets.HBox([button, forget]), *made.values(), picture])
    box.button, box.controls, box.forget, box.picture = button, made, forget, picture
    return box


def _bound(alt: str | Callable[..., str], held: list[bytes]):
    return (lambda **values: alt(held[0], **values)) if callable(alt) else alt


def contents(value) -> list[bytes]:
    """Return the files that a `FileUpload` holds: a dictionary by name in ipywidgets 7, a tuple in 8."""
    files = value.values() if isinstance(value, dict) else value
    return [bytes(each["content"]) for each in files]


def empty(button) -> None:
    """Make a `FileUpload` forget its files, in the kernel and in the page."""
    if isinstance(button.value, dict):  # ipywidgets 7 makes `value` of these two when the counter changes
        button.metadata, button.data, button._counter = [], [], 0
    else:
        button.value = ()
