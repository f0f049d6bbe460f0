"""Grade submissions with nbgrader; only the slow part, executing them, runs in a sandbox, and many at a time.

    nbgrader sanitises each submission ▸ an Executor executes them, sandboxed ▸ nbgrader takes the outputs and gives points

So the marks are nbgrader's own. What was executed is kept until it has been graded: an interrupted `grade` goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from fer_course._shared.executors import executor_at
from fer_course._shared.files import alone, write_json
from fer_course.classroom import sandbox
from fer_course.classroom.borrowed_answers import notices
from fer_course.classroom.paths import lessons_of, log_file, nbgrader_of
from fer_course.classroom.sandbox import Limits
from fer_course.classroom.sandboxed_execution import execute
from fer_course.errors import ClassError

#: Where sanitised and executed submissions wait, in the class's folder; removed once they are graded.
WAITING = ".grading"
#: What was noticed about a graded submission, beside its autograded notebook.
REMARKS = "remarks.json"


@dataclass
class Graded:
    """What `grade` did.

    Attributes:
        done: (student, lesson) of what was graded.
        failed: (student, lesson) -> why it could not be graded; it has no points, and the others have theirs.
        remarks: (student, lesson) -> sentences for the teacher.

    """

    done: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    remarks: dict[tuple[str, str], list[str]] = field(default_factory=dict)


def grade(
    folder: str | Path,
    wanted: list[str] | None = None,
    students: list[str] | None = None,
    executor: Executor | None = None,
    workers: int = 2,
    limits: Limits | None = None,
    unsafe: bool = False,
    force: bool = False,
    progress: Callable[[str], None] = print,
) -> Graded:
    """Grade what was submitted and is not graded yet.

    Args:
        folder: the class.
        wanted: lessons, by number or name; none: all.
        students: ids; none: all who have submitted something.
        executor: where notebooks are executed; none: `workers` local processes.
        workers: how many of these.
        limits: what each notebook may use; none: the usual ones, with the class's own `c.Execute.timeout` for a cell.
        unsafe: execute without the sandbox, with all rights of this user.
        force: grade anew what is graded.
        progress: gets a line for each submission.

    Raises:
        BusyError: if another process is grading the class.
        ClassError: if there is no such class or lesson, or notebooks can't be sandboxed here and `unsafe` is not set.

    """
    if not unsafe and (reason := sandbox.missing()):
        raise ClassError(
            f"Submissions can't be run safely: {reason}. With --unsafe they run with all your rights: they can read your files, "
            f"other submissions and the gradebook, and write to them."
        )
    graded = Graded()
    waiting = Path(folder).resolve() / WAITING
    limits = limits or _limits_of(folder)
    with alone(folder), log_file(folder) as log:
        pending = list(_pending(folder, wanted, students, force))
        ready = {who: text for who in pending if (text := _sanitised(folder, *who, log, graded))}
        for who, reason in _executed(ready, waiting, executor, workers, limits, unsafe):
            with contextlib.suppress(_Failed):
                _take_points(folder, *who, _executed_file(waiting, ready[who]), log, graded)
                solved = (Path(folder) / "source" / who[1] / f"{who[1]}.ipynb").read_text(encoding="utf-8")
                graded.remarks[who] = [
                    *([f"It was stopped: {reason}."] if reason else []),
                    *notices(ready[who], solved),
                ]
                write_json(_place(folder, "autograded", *who) / REMARKS, graded.remarks[who])
                graded.done.append(who)
                failed_file(folder, *who).unlink(missing_ok=True)
            count = len(graded.done) + len(graded.failed)
            progress(f"[{count}/{len(pending)}] {' '.join(who)}{f': stopped, {reason}' if reason else ''}")
        for who, reason in graded.failed.items():
            write_json(failed_file(folder, *who), reason)
        shutil.rmtree(waiting, ignore_errors=True)
    return graded


def failed_file(folder: str | Path, student: str, lesson: str) -> Path:
    """Return where it stands why the last thing that a student handed in for a lesson could not be graded."""
    return Path(folder) / "failed" / f"{student}+{lesson}.json"


def _limits_of(folder: str | Path) -> Limits:
    config, _ = nbgrader_of(folder)
    return Limits(cell_seconds=config.Execute.timeout) if "timeout" in config.Execute else Limits()


class _Failed(Exception):
    """A submission could not be graded, and `Graded.failed` says why."""


def _place(folder: str | Path, step: str, student: str, lesson: str) -> Path:
    return Path(folder).resolve() / step / student / lesson


def _pending(folder, wanted, students, force: bool) -> Iterator[tuple[str, str]]:
    """Yield (student, lesson) of all that was submitted, and is not graded or was submitted again since."""
    for lesson in lessons_of(folder, wanted):
        for place in sorted((Path(folder) / "submitted").glob(f"*/{lesson}")):
            student = place.parent.name
            if students and student not in students:
                continue
            old = _place(folder, "autograded", student, lesson)
            if force or not (old / f"{lesson}.ipynb").is_file() or _stamp(place) > _stamp(old):
                yield student, lesson


def _stamp(place: Path) -> str:
    path = place / "timestamp.txt"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _converter(folder, student: str, lesson: str, log, kind: Callable):
    config, course = nbgrader_of(folder)
    course.student_id, course.assignment_id = student, lesson
    return kind(config, course, log)


def _run(converter, who: tuple[str, str], graded: Graded) -> None:
    """Run one of nbgrader's converters on one submission; note why if that fails."""
    try:
        converter.start()
    except (
        Exception,
        SystemExit,
    ) as error:  # nbgrader's own, nbformat's, JSON's, SQLAlchemy's, …: a submission may hold anything
        graded.failed[who] = _why(converter, error)
        raise _Failed from error


def _why(converter, error: BaseException) -> str:
    cause = getattr(converter, "cause", None) or error
    return f"{type(cause).__name__}: {str(cause).strip().splitlines()[0][:200] if str(cause).strip() else 'no reason given'}"


def _sanitised(folder, student: str, lesson: str, log, graded: Graded) -> str | None:
    """Return a submission with its checks as the teacher wrote them, hidden ones included, and without outputs."""
    place = _place(folder, f"{WAITING}/sanitised", student, lesson)
    shutil.rmtree(place, ignore_errors=True)
    try:
        _run(_converter(folder, student, lesson, log, _sanitiser), (student, lesson), graded)
        return (place / f"{lesson}.ipynb").read_text(encoding="utf-8")
    except _Failed:
        return None


def _sanitiser(config, course, log):
    from nbgrader.converters import Autograde
    from nbgrader.converters.base import BaseConverter

    class Sanitise(Autograde):
        """The first half of autograding, into a folder of its own."""

        cause = None

        @property
        def _output_directory(self):
            return f"{WAITING}/sanitised"

        def convert_single_notebook(self, notebook_filename):
            self._sanitizing = True
            self._init_preprocessors()
            try:
                BaseConverter.convert_single_notebook(self, notebook_filename)
            except Exception as error:
                self.cause = error
                raise

    return Sanitise(coursedir=course, config=config, log=log)


def _executed(
    ready, waiting: Path, executor, workers: int, limits: Limits, unsafe: bool
) -> Iterator[tuple[tuple[str, str], str]]:
    """Execute what was not executed before; yield who is done, and why it was stopped or nothing."""
    files = {who: _executed_file(waiting, text) for who, text in ready.items()}
    todo = {who: text for who, text in ready.items() if not files[who].is_file()}
    for who in ready.keys() - todo.keys():
        yield who, json.loads(files[who].read_text(encoding="utf-8"))["reason"]
    with contextlib.ExitStack() as stack:
        pool = executor or stack.enter_context(executor_at(workers=min(workers, len(todo))))
        futures = {pool.submit(execute, text, limits, unsafe): who for who, text in todo.items()}
        try:
            for future in as_completed(futures):
                who = futures[future]
                text, reason = _result(future)
                write_json(files[who], {"text": text or todo[who], "reason": reason})
                yield who, reason
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _result(future) -> tuple[str | None, str]:
    try:
        return future.result()
    except BrokenProcessPool:
        raise ClassError(
            "A worker was killed, for lack of memory perhaps. The same command goes on with what is left."
        ) from None
    except Exception as error:
        return None, f"it could not be executed ({type(error).__name__}: {error})"


def _executed_file(waiting: Path, text: str) -> Path:
    return waiting / "executed" / f"{hashlib.sha256(text.encode()).hexdigest()}.json"


def _take_points(folder, student: str, lesson: str, executed: Path, log, graded: Graded) -> None:
    """Let nbgrader grade a submission from the outputs that its execution gave."""
    _run(_converter(folder, student, lesson, log, _grader(executed)), (student, lesson), graded)


def _grader(executed: Path):
    def make(config, course, log):
        from nbgrader.converters import Autograde
        from nbgrader.preprocessors import NbGraderPreprocessor

        class Outputs(NbGraderPreprocessor):
            """Stands where nbgrader executes: takes the outputs of the execution in the sandbox."""

            def preprocess(self, nb, resources):
                import nbformat

                content = json.loads(executed.read_text(encoding="utf-8"))
                notebook = nbformat.reads(content["text"], as_version=4)
                # Ids of cells that nbgrader has brought back are drawn anew each time.
                if [cell.source for cell in notebook.cells] != [cell.source for cell in nb.cells]:
                    raise ClassError(
                        "What was executed is not what was submitted: it was submitted anew meanwhile. Grade again."
                    )
                return notebook, resources

        steps = [Outputs if step.__name__ == "Execute" else step for step in Autograde().autograde_preprocessors]
        return Autograde(coursedir=course, config=config, log=log, force=True, autograde_preprocessors=steps)

    return make
