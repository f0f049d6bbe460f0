"""`import fer_course.matplotlibrc` lets matplotlib begin without the user's file matplotlibrc, if it has not begun yet.

A file that is no UTF-8 text would end the import of matplotlib. What a file has changed before is undone later, see
`settings.use_matplotlibs_own`.
"""

import os
import sys

if "matplotlib" not in sys.modules:
    os.environ["MATPLOTLIBRC"] = os.devnull
