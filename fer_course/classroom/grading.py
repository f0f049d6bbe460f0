"""Grade submissions with nbgrader; only the slow part, executing them, happens in a sandbox, and many at a time.

    the answers go into the released notebook ▸ nbgrader sanitises it ▸ an Executor executes it, sandboxed, and examines
    the answers in another sandbox ▸ nbgrader takes the outputs, those of checks from the examination, and gives points

So the marks are nbgrader's own. Executed submissions are kept until they are graded, so an interrupted `grade` can resume.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fer_course._shared.executors import executor_at
from fer_course._shared.files import exclusive, write_json, write_text
from fer_course._shared.processes import Killed
from fer_course.classroom import sandbox
from fer_course.classroom.borrowed_answers import notices
from fer_course.classroom.collecting.notebooks import Lessons
from fer_course.classroom.examination import execute_and_examine
from fer_course.classroom.harmless import one_line
from fer_course.classroom.paths import gradebook, lessons_of, log_file, nbgrader_of, stamp_of
from fer_course.classroom.repairing import NotRepairable, Repaired, repair
from fer_course.classroom.sandbox import Limits, limits_of
from fer_course.course.cells import is_check
from fer_course.errors import ClassError, first_line

#: The folder, in the class's, for sanitised and executed submissions; removed once they are graded.
WAITING = ".grading"
#: The file, beside an autograded notebook, with what the teacher should look at.
REMARKS = "remarks.json"


@dataclass
class Graded:
    """What `grade` did.

    Attributes:
        done: (student, lesson) of each graded submission.
        failed: (student, lesson) -> why a submission could not be graded; it gets no points, the others get theirs.
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
    """Grade the submissions that are not graded yet.

    Args:
        folder: the class.
        wanted: lessons, by number or name; None: all.
        students: ids; None: all students with a submission.
        executor: executes the notebooks; None: `workers` local processes.
        workers: the number of local processes.
        limits: what each notebook may use; None: the defaults, with the class's own `c.Execute.timeout` for a cell.
        unsafe: execute without the sandbox, with all rights of this user.
        force: also grade what is graded already.
        progress: gets one line for each submission.

    Raises:
        BusyError: if another process is grading the class.
        ClassError: if there is no such class or lesson, or notebooks can't be sandboxed here and `unsafe` is not set.

    """
    if not unsafe and (reason := sandbox.missing()):
        raise ClassError(
            f"Submissions can't be executed safely: {reason}. With --unsafe they have all your rights: they can read your files, "
            f"other submissions and the gradebook, and write to them."
        )
    waiting = Path(folder).resolve() / WAITING
    with exclusive(folder), log_file(folder) as log:
        progress("Looking for submissions …")
        pending = list(_pending(folder, wanted, students, force))
        grading = _Grading(Path(folder), log, Graded(), len(pending), progress)
        ready = {submission: text for submission in pending if (text := grading.prepare(submission)) is not None}
        if ready:
            progress(f"Executing {len(ready)} of {len(pending)} submissions, {workers} at a time …")
            if not unsafe and (note := sandbox.memory_note()):
                progress(f"Note: {note}")
        for submission, stopped in _execute(
            ready, waiting, executor, workers, limits or limits_of(nbgrader_of(folder)[0]), unsafe
        ):
            executed = _executed_file(waiting, ready[submission])
            if executed.is_file():
                grading.finish(submission, executed, stopped)
            else:
                grading.fail(submission, stopped)
        shutil.rmtree(waiting, ignore_errors=True)
    return grading.graded


@dataclass
class _Grading:
    """One call of `grade`: takes each submission from the file that was handed in to its marks, and reports each at once."""

    folder: Path
    log: logging.Logger
    graded: Graded
    total: int
    progress: Callable[[str], None]
    repaired: dict[Submission, Repaired] = field(default_factory=dict)

    def __post_init__(self):
        self.lessons = Lessons(self.folder)

    def prepare(self, submission: Submission) -> str | None:
        """Return a submission as it is executed; None if it can't be graded."""
        try:
            self.repaired[submission] = self._repair(submission)
            return _sanitise(self.folder, submission, self.log)
        except NotGraded as failure:
            self.fail(submission, failure.reason)
            return None

    def finish(self, submission: Submission, executed: Path, stopped: str) -> None:
        """Take the points of a submission that was executed, and note what the teacher should look at."""
        before, stopped = _points_before(self.folder, submission), one_line(stopped)
        try:
            _take_points(self.folder, submission, executed, self.log)
        except NotGraded as failure:
            self.fail(submission, failure.reason)
            return
        repaired = self.repaired[submission]
        remarks = [f"It was stopped: {stopped}."] if stopped else []
        remarks += json.loads(executed.read_text(encoding="utf-8"))["remarks"]
        remarks += repaired.remarks
        remarks += [] if repaired.is_begun else ["Nothing in it is answered."]
        remarks += _lowered(before, _points_before(self.folder, submission))
        remarks += notices(repaired.text, _source_of(self.folder, submission.lesson))
        remarks = [one_line(each) for each in remarks]  # there are words of the submission in them
        _write_remarks(self.folder, submission, remarks)
        self.graded.remarks[submission] = remarks
        self.graded.done.append(submission)
        self._report(submission, f"stopped, {stopped}" if stopped else "")

    def fail(self, submission: Submission, reason: str) -> None:
        """Note that a submission could not be graded, and why; an earlier one's points stand."""
        reason = one_line(reason)
        self.graded.failed[submission] = reason
        write_json(
            failed_file(self.folder, *submission),
            {"reason": reason, "sha256": submitted_digest(self.folder, *submission)},
        )
        self._report(submission, f"could not be graded: {reason}")

    def _report(self, submission: Submission, said: str) -> None:
        count = len(self.graded.done) + len(self.graded.failed)
        self.progress(f"[{count}/{self.total}] {' '.join(submission)}{f': {said}' if said else ''}")

    def _repair(self, submission: Submission) -> Repaired:
        """Put the learner's answers into the released notebook, for nbgrader to grade; the submitted file stays as it is."""
        lesson = submission.lesson
        released = self.folder / "release" / lesson / f"{lesson}.ipynb"
        if not released.is_file():
            raise ClassError(
                f"{released} is missing: hand the lesson out first, with: fer-course class release {self.folder}"
            )
        submitted = _folder_of(self.folder, "submitted", submission)
        content = (submitted / f"{lesson}.ipynb").read_bytes()
        try:
            repaired = repair(content, released.read_text(encoding="utf-8"), lesson, self.lessons.of_content)
        except NotRepairable as error:
            raise NotGraded(str(error)) from None
        target = _folder_of(self.folder, f"{WAITING}/repaired", submission)
        write_text(target / f"{lesson}.ipynb", repaired.text)
        if stamp := stamp_of(submitted):
            write_text(target / "timestamp.txt", f"{stamp}\n")
        return repaired


def _source_of(folder: Path, lesson: str) -> str:
    return (folder / "source" / lesson / f"{lesson}.ipynb").read_text(encoding="utf-8")


def _points_before(folder: Path, submission: Submission) -> float | None:
    """Return the points for the exercises that the gradebook has for a student's last graded submission; None without one."""
    from nbgrader.api import MissingEntry

    if not (_folder_of(folder, "autograded", submission) / f"{submission.lesson}.ipynb").is_file():
        return None
    with gradebook(folder) as book:
        try:
            return book.find_submission(submission.lesson, submission.student).code_score
        except MissingEntry:
            return None


def _lowered(before: float | None, now: float | None) -> list[str]:
    if before is None or now is None or now >= before:
        return []
    return [f"The exercises had {before:g} points in an earlier submission; this one has {now:g}."]


def _write_remarks(folder: Path, submission: Submission, remarks: list[str]) -> None:
    """Keep what the teacher should look at, and which file was graded; remove the note of an earlier failure."""
    path = _folder_of(folder, "autograded", submission) / REMARKS
    write_json(path, {"remarks": remarks, "sha256": submitted_digest(folder, *submission)})
    failed_file(folder, *submission).unlink(missing_ok=True)


def remarks_of(folder: str | Path, student: str, lesson: str) -> list[str]:
    """Return what the teacher should look at in a graded submission."""
    path = _folder_of(folder, "autograded", Submission(student, lesson)) / REMARKS
    return json.loads(path.read_text(encoding="utf-8"))["remarks"] if path.is_file() else []


def failure_of(folder: str | Path, student: str, lesson: str, digest: str | None = None) -> str:
    """Return why a student's last submission of a lesson could not be graded; "" if it could, or there is none.

    Args:
        folder: the class.
        student: the id.
        lesson: its name.
        digest: of the file that is asked about, see `submitted_digest`; None: whichever was tried last.

    """
    path = failed_file(folder, student, lesson)
    if not path.is_file():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    return found["reason"] if digest is None or found.get("sha256", digest) == digest else ""


def submitted_digest(folder: str | Path, student: str, lesson: str) -> str:
    """Return the SHA-256 of what a student has submitted; "" if nothing."""
    path = _folder_of(folder, "submitted", Submission(student, lesson)) / f"{lesson}.ipynb"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def graded_digest(folder: str | Path, student: str, lesson: str) -> str:
    """Return the SHA-256 of the file that was graded last; "" if that is not known."""
    path = _folder_of(folder, "autograded", Submission(student, lesson)) / REMARKS
    return json.loads(path.read_text(encoding="utf-8")).get("sha256", "") if path.is_file() else ""


def failed_file(folder: str | Path, student: str, lesson: str) -> Path:
    """Return the file that says why a student's last submission of a lesson could not be graded."""
    return Path(folder) / "failed" / f"{student}+{lesson}.json"


class Submission(NamedTuple):
    """What one student handed in for one lesson."""

    student: str
    lesson: str


class NotGraded(Exception):
    """A submission could not be graded; `reason` says why, in one line."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def _folder_of(folder: str | Path, step: str, submission: Submission) -> Path:
    return Path(folder).resolve() / step / submission.student / submission.lesson


def _pending(folder, wanted, students, force: bool) -> Iterator[Submission]:
    """Yield the submissions that are not graded, or another file was handed in since then."""
    for lesson in lessons_of(folder, wanted):
        for submitted in sorted((Path(folder) / "submitted").glob(f"*/{lesson}/{lesson}.ipynb")):
            submission = Submission(submitted.parent.parent.name, lesson)
            if students is not None and submission.student not in students:
                continue
            if force or submitted_digest(folder, *submission) != graded_digest(folder, *submission):
                yield submission


def _convert(folder, submission: Submission, log, make: Callable) -> None:
    """Run one of nbgrader's converters on one submission.

    Raises:
        NotGraded: if that fails for any reason: a submission may hold anything, and nbgrader, nbformat, json and SQLAlchemy
            all raise their own errors.

    """
    config, course = nbgrader_of(folder)
    course.student_id, course.assignment_id = submission
    converter = make(config, course, log)
    try:
        converter.start()
    except (Exception, SystemExit) as error:
        cause = getattr(converter, "cause", None) or error
        message = first_line(cause, 200) if str(cause).strip() else "no reason given"
        raise NotGraded(f"{type(cause).__name__}: {message}") from error


def _sanitise(folder, submission: Submission, log) -> str:
    """Return a submission with its checks as the teacher wrote them, hidden ones included, and without outputs."""
    sanitised = _folder_of(folder, f"{WAITING}/sanitised", submission)
    shutil.rmtree(sanitised, ignore_errors=True)
    _convert(folder, submission, log, _sanitiser)
    return (sanitised / f"{submission.lesson}.ipynb").read_text(encoding="utf-8")


def _sanitiser(config, course, log):
    from nbgrader.converters import Autograde
    from nbgrader.converters.base import BaseConverter

    class Sanitise(Autograde):
        """The first half of autograding, with a separate output folder."""

        cause = None

        @property
        def _input_directory(self):
            return f"{WAITING}/repaired"

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

    # The answers are back in the released notebook already.
    steps = Autograde().sanitize_preprocessors
    return Sanitise(coursedir=course, config=config, log=log, sanitize_preprocessors=steps)


def _execute(
    ready: dict[Submission, str], waiting: Path, executor, workers: int, limits: Limits, unsafe: bool
) -> Iterator[tuple[Submission, str]]:
    """Execute the submissions that are not executed yet; yield each submission with why it was stopped, or "".

    A submission that could not be executed at all leaves no file: without outputs nbgrader would take every check for right.
    """
    files = {submission: _executed_file(waiting, text) for submission, text in ready.items()}
    todo = {submission: text for submission, text in ready.items() if not files[submission].is_file()}
    for submission in ready:
        if submission not in todo:
            yield submission, json.loads(files[submission].read_text(encoding="utf-8"))["reason"]
    with contextlib.ExitStack() as stack:
        pool = executor or stack.enter_context(executor_at(workers=max(1, min(workers, len(todo)))))
        futures = {
            pool.submit(execute_and_examine, text, limits, unsafe): submission for submission, text in todo.items()
        }
        try:
            for future in as_completed(futures):
                submission = futures[future]
                text, reason, remarks = _result(future)
                if text is not None:
                    write_json(files[submission], {"text": text, "reason": reason, "remarks": remarks})
                yield submission, reason
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _result(future) -> tuple[str | None, str, list[str]]:
    try:
        return future.result()
    except Killed:
        return None, "its process was killed, perhaps for lack of memory: grade it alone, with --workers 1", []
    except BrokenExecutor:
        raise ClassError("All workers were lost. The same command resumes with what is left.") from None
    except Exception as error:
        return None, f"it could not be executed ({type(error).__name__}: {error})", []


def _executed_file(waiting: Path, text: str) -> Path:
    return waiting / "examined" / f"{hashlib.sha256(text.encode()).hexdigest()}.json"


def _take_points(folder, submission: Submission, executed: Path, log) -> None:
    """Let nbgrader grade a submission from the outputs that its execution gave."""
    _convert(folder, submission, log, _grader(executed))


def _grader(executed: Path):
    def make(config, course, log):
        from nbgrader.converters import Autograde
        from nbgrader.preprocessors import NbGraderPreprocessor

        from fer_course.classroom.preprocessors import Inert

        class Outputs(NbGraderPreprocessor):
            """Replaces nbgrader's execution: takes the outputs of the execution in the sandbox."""

            def preprocess(self, nb, resources):
                import nbformat

                content = json.loads(executed.read_text(encoding="utf-8"))
                notebook = nbformat.reads(content["text"], as_version=4)
                # The ids of cells that nbgrader restores are random, different each time.
                if [cell.source for cell in notebook.cells] != [cell.source for cell in nb.cells]:
                    raise ClassError(
                        "What was executed is not what was submitted: it was submitted again meanwhile. Grade again."
                    )
                for cell in notebook.cells:
                    if is_check(cell):
                        _keep_warnings_from_costing_points(cell)
                return notebook, resources

        steps = [Outputs if step.__name__ == "Execute" else step for step in Autograde().autograde_preprocessors]
        steps.append(Inert)

        class Grade(Autograde):
            """Autograding of the repaired submission."""

            cause = None

            @property
            def _input_directory(self):
                return f"{WAITING}/repaired" if self._sanitizing else self.coursedir.autograded_directory

            def convert_single_notebook(self, notebook_filename):
                try:
                    super().convert_single_notebook(notebook_filename)
                except Exception as error:  # nbgrader's own error says only that there was one
                    self.cause = error
                    raise

        return Grade(
            coursedir=course, config=config, log=log, force=True,
            autograde_preprocessors=steps, sanitize_preprocessors=Autograde().sanitize_preprocessors,
        )  # fmt: skip

    return make


def _keep_warnings_from_costing_points(check) -> None:
    """Show what a check wrote to stderr as ordinary output: nbgrader takes every word there for a wrong answer."""
    for output in check.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
