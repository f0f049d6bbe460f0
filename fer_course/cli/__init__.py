"""The command line `fer-course`: a thin layer over the package's functions, one module per group of commands."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from fer_course._shared import causes, settings
from fer_course.cli import console
from fer_course.cli.authors import add_authors
from fer_course.cli.classroom import add_class
from fer_course.cli.data import add_data
from fer_course.cli.doctor import add_doctor
from fer_course.cli.lessons import add_run, add_start
from fer_course.cli.models import add_evaluate, add_export, add_live, add_predict, add_zoo
from fer_course.cli.sweeps import add_sweep
from fer_course.cli.training import add_train
from fer_course.errors import FerCourseError


def main(arguments: list[str] | None = None) -> int:
    """Run `fer-course` with the arguments of the command line; return the exit status.

    0: done · 1: an error that the course reports (one sentence on stderr) · 2: wrong usage · 130: interrupted · 141: the output
    was not read to its end.
    """
    with settings.isolated():
        return console.printing(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = parser().parse_args(arguments)
    try:
        Path.cwd()
    except FileNotFoundError:
        print("fer-course: this folder was removed or renamed. Change to another one: cd ~", file=sys.stderr)
        return 1
    try:
        return options.command(options) or 0
    except FerCourseError as error:
        print(f"fer-course: {error}", file=sys.stderr)
        return 1
    except ImportError as error:  # something is missing, hidden or damaged
        print(f"fer-course: {causes.of_error(error)} `fer-course doctor` says more.", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk or a forbidden folder, met by another library
        from fer_course._shared.files import TROUBLES

        if error.errno not in TROUBLES:
            raise
        print(f"fer-course: {error.strerror}: {error.filename or 'a file'}. {TROUBLES[error.errno]}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fer-course: interrupted; what was finished is kept.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="fer-course", description="A course on efficient convolutional networks.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    add_run(commands)
    add_start(commands)
    add_data(commands.add_parser("data", help="describe, import, download or draw faces").add_subparsers(required=True))
    add_train(commands)
    add_evaluate(commands)
    add_predict(commands)
    add_export(commands)
    add_live(commands)
    add_zoo(commands)
    add_sweep(commands)
    add_doctor(commands)
    add_class(
        commands.add_parser("class", help="assignments, grading and marks (teachers)").add_subparsers(required=True)
    )
    add_authors(commands)
    return top
