"""Every reader of files that people bring, for the fuzzer and for the tests of what it found.

usage: python tests/helpers/fuzz_readers.py READER [READER …] [--seconds 600]     (needs atheris; `make fuzz`: all)

A reader may refuse a file with an error of this package, and nothing else: no other exception, no more than a gigabyte, no more
than twenty seconds. What breaks that is written to tests/machines/fuzz_cases/READER/.
`tests/machines/test_fuzz.py` tries these files again.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import gzip
import io
import json
import lzma
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from memory import peak

CASES = Path(__file__).parents[1] / "machines" / "fuzz_cases"
#: A gigabyte for a file, beside TensorFlow and what the fuzzer keeps.
MEMORY_MB = 2000
SECONDS_EACH = 20


@dataclass(frozen=True)
class Reader:
    """A reader under fire.

    Attributes:
        file: the name that its file has.
        read: is given the file's path.
        seeds: returns whole files, from which the fuzzer starts.

    """

    file: str
    read: Callable[[Path], object]
    seeds: Callable[[], list[bytes]]


def _faces():
    from faces_for_tests import some_faces

    return some_faces(14, splits=("Training", "PublicTest"))


def _table() -> bytes:
    from faces_for_tests import csv_bytes

    return csv_bytes(_faces(), newline="\n")


def _other_tables() -> list[bytes]:
    """The table as people write it: lists in quotes, semicolons, a column for each pixel without header, classes by name."""
    from faces_for_tests import number, spaced, usage, written

    def listed(image, label, split):
        return str(image.tolist())

    faces, plain = _faces()[:3], {"label": number, "pixels": spaced, "split": usage}
    return [
        written(faces, {**plain, "pixels": listed}),
        written(faces, plain, ";"),
        written(faces, {"a": lambda image, *_: image.ravel().tolist(), "b": number, "c": usage}, header=False),
        b"sep=\t\n" + written(faces, {"": lambda *_: 1, **plain, "label": lambda *_: "Happy"}, "\t"),
    ]


def _pairs() -> bytes:
    """Arrays that other people keep."""
    faces, buffer = _faces(), io.BytesIO()
    np.savez_compressed(buffer, x_train=faces.images[:, :, :, None], y_train=np.eye(7)[faces.labels])
    return buffer.getvalue()


def _archive(members: dict[str, bytes], kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(fileobj=buffer, mode=kind) as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _pictures() -> list[bytes]:
    from faces_for_tests import picture_bytes

    image = _faces().images[0]
    kinds = ("png", "jpeg", "gif", "bmp", "webp", "tiff", "ppm")
    return [picture_bytes(image, kind, mode) for kind in kinds for mode in ("L", "RGB")]


def _tree() -> dict[str, bytes]:
    picture = _pictures()[0]
    return {f"train/{name}/{row}.png": picture for name in ("happy", "sad") for row in range(2)} | {
        "test/happy/9.png": picture
    }


def _npz() -> bytes:
    faces, buffer = _faces(), io.BytesIO()
    np.savez_compressed(buffer, images=faces.images, labels=faces.labels, split=faces.split)
    return buffer.getvalue()


def _parquet() -> list[bytes]:
    import pyarrow
    from pyarrow import parquet

    rows = [
        {"image": {"bytes": content, "path": None}, "label": number} for number, content in enumerate(_pictures()[:4])
    ]
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer)
    lists, faces = io.BytesIO(), _faces()
    rows = [{"pixels": image.tolist(), "emotion": 3, "Usage": "Training"} for image in faces.images[:4]]
    parquet.write_table(pyarrow.Table.from_pylist(rows), lists)
    return [buffer.getvalue(), lists.getvalue()]


def _votes() -> bytes:
    header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    rows = [f"{split},fer{row:07}.png,{','.join(['1'] * 10)}" for row, split in enumerate(_faces().split)]
    return "\n".join([header, *rows, ""]).encode()


def _notebook() -> bytes:
    cell = {
        "cell_type": "code", "id": "check-a", "execution_count": 1, "source": "checks.linear.softmax(softmax)",
        "metadata": {"tags": ["parameters"], "nbgrader": {"grade": True, "solution": False, "grade_id": "check-a"}},
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["✔ Softmax"]},
            {"output_type": "error", "ename": "Hint", "evalue": "", "traceback": []},
        ],
    }  # fmt: skip
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _read_faces(path: Path) -> None:
    from fer_course.data import readers

    readers.read(path)


def _read_unlabelled(path: Path) -> None:
    from fer_course.data import readers

    readers.describe(path)
    readers.unlabelled(path)


def _read_votes(path: Path) -> None:
    from fer_course.data.votes import join_votes

    join_votes(_faces(), path)


def _read_photograph(path: Path) -> None:
    from fer_course.live import read_photograph

    read_photograph(path)


def _read_recipe(path: Path) -> None:
    from fer_course.recipes import Recipe

    Recipe.from_yaml(path)


def _read_sweep(path: Path) -> None:
    from fer_course.sweep import spec

    spec.load(path)


def _read_profile(path: Path) -> None:
    from fer_course.course.parameters import read_profile

    read_profile(path)


def _read_progress(path: Path) -> None:
    from fer_course.course import progress

    progress(path.parent)


def _read_students(path: Path) -> None:
    from fer_course.classroom.students import read_students

    read_students(path)


def _read_handed_in(path: Path) -> None:
    from fer_course.classroom.collecting.notebooks import cells_of, is_notebook, what_it_is
    from fer_course.classroom.collecting.uploads import uploads

    with tempfile.TemporaryDirectory() as spool:
        for found in uploads(path, Path(spool)):
            content = found.content
            assert isinstance(content, bytes)
            assert is_notebook(found.name, content) or what_it_is(found.name, content) or cells_of(content) is None


def _read_history(path: Path) -> None:
    from fer_course.runs import Run

    recipe = path.parent / "recipe.yaml"
    if recipe != path:  # without it there is no run
        recipe.write_text("name: mine\nepochs: 3\n")
    try:
        run = Run(path.parent)
        run.history, run.metrics, run.recipe  # noqa: B018 - read when they are asked for
    finally:
        if recipe != path:
            recipe.unlink()


def _read_notices(path: Path) -> None:
    import nbformat

    from fer_course.classroom.borrowed_answers import notices

    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        nbformat.reads(text, as_version=4)
    except Exception:  # what is no notebook nbgrader refuses, before `notices` looks at it
        return
    notices(text)


READERS = {
    "csv": Reader("fer2013.csv", _read_faces, lambda: [_table(), *_other_tables()]),
    "contest": Reader("test.csv", _read_unlabelled, lambda: [_table(), b"pixels\n" + b" ".join([b"7"] * 2304) + b"\n"]),
    "zip": Reader(
        "faces.zip", _read_faces,
        lambda: [
            _archive({"a/fer2013.csv": _table()}, "zip"), _archive(_tree(), "zip"),
            _archive({"train.csv": _table(), "val.csv": _other_tables()[0], "test.npz": _pairs()}, "zip"),
        ],
    ),
    "tar": Reader(
        "faces.tar.gz", _read_faces,
        lambda: [_archive({"fer2013.csv": _table()}, "w:gz"), _archive(_tree(), "w:gz"), _archive(_tree(), "w")],
    ),
    "gz": Reader(
        "fer2013.csv.gz", _read_faces,
        lambda: [gzip.compress(_table()), gzip.compress(_table().decode().encode("utf-16"))],
    ),
    "bz2": Reader("fer2013.csv.bz2", _read_faces, lambda: [bz2.compress(_table())]),
    "xz": Reader("fer2013.csv.xz", _read_faces, lambda: [lzma.compress(_table())]),
    "npz": Reader("faces.npz", _read_faces, lambda: [_npz(), _pairs()]),
    "parquet": Reader("train-00000-of-00001.parquet", _read_faces, _parquet),
    "picture": Reader("train/happy/1.png", lambda path: _read_faces(path.parents[2]), _pictures),
    "votes": Reader("fer2013new.csv", _read_votes, lambda: [_votes()]),
    "photograph": Reader("photograph.jpg", _read_photograph, _pictures),
    "recipe": Reader("mine.yaml", _read_recipe, lambda: [b"name: mine\nepochs: 3\nlearning_rate: 0.1\nflip: true\n"]),
    "sweep": Reader("sweep.yaml", _read_sweep, lambda: [b"recipe: quick\nseeds: [0, 1]\ngrid:\n  shift: [0.0, 0.1]\n"]),
    "profile": Reader("mine.yaml", _read_profile, lambda: [b"recipe: minutes\nseeds: [0, 1]\nfaces: 0\n"]),
    "progress": Reader("01-mine.ipynb", _read_progress, lambda: [_notebook()]),
    "notices": Reader("01-mine.ipynb", _read_notices, lambda: [_notebook()]),
    "students": Reader("students.csv", _read_students, lambda: [b"id,last_name,first_name,email\nada,L,A,a@b\n"]),
    "handed in": Reader("all.zip", _read_handed_in, lambda: [_archive({"ada/01.ipynb": _notebook()}, "zip")]),
    "history": Reader("history.csv", _read_history, lambda: [b"epoch,loss,seconds\n1,0.5,2\n2,0.4,2\n"]),
    "metrics": Reader("metrics.json", _read_history, lambda: [b'{"finished": true, "epochs": 3, "seconds": 1.0}']),
    "run's recipe": Reader("recipe.yaml", _read_history, lambda: [b"name: mine\nepochs: 3\n"]),
}  # fmt: skip


def read(name: str, content: bytes | None, folder: Path) -> None:
    """Let a reader read a file with that content (None: what lies there)."""
    path = folder / READERS[name].file
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        path.write_bytes(content)
    READERS[name].read(path)


def attempt(name: str, content: bytes | None, folder: Path) -> None:
    """Do so; only errors of this package are an answer."""
    from fer_course.errors import FerCourseError

    with contextlib.suppress(FerCourseError):
        read(name, content, folder)


def _fuzz(name: str, seconds: int, corpus: str) -> None:
    """Let atheris change the files in that folder until something breaks or the time is over. Does not return."""
    import atheris

    with atheris.instrument_imports(include=["fer_course"]):
        import fer_course.classroom.borrowed_answers
        import fer_course.classroom.collecting
        import fer_course.data
        import fer_course.live
        import fer_course.sweep.spec
        import fer_course.training  # noqa: F401
    options = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SECONDS_EACH}"]
    options += [f"-artifact_prefix={CASES / name}/", "-max_len=200000", "-print_final_stats=1", "-verbosity=1"]
    place = Path(corpus).parent / "file"
    atheris.Setup([sys.argv[0], *options, corpus], lambda content: attempt(name, content, place))
    atheris.Fuzz()


def _alone(name: str, file: Path) -> bool:
    """Say whether a process that reads this file only needs no more memory than it may."""
    with tempfile.TemporaryDirectory() as place:
        attempt(name, file.read_bytes(), Path(place))
    return peak() < MEMORY_MB


def hunt(name: str, seconds: int) -> tuple[int, str]:
    """Fuzz a reader; return how many files were tried, and what the fuzzer said if it found something.

    atheris (3.0.0) never gives back what a comparison of NumPy arrays makes. So when memory is full, the file that was being read
    then is read once more alone, and if that goes well, a fresh process goes on with all that was learned.
    """
    command, tried, end = [sys.executable, __file__, name], 0, time.monotonic() + seconds
    (CASES / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(READERS[name].seeds()):
            (corpus / f"seed{number}").write_bytes(seed)
        while (left := round(end - time.monotonic())) > 0:
            here = ["--seconds", str(left), "--corpus", str(corpus)]
            done = subprocess.run([*command, *here], capture_output=True, text=True, errors="replace")
            tried += sum(int(line.split()[-1]) for line in done.stderr.splitlines() if "executed_units" in line)
            if not done.returncode:
                break
            written = re.search(r"Test unit written to (.*/oom-\w+)", done.stderr)
            if not written or subprocess.run([*command, "--alone", written[1]]).returncode:
                return tried, done.stderr
            Path(written[1]).unlink()
    return tried, ""


def main() -> int:
    """Fuzz the readers named, each in a process of its own; return 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", choices=[[], *READERS], metavar="READER", help=", ".join(READERS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", help=argparse.SUPPRESS)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        return int(not _alone(options.readers[0], options.alone))
    if options.corpus:
        _fuzz(options.readers[0], options.seconds, options.corpus)
    found = []
    for name in options.readers or READERS:
        tried, said = hunt(name, options.seconds)
        print(f"{name}: {tried:,} files tried, {'FOUND' if said else 'nothing found'}", flush=True)
        if said:
            found.append(name)
            print("\n".join(line for line in said.splitlines() if not line.startswith(("#", "INFO")))[-3000:])
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
