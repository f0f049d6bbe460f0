"""Recorded runs: JSON files that scripts in benchmarks/ wrote, each with the command that made it. Nothing is typed by hand."""

import json
from importlib import resources


def load(name: str) -> dict:
    """Return what the recorded file `name`.json holds.

    Raises:
        FileNotFoundError: if there is no such record.

    """
    return json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))


def names() -> list[str]:
    """Return the names that `load` knows."""
    return sorted(
        file.name.removesuffix(".json") for file in resources.files(__name__).iterdir() if file.name.endswith(".json")
    )
