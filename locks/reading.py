"""Read locks: which Pythons they are for, and which of their entries belong on one platform and Python."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

from fer_course._shared import files

HEAD = "# Written by `make lock` (locks/compile.py): exact versions with the hashes of their files.\n"
#: In every lock: whoever installs from it, as Binder does with a command of its own, executes nothing of what was downloaded.
WHEELS_ONLY = "--only-binary :all:\n"
_NOTE = re.compile(r"^# For Python ([\d., ]+)\.$", re.MULTILINE)
#: What environment markers say on a platform, by the beginning of the name that its wheels have.
_SYSTEMS = {
    "win_": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
    "macosx_": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "manylinux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "linux_": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
}


def pythons(lock: Path) -> list[str]:
    """Return the Pythons that a lock says it is for, lowest first: ["3.11", "3.12", "3.13"]."""
    return _NOTE.search(lock.read_text(encoding="utf-8"))[1].split(", ")


def write_head(lock: Path, purpose: str, versions: list[str]) -> None:
    """Write at the beginning of a lock what made it, what it is for, and for which Pythons."""
    body = re.sub(r"\A((#|--).*\n|\n)+", "", lock.read_text(encoding="utf-8"))
    files.write_text(lock, f"{HEAD}# {purpose}\n# For Python {', '.join(versions)}.\n{WHEELS_ONLY}{body}")


def entries(lock: Path) -> list[tuple[Requirement, str]]:
    """Return each requirement of a lock with its text: the requirement, and its hashes on the lines below."""
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith(("#", "--"))]
    return [(Requirement(text.split("\\")[0].strip()), text) for text in split("\n".join(lines))]


def split(text: str) -> list[str]:
    """Return the entries in the text of a lock: each a requirement with its hashes on the lines below."""
    return [entry.rstrip() + "\n" for entry in re.split(r"(?m)^(?=\w)", text) if entry.strip()]


def for_target(lock: Path, python: str, platform: str | None = None) -> str:
    """Return the entries of a lock that belong on a Python and platform, without their markers.

    pip's own `--platform` and `--python-version` choose wheels, but its markers always speak of the Python that runs it.

    Args:
        lock: the file.
        python: all three numbers of its version, such as `3.12.4`.
        platform: as wheels name it, such as `win_amd64`; None: this machine's.

    """
    environment = target_environment(python, platform)
    chosen = [
        (entry, text) for entry, text in entries(lock) if entry.marker is None or entry.marker.evaluate(environment)
    ]
    return "".join(re.sub(r"^([^\s;\\]+)\s*;[^\\]*", r"\1 ", text, count=1) for _, text in chosen)


def target_environment(python: str, platform: str | None = None) -> dict[str, str]:
    """Return what environment markers say on a Python and platform.

    Raises:
        SystemExit: if the platform's name is not one that wheels have.

    """
    short = python.rpartition(".")[0]
    versions = {"python_version": short, "python_full_version": python, "implementation_version": python}
    environment = default_environment() | versions
    if platform is None:
        return environment
    system = next((values for name, values in _SYSTEMS.items() if platform.startswith(name)), None)
    if system is None:
        sys.exit(f"{platform} is no platform as wheels name it: win_amd64, macosx_12_0_arm64, manylinux_2_28_x86_64.")
    machine = re.search(r"x86_64|amd64|arm64|aarch64|$", platform)[0]
    return environment | system | {"platform_machine": {"amd64": "AMD64"}.get(machine, machine)}


def pip_target(python: str, platform: str | None = None) -> list[str]:
    """Return pip's options to choose wheels for a Python and platform."""
    # Without a third number pip takes 3.11 for 3.11.0, for which some wheels are too new.
    chosen = ["--only-binary", ":all:", "--python-version", f"{python}.99"]
    return [*chosen, *(option for name in _platforms(platform) for option in ("--platform", name))]


def _platforms(platform: str | None) -> list[str]:
    """Return a platform's name, and those of older systems whose wheels run there: pip knows only the names it is told."""
    if platform is None:
        return []
    linux = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", platform)
    mac = re.fullmatch(r"macosx_(\d+)_0_(\w+)", platform)
    if linux:
        older = [f"manylinux_2_{minor}_{linux[2]}" for minor in range(int(linux[1]), 4, -1)]
        return [*older, f"manylinux2014_{linux[2]}", f"manylinux2010_{linux[2]}", f"manylinux1_{linux[2]}"]
    if mac:
        return [f"macosx_{major}_0_{kind}" for major in range(int(mac[1]), 10, -1) for kind in (mac[2], "universal2")]
    return [platform]
