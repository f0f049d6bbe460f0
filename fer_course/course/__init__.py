"""Execute the course's notebooks in order, and make a learner's own copies of them.

Only the functions that execute notebooks need papermill, nbconvert and psutil (the extra `lab`); they import them when called.
"""

from fer_course._shared.extras import require
from fer_course.course.copies import start
from fer_course.course.execution import QUIET_KERNEL
from fer_course.course.lessons import checkout, choose, find_folder, notebooks
from fer_course.course.pages import index_page
from fer_course.course.parameters import PARAMETERS, check_parameters, declared_parameters, parse_value, read_profile
from fer_course.course.progress import Exercise, progress, progress_table
from fer_course.course.results import RESULT_TYPE, report, result
from fer_course.course.runner import most_jobs, run
from fer_course.course.summary import table
from fer_course.course.usage import Usage
from fer_course.errors import LessonError as LessonError  # what these functions raise

__all__ = [
    "PARAMETERS",
    "QUIET_KERNEL",
    "RESULT_TYPE",
    "Exercise",
    "Usage",
    "check_parameters",
    "checkout",
    "choose",
    "declared_parameters",
    "find_folder",
    "index_page",
    "most_jobs",
    "notebooks",
    "parse_value",
    "progress",
    "progress_table",
    "read_profile",
    "report",
    "require",
    "result",
    "run",
    "start",
    "table",
]
