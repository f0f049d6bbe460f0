"""The peak memory of a lesson is that of the processes that it runs in, not of the one that drives it."""

import subprocess
import sys

import numpy as np

from fer_course.course import PeakMemory

MEGABYTE = 1_000_000


def spend(megabytes: int, inner: int = 0) -> str:
    """Return a program that holds memory for a second, and may start another one that does."""
    more = f"subprocess.run([sys.executable, '-c', {spend(inner)!r}])" if inner else "time.sleep(1)"
    return f"import subprocess, sys, time; held = bytearray(b'1') * {megabytes * MEGABYTE}; {more}"


def peak_of(program: str) -> float:
    with PeakMemory() as memory:
        subprocess.run([sys.executable, "-c", program], check=True)
    return memory.peak / MEGABYTE


def test_what_a_child_and_its_child_hold_is_counted_together():
    small, one, two = peak_of(spend(1)), peak_of(spend(200)), peak_of(spend(200, inner=100))
    assert 0 < small < 60
    assert 190 < one - small < 240
    assert 90 < two - one < 160


def test_what_the_driving_process_holds_is_not_counted():
    held = np.ones(300 * MEGABYTE, dtype=np.uint8)
    assert 400 < peak_of(spend(400)) < 480  # for a moment a child is a copy of its parent: so it holds more than that
    assert held[-1] == 1
