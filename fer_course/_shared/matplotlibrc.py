"""`import fer_course._shared.matplotlibrc` lets matplotlib begin without the user's file matplotlibrc, if it has not begun yet.

A file that is no UTF-8 text would end the import of matplotlib. One in the folder where Python runs is read in any case, so that
one sentence says what to do. What a file has changed is undone later, see `settings.use_matplotlibs_own`.
"""

import os
import sys
from pathlib import Path

from fer_course.errors import SetupError


def _begin_without(here: Path) -> None:
    os.environ["MATPLOTLIBRC"] = os.devnull
    try:
        here.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SetupError(f"{here.absolute()} is no UTF-8 text, and matplotlib reads it. Rename it.") from None
    except OSError:  # there is none: the usual case
        pass


if "matplotlib" not in sys.modules:
    _begin_without(Path("matplotlibrc"))
