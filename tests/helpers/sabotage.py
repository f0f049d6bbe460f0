"""Environments in which something is wrong on purpose, made of a real one: what the doctor and the commands are tried in."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path

#: What a variable of the tests or of this machine could hide.
NOT_PASSED_ON = (
    "MPLBACKEND",
    "PYTHONPATH",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "FER_COURSE_DATA",
    "PYTHONWARNINGS",
    "IPYTHONDIR",
)


class Machine:
    """A virtual environment with all that this one has, in which single packages can be replaced; a home; a current folder."""

    def __init__(self, folder: Path):
        self.home, self.here, self.prefix = (folder / name for name in ("home", "here", "env"))
        self.home.mkdir()
        self.here.mkdir()
        venv.create(self.prefix, symlinks=os.name != "nt")
        paths = {"base": str(self.prefix), "platbase": str(self.prefix)}
        self.packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        self.python = Path(sysconfig.get_path("scripts", "venv", vars=paths)) / Path(sys.executable).name
        real = sysconfig.get_path("purelib")
        self.command = self.python.with_name("fer-course.py")  # as pip writes it: the current folder is not on its path
        self.command.write_text("import sys\nfrom fer_course.cli import main\nsys.exit(main())\n", encoding="utf-8")
        # After its own packages, so that what is put there wins.
        (self.packages / "zz-all-others.pth").write_text(f"import site; site.addsitedir({real!r})\n", encoding="utf-8")

    def package(self, name: str, source: str, folder: Path | None = None) -> Path:
        """Put a module into the environment, or into a folder of its own."""
        file = (folder or self.packages) / name / "__init__.py"
        file.parent.mkdir(parents=True)
        file.write_text(textwrap.dedent(source), encoding="utf-8")
        return file

    def distribution(self, name: str, version: str) -> None:
        """Let a package look installed, as far as its metadata go."""
        folder = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Run `fer-course` there, with these variables."""
        kept = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        environment = {
            **kept,
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "FER_COURSE_DATA": "drawn",
            **variables,
        }
        return subprocess.run(
            [str(self.python), str(self.command), *arguments], capture_output=True, encoding="utf-8", errors="replace",
            env=environment, cwd=self.here,
        )  # fmt: skip
