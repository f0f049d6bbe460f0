"""How good a model is, how sure that is, and where it errs.

================  ===========================================================================================
``predicting``    `evaluate`, `predict`, `scorer`: from a model and faces to probabilities
``significance``  `bootstrap`, `compare`, `mcnemar`, `leaked`: how sure a score is, and whether one is better
``views``         `VIEWS`: a picture mirrored, or moved by whole pixels
``maps``          `class_maps`: where a model sees a class
``trials``        recipes compared over training seeds: means, intervals, verdicts
``slices``        accuracy on slices, near copies between training and test, a split by source
``model_card``    what a model card has to say, and where it comes from
================  ===========================================================================================

Importing this package loads neither Keras nor TensorFlow. What needs them loads them when it is first used.
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
