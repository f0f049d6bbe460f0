"""Readers refuse what is damaged with an error of this package: all that the fuzzer has found, and some damage of each kind."""

import contextlib
import random

import numpy as np
import pytest
from fuzz_readers import CASES, READERS, attempt, read

KEPT = sorted(path for path in CASES.glob("*/*") if path.is_file())


@pytest.mark.parametrize("case", KEPT, ids=[f"{path.parent.name}/{path.name}" for path in KEPT])
def test_what_was_found_once_is_refused_or_read(case, tmp_path):
    attempt(case.parent.name, case.read_bytes(), tmp_path)


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Change a file as bad disks, editors and downloads do: bytes flipped, a part lost, doubled, or put elsewhere; an end cut."""
    content = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randrange(len(content) + 1), draw.randint(1, 40)
        kind = draw.randrange(5)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del content[at : at + length]
        elif kind == 2:
            content[at:at] = content[at : at + length]
        elif kind == 3:
            content[at:at] = draw.choice(
                [
                    b"\x00",
                    b"\xff\xfe",
                    b"-1",
                    b"1e999",
                    b"\n",
                    b",",
                    b'"',
                    b"\xef\xbb\xbf",
                    b"nan",
                    b"{",
                    b"!!python/object",
                ]
            )
        else:
            del content[at:]
    return bytes(content)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_refused_or_read(name, tmp_path):
    draw = random.Random(name)
    for seed in READERS[name].seeds():
        attempt(name, seed, tmp_path / "whole")
        for number in range(25):
            attempt(name, damaged(seed, draw), tmp_path / str(number))


#: Readers of text, as an editor on Windows may have saved it.
TEXTS = ["csv", "contest", "votes", "recipe", "sweep", "profile", "students", "history", "run's recipe"]
JSON = ["progress", "notices", "metrics"]


@pytest.mark.parametrize("name", READERS)
def test_the_whole_files_that_damage_begins_with_are_read(name, tmp_path):
    for number, seed in enumerate(READERS[name].seeds()):
        read(name, seed, tmp_path / str(number))


@pytest.mark.parametrize("name", [*TEXTS, *JSON])
def test_windows_line_ends_are_read(name, tmp_path):
    for number, seed in enumerate(READERS[name].seeds()):
        lines = seed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        read(name, lines, tmp_path / str(number))
        if name in TEXTS:
            read(name, b"\xef\xbb\xbf" + lines, tmp_path / f"{number} with a byte order mark")


@pytest.mark.slow
@pytest.mark.parametrize("target", ["litert", "litert-int8", "onnx"])
def test_damaged_networks_are_refused_or_run(target, tmp_path):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data, export, models
    from fer_course.errors import FerCourseError

    network, draw = models.pretrained(), random.Random(target)
    file = tmp_path / f"net{export.ENDINGS[target]}"
    export.export(network, file, target, data.load("drawn", quiet=True))
    whole = file.read_bytes()
    for _ in range(50):
        file.write_bytes(damaged(whole, draw))
        with contextlib.suppress(FerCourseError):
            export.load(file)(np.zeros((2, 48, 48), np.uint8))


@pytest.mark.slow
def test_damaged_models_are_refused_or_loaded(tmp_path, tiny_model):
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course.errors import RunError
    from fer_course.recipes import Recipe
    from fer_course.runs import Run

    Recipe.named("quick").to_yaml(tmp_path / "recipe.yaml")
    tiny_model().save(tmp_path / "model.keras")
    whole, draw = (tmp_path / "model.keras").read_bytes(), random.Random(0)
    for _ in range(100):
        (tmp_path / "model.keras").write_bytes(damaged(whole, draw))
        with contextlib.suppress(RunError):
            Run(tmp_path).model()
