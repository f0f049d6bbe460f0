"""Whatever a file claims, holds or asks for: it is read or refused, in a gigabyte and two minutes, and nothing else happens."""

import json
import subprocess
import sys
from pathlib import Path

import hostile_files
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="measures memory in /proc"),
]
MEGABYTES = 1000


@pytest.mark.parametrize("name", hostile_files.CASES)
def test_hostile_files_are_refused_or_read(name):
    done = subprocess.run([sys.executable, hostile_files.__file__, name], capture_output=True, text=True)
    tried = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["case"] for each in tried] == list(hostile_files.CASES[name]), done.stderr[-2000:]
    print("\n".join(map(str, tried)))
    assert [each for each in tried if each["trouble"] or each["mb"] > MEGABYTES] == []


def test_what_is_tried_would_be_noticed(tmp_path, monkeypatch):
    """The judge itself: code that runs, memory that is taken and files that are left are all seen."""

    def careless(path: Path) -> None:
        hostile_files.MARK.touch()
        (path.parent / "left").touch()
        bytearray(1_200_000_000)

    monkeypatch.setitem(hostile_files.READERS, "csv", hostile_files.READERS["csv"].__class__("a.csv", careless, list))
    monkeypatch.setitem(hostile_files.CASES, "csv", {"any": lambda: b"1"})
    found = hostile_files.try_one("csv", "any")
    hostile_files.MARK.unlink()
    assert "code was run" in found["trouble"]
    assert "files were left" in found["trouble"]
    assert found["mb"] > MEGABYTES
