"""While nbval runs the lessons, none may take more memory than Binder gives, 2 GB, and what they write goes with them."""

import os
import shutil
import tempfile

import pytest

from fer_course.course import Usage

LIMIT_MB = 2000
KEY = "peak_memory_mb"
#: Notebook -> what watches it.
_WATCHED = pytest.StashKey()


def pytest_configure(config):
    """Make the folder in which the kernels find temporary ones; the workers of pytest-xdist use the controller's."""
    if not hasattr(config, "workerinput"):
        config.lessons_temporary = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="fer-course-lessons-")


def pytest_unconfigure(config):
    """Remove it."""
    if hasattr(config, "lessons_temporary"):
        shutil.rmtree(config.lessons_temporary, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Begin to watch before a notebook's first cell, when its kernel is not there yet."""
    watched = item.config.stash.setdefault(_WATCHED, {})
    if item.path not in watched:
        watched[item.path] = Usage()
        watched[item.path].__enter__()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """After a notebook's last cell, note what it took, and fail if that was too much."""
    if nextitem is not None and nextitem.path == item.path:
        return
    usage = item.config.stash[_WATCHED][item.path]
    usage.__exit__(None, None, None)
    item.user_properties.append((KEY, [item.path.stem, round(usage.peak / 1e6)]))
    assert usage.peak <= LIMIT_MB * 1e6, f"{item.path.name} took {usage.peak / 1e6:.0f} MB, more than {LIMIT_MB}."


def pytest_terminal_summary(terminalreporter):
    """Print what each notebook took."""
    reports = [
        report for kind in terminalreporter.stats.values() for report in kind if hasattr(report, "user_properties")
    ]
    peaks = sorted({tuple(value) for report in reports for key, value in report.user_properties if key == KEY})
    if peaks:
        terminalreporter.write_line("Peak MB: " + ", ".join(f"{name.split('-')[0]} {peak:,}" for name, peak in peaks))
