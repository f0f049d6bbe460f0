"""`fer-course data`: describe, import, download or draw faces."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import add_command


def add_data(commands) -> None:
    """Add the commands of `data`."""
    info = add_command(commands, "info", _info, "describe what a file or folder holds")
    info.add_argument("path", metavar="PATH")
    info.add_argument("--votes", metavar="fer2013new.csv", help="FERPlus' votes, to compare them with the labels")
    import_ = add_command(commands, "import", _import, "copy faces to a folder where every lesson finds them")
    import_.add_argument("path", metavar="PATH")
    download = add_command(commands, "download", _download, "get FER2013 from Kaggle with kagglehub, and import it")
    download.add_argument(
        "name", nargs="?", help="OWNER/NAME of a data set, or a competition; none: a known copy of FER2013"
    )
    draw = add_command(commands, "draw", _draw, "write drawn faces in FER2013's format")
    draw.add_argument("out", type=Path, metavar="OUT.csv")
    draw.add_argument("--n", type=int, default=None, help="how many faces")
    draw.add_argument("--seed", type=int, default=0)


def _info(options) -> None:
    from fer_course import data

    print(data.info(options.path, options.votes))


def _import(options) -> None:
    from fer_course import data

    print(f"Imported to {data.import_faces(options.path)}. Every lesson finds it there.")


def _download(options) -> None:
    from fer_course import data

    path = data.download_faces(*filter(None, [options.name]))
    print(f"Imported to {path}. Every lesson finds it there.")


def _draw(options) -> None:
    from fer_course import data
    from fer_course.data import drawn

    faces = drawn.draw(drawn.DEFAULT_N if options.n is None else options.n, seed=options.seed)
    data.write_csv(faces, options.out)
    print(f"Wrote {len(faces):,} drawn faces to {options.out}.")
