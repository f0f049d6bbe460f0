"""Names of files in archives: whoever made an archive may have written anything there."""

from __future__ import annotations


def leads_outside(name: str) -> bool:
    r"""Return True for a name that leads out of the archive's folder, such as `/etc/passwd`, `C:\x` or `../x`."""
    name = name.replace("\\", "/")
    return name.startswith("/") or name[1:2] == ":" or ".." in name.split("/")
