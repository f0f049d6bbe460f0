"""Executes one notebook, as the first process in the sandbox; the kernel and its sockets are in the sandbox, too.

It reads a request from stdin (JSON: text, cell_seconds, output, patience), and writes one line of JSON to stdout for each cell
that has finished, so that these are kept if the sandbox is stopped. Nothing here is trusted by what reads those lines.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile


def main() -> None:
    """Execute the notebook of the request."""
    request = json.load(sys.stdin.buffer)
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)

    def report(**line) -> None:
        lines.write(json.dumps(line) + "\n")
        lines.flush()

    with tempfile.TemporaryDirectory(prefix="fer-") as folder:
        report(end=_execute(request, folder, report))


def _execute(request: dict, folder: str, report) -> str:
    """Execute all cells; return why that stopped, or ""."""
    import nbformat
    from nbclient.exceptions import DeadKernelError

    notebook = nbformat.reads(request["text"], as_version=4)
    # Its kernel needs no network, which the sandbox does not have: sockets are files in that folder.
    runner = _runner(notebook, folder, request, report)
    try:
        runner.execute()
    except TimeoutError:
        return (
            runner.reason or f"a cell ran longer than {request['cell_seconds']} seconds, and could not be interrupted"
        )
    except (DeadKernelError, RuntimeError, OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return runner.reason or f"its kernel died ({lines[0]})"
    return runner.reason


def _manager(folder: str):
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="sandboxed", language="python")

        async def start_kernel(self, **options) -> None:  # type: ignore[override]
            # No start-up files and no settings of IPython: the folder is new.
            await super().start_kernel(**{**options, "env": {**os.environ, "IPYTHONDIR": f"{folder}/.ipython"}})

    return Manager(transport="ipc", connection_file=f"{folder}/kernel.json")


def _runner(notebook, folder: str, request: dict, report):
    """Return what executes a notebook, with limits for outputs and for cells that can't be interrupted.

    It does what nbgrader's preprocessor `Execute` does, without loading nbgrader, which takes seconds.
    """
    from nbclient import NotebookClient

    class Runner(NotebookClient):
        reason = ""
        written = late = 0

        def process_message(self, message, cell, cell_index):
            size = len(str(message["content"]))
            self.written += size
            if self.written <= request["output"]:
                return super().process_message(message, cell, cell_index)
            # What is too much is dropped. But errors, a word on stderr and the value of a cell decide about points: kept, cut.
            content, kind = message["content"], message["msg_type"]
            if kind in {"display_data", "update_display_data"} or content.get("name") == "stdout":
                return None
            if kind == "execute_result":
                kept = {"text/plain": content["data"].get("text/plain", "")}
                message = {**message, "content": {**content, "data": _cut(kept), "metadata": {}}}
                return super().process_message(message, cell, cell_index)
            return super().process_message({**message, "content": _cut(content)}, cell, cell_index)

        def on_cell_executed(self, **about):
            _add_error(about["cell"], about["execute_reply"]["content"])
            report(cell=about["cell_index"], outputs=about["cell"].outputs)
            if about["execute_reply"]["content"].get("ename") == "CellTimeoutError":
                self.late += 1
            if self.late == request["patience"] and not self.reason:
                self.reason = f"{self.late} of its cells ran longer than {request['cell_seconds']} seconds"
                report(end=self.reason)

    return Runner(
        notebook, km=_manager(folder), resources={"metadata": {"path": folder}}, allow_errors=True, interrupt_on_timeout=True,
        timeout=request["cell_seconds"], error_on_timeout=_LATE,
        # On a busy machine outputs may come seconds after the cell has ended: nbclient waits four of them by default.
        iopub_timeout=request["cell_seconds"], raise_on_iopub_timeout=True,
    )  # fmt: skip


_LATE = {
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["CellTimeoutError: No reply from kernel before timeout"],
}


def _add_error(cell, reply: dict) -> None:
    """Add the error of the kernel's reply to a cell that does not show it, after a timeout for instance."""
    import nbformat

    shown = [output.ename for output in cell.outputs if output.output_type == "error"]
    if reply["status"] == "error" and reply["ename"] not in shown:
        lines = reply["traceback"] or ["ERROR: An error occurred while showtraceback was disabled"]
        cell.outputs.append(
            nbformat.v4.new_output("error", ename=reply["ename"], evalue=reply["evalue"], traceback=lines)
        )


def _cut(content: dict, most: int = 2_000) -> dict:
    """Return the content of a message with each text in it cut."""

    def cut(value):
        if isinstance(value, str):
            return value[:most]
        return [cut(each) for each in value[:20]] if isinstance(value, list) else value

    return {name: cut(value) for name, value in content.items()}


if __name__ == "__main__":
    main()
