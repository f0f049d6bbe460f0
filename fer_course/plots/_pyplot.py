"""`plt`: pyplot with the style of the course, whatever a file matplotlibrc of the user says."""

import matplotlib.pyplot as plt

from fer_course._shared.settings import use_matplotlibs_own
from fer_course.plots.style import use_style

use_matplotlibs_own()
use_style()

__all__ = ["plt"]
