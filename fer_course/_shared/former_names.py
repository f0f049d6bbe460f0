"""Names of the first edition: learners' own copies of lessons and teachers' scripts still import them.

`import fer_course.trials` and `from fer_course import trials` give the module that holds its content now, and a FutureWarning
names it. Nothing is loaded until then.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
import warnings

#: Module of the first edition -> where its content is now. Only modules that lessons, documents or scripts named.
MOVED = {
    "audit": "evaluation",
    "devices": "training.devices",
    "diagrams": "plots.diagrams",
    "distillation": "training.distillation",
    "doctor": "course.doctor",
    "links": "authoring.hosting_links",
    "page": "widgets.page",
    "progress": "training",
    "release": "authoring.lessons",
    "schedules": "training.schedules",
    "trials": "evaluation.trials",
    "weights": "models.weights",
    "zoo": "results.zoo",
}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of `MOVED`, and makes each one a door to the module that has its content."""

    def find_spec(self, fullname, path=None, target=None):
        package, _, name = fullname.partition(".")
        if package != "fer_course" or name not in MOVED:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec):
        return types.ModuleType(spec.name, f"Moved: see fer_course.{MOVED[spec.name.partition('.')[2]]}.")

    def exec_module(self, module):
        new = f"fer_course.{MOVED[module.__name__.partition('.')[2]]}"
        # The frames between are those of the import system, so the warning names the module itself.
        warnings.warn(f"{module.__name__} is now {new}. `fer-course start` copies the new lessons.", FutureWarning, 2)
        module.__getattr__ = lambda name: getattr(importlib.import_module(new), name)


def install() -> None:
    """Let imports find the former names, once per process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
