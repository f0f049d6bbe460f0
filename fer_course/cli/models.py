"""`fer-course evaluate`, `predict`, `export`, `live` and `zoo`."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from fer_course.cli.commands import FACES, add_command

#: What `evaluate`, `predict` and `export` take, and what only the first two take.
_RUN = "the folder that `train` wrote, or the word pretrained: the mini-Xception that comes with the course"


_RUN_OR_FILE = f"{_RUN}; or a .tflite or .onnx file that `export` wrote"


def _trained(name: str):
    """Return the run in a folder, the network in an exported file, or the network that comes with the course."""
    from fer_course import models
    from fer_course.runs import Run

    path = Path(name)
    if path.is_file() or (path.suffix in (".tflite", ".onnx") and not path.is_dir()):
        from fer_course import export

        return export.load(path)
    return models.pretrained() if name == "pretrained" and not path.exists() else Run(path)


def add_evaluate(commands) -> None:
    """Add `evaluate`."""
    evaluate = add_command(commands, "evaluate", _evaluate, "measure how good a run's model is")
    evaluate.add_argument("run", metavar="RUN", help=_RUN_OR_FILE)
    evaluate.add_argument("--data", help=f"{FACES}; none: look for it")
    evaluate.add_argument("--split", help="PublicTest (the default), PrivateTest, Training or Test")
    evaluate.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _evaluate(options) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data

    run = _trained(options.run)
    with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
        faces = data.load(options.data)

    from fer_course.evaluation import evaluate

    report = evaluate(run, faces, options.split)
    print(json.dumps(report.to_dict(), indent=2) if options.json else report)


def add_predict(commands) -> None:
    """Add `predict`."""
    predict = add_command(
        commands, "predict", _predict, "write what a run's model says about each face, labelled or not"
    )
    predict.add_argument("run", metavar="RUN", help=_RUN_OR_FILE)
    predict.add_argument("--data", help="the contest's test.csv, or any file or folder with FER2013; none: look for it")
    predict.add_argument("--out", type=Path, required=True, metavar="OUT.csv", help="row, class and probabilities")


def _predict(options) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data

    run = _trained(options.run)
    images = data.unlabelled(options.data)

    from fer_course.evaluation import predict, write_predictions

    write_predictions(predict(run, images), options.out)
    print(f"Wrote predictions for {len(images):,} faces to {options.out}.")


def add_export(commands) -> None:
    """Add `export`."""
    export = add_command(
        commands,
        "export",
        _export,
        "write a run's model as a file for another runtime: LiteRT, ONNX, or a page for a browser",
    )
    export.add_argument("run", metavar="RUN", help=_RUN)
    export.add_argument(
        "--to",
        required=True,
        metavar="TARGET",
        help="litert, litert-int8 (8-bit integers), onnx, or page (one HTML file with a camera)",
    )
    export.add_argument(
        "--out", type=Path, metavar="FILE", help="none: model.… in the run's folder, or the model's name"
    )
    export.add_argument("--data", help=f"{FACES}, to compare on; none: look for it")


def _export(options) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data, export

    run = _trained(options.run)
    out = options.out or export.default_path(run, options.to)
    export.check(out, options.to)
    faces = None if options.to == "page" else data.load(options.data)
    print(export.export(run, out, options.to, faces))


def add_live(commands) -> None:
    """Add `live`."""
    live = add_command(commands, "live", _live, "open the camera panel as a web page, on this machine only")
    live.add_argument("run", nargs="?", default="pretrained", metavar="RUN", help=_RUN)
    live.add_argument("--port", type=int, help="the port on 127.0.0.1; none: any free port")
    live.add_argument("--no-browser", action="store_true", help="only print the address")


def _live(options) -> None:
    from fer_course.widgets import page

    page.serve(options.run, options.port, not options.no_browser)


def add_zoo(commands) -> None:
    """Add `zoo`."""
    zoo = add_command(commands, "zoo", _zoo, "list the models: what they cost, and how good they were")
    zoo.add_argument("--input-size", type=int, default=48, metavar="PIXELS")


def _zoo(options) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course.results import zoo

    print(zoo.table(options.input_size))
