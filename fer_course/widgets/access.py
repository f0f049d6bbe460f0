"""What the controls of ipywidgets lack for a keyboard and a screen reader in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import anywidget


class Access(anywidget.AnyWidget):
    """Nothing to see: in the box where it stands (class fer-controls) it names the sliders and frees the keys, by access.js."""

    _esm = Path(__file__).with_name("access.js").read_text(encoding="utf-8")
