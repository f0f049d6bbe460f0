"""What a late submission costs: by the plugin that `nbgrader_config.py` names, computed whenever it is asked for.

nbgrader computes the penalty once, when it grades. An extension that is given later, or another due date, would not count.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer_course.classroom.paths import CONFIG, nbgrader_of
from fer_course.errors import ClassError, first_line


class Penalties:
    """The late penalties of a class."""

    def __init__(self, folder: str | Path):
        """Load the plugin that the class's configuration names: `c.AssignLatePenalties.plugin_class`; default: no penalty.

        A plugin in a file in the class's folder is found.

        Raises:
            ClassError: if there is no such class, or its plugin can't be loaded.

        """
        from nbgrader.preprocessors import AssignLatePenalties

        self._folder = Path(folder).resolve()
        config, _ = nbgrader_of(folder)
        # What plugins write to the log is about each submission, for each command that shows marks.
        silent = logging.Logger("fer_course.classroom.penalties")
        silent.addHandler(logging.NullHandler())
        with _importable(self._folder):
            try:
                preprocessor = AssignLatePenalties(config=config, log=silent)
                self._plugin = preprocessor.plugin_class(parent=preprocessor)
            except Exception as error:  # the teacher's own code
                raise ClassError(
                    f"The plugin for late submissions, c.AssignLatePenalties.plugin_class in {self._folder / CONFIG}, can't be "
                    f"loaded: {first_line(error, 200)}. Give a class of a module in that folder, such as penalty.PerDay."
                ) from error

    def of(self, submission) -> float:
        """Return the penalty of one of nbgrader's submissions, between 0 and its score.

        Raises:
            ClassError: if the plugin fails, or returns no number.

        """
        late = seconds_late(submission)
        if late <= 0:
            return 0.0
        return sum(self._of_notebook(submission.student.id, each.score, late) for each in submission.notebooks)

    def _of_notebook(self, student: str, score: float, seconds_late: float) -> float:
        try:
            penalty = float(self._plugin.late_submission_penalty(student, score, seconds_late) or 0)
            if math.isnan(penalty):
                raise ValueError("it returned no number")
        except Exception as error:
            raise ClassError(
                f"The plugin for late submissions in {self._folder / CONFIG}, {type(self._plugin).__name__}, failed for "
                f"{student}, {seconds_late:g} seconds late: {type(error).__name__}: {first_line(error, 200)}."
            ) from error
        return min(max(penalty, 0.0), max(score, 0.0))


def seconds_late(submission) -> float:
    """Return how long after its due date, and the extension, one of nbgrader's submissions was handed in, in seconds."""
    # With an extension, but without a due date, nbgrader 0.9 raises a TypeError.
    return 0.0 if submission.assignment.duedate is None else submission.total_seconds_late


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let modules in a folder be imported while the block runs."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
