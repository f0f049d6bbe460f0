"""Whatever a file of a network claims or asks for: one clear error, in 300 MB and twenty seconds, and no code of it runs."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

HELPER = ROOT / "tests" / "helpers" / "hostile_networks.py"
#: Of this process, and of the process in which a runtime tries a file: what `export.checking` allows, and its libraries.
MEGABYTES, OF_TRIAL, SECONDS = 300, 3300, 20
#: Whether a file that is refused says what was expected and found.
WORDS = re.compile(
    r"expected|holds|has|declares|named|leads|could not|tried with|lies|can't be read|no (zip|ONNX|LiteRT)|Unable to"
)
MANY = {"keras": 28, "weights": 5, "onnx": 12, "tflite": 9}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures memory in /proc")
@pytest.mark.parametrize("kind", MANY)
def test_a_hostile_network_is_refused_with_little_memory(kind):
    if kind in ("onnx", "tflite"):
        pytest.importorskip("onnxruntime", reason="needs the extra export")
    done = subprocess.run([sys.executable, HELPER, kind], capture_output=True, text=True, env=os.environ)
    tried = [json.loads(line) for line in done.stdout.splitlines()]
    print("\n".join(map(str, tried)))
    assert len(tried) == MANY[kind], done.stderr[-2000:]
    for each in tried:
        assert each["own"], each
        assert WORDS.search(each["said"]), each
        assert each["mb"] < MEGABYTES, each
        assert each["mb_of_trial"] < OF_TRIAL, each
        assert each["seconds"] < SECONDS, each
        assert len(each["said"].splitlines()) == 1, each


#: What reads a file of a network, or can run code from a file -> the modules in which it may stand.
DOORS = {
    "load_model": {
        "_shared/model_files.py",
        "runs.py",
        "course/small_lesson.py",
    },  # the last one reads what it has just written
    "load_weights": {"_shared/model_files.py", "training/checkpoint.py", "training/loop.py"},
    "InferenceSession": {"export/files.py", "export/trial.py"},
    "Interpreter": {"export/files.py", "export/trial.py"},
    "deserialize_keras_object": {"_shared/model_files.py"},
    "unsafe_load": set(),
    "enable_unsafe_deserialization": set(),
}


def test_files_of_networks_have_one_door():
    found = {name: set() for name in DOORS}
    for path in (ROOT / "fer_course").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if name in DOORS and isinstance(node, ast.Attribute | ast.Name):
                found[name].add(path.relative_to(ROOT / "fer_course").as_posix())
    assert {name: places - DOORS[name] for name, places in found.items() if places - DOORS[name]} == {}


def test_nothing_reads_pickles():
    for path in Path(ROOT / "fer_course").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "allow_pickle=True" not in text, path
        assert "pickle.load(" not in text, path
