"""A real ordinary user for tests that root runs: nobody, who may read Python and this package."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import fer_course


class Ordinary:
    """The user that is nobody on Linux."""

    uid = gid = 65534

    @functools.cache  # noqa: B019 - there is one
    def missing(self) -> str:
        """Return why no command can be run as this user; "" if it can."""
        if not shutil.which("setpriv"):
            return "setpriv is not installed (Debian and Ubuntu: apt install util-linux)"
        code = "import fer_course, nbgrader, sys; from fer_course.classroom import sandbox; sys.exit(sandbox.missing())"
        tried = subprocess.run(
            as_ordinary_user([sys.executable, "-c", code]), capture_output=True, text=True, cwd="/", env={"HOME": "/"}
        )
        return tried.stderr.strip()[-300:]


ORDINARY = Ordinary()


def as_ordinary_user(command: list[str]) -> list[str]:
    """Return a command that runs another one as this user; to be run by root.

    Where Python lies in a folder that only root may enter, the command sees that folder with nothing but Python in it.
    """
    user = [
        "setpriv",
        f"--reuid={ORDINARY.uid}",
        f"--regid={ORDINARY.gid}",
        "--clear-groups",
        "--inh-caps=-all",
        *command,
    ]
    needed = [Path(sys.base_prefix), Path(sys.prefix), Path(fer_course.__file__).parent]
    closed = {folder for path in needed for folder in [*path.parents] if not folder.stat().st_mode & 0o001}
    tops = [folder for folder in closed if not closed & set(folder.parents)]
    if not tops:
        return user
    shown: list[str] = []
    for top in tops:
        shown += ["--perms", "0755", "--tmpfs", f"{top}"]
        for path in needed:
            if top in path.parents:
                for folder in reversed(path.parents):
                    shown += ["--perms", "0755", "--dir", f"{folder}"] if top in folder.parents else []
                shown += ["--ro-bind", f"{path}", f"{path}"]
    return ["bwrap", "--dev-bind", "/", "/", *shown, "--cap-add", "ALL", "--", *user]
