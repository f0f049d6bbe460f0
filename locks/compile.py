"""Renew the locks: `make lock`, or `make lock UPGRADE=--upgrade` for the newest versions.

uv resolves for all platforms and Pythons at once, but does not look at the upper bound of a package's `Requires-Python`, and pip
refuses such a package. So pip is asked, for each Python, whether it would install each lock; what it refuses is excluded, and uv
resolves again. `locks/course.txt` begins with the Pythons for which pip accepts all of it: the set-up reads them there.

`locks/learner.txt` is the part of it that learners need; all lists for learners hold its versions.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from locks import reading

ROOT = Path(__file__).parents[1]
COURSE = "locks/course.txt"
LEARNER = "locks/learner.txt"
#: Binder installs from this one file alone, and keeps that step until the file changes. So it is a copy.
BINDER = "binder/requirements.txt"
#: What learners install.
EXTRAS = ("tensorflow", "lab", "export", "kaggle")
LEARNERS = ("pyproject.toml", "--group=build", *(f"--extra={name}" for name in EXTRAS))
EVERYTHING = tuple(f"--extra={name}" for name in ("cluster", "book", "instructor", "dev"))
#: Most of the time pip waits for the index.
AT_ONCE = 4
#: Where learners have the course beside this machine: what README names.
OTHERS = ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_14_0_arm64", "win_amd64")


@dataclass(frozen=True)
class Lock:
    """A file of locked versions, and what uv makes it from.

    Attributes:
        path: from the root of the repository.
        purpose: for whom or what it is, in a sentence for its head.
        arguments: of `uv pip compile`.
        python: the lowest Python that it is for.
        only: whether it is for that Python alone.
        platforms: for which pip is asked, as wheels name them; None is this machine's.

    """

    path: str
    purpose: str
    arguments: tuple[str, ...]
    python: str = "3.11"
    only: bool = False
    platforms: tuple[str | None, ...] = (None,)


LOCKS = (
    Lock(
        COURSE, "Everything: also what the tests, the book and the teachers' commands need.", (*LEARNERS, *EVERYTHING)
    ),
    Lock("locks/setup.txt", "What installs the rest.", ("--group", "setup")),
    Lock(
        LEARNER,
        "What learners need: `make course`, `make lab`, Binder, the bundle. A part of course.txt.",
        (*LEARNERS, "-c", COURSE),
        platforms=(None, *OTHERS),
    ),
    Lock("locks/hub.txt", "What learners need on a JupyterHub.", (*LEARNERS, "locks/hub.in", "-c", COURSE)),
    Lock(
        "locks/colab.txt",
        "What Colab has, and what runs the check.",
        ("pyproject.toml", "locks/colab.in"),
        "3.13",
        only=True,
    ),
)


def main() -> None:
    """Compile all locks; `course.txt` is the first, because others are constrained by it."""
    parser = argparse.ArgumentParser(prog="python -m locks.compile", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--upgrade", action="store_true", help="to the newest versions, instead of those that are locked"
    )
    options = ["--upgrade"] if parser.parse_args().upgrade else []
    known = reading.pythons(ROOT / COURSE)
    for lock in LOCKS:
        pythons = [lock.python] if lock.only else known
        print(f"{lock.path}: for Python {', '.join(pythons)}", flush=True)
        compile_(lock, pythons, options)
        if lock.path == COURSE:
            known = _with_newer(lock, known)
            reading.write_head(ROOT / COURSE, lock.purpose, known)
    shutil.copyfile(ROOT / LEARNER, ROOT / BINDER)


def compile_(lock: Lock, pythons: list[str], options: list[str]) -> None:
    """Resolve a lock until pip accepts it on each of the Pythons.

    Raises:
        SystemExit: if pip refuses a package for another reason than its Python, with pip's own words.

    """
    excluded: list[str] = []
    while True:
        _resolve(lock, pythons, excluded, options)
        targets = [(ROOT / lock.path, python, platform) for python in pythons for platform in lock.platforms]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            refused = next(filter(None, pool.map(refusal, *zip(*targets, strict=True))), None)
        if refused is None:
            return
        name, version = refused.package
        if not refused.because_of_python or f"{name}!={version}" in excluded:
            sys.exit(f"pip refuses {lock.path} on {refused.target}:\n{refused.words}")
        print(f"  {name} {version} is not for {refused.target}: resolving again without it", flush=True)
        excluded.append(f"{name}!={version}")


def _resolve(lock: Lock, pythons: list[str], excluded: list[str], options: list[str]) -> None:
    fixed = ["--universal", "--generate-hashes", "--no-annotate", "--no-emit-index-url", "--no-header", "-q"]
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "excluded.txt"
        constraints.write_text("\n".join(excluded), encoding="utf-8")
        uv = [_beside_python("uv"), "pip", "compile", *fixed, "--python-version", lock.python, *options]
        subprocess.run([*uv, *lock.arguments, "-c", constraints, "-o", lock.path], cwd=ROOT, check=True)
    reading.write_head(ROOT / lock.path, lock.purpose, pythons)


def _with_newer(lock: Lock, known: list[str]) -> list[str]:
    """Return the Pythons, and after them the next ones for which pip accepts the lock as it stands."""
    pythons = list(known)
    while True:
        major, minor = pythons[-1].split(".")
        python = f"{major}.{int(minor) + 1}"
        refused = refusal(ROOT / lock.path, python)
        if refused:
            print(f"  not yet for Python {python}: {'=='.join(refused.package)} is not")
            return pythons
        print(f"  now for Python {python}, too: README, environment.yml and the workflows may name it")
        pythons.append(python)


@dataclass(frozen=True)
class Refusal:
    """What pip will not install.

    Attributes:
        target: on which Python and platform.
        package: name and version.
        because_of_python: whether the package's own `Requires-Python` leaves that Python out.
        words: pip's.

    """

    target: str
    package: tuple[str, str]
    because_of_python: bool
    words: str


def refusal(lock: Path, python: str, platform: str | None = None) -> Refusal | None:
    """Return what pip would refuse of a lock on a Python (`3.12`), None if it accepts all. Nothing is installed.

    Args:
        lock: a file of pinned and hashed requirements.
        python: major and minor version; its newest patch is meant.
        platform: as wheels name it (`win_amd64`); None: this machine's.

    Raises:
        OSError: if no package index answers.

    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(reading.for_target(lock, f"{python}.99", platform), encoding="utf-8")
        target = [*reading.pip_target(python, platform), "--target", folder]
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--dry-run"]
        asked = [*command, "--ignore-installed", "--no-deps", "--require-hashes", *target, "-r", str(wanted)]
        done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    return _explained(lock, python, platform, done.stderr)


def _explained(lock: Path, python: str, platform: str | None, words: str) -> Refusal:
    """Return what pip refused, out of its words; it looks at a package's Python before it fetches a file, or after."""
    target = f"Python {python}, {platform or 'here'}"
    if found := re.search(r"Package '([\w.-]+)' requires a different Python", words):
        environment, name = reading.target_environment(f"{python}.99", platform), canonicalize_name(found[1])
        pinned = [entry for entry, _ in reading.entries(lock) if canonicalize_name(entry.name) == name]
        here = next(entry for entry in pinned if entry.marker is None or entry.marker.evaluate(environment))
        return Refusal(target, (name, str(here.specifier).removeprefix("==")), True, words[-2000:])
    missing = re.search(r"No matching distribution found for ([\w.-]+)==(\S+)", words)
    if missing is None or "(from versions: none)" in words:
        raise OSError(f"pip could not look the packages of {lock.name} up:\n{words[-2000:]}")
    ignored = re.search(r"Ignored the following versions that require a different python version: (.*)", words)
    because = ignored is not None and f"{missing[2]} Requires-Python" in ignored[1]
    return Refusal(target, (missing[1], missing[2]), because, words[-2000:])


def _beside_python(program: str) -> str:
    return str(Path(sys.executable).with_name(program))


if __name__ == "__main__":
    main()
