"""The command line `fer-course`: a thin layer over the package's functions."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

from fer_course import console
from fer_course._shared import causes, settings
from fer_course.errors import FerCourseError


def main(arguments: list[str] | None = None) -> int:
    """Run `fer-course` with the arguments of the command line; return the exit status.

    0: done · 1: something on purpose said no (one sentence on stderr) · 2: wrong usage · 130: interrupted · 141: nobody read
    the output to its end.
    """
    with settings.isolated():
        return console.printing(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = parser().parse_args(arguments)
    try:
        Path.cwd()
    except FileNotFoundError:
        print(
            "fer-course: this folder is gone: it was removed or renamed. Go to another one, cd ~ say.", file=sys.stderr
        )
        return 1
    try:
        return options.command(options) or 0
    except FerCourseError as error:
        print(f"fer-course: {error}", file=sys.stderr)
        return 1
    except ImportError as error:  # something is missing, hidden or damaged
        print(f"fer-course: {causes.of_error(error)} `fer-course doctor` says more.", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a forbidden place, where a library of others writes
        from fer_course._shared.files import TROUBLES

        if error.errno not in TROUBLES:
            raise
        print(f"fer-course: {error.strerror}: {error.filename or 'a file'}. {TROUBLES[error.errno]}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fer-course: interrupted; what was finished is kept.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="fer-course", description="A course on efficient convolutional networks.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_start(commands)
    _add_data(commands.add_parser("data", help="look at, import, download or draw faces").add_subparsers(required=True))
    _add_train(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    _add_export(commands)
    _add_live(commands)
    _add_zoo(commands)
    _add_sweep(commands)
    _add_doctor(commands)
    _add_class(
        commands.add_parser("class", help="assignments, grading and marks (teachers)").add_subparsers(required=True)
    )
    _add_authors(commands)
    return top


def _command(commands, name: str, function, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(command=function)
    return command


def _add_run(commands) -> None:
    run = _command(commands, "run", _run, "run the lessons with papermill, in order, into runs/<stamp>/")
    run.add_argument("lessons", nargs="*", metavar="LESSON", help="07, 7 or 07-train-it; none: all of them")
    run.add_argument("--profile", help="cpu, gpu, paper, or a YAML file of parameters; none: the quick defaults")
    run.add_argument("--data", help="file or folder with FER2013, or the word drawn")
    run.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="set one parameter")
    run.add_argument("--out", type=Path, help="the folder to write, instead of runs/<stamp>/")
    run.add_argument("--resume", action="store_true", help="go on with the newest run that is not finished")


def _run(options) -> int:
    from fer_course import course

    lessons, out = options.lessons or None, options.out
    return course.run(lessons, options.profile, options.data, out=out, resume=options.resume, typed=dict(options.p))


def _add_start(commands) -> None:
    start = _command(commands, "start", _start, "copy the lessons that are not there yet; nothing is overwritten")
    start.add_argument("folder", nargs="?", type=Path, default=Path("my-lessons"))
    far = _command(commands, "progress", _progress, "say which exercises are solved in your own copies of the lessons")
    far.add_argument("folder", nargs="?", type=Path, default=Path("my-lessons"))


def _start(options) -> None:
    from fer_course import course

    course.start(options.folder)


def _progress(options) -> None:
    from fer_course import course

    print(course.progress_table(course.progress(options.folder)))


def _add_data(commands) -> None:
    info = _command(commands, "info", _info, "say what a file or folder holds")
    info.add_argument("path", metavar="PATH")
    info.add_argument("--votes", metavar="fer2013new.csv", help="FERPlus' votes, to compare with the labels")
    import_ = _command(commands, "import", _import, "copy faces to where every lesson finds them")
    import_.add_argument("path", metavar="PATH")
    download = _command(commands, "download", _download, "get FER2013 from Kaggle with kagglehub, and import it")
    download.add_argument("name", nargs="?", help="OWNER/NAME of a data set, or a competition; none: a well-known copy")
    draw = _command(commands, "draw", _draw, "write drawn faces in FER2013's format")
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


def _add_train(commands) -> None:
    train = _command(commands, "train", _train, "train a model; the same command goes on after a kill")
    train.add_argument("--recipe", default="quick", help="quick, minutes, best, paper, or a .yaml file")
    train.add_argument("--model", help="the model's name, instead of the recipe's")
    train.add_argument("--data", help="file or folder with FER2013, or the word drawn; none: look for it")
    train.add_argument("--faces", type=int, default=0, help="train on so many faces only; 0: all")
    train.add_argument("--seed", type=int, help="instead of the recipe's")
    train.add_argument("--devices", type=int, default=1, help="accelerators to share each batch (KERAS_BACKEND=jax)")
    train.add_argument("--deterministic", action="store_true", help="the same weights each time on a GPU too; slower")
    train.add_argument("--teacher", nargs="+", metavar="RUN", help="runs to learn from, for a recipe with distillation")
    train.add_argument("--unseen", action="store_true", help="each face is judged by those teachers that held it out")
    train.add_argument("--out", type=Path, required=True, help="the run's folder")


def _train(options) -> int:
    from fer_course import data
    from fer_course.recipes import Recipe

    recipe = Recipe.load(options.recipe)
    changes = {"model": options.model, "seed": options.seed}
    recipe = recipe.but(**{name: value for name, value in changes.items() if value is not None})
    faces = data.load(options.data)

    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course.runs import Run
    from fer_course.training import devices, train
    from fer_course.training.distillation import soft_targets

    if options.deterministic:
        devices.tell_xla()
    faces = faces.sample(options.faces)
    teachers = [Run(path) for path in options.teacher or ()]
    teacher = soft_targets(teachers, faces, unseen=options.unseen) if teachers else None
    run = train(
        None,
        faces,
        recipe,
        out=options.out,
        teacher=teacher,
        devices=options.devices,
        deterministic=options.deterministic,
    )
    metrics = run.metrics
    kind = "drawn faces" if faces.drawn else "faces"
    if not run.finished:
        print(f"Interrupted after epoch {metrics['epochs']}. The same command goes on with {options.out}.")
        return 130
    print(f"{run.images_per_second:,.0f} images a second.", end=" ")
    if not faces.drawn and (seconds := run.seconds_to(0.61)) is not None:
        print(f"The paper's 61 % was reached on the faces held out after {seconds:,.0f} s.", end=" ")
    held_out = "val_accuracy" in metrics
    score, which = metrics["val_accuracy" if held_out else "accuracy"], "held out" if held_out else "trained on"
    print(f"{options.out}: {metrics['epochs']} epochs, best {metrics['best_epoch']}, {score:.1%} of {kind} {which}.")
    return 0


#: What `evaluate`, `predict` and `export` take, and what only the first two take.
_RUN = "the folder that `train` wrote, or the word pretrained: the mini-Xception that comes with the course"
_RUN_OR_FILE = f"{_RUN}; or a .tflite or .onnx file that `export` wrote"


def _trained(name: str):
    """Return the run in that folder, the network in that exported file, or the one that comes with the course."""
    from fer_course import models
    from fer_course.runs import Run

    path = Path(name)
    if path.is_file() or (path.suffix in (".tflite", ".onnx") and not path.is_dir()):
        from fer_course import export

        return export.load(path)
    return models.pretrained() if name == "pretrained" and not path.exists() else Run(path)


def _add_evaluate(commands) -> None:
    evaluate = _command(commands, "evaluate", _evaluate, "say how good a run's model is")
    evaluate.add_argument("run", metavar="RUN", help=_RUN_OR_FILE)
    evaluate.add_argument("--data", help="file or folder with FER2013, or the word drawn; none: look for it")
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


def _add_predict(commands) -> None:
    predict = _command(commands, "predict", _predict, "write what a run's model says of each face, labelled or not")
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


def _add_export(commands) -> None:
    export = _command(commands, "export", _export, "write a run's model as a file for another runtime: LiteRT or ONNX")
    export.add_argument("run", metavar="RUN", help=_RUN)
    export.add_argument("--to", required=True, metavar="TARGET", help="litert, litert-int8 (8-bit integers) or onnx")
    export.add_argument(
        "--out", type=Path, metavar="FILE", help="none: model.… in the run's folder, or the model's name"
    )
    export.add_argument(
        "--data", help="file or folder with FER2013, or the word drawn, to compare on; none: look for it"
    )


def _export(options) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data, export

    run = _trained(options.run)
    out = options.out or export.place(run, options.to)
    export.check(out, options.to)
    print(export.export(run, out, options.to, data.load(options.data)))


def _add_live(commands) -> None:
    live = _command(commands, "live", _live, "open the camera panel as a page of its own, on this machine only")
    live.add_argument("run", nargs="?", default="pretrained", metavar="RUN", help=_RUN)
    live.add_argument("--port", type=int, help="where to listen, on 127.0.0.1; none: any port that is free")
    live.add_argument("--no-browser", action="store_true", help="only print the address")


def _live(options) -> None:
    from fer_course import page

    page.serve(options.run, options.port, not options.no_browser)


def _add_zoo(commands) -> None:
    zoo = _command(commands, "zoo", _zoo, "list the models: what they cost, and how good they were")
    zoo.add_argument("--input-size", type=int, default=48, metavar="PIXELS")


def _zoo(options) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import zoo

    print(zoo.table(options.input_size))


def _add_sweep(commands) -> None:
    sweep = _command(commands, "sweep", _sweep, "try a grid of settings with several seeds; the same command goes on")
    sweep.add_argument("sweep", type=Path, metavar="SWEEP.yaml", help="what to try; docs/clusters has one")
    sweep.add_argument("--out", type=Path, help="the sweep's folder; none: sweeps/<its name>")
    sweep.add_argument("--workers", type=int, default=2, help="how many local processes")
    sweep.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that sees the same folders, instead of these"
    )


def _sweep(options) -> None:
    from functools import partial

    from tqdm import tqdm

    from fer_course import sweep
    from fer_course._shared.executors import executor_at

    wanted = sweep.load(options.sweep)
    out = options.out or Path("sweeps") / options.sweep.stem
    sweep.check_folder(wanted, out)
    everything = sweep.trials(wanted, out)
    done = sum(trial.done for trial in everything)
    print(f"{len(everything) - done} of {len(everything)} trials to run; results go to {out}")
    data = Path(wanted.data) if wanted.data not in (None, "drawn") else None
    where = partial(executor_at, options.scheduler, options.workers, wanted.threads, out.resolve(), data)
    watch = partial(tqdm, total=len(everything), initial=done, desc=options.sweep.stem, unit="trial")
    for each in sweep.run(wanted, out, where, watch, tqdm.write):
        print(
            ", ".join(
                f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in each.items()
            )
        )


def _add_doctor(commands) -> None:
    doctor = _command(commands, "doctor", _doctor, "look at this machine, and say what to mend")
    doctor.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _doctor(options) -> int:
    from fer_course import doctor

    findings = []
    for finding in doctor.findings():  # some take seconds: each is said at once
        findings.append(finding)
        if not options.json:
            print(finding, flush=True)
    if options.json:
        print(doctor.as_json(findings))
    return 1 if any(finding.state == doctor.TROUBLE for finding in findings) else 0


def _add_class(commands) -> None:
    init = _command(commands, "init", _class_init, "make an nbgrader course of the lessons, one assignment each")
    init.add_argument("folder", type=Path, help="new or empty")
    init.add_argument(
        "--students", type=Path, metavar="CSV", help="id, last_name, first_name, email; only id must be filled"
    )
    init.add_argument(
        "--db", metavar="URL", help="where the gradebook lies, for SQLAlchemy; none: SQLite in the folder"
    )
    release = _command(commands, "release", _class_release, "make what learners get, in release/")
    collect = _command(commands, "collect", _class_collect, "bring in what a learning platform exports")
    grade = _command(commands, "grade", _class_grade, "grade what was submitted, each notebook in a sandbox")
    feedback = _command(commands, "feedback", _class_feedback, "make a page for each graded submission")
    marks = _command(commands, "marks", _class_marks, "write the marks as CSV")
    for command in (release, collect, grade, feedback, marks):
        command.add_argument("folder", type=Path, help="the class")
    for command in (release, grade, feedback):
        command.add_argument("lessons", nargs="*", metavar="LESSON", help="07, 7 or 07-train-it; none: all of them")
    collect.add_argument(
        "handed_in", type=Path, metavar="FROM", help="a folder or zip: in it a folder or zip a learner"
    )
    grade.add_argument(
        "--student", action="append", dest="students", metavar="ID", help="only this one; can be repeated"
    )
    grade.add_argument("--workers", type=int, default=2, help="how many notebooks are executed at a time")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, instead of local processes")
    grade.add_argument("--force", action="store_true", help="also what is graded")
    grade.add_argument("--unsafe", action="store_true", help="without the sandbox, with all your rights")
    marks.add_argument("--out", type=Path, default=Path("marks.csv"))
    marks.add_argument("--wide", action="store_true", help="a column a lesson, as learning platforms import it")


def _class_init(options) -> None:
    from fer_course.classroom import setting_up

    made = setting_up.init(options.folder, options.students, options.db)
    print(f"Made {len(made)} assignments in {options.folder}. Next: fer-course class release {options.folder}")


def _class_release(options) -> None:
    from fer_course.classroom import setting_up

    setting_up.enrol(options.folder)
    for path in setting_up.release(options.folder, options.lessons):
        print(path)


def _class_collect(options) -> int:
    from fer_course.classroom.collecting import collect

    collected = collect(options.folder, options.handed_in)
    print(f"Brought in {len(collected.notebooks)} notebooks.")
    for sentence in collected.refused:
        print(f"Left out: {sentence}", file=sys.stderr)
    return 1 if collected.refused else 0


def _class_grade(options) -> int:
    from fer_course._shared.executors import executor_at
    from fer_course.classroom.grading import grade

    with executor_at(options.scheduler, options.workers) as executor:
        graded = grade(
            options.folder, options.lessons, options.students, executor, unsafe=options.unsafe, force=options.force
        )
    print(f"Graded {len(graded.done)} submissions. Next: fer-course class marks {options.folder}")
    for (student, lesson), sentences in graded.remarks.items():
        for sentence in sentences:
            print(f"Look at {student}, {lesson}: {sentence}")
    for (student, lesson), reason in graded.failed.items():
        print(f"Could not grade {student}, {lesson}: {reason}", file=sys.stderr)
    return 1 if graded.failed else 0


def _class_feedback(options) -> None:
    from fer_course.classroom.marks import feedback

    print(f"Wrote {len(feedback(options.folder, options.lessons))} pages to {options.folder / 'feedback'}.")


def _class_marks(options) -> None:
    from fer_course.classroom.marks import write_marks

    write_marks(options.folder, options.out, options.wide)
    print(f"Wrote {options.out}.")


def _add_authors(commands) -> None:
    release = _command(commands, "release", _release, "build lessons/ from solutions/ (authors)")
    release.add_argument("--check", action="store_true", help="only say which lessons are out of date")
    tidy = _command(commands, "tidy", _tidy, "strip outputs of notebooks, but those that nbval compares (authors)")
    tidy.add_argument("notebooks", nargs="*", type=Path, help="none: all of solutions/")
    tidy.add_argument("--execute", action="store_true", help="run them on drawn faces first, to renew those outputs")


def _release(options) -> int:
    from fer_course import release

    if not options.check:
        release.release(Path("solutions"), Path("lessons"))
    stale = release.in_sync(Path("solutions"), Path("lessons"))
    for name in stale:
        print(f"lessons/{name} is out of date: run `make lessons`.", file=sys.stderr)
    return 1 if stale else 0


def _tidy(options) -> None:
    from fer_course import release

    for notebook in options.notebooks or sorted(Path("solutions").glob("*.ipynb")):
        release.tidy(notebook, execute=options.execute)


if __name__ == "__main__":
    sys.exit(main())
