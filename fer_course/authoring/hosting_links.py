"""Addresses that open a notebook of this repository in Colab, Binder and Kaggle.

All of them come from one setting, `[tool.fer_course] repository` in `pyproject.toml`. If there is no repository, or a service
can't open it, a function returns None: then leave the link out.
"""

from __future__ import annotations

import tomllib
from urllib.parse import quote, urlsplit

from fer_course.course import checkout

#: The branch whose notebooks are opened.
BRANCH = "main"


def repository() -> str:
    """Return the public address of the repository from the checkout's `pyproject.toml`; "" if it has none."""
    root = checkout()
    if root is None:
        return ""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return _plain(settings.get("tool", {}).get("fer_course", {}).get("repository", ""))


def source(repository: str, path: str, branch: str = BRANCH) -> str | None:
    """Return the address of a file or folder of the repository, on GitHub or a similar service."""
    address = _plain(repository)
    return f"{address}/blob/{quote(branch)}/{quote(path)}" if address else None


def colab(repository: str, notebook: str, branch: str = BRANCH) -> str | None:
    """Return the address that opens a notebook (`lessons/00-start-here.ipynb`) in Colab, which reads from GitHub only."""
    name = _on_github(repository)
    return f"https://colab.research.google.com/github/{name}/blob/{quote(branch)}/{quote(notebook)}" if name else None


def kaggle(repository: str, notebook: str, branch: str = BRANCH) -> str | None:
    """Return the address that copies a notebook to Kaggle, which reads from GitHub only."""
    address = source(repository, notebook, branch)
    if address is None or _on_github(repository) is None:
        return None
    return f"https://kaggle.com/kernels/welcome?src={quote(address, safe=':/')}"


def binder(repository: str, notebook: str, branch: str = BRANCH) -> str | None:
    """Return the address that builds the repository on Binder and opens a notebook there; any git repository works."""
    address = _plain(repository)
    if not address:
        return None
    name, host = urlsplit(address).path.strip("/"), urlsplit(address).hostname
    if host == "github.com":
        where = f"gh/{name}"
    elif host == "gitlab.com":
        where = f"gl/{quote(name, safe='')}"
    else:
        where = f"git/{quote(address, safe='')}"
    return f"https://mybinder.org/v2/{where}/{quote(branch, safe='')}?urlpath={quote(f'lab/tree/{notebook}', safe='')}"


def buttons(repository: str, notebook: str, branch: str = BRANCH) -> dict[str, str]:
    """Return name -> address of every service that can open a notebook of the repository, in the order to show them."""
    services = {"Colab": colab, "Binder": binder, "Kaggle": kaggle}
    addresses = {name: address_of(repository, notebook, branch) for name, address_of in services.items()}
    return {name: address for name, address in addresses.items() if address}


def _plain(repository: str) -> str:
    """Return an address without the ending .git."""
    return repository.strip().rstrip("/").removesuffix(".git")


def _on_github(repository: str) -> str | None:
    """Return "owner/name" of a repository on GitHub; None for other repositories."""
    parts = urlsplit(_plain(repository))
    name = parts.path.strip("/")
    return quote(name) if parts.hostname == "github.com" and name.count("/") == 1 else None
