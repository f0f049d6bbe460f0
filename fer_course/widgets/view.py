"""The view of the camera panel: pictures with boxes, bars and class maps, rendered by view.js, which also sends camera frames.

Frames and pictures are sent as messages, never as the widget's state, so a notebook saved with its widgets does not contain them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from PIL import Image

from fer_course import live
from fer_course.errors import PhotographError
from fer_course.faces import CLASS_NAMES

#: Longest side of a camera's frames, which the page shrinks, and of pictures that the panel shows, in pixels.
FRAME, STILL = 320, 640


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


class View(anywidget.AnyWidget):
    """A picture with its faces; with a button for a camera, it scores its frames one by one.

    Attributes:
        away: the service on which the notebook is executed, if it is not the learner's machine: then there is no camera.
        frame: longest side of a camera's frames in pixels.
        drawn: whether the still picture is of a drawn face; whoever shows one says so.
        watching: whether a camera is on: it has sent a frame since the last still picture.

    """

    _esm = _beside("view.js")
    _css = _beside("view.css")
    class_names = traitlets.List(traitlets.Unicode(), list(CLASS_NAMES)).tag(sync=True)
    away = traitlets.Unicode().tag(sync=True)
    frame = traitlets.Int(FRAME).tag(sync=True)
    drawn = traitlets.Bool(True)
    watching = traitlets.Bool(False)

    def __init__(self, score: live.Score, **traits):
        super().__init__(**traits)
        self.score, self._stream = score, live.Stream(score)
        self._still: tuple[dict, list[bytes]] | None = None
        self.on_msg(lambda _widget, content, buffers: self.take(content, buffers))

    def show(self, photo: np.ndarray, faces: Sequence[live.Seen], sentence: str = "") -> None:
        """Show a picture, uint8 (H, W) or (H, W, 3), with its faces and a sentence; this switches the camera off."""
        image = Image.fromarray(photo)
        size = list(image.size)
        image.thumbnail((STILL, STILL))
        file = io.BytesIO()
        image.save(file, "png")
        words = live.in_words(faces, self.class_names)
        content = {"kind": "still", "size": size, "faces": _to_json(faces), "words": words, "sentence": sentence}
        self._keep_and_send(content, [file.getvalue()])

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a picture, such as what was wrong with one."""
        content: dict[str, Any] = {"kind": "still", "size": None, "faces": [], "words": sentence, "sentence": sentence}
        self._keep_and_send(content, [])

    def _keep_and_send(self, content: dict, buffers: list[bytes]) -> None:
        """Send a still picture, and keep it for pages that are opened later."""
        self.watching = False
        self._still = content, buffers
        self.send(content, buffers)

    def take(self, content: dict, buffers: Sequence[bytes | memoryview]) -> None:
        """Respond to a message of a page, which asks for its first picture or for the faces of a frame."""
        content = content if isinstance(content, dict) else {}
        kind, page = content.get("kind"), content.get("page")
        if kind == "ready" and self._still:
            self.send({**self._still[0], "page": page}, self._still[1])
        elif kind == "off":
            self.watching = False
            self._stream.forget()
        elif kind == "frame":
            self.watching = True
            self.send({"kind": "answer", "page": page, "frame": content.get("frame"), **self._answer(buffers)})

    def _answer(self, buffers: Sequence[bytes | memoryview]) -> dict:
        """Return the faces of a frame, or a sentence if it can't be used."""
        try:
            if len(buffers) != 1:
                raise PhotographError(f"A frame is one picture; found {len(buffers)}.")
            faces = self._stream.see(live.read_photograph(bytes(buffers[0]), FRAME))
        except Exception as error:  # a widget shows no traceback, so the panel shows the text
            return {"faces": [], "words": "no answer", "sentence": str(error) or type(error).__name__}
        words = live.in_words(faces, self.class_names)
        return {"faces": _to_json(faces), "words": words, "sentence": "", "seconds": self._stream.seconds}


def _to_json(faces: Sequence[live.Seen]) -> list[dict]:
    return [face.to_dict() for face in faces]
