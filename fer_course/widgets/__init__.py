"""Sliders round the course's own functions: `explore(function, …)` shows what a function returns while its numbers move.

A shell, no more: what is drawn is drawn by functions that lessons also call without any widget (their static twins), so that
a lesson reads the same on paper. Works with ipywidgets 7 (Colab) and 8.
"""

from fer_course.widgets.camera import camera_panel
from fer_course.widgets.core import Choice, Slider, explore
from fer_course.widgets.kernels import drag_kernel

__all__ = ["Choice", "Slider", "camera_panel", "drag_kernel", "explore"]
