"""Execute one submitted notebook as nbgrader would, but in the sandbox; whatever happens in it, the result is a notebook."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import warnings
from pathlib import Path

from fer_course._shared.settings import kernel_environment
from fer_course.classroom import sandbox
from fer_course.classroom.sandbox import Limits

#: The notebook is stopped after this many interrupted cells: its code may ignore interrupts.
PATIENCE = 3


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
        with sandbox.socket_folder() as folder:
            reason, done = _run(notebook, folder, limits, unsafe)
        if reason:
            _explain(notebook, reason, done)
        return nbformat.writes(notebook), reason


def _run(notebook, folder: Path, limits: Limits, unsafe: bool) -> tuple[str, set[int]]:
    """Execute all cells in place; return why they were stopped (empty if not), and the indices of the cells that finished."""
    from nbclient.exceptions import DeadKernelError

    manager = _manager(folder, limits, unsafe)
    variables = kernel_environment(str(folder / ".ipython"))
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    asyncio.run(manager.start_kernel(cwd=str(folder), env=variables, **nowhere))
    pid, died = manager.provisioner.process.pid, ""
    runner = _runner(limits, pid)
    with sandbox.Watch(pid, folder, limits) as watch:
        try:
            runner.preprocess(notebook, {"metadata": {"path": str(folder)}}, km=manager)
        except (DeadKernelError, RuntimeError, TimeoutError, OSError) as error:
            died = f"its kernel died ({str(error).strip() or type(error).__name__})"
        finally:
            sandbox.kill(pid)
            manager.provisioner.process.wait()
    return watch.reason or runner.reason or died, runner.done


def _manager(folder: Path, limits: Limits, unsafe: bool):
    """Return the manager of a kernel that uses sockets in that folder: there is no network in the sandbox."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    command = [
        sys.executable,
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
        "--HistoryManager.hist_file=:memory:",
    ]
    manager = AsyncKernelManager(transport="ipc", connection_file=str(folder / "kernel.json"))
    # Interrupt by a message: a signal would end bubblewrap, and with it the kernel.
    manager._kernel_spec = KernelSpec(
        argv=command if unsafe else sandbox.wrap(command, folder, limits),
        display_name="sandboxed", language="python", interrupt_mode="message",
    )  # fmt: skip
    return manager


def _runner(limits: Limits, pid: int):
    """Return nbgrader's preprocessor that executes notebooks, with limits for outputs and for cells that can't be interrupted."""
    from nbgrader.preprocessors import Execute

    class Runner(Execute):
        reason = ""
        written = late = 0

        def process_message(self, message, cell, cell_index):
            self.written += len(str(message["content"]))
            # Errors, stderr and the value of a cell decide about points, so they are kept.
            extra = message["content"].get("name") == "stdout" or message["msg_type"] == "display_data"
            if extra and self.written > limits.output:
                return None
            return super().process_message(message, cell, cell_index)

        def on_cell_executed(self, **about):
            super().on_cell_executed(**about)
            self.done.add(about["cell_index"])
            if about["execute_reply"]["content"].get("ename") == "CellTimeoutError":
                self.late += 1
            if self.late == PATIENCE and not self.reason:
                self.reason = f"{PATIENCE} of its cells ran longer than {limits.cell_seconds} seconds"
                sandbox.kill(pid)

    # On a busy machine outputs may come seconds after the cell has ended: nbclient waits four of them by default.
    runner = Runner(timeout=limits.cell_seconds, iopub_timeout=limits.cell_seconds)
    runner.done = set()
    return runner


def _explain(notebook, reason: str, done: set[int]) -> None:
    """Put an error into each code cell that did not finish."""
    import nbformat

    sentence = f"This cell did not finish: the notebook was stopped, because {reason}."
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() and index not in done:
            cell.outputs.append(
                nbformat.v4.new_output("error", ename="Stopped", evalue=sentence, traceback=[f"✘ {sentence}"])
            )
