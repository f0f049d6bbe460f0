"""Recorded runs: JSON files that scripts in benchmarks/ wrote, each with the command that made it. No number is typed by hand."""

import json
from importlib import resources


def load(name: str) -> dict:
    """Return the content of the recorded file `name`.json.

    Raises:
        FileNotFoundError: if there is no such record.

    """
    return json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))


def rows(name: str) -> dict[str, list[dict]]:
    """Return the runs of a recorded study, row -> one run per seed, in the record's order; see `load`."""
    found: dict[str, list[dict]] = {}
    for run in load(name)["runs"]:
        found.setdefault(run["row"], []).append(run)
    return found


def publictest() -> dict:
    """Return the probabilities of recorded networks for the 3,589 faces of the real PublicTest, in FER2013's order; no pixels.

    Returns:
        `labels` uint8 (3589,), and for each network, by name and seed, its probabilities float16 (3589, 7).

    """
    import numpy as np

    with resources.files(__name__).joinpath("publictest.npz").open("rb") as file, np.load(file) as archive:
        return {name: archive[name] for name in archive.files}


def names() -> list[str]:
    """Return the names that `load` knows."""
    return sorted(
        file.name.removesuffix(".json") for file in resources.files(__name__).iterdir() if file.name.endswith(".json")
    )
