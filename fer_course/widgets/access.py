"""Keyboard and screen reader support that the controls of ipywidgets lack in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import anywidget


class Access(anywidget.AnyWidget):
    """An invisible widget: in its box (class fer-controls), access.js names the sliders and frees the keys."""

    _esm = Path(__file__).with_name("access.js").read_text(encoding="utf-8")
