"""Execute one notebook with papermill, and report what went wrong and where."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from fer_course._shared.silence import redirected
from fer_course.course.kernels import own_kernels
from fer_course.course.parameters import declared_parameters, escape_braces
from fer_course.course.records import Failure

#: On every start kernels warn that they listen on local TCP ports, which does not help a learner.
QUIET_KERNEL = ["--log-level=ERROR"]


def execute(notebook: Path, executed: Path, work: Path, parameters: dict, label: str, line: int = 0) -> Failure | None:
    """Execute one notebook in the folder `work`; return None, or what went wrong and where.

    Args:
        notebook: the path of the notebook.
        executed: the path to write the executed notebook to.
        work: the working directory of its kernel, and its parameter `out` unless `parameters` has one.
        parameters: values of the notebook's parameters.
        label: what the progress bar says.
        line: which line of the terminal the bar takes, counted from where the cursor is.

    """
    from papermill import PapermillExecutionError, execute_notebook
    from tqdm.auto import tqdm

    # Its own lock is one of the system's, which a process that is killed leaves behind; one process draws these bars.
    tqdm.set_lock(threading.RLock())
    executed.unlink(missing_ok=True)  # otherwise a lesson that can't start would show the results of an earlier attempt
    work.mkdir(exist_ok=True)
    try:
        settings = dict(parameters)
        if "out" in declared_parameters(notebook):
            settings.setdefault("out", str(work))
        with own_kernels() as kernels, _log(executed.with_suffix(".log")) as terminal:
            # In a log file, where nothing moves, one line every half minute is enough.
            bar = {
                "desc": label,
                "position": line,
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
            execute_notebook(escape_braces(notebook), escape_braces(executed), settings, **arguments)
    except PapermillExecutionError as error:
        return {
            "cell": error.cell_index,
            "count": error.exec_count,
            "source": error.source,
            "name": error.ename,
            "message": _without_colour(error.evalue),
        }
    except Exception as error:  # a dead kernel or an unreadable notebook, for example: the other lessons continue
        message = _without_colour(str(error)).strip()
        if type(error).__name__ == "DeadKernelError":
            message += " (most often: not enough memory, or a crash inside a library)"
        return {**_last_started(executed), "name": type(error).__name__, "message": message}
    return None


@contextlib.contextmanager
def _log(path: Path) -> Iterator[TextIO]:
    """Redirect stderr of this process and its kernels to a file; yield the terminal where it would have gone.

    TensorFlow writes to stderr before a notebook can catch it. In the terminal this would break the progress bar; in the file it
    may explain why a kernel died. An empty file is removed.
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
    """Return the last cell that the kernel started, from the notebook that papermill saved; {} if there is none."""
    import nbformat

    with contextlib.suppress(OSError, ValueError):
        cells = nbformat.read(executed, as_version=4).cells
        for index, cell in reversed(list(enumerate(cells))):
            if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time"):
                return {"cell": index, "count": cell.execution_count, "source": cell.source}
    return {}


def _without_colour(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", text)
