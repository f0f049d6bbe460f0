"""Execute one notebook through papermill, and say what went wrong and where."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from fer_course._shared.silence import redirected
from fer_course.course.kernels import own_kernels
from fer_course.course.parameters import declared_parameters, escaped
from fer_course.course.records import Failure

#: Kernels warn on every start that they listen on local TCP ports; that tells a learner nothing.
QUIET_KERNEL = ["--log-level=ERROR"]


def execute(notebook: Path, executed: Path, work: Path, parameters: dict, label: str) -> Failure | None:
    """Execute one notebook in the folder `work`; return None, or what went wrong and where.

    Args:
        notebook: what to execute.
        executed: where it goes, with its outputs.
        work: the working directory of its kernel, and its parameter `out` unless that is given.
        parameters: values of the notebook's parameters.
        label: what the progress bar says.

    """
    from papermill import PapermillExecutionError, execute_notebook

    executed.unlink(missing_ok=True)  # else a lesson that can't even start would show an earlier try's results
    work.mkdir(exist_ok=True)
    try:
        settings = dict(parameters)
        if "out" in declared_parameters(notebook):
            settings.setdefault("out", str(work))
        with own_kernels() as kernels, _log(executed.with_suffix(".log")) as terminal:
            # Where nothing moves, in a log say, a line every half minute is enough.
            bar = {
                "desc": label,
                "leave": False,
                "miniters": 1,
                "mininterval": 0.2 if terminal.isatty() else 30,
                "file": terminal,
            }
            arguments = {
                "cwd": work,
                "progress_bar": bar,
                "extra_arguments": QUIET_KERNEL,
                "kernel_manager_class": kernels,
            }
            execute_notebook(escaped(notebook), escaped(executed), settings, **arguments)
    except PapermillExecutionError as error:
        return {
            "cell": error.cell_index,
            "count": error.exec_count,
            "source": error.source,
            "name": error.ename,
            "message": _without_colour(error.evalue),
        }
    except Exception as error:  # a dead kernel, an unreadable notebook: whatever it is, the other lessons go on
        message = _without_colour(str(error)).strip()
        if type(error).__name__ == "DeadKernelError":
            message += " (most often: not enough memory, or a crash inside a library)"
        return {**_last_started(executed), "name": type(error).__name__, "message": message}
    return None


@contextlib.contextmanager
def _log(path: Path) -> Iterator[TextIO]:
    """Send what this process and its kernels write to stderr to a file; yield the terminal that it would have gone to.

    TensorFlow writes there before a notebook can catch it: in the terminal it would tear the progress bar, and in the
    file it may explain why a kernel died. An empty file is removed.
    """
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with os.fdopen(os.dup(2), "w", encoding=encoding, errors="replace") as terminal:
        try:
            with path.open("wb") as file, redirected(2, file.fileno()):
                yield terminal
        finally:
            if path.is_file() and path.stat().st_size == 0:
                path.unlink()


def _last_started(executed: Path) -> Failure:
    """Return the last cell that a notebook began, from what papermill saved; {} if none."""
    import nbformat

    with contextlib.suppress(OSError, ValueError):
        cells = nbformat.read(executed, as_version=4).cells
        for index, cell in reversed(list(enumerate(cells))):
            if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time"):
                return {"cell": index, "count": cell.execution_count, "source": cell.source}
    return {}


def _without_colour(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", text)
