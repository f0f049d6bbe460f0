"""Figure 8, the threshold desk: calibration, and what a network gains when it may keep silent."""

from __future__ import annotations

import numpy as np
import traitlets

from fer_course._shared.scripts import as_array, to_array
from fer_course.errors import FerCourseError
from fer_course.plots._pyplot import plt
from fer_course.reports import Report
from fer_course.widgets.figure import Figure, handed


class ThresholdDesk(Figure):
    """A threshold on the confidence: coverage, accuracy, confusion and reliability of what is answered.

    Afterwards one can say: a network that answers only when it is sure is right more often and answers less; how sure it may
    sound is a matter of calibration.

    Attributes:
        threshold: the confidence from which the network answers, a share.

    """

    module = "threshold_desk"
    probabilities = handed(traitlets.Dict())
    labels = handed(traitlets.Dict())
    class_names = handed(traitlets.List())
    about = handed(traitlets.Unicode())
    threshold = handed(traitlets.Float(0.5, min=0.0, max=0.99))

    def still(self):
        """Return coverage and accuracy against the threshold as a matplotlib figure, and the alternative text."""
        probabilities, labels = as_array(self.probabilities).astype(float), as_array(self.labels)
        sure = probabilities.max(axis=1) / probabilities.sum(axis=1)
        right = probabilities.argmax(axis=1) == labels
        levels = np.linspace(0, 0.95, 20)
        coverage = [100 * (sure >= level).mean() for level in levels]
        accuracy = [100 * right[sure >= level].mean() if (sure >= level).any() else np.nan for level in levels]
        figure, axis = plt.subplots(figsize=(5, 2.6))
        axis.plot(100 * levels, coverage, "--", label="answered")
        axis.plot(100 * levels, accuracy, label="right, of those answered")
        axis.set(xlabel="threshold: surer than, %", ylabel="faces, %", ylim=(0, 100))
        axis.legend()
        here = f"at {self.threshold:.0%}, {(sure >= self.threshold).mean():.0%} of the faces are answered"
        return figure, f"Coverage falls and accuracy rises with the threshold; {here}. {self.about}"


def threshold_desk(report: Report | None = None, about: str = "", threshold: float = 0.5) -> ThresholdDesk:
    """Return the figure for the probabilities of a report.

    Args:
        report: as `evaluation.evaluate` returns it; None: the recorded one of the network that comes with the course, on
            PublicTest of FER2013.
        about: a sentence that says whose probabilities these are.
        threshold: where the figure begins, a share.

    Raises:
        FerCourseError: if the report has more than 20,000 faces.

    """
    if report is None:
        report, about = _recorded()
    if report.n > 20_000:
        raise FerCourseError(f"threshold_desk takes at most 20,000 faces; found {report.n:,}. Take a sample.")
    levels = np.clip(np.rint(65535 * np.asarray(report.probabilities, dtype=float)), 0, 65535).astype(np.uint16)
    return ThresholdDesk(
        probabilities=to_array(levels), labels=to_array(np.asarray(report.labels, dtype=np.uint8)),
        class_names=list(report.class_names), about=about, threshold=threshold,
    )  # fmt: skip


def _recorded() -> tuple[Report, str]:
    from fer_course import results
    from fer_course.models import weights

    name = f"{weights.about('mini_xception')['row']}, seed {weights.about('mini_xception')['seed']}"
    recorded = results.publictest()
    faces = f"{len(recorded['labels']):,} faces of FER2013 that it never learned from (the part that FER2013 calls PublicTest)"
    about = f"Recorded: the answers of the network that comes with the course, to {faces}."
    return Report(recorded["labels"], recorded[name], "PublicTest"), about
