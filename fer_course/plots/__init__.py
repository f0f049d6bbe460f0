"""Functions that return a matplotlib `Figure`. `show(figure, alt=…)` puts one into a notebook with alternative text.

============  ======================================================================
``style``     how all figures look, and their colours and line styles
``display``   `show`: a figure in a notebook, on light and on dark pages
``labels``    words at the lines instead of a legend, per cent at an axis
``grids``     pictures side by side: faces, signed weights, maps over faces
``charts``    counts, curves, matrices, costs
``diagrams``  a small Keras model as boxes and arrows
============  ======================================================================

Importing this package loads neither matplotlib nor seaborn. Its modules load them when they are first used.
"""

import sys

import lazy_loader

import fer_course._shared.matplotlibrc  # noqa: F401  (before any module here loads matplotlib)

if "matplotlib" in sys.modules:  # it has read the user's file already, and the next figure may be the learner's own
    from fer_course._shared.settings import use_matplotlibs_own
    from fer_course.plots.style import use_style

    use_matplotlibs_own()
    use_style()
    del use_matplotlibs_own, use_style

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["diagrams"],
    submod_attrs={
        "style": ["COLOURS", "INK", "STYLES"],
        "display": ["picture", "show"],
        "labels": ["label_lines", "percent"],
        "grids": ["grid", "heat_maps", "signed_grid"],
        "charts": [
            "accuracy_against_cost",
            "class_counts",
            "confusion_matrix",
            "curves",
            "differences",
            "reliability",
            "seeds",
        ],
    },
)
