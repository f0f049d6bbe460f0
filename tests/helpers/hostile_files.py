"""Files made to hurt: each claims or holds more than a machine can carry, runs code where it is trusted, or points elsewhere.

usage: python tests/helpers/hostile_files.py READER      tries all of a reader (of `fuzz_readers.READERS`), a line of JSON each
"""

from __future__ import annotations

import atexit
import gzip
import io
import json
import lzma
import os
import pickle
import resource
import shutil
import signal
import stat
import struct
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from fuzz_readers import CASES as FOUND
from fuzz_readers import READERS, _notebook, _pictures, _table, _votes, attempt

GIGABYTE = 2**30
HEAD = b"emotion,pixels,Usage\n"
SECONDS = 60
#: What a file that runs code would leave behind: in a folder that nobody else can make first.
MARK = Path(tempfile.mkdtemp(prefix="fer-course-")) / "was-here"
atexit.register(shutil.rmtree, MARK.parent, ignore_errors=True)


class TooLong(BaseException):
    """The time is over; no reader takes it for an error of the file."""


class Code:
    """Pickled, it leaves a mark when it is read."""

    def __reduce__(self):
        return (Path.touch, (MARK,))


def zeros(many: int, byte: bytes = b"0") -> bytes:
    """A gzip file of so many equal bytes: one of 64 MB again and again, which is one to a reader."""
    return gzip.compress(byte * 2**26, 1) * (many // 2**26)


# --------------------------------------------------------------------------------------------------------------- archives


def zipped(members: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> bytes:
    """A zip file; `change` may falsify what its directory says of a member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
            change(archive.getinfo(name))
    return buffer.getvalue()


def zip_of_zeros(name: str, many: int, head: bytes = b"", byte: bytes = b"0", said: int | None = None) -> bytes:
    """A zip file of one member: a head and so many equal bytes; `said` is the size that its directory claims."""
    buffer, block = io.BytesIO(), byte * 2**20
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(name, "w", force_zip64=True) as file:
            file.write(head)
            for _ in range(many // len(block)):
                file.write(block)
        if said is not None:
            archive.getinfo(name).file_size = said
    return buffer.getvalue()


def says(size: int) -> Callable[[zipfile.ZipInfo], None]:
    return lambda info: setattr(info, "file_size", size)


def is_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def zip_of_names(many: int) -> bytes:
    """A zip file whose directory names so many empty members, all at one place."""
    names = [b"train/happy/%d.png" % number for number in range(many)]
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, len(names[0]), 0) + names[0]
    entries = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
        for name in names
    )
    return local + entries + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(entries), len(local), 0)


def nested(depth: int) -> bytes:
    content = zipped({"fer2013.csv": _table()})
    for _ in range(depth):
        content = zipped({"inner.zip": content})
    return content


def tarred(*members: tuple[tarfile.TarInfo, bytes], end: bool = True) -> bytes:
    """A tar file, compressed; what a header says of its size need not be true."""
    blocks = b"".join(info.tobuf() + content + b"\0" * (-len(content) % 512) for info, content in members)
    return gzip.compress(blocks + b"\0" * 1024 * end, 1)


def member(name: str = "fer2013.csv", kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def tar_of_names(many: int) -> bytes:
    some = b"".join(member(f"train/happy/{number}.png").tobuf() for number in range(1000))
    return gzip.compress(some, 1) * (many // 1000)


def tar_with_long_header(kind: bytes) -> bytes:
    """A tar file whose second header, of a kind that is read whole, is of three gigabytes."""
    return gzip.compress(member("long", kind, 3 * GIGABYTE).tobuf(tarfile.GNU_FORMAT), 1) + zeros(3 * GIGABYTE)


def climbing_tar() -> bytes:
    table = _table()
    return tarred(
        (member("../../climbed.csv", size=len(table)), table), (member("/climbed.csv", size=len(table)), table)
    )


def xz_with_dictionary(code: int) -> bytes:
    """An xz file that asks for a dictionary of 4 GiB to be unpacked (code 40)."""
    content = bytearray(lzma.compress(_table(), check=lzma.CHECK_CRC32))
    size = (content[12] + 1) * 4
    at = content.index(b"\x21\x01", 12, 12 + size) + 2  # LZMA2, one byte of properties
    content[at] = code
    content[12 + size - 4 : 12 + size] = struct.pack("<L", zlib.crc32(content[12 : 12 + size - 4]))
    return bytes(content)


# ----------------------------------------------------------------------------------------------------- arrays and pictures


def npy(shape: tuple[int, ...], dtype: str = "|u1", content: bytes = b"") -> bytes:
    head = str({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


def npz(**arrays: bytes) -> bytes:
    labels = npy((14,), content=bytes(14))
    parts = {"images": npy((14, 48, 48), content=bytes(14 * 2304)), "labels": labels, **arrays}
    return zipped({f"{name}.npy": content for name, content in parts.items()})


def npz_of_zeros() -> bytes:
    """A million pictures of zeros, which is what the header says: two gigabytes."""
    faces = 2 * GIGABYTE // 2304
    return zip_of_zeros("images.npy", faces * 2304 // 2**20 * 2**20, npy((faces, 48, 48)), b"\0")


def pair_of_zeros(many: int) -> bytes:
    """So many pictures of zeros, of eight bytes for each pixel, and the numbers of their classes."""
    images = npy((many, 48, 48), "<f8", bytes(many * 48 * 48 * 8))
    return zipped({"x_train.npy": images, "y_train.npy": npy((many,), content=bytes(many))})


def pickled() -> bytes:
    return npy((1,), "|O", pickle.dumps(np.array([Code()], dtype=object)))


def png(width: int, height: int, content: bytes = b"", extra: bytes = b"") -> bytes:
    """A grey PNG of that size, whatever its content."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def png_of_zeros(side: int) -> bytes:
    packer = zlib.compressobj(1)
    row = bytes(side + 1)
    return png(side, side, b"".join(packer.compress(row) for _ in range(side)) + packer.flush())


def png_with_text() -> bytes:
    """A PNG with a compressed comment of half a gigabyte."""
    body = b"zTXt" + b"a\0\0" + zlib.compress(bytes(2**29), 1)
    return png(
        48,
        48,
        zlib.compress(bytes(49 * 48)),
        struct.pack(">L", len(body) - 4) + body + struct.pack(">L", zlib.crc32(body)),
    )


def postscript() -> bytes:
    """Pillow gives PostScript to another program: no picture of a face is one."""
    program = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 48 48\n({MARK}) (w) file closefile showpage\n"
    return program.encode()


def parquet_of_one_value(size: int) -> bytes:
    """A parquet file of a few kilobytes with a row of so many zeros for a picture."""
    import pyarrow
    from pyarrow import parquet

    buffer = io.BytesIO()
    table = pyarrow.table({"image": [bytes(size)], "label": [0]})
    parquet.write_table(table, buffer, compression="zstd", use_dictionary=False, write_statistics=False)
    return buffer.getvalue()


def parquet_of_one_picture(rows: int) -> bytes:
    """A parquet file of a few kilobytes with the same picture again and again: 20 kB a row, once they are unpacked."""
    import pyarrow
    from pyarrow import parquet

    picture = pyarrow.array([_pictures()[0] + bytes(20_000)], pyarrow.binary())
    column = pyarrow.DictionaryArray.from_arrays(pyarrow.array(np.zeros(rows, np.int32)), picture)
    buffer = io.BytesIO()
    table = pyarrow.table({"image": column, "label": pyarrow.array(np.zeros(rows, np.int64))})
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


# -------------------------------------------------------------------------------------------------------- words and numbers


def laughs(field: str) -> bytes:
    """YAML whose aliases stand for 10 ** 9 words, though it is safe to load: until somebody prints it."""
    lists = ["&a0 [" + ", ".join(["ha"] * 10) + "]"]
    lists += [f"&a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 9)]
    return f"{field}: [{', '.join(lists)}]\n".encode()


def yaml(field: str) -> dict[str, Callable[[], bytes]]:
    return {
        "a pipe": pipe,
        "endless": endless,
        "code": lambda: (
            f"{field}: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{MARK}]]".encode()
        ),
        "a billion laughs": lambda: laughs(field),
        "a billion laughs for a name": lambda: laughs("? ") + b": 1\n",
        "100,000 brackets": lambda: f"{field}: ".encode() + b"[" * 100_000,
        "a number of 100,000 digits": lambda: f"{field}: ".encode() + b"9" * 100_000,
        "a line of 50 MB": lambda: f"{field}: ".encode() + b"a" * 50_000_000,
    }


def deep(opening: bytes = b'{"cells": ') -> bytes:
    return opening + b"[" * 1_000_000


def large_notebook() -> bytes:
    """A notebook with an output of 200 MB."""
    notebook = json.loads(_notebook())
    notebook["cells"][0]["outputs"][0]["text"] = ["a" * 200_000_000]
    return json.dumps(notebook).encode()


JSON = {
    "a million brackets": deep,
    "a number of 100,000 digits": lambda: b'{"cells": ' + b"9" * 100_000 + b', "finished": 1}',
}
TABLES = {
    "a line of 300 MB": lambda: b"emotion,pixels,Usage\n0," + b"7" * 300_000_000,
    "a quote that never closes": lambda: b'id,emotion,pixels,Usage\n0,"' + b"7\n" * 50_000_000,
    "300 MB of empty lines": lambda: b"emotion,pixels,Usage" + b"\n" * 300_000_000,
}
PICTURES = {
    "claims 3.6 gigapixels": lambda: png(60_000, 60_000, zlib.compress(b"0")),
    "holds 0.9 gigapixels": lambda: png_of_zeros(30_000),
    "holds 170 megapixels": lambda: png_of_zeros(13_000),
    "a comment of half a gigabyte": png_with_text,
    "a program": postscript,
}


# ------------------------------------------------------------------------------------------------------- not even files


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def round_and_round(path: Path) -> None:
    path.write_bytes(_pictures()[0])
    (path.parent / "again").symlink_to("..")
    (path.parent / "nowhere").symlink_to("not there")


#: Tables as only faces come in.
ODD_TABLES = {
    "a quoted field of 300 MB": lambda: HEAD + b'0,"[' + b"7,\n" * 100_000_000 + b']",Training\n',
    "quoted rows of empty fields": lambda: HEAD + b'0,"7,7",Training\n' + b'"","",""\n' * 20_000_000,
    "UTF-16 of 300 MB without a line end": lambda: "emotion,pixels,Usage\n0,".encode("utf-16") + b"7\0" * 150_000_000,
    "UTF-16 of lone surrogates": lambda: "emotion,pixels,Usage\n0,".encode("utf-16") + b"\0\xd8" * 150_000_000,
    "100,000 columns": lambda: (
        (b",".join(b"p%d" % number for number in range(100_000)) + b"\n" + b"7," * 99_999 + b"7\n") * 100
    ),
    "a column for each pixel and a row without end": lambda: b"7," * 2304 + b"7\n" + b"7," * 150_000_000,
    "300 MB of brackets": lambda: HEAD + b'0,"' + b"[" * 300_000_000,
}


def zip_of_tables(many: int) -> bytes:
    """A zip file of a few megabytes with so many tables of 250 kB each, all of them with other columns."""
    content = b"a,b\n" + b"0,7\n" * 60_000
    return zipped({f"{number}/train.csv": content for number in range(many)})


CASES: dict[str, dict[str, Callable]] = {
    "csv": {**TABLES, **ODD_TABLES, "endless": endless, "a pipe": pipe},
    "contest": {**TABLES, **ODD_TABLES, "a pipe": pipe},
    "votes": {
        **TABLES,
        "a pipe": pipe,
        "endless": endless,
        "a number of 100,000 digits": lambda: _votes().replace(b"1", b"9" * 100_000, 1),
    },
    "zip": {
        "claims a terabyte": lambda: zipped({"fer2013.csv": _table()}, says(2**40)),
        "claims ten bytes": lambda: zip_of_zeros("fer2013.csv", 3 * GIGABYTE, said=10),
        "holds three gigabytes": lambda: zip_of_zeros("fer2013.csv", 3 * GIGABYTE),
        "a row of almost a gigabyte": lambda: zip_of_zeros("fer2013.csv", GIGABYTE - 2**21, HEAD + b"0,"),
        "empty rows of almost a gigabyte": lambda: zip_of_zeros("fer2013.csv", GIGABYTE - 2**21, HEAD, b"\n"),
        "a picture of three gigabytes": lambda: zip_of_zeros("train/happy/1.png", 3 * GIGABYTE),
        "a million members": lambda: zip_of_names(1_000_000),
        "a zip in a zip, 50 deep": lambda: nested(50),
        "../ and absolute members": lambda: zipped({"../../climbed.csv": _table(), "/climbed.csv": _table()}),
        "a link": lambda: zipped({"fer2013.csv": b"/etc/passwd"}, is_link),
        "5,000 tables": lambda: zip_of_tables(5_000),
        "huge pictures": lambda: zipped({f"train/happy/{n}.png": png_of_zeros(9_000) for n in range(4)}),
    },
    "tar": {
        "claims a terabyte": lambda: tarred((member(size=2**33 - 1), _table()), end=False),
        "a million members": lambda: tar_of_names(1_000_000),
        "a name of three gigabytes": lambda: tar_with_long_header(tarfile.GNUTYPE_LONGNAME),
        "a header of three gigabytes": lambda: tar_with_long_header(tarfile.XHDTYPE),
        "../ and absolute members": climbing_tar,
        "a link": lambda: tarred((member(kind=tarfile.SYMTYPE, link="/etc/passwd"), b"")),
        "a hard link": lambda: tarred((member(kind=tarfile.LNKTYPE, link="/etc/passwd"), b"")),
        "a device": lambda: tarred((member(kind=tarfile.CHRTYPE), b"")),
        "a pipe": lambda: tarred((member(kind=tarfile.FIFOTYPE), b"")),
        "three gigabytes": lambda: zeros(3 * GIGABYTE, b"\0"),
        "a row of three gigabytes": lambda: (
            gzip.compress(member(size=3 * GIGABYTE).tobuf() + (HEAD + b"0,").ljust(512, b"7"), 1) + zeros(3 * GIGABYTE)
        ),
    },
    "gz": {
        "holds six gigabytes": lambda: zeros(6 * GIGABYTE),
        "a row of almost a gigabyte": lambda: gzip.compress(HEAD + b"0,") + zeros(GIGABYTE - 2**26),
        "empty rows of four gigabytes": lambda: gzip.compress(HEAD) + zeros(4 * GIGABYTE, b"\n"),
        "a pipe": pipe,
    },
    "xz": {"wants a dictionary of 4 GiB": lambda: xz_with_dictionary(40)},
    "npz": {
        "code": lambda: npz(images=pickled()),
        "code in the labels": lambda: npz(labels=pickled()),
        "claims 10 ** 12 pictures": lambda: npz(images=npy((10**12, 48, 48))),
        "claims a negative number": lambda: npz(images=npy((-(2**62), 48, 48))),
        "claims words of a gigabyte": lambda: npz(split=npy((14,), f"<U{2**28}")),
        "holds two gigabytes": npz_of_zeros,
        "a pair of which one claims 10 ** 12 pictures": lambda: npz(x_train=npy((10**12, 48, 48)), y_train=npy((14,))),
        "a pair of 0.8 gigabytes": lambda: pair_of_zeros(40_000),
        "a pair of 0.9 gigabytes": lambda: pair_of_zeros(50_000),
        "a pair with code": lambda: npz(x_train=pickled(), y_train=pickled()),
    },
    "parquet": {
        "a page that says it has two gigabytes": lambda: (FOUND / "parquet" / "page-of-2-gb").read_bytes(),
        "a picture of 250 MB": lambda: parquet_of_one_value(250_000_000),
        "six gigabytes of one picture": lambda: parquet_of_one_picture(300_000),
        "a claim": lambda: b"PAR1" + bytes(100) + struct.pack("<L", 2**31) + b"PAR1",
    },
    "picture": {**PICTURES, "a pipe": pipe, "endless": endless, "links round and round": round_and_round},
    "photograph": {**PICTURES, "a pipe": pipe, "endless": endless},
    "recipe": yaml("epochs"),
    "sweep": yaml("grid"),
    "profile": yaml("recipe"),
    "run's recipe": yaml("epochs"),
    "progress": {**JSON, "an output of 200 MB": large_notebook},
    "notices": {**JSON, "an output of 200 MB": large_notebook},
    "metrics": JSON,
    "history": {**TABLES, "a number of 100,000 digits": lambda: b"epoch,loss\n" + b"9" * 100_000 + b",1\n"},
    "students": {**TABLES, "a pipe": pipe, "endless": endless},
    "handed in": {
        "claims ten bytes": lambda: zip_of_zeros("ada/01.ipynb", 3 * GIGABYTE, said=10),
        "holds three gigabytes": lambda: zip_of_zeros("ada/01.ipynb", 3 * GIGABYTE),
        "a million members": lambda: zip_of_names(1_000_000),
        "../ and absolute members": lambda: zipped({"../../climbed.ipynb": _notebook(), "/climbed.ipynb": _notebook()}),
        "a link": lambda: zipped({"ada/01.ipynb": b"/etc/passwd"}, is_link),
    },
}  # fmt: skip


@contextmanager
def at_most(seconds: int):
    """Raise `TooLong` when that time is over."""

    def over(*_):
        raise TooLong(f"more than {seconds} seconds")

    signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def memory() -> int:
    """The memory of this process at its highest since it was last asked, in MB."""
    status = Path("/proc/self/status")
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(peak.split()[1]) // 1024


def try_one(name: str, case: str) -> dict:
    """Let a reader read a hostile file; return what happened: "trouble", if any, MB and seconds."""
    MARK.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "far" / "down"
        folder.mkdir(parents=True)
        path = folder / READERS[name].file
        path.parent.mkdir(parents=True, exist_ok=True)
        make = CASES[name][case]
        content = make(path) if make in (pipe, endless, round_and_round) else make()
        if content is not None:
            path.write_bytes(content)
        del content
        before = sorted(each for each in Path(place).rglob("*"))
        memory()
        start, base, trouble = time.monotonic(), memory(), ""
        try:
            with at_most(SECONDS):
                attempt(name, None, folder)
        except BaseException as error:
            trouble = f"{type(error).__name__}: {str(error)[:200]}"
        took, used = time.monotonic() - start, memory() - base
        if MARK.exists():
            trouble += " code was run"
        if sorted(each for each in Path(place).rglob("*")) != before:
            trouble += " files were left"
    return {"case": case, "trouble": trouble, "mb": used, "seconds": round(took, 1)}


def main() -> None:
    """Try all of a reader's files; the first, whole one only loads what reading needs."""
    name = sys.argv[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as place:
        for seed in READERS[name].seeds():
            attempt(name, seed, Path(place))
    for case in CASES[name]:
        print(json.dumps(try_one(name, case)), flush=True)


if __name__ == "__main__":
    main()
