"""The camera panel of lesson 12: drawn faces to begin with, a photograph, or, after a click, the camera (extra `lab`)."""

from __future__ import annotations

import html

import numpy as np

from fer_course import live
from fer_course._shared.hosts import elsewhere
from fer_course._shared.notice import MORE, SHORT
from fer_course.data import drawn
from fer_course.errors import FerCourseError
from fer_course.widgets.core import Choice, Slider, alert, boxed, make_control
from fer_course.widgets.photograph import contents, empty

#: The scene for a drawn face: its rows and columns, and the face's box.
SCENE, PLACE = (240, 320), live.Box(40, 80, 160)
NOT_FOUND = "The detector does not find this face: the box is where it was drawn."


def camera_panel(model=None):
    """Return a widget that finds and scores faces: drawn ones, those in a photograph, and, after a click, those of the camera.

    Nothing asks for a camera before its button is pressed. Frames are shrunk in the page, scored one by one in this kernel, and
    forgotten; a photograph stays in the kernel's memory until *forget it* is pressed. On a service that is known not to be the
    learner's machine both are off, and the panel says so.

    Args:
        model: a Keras model of this package's form, or a `Run`; None: the mini-Xception that comes with the course.

    Returns:
        An ipywidgets box, to be the last value of a cell. `box.controls` ("expression", "person"), in `box.chooser`, which is
        seen beside drawn faces only, `box.button`, `box.forget` and `box.view` are its parts. It works with ipywidgets 7 and 8,
        in JupyterLab and in Voilà. Where anywidget is missing, as on Colab, it is a sentence that says what to install.

    Raises:
        FerCourseError: if scikit-image is not installed.

    """
    try:
        view = _view(model)
    except ImportError as error:
        return _missing_notice(error)
    controls = {
        "expression": make_control("expression", Choice(list(drawn.PROTOTYPES), "drawn face: expression")),
        "person": make_control("person", Slider(0, 40, 1, 1, "drawn face: person")),
    }
    button, forget = _buttons()

    def show_drawn(_change=None) -> None:
        view.drawn = True
        view.show(*drawn_scene(view.score, controls["expression"].value, controls["person"].value))

    def show_upload(_change) -> None:
        if content := contents(button.value):
            view.drawn = False
            _show_photograph(view, content[0])
            empty(button)

    for control in controls.values():
        control.observe(show_drawn, names="value")
    button.observe(show_upload, names="value")
    forget.on_click(show_drawn)
    show_drawn()
    return _box(view, controls, button, forget)


def drawn_scene(score: live.Score, expression: str, person: int) -> tuple[np.ndarray, list[live.Seen], str]:
    """Return a scene with a drawn face, uint8 (240, 320), the scored face, and a sentence if it was not found.

    Args:
        score: as `evaluation.scorer` returns it.
        expression: one of `drawn.PROTOTYPES`.
        person: the number of a drawn person.

    """
    photo = live.paste([drawn.draw_one(drawn.PROTOTYPES[expression], person)], [PLACE], SCENE, person)
    box = live.match(live.find_faces(photo), PLACE)
    return photo, live.see(photo, score, [box or _inside(PLACE)]), "" if box else NOT_FOUND


def _inside(picture: live.Box) -> live.Box:
    """Return the box whose crop, margin included, is the whole drawn picture."""
    side = picture.side / (1 + 2 * live.MARGIN)
    return live.Box(picture.top + live.MARGIN * side, picture.left + live.MARGIN * side, side)


def _show_photograph(view, content: bytes) -> None:
    try:
        photo = live.read_photograph(content)
        faces = live.see(photo, view.score)
    except FerCourseError as error:
        view.say(str(error))
    else:
        view.show(photo, faces, "" if faces else "No face found: use a picture in which you look into the camera.")


def _view(model):
    from fer_course.widgets.view import View

    # isort: split
    from fer_course import evaluation, models

    return View(evaluation.scorer(models.pretrained() if model is None else model), away=elsewhere())


def _missing_notice(error: ImportError):
    """Return the notice that replaces the panel, so that a lesson can continue without it."""
    import ipywidgets

    return ipywidgets.HTML(
        alert(
            f"The camera panel needs anywidget ({error}). Install it, on Colab with: !pip install anywidget; then run this cell "
            f"again."
        )
    )


def _buttons():
    """Return the buttons for a photograph and for forgetting it."""
    import ipywidgets

    upload = ipywidgets.FileUpload(
        accept="image/*", multiple=False, disabled=bool(elsewhere()), description="photograph of yourself",
        layout=ipywidgets.Layout(width="auto"),
    )  # fmt: skip
    return upload, ipywidgets.Button(description="forget it")


def _box(view, controls: dict, button, forget):
    import ipywidgets

    words = ipywidgets.HTML(
        f"<details><summary><strong>{html.escape(SHORT)}</strong> More</summary>{html.escape(MORE)}</details>"
    )
    chooser = ipywidgets.VBox([*controls.values()])

    def show_chooser(_change=None) -> None:  # beside a photograph, the word *happy* of a menu would be read as its name
        chooser.layout.display = None if view.drawn and not view.watching else "none"

    view.observe(show_chooser, names=["drawn", "watching"])
    box = boxed([words, view, chooser, ipywidgets.HBox([button, forget])], controls, view)
    box.view, box.button, box.forget, box.chooser = view, button, forget, chooser
    return box
