"""`fer-course run`, `start` and `progress`."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import FACES, LESSONS, add_command


def add_run(commands) -> None:
    """Add `run`."""
    run = add_command(
        commands, "run", _run, "execute the lessons with papermill, several at a time, into runs/<stamp>/"
    )
    run.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    run.add_argument("--profile", help="cpu, gpu, paper, or a YAML file of parameters; none: the quick defaults")
    run.add_argument("--data", help=FACES)
    run.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="set one parameter")
    run.add_argument("--out", type=Path, help="the folder to write, instead of runs/<stamp>/")
    run.add_argument(
        "--jobs",
        type=int,
        help="how many lessons at a time; default: one a core, if there are 2 GB of free memory for each. "
        "Side by side the longest begin first, and they train once what several of them need",
    )
    run.add_argument("--resume", action="store_true", help="resume the newest run that is not finished")


def _run(options) -> int:
    from fer_course import course

    lessons, typed = options.lessons or None, dict(options.p)
    jobs = course.most_jobs() if options.jobs is None else options.jobs
    return course.run(
        lessons, options.profile, options.data, out=options.out, resume=options.resume, typed=typed, jobs=jobs
    )


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
