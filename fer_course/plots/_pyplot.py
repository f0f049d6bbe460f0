"""`plt`: pyplot with matplotlib's own settings, whatever a file matplotlibrc of the user says."""

import matplotlib.pyplot as plt

from fer_course._shared.settings import use_matplotlibs_own

use_matplotlibs_own()

__all__ = ["plt"]
