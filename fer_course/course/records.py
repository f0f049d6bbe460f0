"""The record of executed lessons: the content of `metrics.json` in `runs/<stamp>/`, as types.

`runner` and `run_folders` write it. `summary`, `pages`, the book and sweeps only read it.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Failure(TypedDict, total=False):
    """Why a lesson failed. Only the name and the message are always present."""

    name: str  #: the error's type, for example "ValueError"
    message: str
    cell: int  #: index of the cell in the executed notebook
    count: int | None  #: its execution count
    source: str  #: its code


class Figure(TypedDict):
    """A figure that a lesson showed."""

    file: str  #: relative to the record's folder
    alt: str  #: its alternative text
    dark: NotRequired[str]  #: the file for dark pages


class Outputs(TypedDict, total=False):
    """What an executed notebook shows."""

    title: str
    results: list[str]  #: the sentences that `course.result` showed
    numbers: dict[str, float | int | bool | None]  #: the numbers that `course.result` showed
    figures: list[Figure]


class LessonRecord(Outputs, total=False):
    """One lesson. Only `lesson` and `status` are present before it is executed."""

    lesson: str  #: "10-train-it"
    status: str  #: "waiting", "stopped" (while it is executed, or after Ctrl-C), "failed" or "done"
    seconds: float
    cpu_seconds: float
    peak_memory_mb: int
    error: Failure


class RunRecord(TypedDict):
    """All lessons of one `fer-course run`, with all that is needed to resume."""

    started: str  #: ISO 8601
    finished: bool  #: all lessons are done
    fer_course: str  #: this package's version
    python: str
    source: str  #: the folder of the notebooks
    profile: str | None
    parameters: dict
    lessons: list[LessonRecord]
