"""The addresses at which a notebook of this repository opens in Colab, Binder and Kaggle.

All are made from one setting, `[tool.fer_course] repository` in `pyproject.toml`. Where a service can't open a repository, or
there is none, the answer is None: then leave the link out.
"""

from __future__ import annotations

import tomllib
from urllib.parse import quote, urlsplit

from fer_course.course import checkout

#: The branch whose notebooks are opened.
BRANCH = "main"


def repository() -> str:
    """Return the public address of the repository from the checkout's `pyproject.toml`; "" if it names none."""
    root = checkout()
    if root is None:
        return ""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return _plain(settings.get("tool", {}).get("fer_course", {}).get("repository", ""))


def source(repository: str, path: str, branch: str = BRANCH) -> str | None:
    """Return where a file or folder of the repository is shown, on GitHub or a service that is built like it."""
    address = _plain(repository)
    return f"{address}/blob/{quote(branch)}/{quote(path)}" if address else None


def colab(repository: str, notebook: str, branch: str = BRANCH) -> str | None:
    """Return the address that opens a notebook (`lessons/00-start-here.ipynb`) in Colab, which reads from GitHub only."""
    name = _on_github(repository)
    return f"https://colab.research.google.com/github/{name}/blob/{quote(branch)}/{quote(notebook)}" if name else None


def kaggle(repository: str, notebook: str, branch: str = BRANCH) -> str | None:
    """Return the address that copies a notebook to Kaggle, which reads from GitHub only."""
    if not _on_github(repository):
        return None
    return f"https://kaggle.com/kernels/welcome?src={quote(source(repository, notebook, branch), safe=':/')}"


def binder(repository: str, notebook: str, branch: str = BRANCH) -> str | None:
    """Return the address that builds the repository on Binder and opens a notebook there; any git repository will do."""
    address = _plain(repository)
    if not address:
        return None
    name, host = urlsplit(address).path.strip("/"), urlsplit(address).hostname
    place = {
        "github.com": f"gh/{name}",
        "gitlab.com": f"gl/{quote(name, safe='')}",
    }.get(host, f"git/{quote(address, safe='')}")
    return f"https://mybinder.org/v2/{place}/{quote(branch, safe='')}?urlpath={quote(f'lab/tree/{notebook}', safe='')}"


def buttons(repository: str, notebook: str, branch: str = BRANCH) -> dict[str, str]:
    """Return name and address of every service that can open a notebook of the repository, in the order to show them."""
    found = {"Colab": colab, "Binder": binder, "Kaggle": kaggle}
    addresses = {name: address(repository, notebook, branch) for name, address in found.items()}
    return {name: address for name, address in addresses.items() if address}


def _plain(repository: str) -> str:
    return repository.strip().rstrip("/").removesuffix(".git")


def _on_github(repository: str) -> str | None:
    """Return "owner/name" of a repository on GitHub, None of others."""
    parts = urlsplit(_plain(repository))
    name = parts.path.strip("/")
    return quote(name) if parts.hostname == "github.com" and name.count("/") == 1 else None
