"""How good a model is, how certain that is, and where the model is wrong.

================  ===========================================================================================
``predicting``    `evaluate`, `predict`, `scorer`: from a model and faces to probabilities
``significance``  `bootstrap`, `compare`, `mcnemar`, `leaked`: how certain a score is, and which one is better
``views``         `VIEWS`: a picture mirrored, or moved by whole pixels
``maps``          `class_maps`: which positions of a picture speak for a class
``trials``        recipes compared over training seeds: means, intervals, verdicts
``slices``        accuracy on slices, near copies between training and test, a split by source
``model_card``    the fields of a model card, filled in from report and recipe
================  ===========================================================================================

Importing this package loads neither Keras nor TensorFlow. Modules that need them are loaded when they are first used.
"""

import lazy_loader

from fer_course.reports import Reliability, Report

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submodules=["maps", "model_card", "predicting", "significance", "slices", "trials", "views"],
    submod_attrs={
        "predicting": ["evaluate", "predict", "scorer", "write_predictions"],
        "views": ["VIEWS", "view"],
        "significance": ["Comparison", "bootstrap", "compare", "leaked", "mcnemar"],
        "maps": ["class_maps"],
        "slices": ["nearest_distance", "slice_accuracy", "split_by_source"],
        "model_card": ["CARD_FIELDS", "card_markdown", "fill_card"],
    },
)
__all__ = ["Reliability", "Report", *_lazy]
