"""Learners' copies of first-edition lessons and teachers' scripts go on working, and are told the new names."""

import importlib
import subprocess
import sys

import pytest

from fer_course import checks
from fer_course._shared import former_names


@pytest.mark.parametrize(("name", "now"), former_names.MOVED.items())
def test_a_former_module_gives_what_the_new_one_has(name, now, monkeypatch):
    former_names.install()
    new = importlib.import_module(f"fer_course.{now}")
    monkeypatch.delitem(sys.modules, f"fer_course.{name}", raising=False)
    with pytest.warns(FutureWarning, match=f"fer_course.{name} is now fer_course.{now}"):
        old = importlib.import_module(f"fer_course.{name}")
    public = [each for each in dir(new) if not each.startswith("_")]
    assert public
    assert all(getattr(old, each) is getattr(new, each) for each in public)
    with pytest.raises(AttributeError):
        _ = old.never_there


FIRST_EDITION = """
import warnings
warnings.simplefilter("ignore", FutureWarning)
from fer_course import trials, zoo
from fer_course.trials import t95, summarise
from fer_course.progress import LiveCurves
from fer_course.training import Run, prepare, train
from fer_course.course import report
import fer_course.audit
print(trials.t95 is t95, callable(zoo.table), fer_course.audit.slice_accuracy.__name__)
"""


@pytest.mark.slow
def test_imports_of_the_first_edition_work_in_a_fresh_process():
    found = subprocess.run([sys.executable, "-c", FIRST_EDITION], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True", "True", "slice_accuracy"]


def test_nothing_is_loaded_before_a_former_name_is_used():
    code = "import sys, fer_course; print([name for name in sys.modules if name in ('numpy', 'keras')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_checks_are_found_by_the_lesson_that_they_had():
    assert checks.lesson02.output_size is checks.convolutions.output_size
    assert checks.lesson01.softmax is checks.linear.softmax
    with pytest.raises(AttributeError, match="no check 'nothing'"):
        _ = checks.lesson01.nothing
    with pytest.raises(AttributeError, match="The topics are start"):
        _ = checks.lessons
