"""Figure 4, the separable factory: where the saving comes from, and where it does not."""

from __future__ import annotations

import traitlets

from fer_course.plots._pyplot import plt
from fer_course.widgets.figure import Figure, handed


class SeparableFactory(Figure):
    """Two towers of multiply-adds: a standard convolution and a separable one.

    Afterwards one can say: it does 1/filters + 1/size² of the work, so few filters save little. The channels don't matter.

    Attributes:
        channels: maps that come in, 1 to 256.
        filters: maps that go out, 1 to 256.
        size: side of the kernels, 1 to 7.
        side: side of the maps, 3 to 48; "same" padding.

    """

    module = "separable_factory"
    channels = handed(traitlets.Int(16, min=1, max=256))
    filters = handed(traitlets.Int(32, min=1, max=256))
    size = handed(traitlets.Int(3, min=1, max=7))
    side = handed(traitlets.Int(24, min=3, max=48))

    def work(self) -> tuple[int, int]:
        """Return the multiply-adds of the standard and of the separable convolution."""
        positions = self.side**2
        depthwise = self.size**2 * self.channels * positions
        pointwise = self.channels * self.filters * positions
        return depthwise * self.filters, depthwise + pointwise

    def still(self):
        """Return the two towers as a matplotlib figure, and the alternative text."""
        standard, separable = self.work()
        figure, axis = plt.subplots(figsize=(4, 2.6))
        axis.bar(["standard", "separable"], [standard, separable])
        axis.set(ylabel="multiply-adds")
        layer = f"{self.channels} channels, {self.filters} filters of {self.size} × {self.size}"
        works = f"standard {standard:,} multiply-adds, separable {separable:,}, {separable / standard:.0%} of it"
        return figure, f"{layer}: {works}."


def separable_factory(**sizes: int) -> SeparableFactory:
    """Return the figure; `sizes` are traits of `SeparableFactory` to begin with, such as `filters=8`.

    Raises:
        traitlets.TraitError: if one is not a whole number within its limits.

    """
    return SeparableFactory(**sizes)
