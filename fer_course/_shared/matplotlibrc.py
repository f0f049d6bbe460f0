"""`import fer_course._shared.matplotlibrc` makes matplotlib ignore the user's file matplotlibrc, if it is not loaded yet.

A file that is not UTF-8 text would make the import of matplotlib fail. matplotlib always reads a file in the current folder, so a
clear error says what to do. What a file has changed is undone later, see `settings.use_matplotlibs_own`.
"""

import os
import sys
from pathlib import Path

from fer_course.errors import SetupError


def _ignore_user_file(here: Path) -> None:
    os.environ["MATPLOTLIBRC"] = os.devnull
    try:
        here.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SetupError(f"{here.absolute()} is not UTF-8 text, and matplotlib reads it. Rename it.") from None
    except OSError:  # there is none: the usual case
        pass


if "matplotlib" not in sys.modules:
    _ignore_user_file(Path("matplotlibrc"))
