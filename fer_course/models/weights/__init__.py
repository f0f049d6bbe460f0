"""Weights that come with the course: NumPy archives without pickles, each with a JSON file of its checksum and origin.

`benchmarks/ship.py` writes them from a run. `models.pretrained(name)` builds a network with them; MODEL_CARD.md says what it is.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from fer_course._shared import files
from fer_course.errors import ModelError


def names() -> list[str]:
    """Return the names of the networks whose weights come with the course."""
    return sorted(file.name.removesuffix(".json") for file in _folder().iterdir() if file.name.endswith(".json"))


def about(name: str) -> dict:
    """Return where a network's weights come from: recipe, command, score, and the SHA-256 of the archive.

    Raises:
        ModelError: if no weights of that name ship.

    """
    if name not in names():
        raise ModelError(f"No weights of {name!r} come with the course; there are: {', '.join(names()) or 'none'}.")
    return json.loads(_folder().joinpath(f"{name}.json").read_text(encoding="utf-8"))


def load(name: str) -> list[np.ndarray]:
    """Return a network's weights, float32 arrays in the order of `model.set_weights`, after checking their SHA-256.

    Raises:
        ModelError: if no weights of that name ship, or the file is not the one that was shipped.

    """
    expected, file = about(name)["sha256"], _folder().joinpath(f"{name}.npz")
    content = file.read_bytes() if file.is_file() else b""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(
            f"{file} is missing or damaged: expected SHA-256 {expected[:12]}…, found {found[:12]}… of {len(content):,} bytes. "
            f"Install the course again."
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return [archive[key] for key in sorted(archive.files)]


def save(name: str, weights: Sequence[np.ndarray], origin: dict, folder: Path) -> None:
    """Write the archive, and beside it `origin` with the archive's SHA-256.

    Args:
        name: the name of the network.
        weights: the result of `model.get_weights()`.
        origin: recipe, command and score, as JSON can hold them.
        folder: the folder to write to.

    """
    content = io.BytesIO()
    arrays: dict[str, Any] = {f"{number:03d}": np.asarray(array) for number, array in enumerate(weights)}
    np.savez_compressed(content, **arrays)
    with files.atomic(Path(folder) / f"{name}.npz") as temporary:
        temporary.write_bytes(content.getvalue())
    checksum = hashlib.sha256(content.getvalue()).hexdigest()
    files.write_json(Path(folder) / f"{name}.json", {"sha256": checksum, **origin})


def _folder():
    return resources.files(__name__)
