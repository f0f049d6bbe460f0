"""Steps of nbgrader's autograding, for the configuration of a class: so formgrader's *Autograde* is as safe as `class grade`."""

from __future__ import annotations

import json
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from fer_course.classroom import inert, sandbox
from fer_course.classroom.examination import execute_and_examine
from fer_course.classroom.repairing import repair
from fer_course.classroom.sandbox import limits_of
from fer_course.errors import ClassError


def _released(config, resources) -> str:
    """Return the notebook that was handed out, of the assignment that is graded."""
    lesson = resources["nbgrader"]["assignment"]
    root = Path(CourseDirectory(config=config).root)
    return (root / "release" / lesson / f"{lesson}.ipynb").read_text(encoding="utf-8")


class PutBack(NbGraderPreprocessor):
    """Puts the learner's answers back into the notebook that was handed out."""

    def preprocess(self, nb, resources):
        """Return the released notebook with the answers of this one."""
        import nbformat

        released = _released(self.config, resources)
        repaired = repair(nbformat.writes(nb).encode(), released, resources["nbgrader"]["assignment"])
        return nbformat.reads(repaired.text, as_version=4), resources


class SandboxedExecute(NbGraderPreprocessor):
    """Executes a submission in the sandbox, and examines its answers in another; without one it refuses."""

    def preprocess(self, nb, resources):
        """Return the notebook with the outputs of its execution.

        Raises:
            ClassError: if notebooks can't be sandboxed here.

        """
        import nbformat

        if reason := sandbox.missing():
            raise ClassError(f"Submissions can't be executed safely: {reason}.")
        text, _, _ = execute_and_examine(nbformat.writes(nb), limits_of(self.config))
        return nbformat.reads(text, as_version=4), resources


class Inert(NbGraderPreprocessor):
    """Makes a graded notebook inert: text, PNG and JPEG."""

    def preprocess(self, nb, resources):
        """Return the notebook with nothing live in it; cells of text that were handed out keep their form."""
        cells = json.loads(_released(self.config, resources))["cells"]
        ours = {
            cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown" and "id" in cell
        }
        inert.make_inert(nb, ours)
        return nb, resources
