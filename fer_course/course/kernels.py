"""The kernels of notebooks that the course executes: this Python's, without the user's settings."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator

from fer_course._shared.settings import kernel_environment


@contextlib.contextmanager
def own_kernels() -> Iterator[type]:
    """Yield a class of kernel managers for nbclient and papermill.

    Its kernels run this Python, whatever kernel the user has named python3. They read no start-up files and no settings of
    IPython, and get the environment of `settings.kernel_environment`.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = KernelSpec(argv=command, display_name="Python 3", language="python")
    with tempfile.TemporaryDirectory(prefix="fer-course-ipython-", ignore_cleanup_errors=True) as folder:

        class OwnKernel(AsyncKernelManager):
            @property
            def kernel_spec(self) -> KernelSpec:
                return spec

            # jupyter_client declares the method of the base class synchronous.
            async def start_kernel(self, **options) -> None:  # type: ignore[override]
                await super().start_kernel(**{**options, "env": kernel_environment(folder, options.get("env"))})

        yield OwnKernel
