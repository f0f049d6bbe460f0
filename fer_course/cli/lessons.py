"""`fer-course run`, `start` and `progress`."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import FACES, LESSONS, add_command


def add_run(commands) -> None:
    """Add `run`."""
    run = add_command(commands, "run", _run, "execute the lessons in order, with papermill, into runs/<stamp>/")
    run.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    run.add_argument("--profile", help="cpu, gpu, paper, or a YAML file of parameters; none: the quick defaults")
    run.add_argument("--data", help=FACES)
    run.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="set one parameter")
    run.add_argument("--out", type=Path, help="the folder to write, instead of runs/<stamp>/")
    run.add_argument("--resume", action="store_true", help="resume the newest run that is not finished")


def _run(options) -> int:
    from fer_course import course

    lessons, out = options.lessons or None, options.out
    return course.run(lessons, options.profile, options.data, out=out, resume=options.resume, typed=dict(options.p))


def add_start(commands) -> None:
    """Add `start` and `progress`."""
    start = add_command(commands, "start", _start, "copy the lessons into a folder; nothing is overwritten")
    start.add_argument("folder", nargs="?", type=Path, default=Path("my-lessons"))
    far = add_command(
        commands, "progress", _progress, "show which exercises are solved in your own copies of the lessons"
    )
    far.add_argument("folder", nargs="?", type=Path, default=Path("my-lessons"))


def _start(options) -> None:
    from fer_course import course

    course.start(options.folder)


def _progress(options) -> None:
    from fer_course import course

    print(course.progress_table(course.progress(options.folder)))
