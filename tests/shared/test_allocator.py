"""Memory that is freed is kept for the next step of a training, and given back after it."""

import os
import subprocess
import sys

import pytest

from fer_course._shared import allocator
from fer_course.recipes import Recipe
from fer_course.training import train

pytestmark = pytest.mark.skipif(allocator._libc() is None, reason="another C library than glibc")

STEPS = """
import resource
from fer_course._shared import allocator

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def step():
    b"x" * 48_000_000, b"y" * 20_000_000

print(allocator.keep_what_is_freed())
step()
before = pages()
for _ in range(10):
    step()
print((pages() - before) * 4096 / 10)
"""
GIVEN_BACK = """
from pathlib import Path
from fer_course._shared import allocator

def mb():
    return next(int(line.split()[1]) / 1e3 for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)

allocator.keep_what_is_freed()
large, above = b"x" * 200_000_000, b"y" * 1_000_000
full = mb()
del large
print(full - mb())
allocator.give_back()
print(full - mb())
"""


def said(code: str, **variables: str) -> list[str]:
    """Return what a fresh process prints, without variables for malloc but these."""
    others = {name: value for name, value in os.environ.items() if name not in allocator.CHOSEN}
    run = subprocess.run(
        [sys.executable, "-c", code], env=others | variables, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_the_next_step_gets_what_the_last_one_freed():
    kept, mapped = said(STEPS)
    assert kept == "True"
    assert float(mapped) < 1e6  # bytes of 68 million


@pytest.mark.parametrize("variable", allocator.CHOSEN)
def test_who_has_chosen_is_left_alone(variable):
    value = "" if variable == "GLIBC_TUNABLES" else "1000000"
    assert said(STEPS, **{variable: value})[0] == "False"


def test_without_it_every_step_gets_new_pages():  # else the first test says nothing
    kept, mapped = said(STEPS, GLIBC_TUNABLES="")
    assert kept == "False"
    assert float(mapped) > 40e6


def test_all_is_given_back_even_below_what_is_in_use():
    kept, given_back = map(float, said(GIVEN_BACK))
    assert kept < 20
    assert given_back > 190


def test_keras_is_loaded_with_it():
    code = "import fer_course.quiet" + STEPS.replace("allocator.keep_what_is_freed()", "True")
    assert float(said(code)[-1]) < 1e6


def test_a_training_gives_back(tiny_faces, tiny_model, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(allocator, "give_back", lambda: calls.append((tmp_path / "run" / "metrics.json").is_file()))
    train(tiny_model(), tiny_faces, Recipe("t", epochs=1, batch_size=16), tmp_path / "run", progress=False)
    assert calls == [True]


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(allocator, "_libc", lambda: None)
    assert not allocator.keep_what_is_freed()
    allocator.give_back()
