"""Execute one submitted notebook as nbgrader would, but in the sandbox; whatever happens in it, the result is a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import IO, Any

from fer_course.classroom import sandbox
from fer_course.classroom.harmless import one_line
from fer_course.classroom.sandbox import Limits

#: The notebook is stopped after this many interrupted cells: its code may ignore interrupts.
PATIENCE = 3
#: Fields of an output that are kept, by its type; everything else that a sandbox writes is dropped.
_FIELDS: dict[str, dict[str, type]] = {
    "stream": {"name": str, "text": str},
    "error": {"ename": str, "evalue": str, "traceback": list},
    "display_data": {"data": dict, "metadata": dict},
    "execute_result": {"data": dict, "metadata": dict, "execution_count": int},
}


def execute(text: str, limits: Limits = Limits(), unsafe: bool = False) -> tuple[str, str]:  # noqa: B008 - frozen
    """Execute a notebook; return it with its outputs, and why it was stopped.

    This runs in any process on any machine that has this package: an `Executor` calls it.

    Args:
        text: the notebook, as nbgrader has sanitised it.
        limits: what it may use.
        unsafe: execute it without the sandbox, with all rights of this user; the limits hold all the same.

    Returns:
        the executed notebook, and an empty string or, if it was stopped, the reason. Each cell that did not finish then holds
        an error that says so, and nbgrader gives no points for it.

    """
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of libraries in this process; the notebook's own are among its outputs
        notebook = nbformat.reads(text, as_version=4)
        outputs, reason = _run(text, limits, unsafe)
        for index, found in outputs.items():
            if index < len(notebook.cells) and notebook.cells[index].cell_type == "code":
                notebook.cells[index].outputs = [nbformat.from_dict(output) for output in found]
        if reason:
            _explain(notebook, reason, set(outputs))
        return nbformat.writes(notebook), reason


def _run(text: str, limits: Limits, unsafe: bool) -> tuple[dict[int, list[dict]], str]:
    """Execute a notebook; return the outputs of the cells that finished, by their indices, and why the others did not."""
    command = [sys.executable, "-m", "fer_course.classroom.sandbox_runner"]
    request = {"text": text, "cell_seconds": limits.cell_seconds, "output": limits.output, "patience": PATIENCE}
    with (
        sandbox.started(command, limits, unsafe) as (process, place),
        sandbox.Watch(process.pid, place, limits) as watch,
    ):
        outputs, end = _converse(process, json.dumps(request).encode(), 4 * limits.output + len(text))
    return outputs, watch.reason or ("its kernel died (it ended itself)" if end is None else end)


def _converse(process: subprocess.Popen, request: bytes, most: int) -> tuple[dict[int, list[dict]], str | None]:
    """Send the request, and read lines until the end; return outputs, and the reason at the end, None if it never came."""
    send(process.stdin, request)
    assert process.stdout is not None
    outputs: dict[int, list[dict]] = {}
    for line in lines_of(process.stdout, most):
        if line is None:
            return outputs, "its outputs have more bytes than are read"
        if isinstance(line.get("end"), str):
            return outputs, one_line(line["end"][:500])
        index, found = line.get("cell"), line.get("outputs")
        if isinstance(index, int) and isinstance(found, list) and index not in outputs:
            outputs[index] = [output for each in found if (output := _output(each))]
    return outputs, None


def send(stream: IO[bytes] | None, request: bytes) -> None:
    """Write a request to a process that may never read it, from a thread of its own."""
    threading.Thread(target=_send, args=(stream, request), daemon=True).start()


def _send(stream: IO[bytes] | None, request: bytes) -> None:
    assert stream is not None
    try:
        stream.write(request)
        stream.close()
    except OSError:  # it was killed before it had read everything
        return


def lines_of(stream: IO[bytes], most: int) -> Iterator[dict[str, Any] | None]:
    """Yield lines of JSON; None if they have more bytes than `most`. Lines that are no JSON objects are passed over."""
    left = most
    while line := stream.readline(left + 1):
        left -= len(line)
        if left < 0:
            yield None
            return
        try:
            found = json.loads(line)
            if b"\\ud" in line.lower():  # halves of letters, perhaps, which no file can hold
                found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _output(output: object) -> dict | None:
    """Return an output with the fields that its type has, of the right types; None if it is none."""
    if not isinstance(output, dict):
        return None
    fields = _FIELDS.get(str(output.get("output_type")))
    if fields is None:
        return None
    kept = {"output_type": output["output_type"]}
    for name, kind in fields.items():
        value = output.get(name)
        kept[name] = value if isinstance(value, kind) else kind()
    if "traceback" in kept:
        kept["traceback"] = [str(line) for line in kept["traceback"]]
    if "data" in kept:
        # Texts and pictures are all that is kept in the end. Other things can be a million objects.
        kept["data"] = {str(mime): text for mime, text in kept["data"].items() if isinstance(text, str)}
        kept["metadata"] = {}
    return kept


def _explain(notebook, reason: str, done: set[int]) -> None:
    """Put an error into each code cell that did not finish."""
    import nbformat

    sentence = f"This cell did not finish: the notebook was stopped, because {reason}."
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() and index not in done:
            cell.outputs.append(
                nbformat.v4.new_output("error", ename="Stopped", evalue=sentence, traceback=[f"✘ {sentence}"])
            )
