"""Figures that live (`glass_network`, `window_inspector`, …), and sliders for the course's own functions: `explore(function, …)`.

A figure is a JavaScript module that computes in the page, with a kernel or without one: see `figure`.

A widget adds only the controls. The pictures come from functions that lessons also call without a widget, so that a lesson reads
the same on paper. Works with ipywidgets 7 (Colab) and 8.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["camera", "page", "photograph"],
    submod_attrs={
        "augmentation_judge": ["augmentation_judge"],
        "camera": ["camera_panel"],
        "chance_machine": ["chance_machine"],
        "core": ["Choice", "Slider", "explore"],
        "cover_and_move": ["cover_and_move"],
        "glass_network": ["glass_network"],
        "kernels": ["drag_kernel"],
        "steer_a_face": ["steer_a_face"],
        "predictions": ["outcome", "predict", "predictions"],
        "receptive_ladder": ["receptive_ladder"],
        "separable_factory": ["separable_factory"],
        "threshold_desk": ["threshold_desk"],
        "train_in_page": ["train_in_page"],
        "window_inspector": ["window_inspector"],
    },
)
