"""Figure 10, the chance machine: how large luck is."""

from __future__ import annotations

import numpy as np
import traitlets

from fer_course.plots._pyplot import plt
from fer_course.widgets.figure import Figure, handed


class ChanceMachine(Figure):
    """One network, measured on one test set after the other: the measured accuracies and their 95 % intervals.

    Afterwards one can say: with 600 test faces luck moves a score by four points, and one interval of twenty misses.

    Attributes:
        accuracy: the true accuracy, a share from 0.05 to 0.95.
        n: test faces in each test set.
        seed: fixes the luck.
        drops: how many test sets have been measured.
        missed: how many of their intervals do not contain the true accuracy.

    """

    module = "chance_machine"
    accuracy = handed(traitlets.Float(0.6, min=0.05, max=0.95))
    n = handed(traitlets.Int(600, min=1))
    seed = handed(traitlets.Int(0, min=0))
    drops = handed(traitlets.Int(0, min=0, max=100))
    missed = handed(traitlets.Int(0))

    def still(self):
        """Return measured accuracies as a matplotlib figure, and the alternative text."""
        measured = np.random.default_rng(self.seed).binomial(self.n, self.accuracy, 25) / self.n
        figure, axis = plt.subplots(figsize=(5, 2.2))
        axis.plot(100 * measured, np.arange(25), "o")
        axis.axvline(100 * self.accuracy, color="black", linestyle="--")
        axis.set(xlabel="measured accuracy, %", yticks=[], xlim=(0, 100))
        low, high = measured.min(), measured.max()
        words = f"A network that is right for {self.accuracy:.0%}, measured 25 times on {self.n} faces"
        return figure, f"{words}: {low:.1%} to {high:.1%}."


def chance_machine(accuracy: float = 0.6, n: int = 600, seed: int = 0) -> ChanceMachine:
    """Return the figure for a true accuracy, a share, and test sets of `n` faces.

    Raises:
        traitlets.TraitError: if the accuracy is not from 0.05 to 0.95, or there is no face.

    """
    return ChanceMachine(accuracy=accuracy, n=n, seed=seed)
