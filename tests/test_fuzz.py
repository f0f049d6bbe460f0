"""Readers refuse what is damaged with an error of this package: all that the fuzzer has found, and some damage of each kind."""

import random

import pytest
from fuzz_readers import CASES, READERS, attempt

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
