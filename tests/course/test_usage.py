"""What a lesson takes is what the processes take that it runs in, not the one that drives it."""

import os
import subprocess
import sys

import pytest

MEGABYTE = 1_000_000
#: A process of its own, since for a moment a child is as large as its parent, and the tests' process may be very large.
DRIVER = """
import subprocess, sys
from fer_course.course.usage import Usage
held = bytearray(b"1") * int(sys.argv[2])
with Usage() as memory:
    subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
print(memory.peak)
"""


def spend(megabytes: int, inner: int = 0) -> str:
    """Return a program that holds memory for a second, and may start another one that does."""
    more = f"subprocess.run([sys.executable, '-c', {spend(inner)!r}])" if inner else "time.sleep(1)"
    return f"import subprocess, sys, time; held = bytearray(b'1') * {megabytes * MEGABYTE}; {more}"


def peak_of(program: str, driver: int = 0) -> float:
    """Return the peak in MB that is noted for a program, by a process that itself holds `driver` MB."""
    command = [sys.executable, "-c", DRIVER, program, str(driver * MEGABYTE)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / MEGABYTE


def test_what_a_child_and_its_child_hold_is_counted_together():
    one, two = peak_of(spend(300)), peak_of(spend(300, inner=200))
    assert 300 < one < 380
    assert 190 < two - one < 280


def test_what_the_driving_process_holds_is_not_counted():
    assert 400 < peak_of(spend(400), driver=300) < 480


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_copy_of_the_driver_whose_own_program_has_not_begun_is_not_counted():
    program = """
import os, time
from fer_course.course.usage import Usage
held = bytearray(b"1") * 300_000_000
with Usage() as memory:
    child = os.fork()
    if not child:
        time.sleep(1)
        os._exit(0)
    os.waitpid(child, 0)
print(memory.peak)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert int(done.stdout) == 0


@pytest.mark.slow
def test_processor_time_is_that_of_a_child_and_its_child():
    work = "import time\nwhile time.process_time() < {}: sum(range(1000))"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work.format(1)!r}])\n{work.format(2)}"
    driver = f"""
import subprocess, sys, time
from fer_course.course.usage import Usage
while time.process_time() < 1: pass
with Usage() as usage:
    subprocess.run([sys.executable, "-c", {program!r}], check=True)
print(usage.cpu_seconds)
"""
    done = subprocess.run([sys.executable, "-c", driver], check=True, capture_output=True, text=True)
    assert 2.4 < float(done.stdout) < 3.1  # 3 in all; what comes after the last look at each is missed
