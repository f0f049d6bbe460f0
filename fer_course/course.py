"""Run the course's notebooks in order, and make a learner's own copies of them.

Only the functions that run notebooks need papermill, nbconvert and psutil (the extra `lab`); they import them when called.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import html
import importlib
import json
import math
import os
import platform
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TextIO

import yaml

import fer_course
from fer_course.errors import DataError, LessonError
from fer_course.files import atomic, write_json, write_text

#: The parameters that every notebook of the course has, in this order.
PARAMETERS = ("data", "faces", "recipe", "seed", "out")
#: The mime type under which a lesson's key result stands among its outputs.
RESULT_TYPE = "application/vnd.fer-course.result+json"

#: Kernels warn on every start that they listen on local TCP ports; that tells a learner nothing.
QUIET_KERNEL = ["--log-level=ERROR"]

_TYPES = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
_SAMPLE_SECONDS = 0.2
_SOURCE_LINES = 8


# ------------------------------------------------------------------------------------------- what a lesson says


def report(sentence: str, **numbers: float) -> None:
    """Show a lesson's key result and hand its numbers to `fer-course run`.

    Built for the last section of every lesson: `report("PublicTest accuracy 61.2 %", accuracy=0.612, n=3589)`. In a
    notebook the sentence is displayed, the numbers travel with it under `RESULT_TYPE`; elsewhere it is printed.

    Args:
        sentence: the result in words, one line.
        numbers: the same result for machines. NumPy numbers are fine; infinities and NaN become `null` in JSON.

    Raises:
        LessonError: if a value is not a single number.

    """
    plain = {name: _plain_number(name, value) for name, value in numbers.items()}
    bundle = {"text/plain": sentence, RESULT_TYPE: {"sentence": sentence, "numbers": plain}}
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(sentence)
        return
    if get_ipython() is None:
        print(sentence)
    else:
        display(bundle, raw=True)


def _plain_number(name: str, value) -> float | int | bool | None:
    """Return a NumPy or Python number as one that JSON knows; None for NaN and infinities."""
    try:
        number = value.item() if hasattr(value, "item") else value
    except ValueError:  # an array of several numbers
        number = None
    if not isinstance(number, (bool, int, float)):
        raise LessonError(f"report() takes single numbers; found {name}={value!r}. Words belong into the sentence.")
    return number if math.isfinite(number) else None


# ------------------------------------------------------------------------------- finding lessons and profiles


def find_folder(kind: str) -> Path:
    """Return the folder of `lessons`, `profiles` or `solutions`, in a checkout or in the installed package.

    Raises:
        LessonError: if it is not there; solutions exist in a checkout only.

    """
    package = Path(fer_course.__file__).parent
    root = checkout()
    for place in [package / kind] + ([root / kind] if root else []):
        if place.is_dir():
            return place
    if kind == "solutions":
        raise LessonError(
            "The solved notebooks are only in the course's repository, not in the installed package. "
            "Clone the repository and run this there, or give a folder of notebooks as `source`."
        )
    raise LessonError(
        f"This installation of fer_course has no folder {kind}/ (looked beside {package}). Install it again."
    )


def checkout() -> Path | None:
    """Return the root of the repository this package was imported from, or None if it was installed from a wheel."""
    root = Path(fer_course.__file__).parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "solutions").is_dir() else None


def notebooks(source: str | Path | None = None) -> list[Path]:
    """Return the notebooks of a folder (default: `solutions/`) in the order of the course.

    Raises:
        LessonError: if the folder does not exist or holds no notebook.

    """
    place = find_folder("solutions") if source is None else Path(source)
    found = sorted(path.resolve() for path in place.glob("*.ipynb"))
    if not found:
        raise LessonError(f"There are no notebooks (*.ipynb) in {place}.")
    return found


def choose(available: list[Path], wanted: Iterable[str | int] | None) -> list[Path]:
    """Return the notebooks asked for, by number or name ("07", "7", "07-train-it"), in the order of the course.

    Raises:
        LessonError: if one of them does not exist; lists those that do.

    """
    if wanted is None:
        return available
    chosen = {
        path for name in ([wanted] if isinstance(wanted, (str, int)) else wanted) for path in _named(available, name)
    }
    return [path for path in available if path in chosen] or available


def _named(available: list[Path], name: str | int) -> list[Path]:
    stem = str(name).removesuffix(".ipynb")
    number = stem.zfill(2) if stem.isdigit() else None
    matching = [path for path in available if path.stem == stem or _number(path.stem) == number]
    if not matching:
        have = ", ".join(path.stem for path in available)
        raise LessonError(f"There is no lesson {str(name)!r}; there are: {have}.")
    return matching


def _number(stem: str) -> str:
    """Return the number in front of a lesson's name ("07" of "07-train-it"), or the name if there is none."""
    first = stem.split("-")[0]
    return first if first.isdigit() else stem


# ------------------------------------------------------------------------------------------------ parameters


def read_profile(profile: str | Path) -> dict:
    """Return the parameters of a profile: `cpu`, `gpu`, `paper`, or the path of a YAML file.

    Raises:
        LessonError: if there is no such profile, or the file is not a mapping of names to values.

    """
    path = Path(profile)
    if path.suffix not in (".yaml", ".yml"):
        have = {found.stem: found for found in sorted(find_folder("profiles").glob("*.yaml"))}
        if str(profile) not in have:
            raise LessonError(f"There is no profile {str(profile)!r}; there are: {', '.join(have)}, or a .yaml file.")
        path = have[str(profile)]
    if not path.is_file():
        raise LessonError(f"There is no profile file {path}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LessonError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise LessonError(f"{path} should hold lines like `recipe: minutes`; found {content!r}.")
    return content


def parse_value(text: str) -> str | int | float | bool | None:
    """Return a parameter's value typed on the command line as YAML reads it ("3" is a number), else as plain text."""
    try:
        value = yaml.load(text, Loader=yaml.SafeLoader) if text.strip() else text
    except yaml.YAMLError:
        return text
    return value if value is None or isinstance(value, (bool, int, float)) else text


def declared_parameters(notebook: str | Path) -> dict[str, str]:
    """Return name and type (`str`, `int`, … or `None` if not annotated) of a notebook's parameters, in their order."""
    require("papermill", "running lessons")
    from papermill import inspect_notebook

    found = inspect_notebook(_escaped(notebook))
    return {name: parameter["inferred_type_name"] for name, parameter in found.items()}


def check_parameters(notebook: str | Path, parameters: dict, where: str) -> None:
    """Check that a notebook has these parameters, with values of the right types. (papermill alone only warns.)

    Args:
        notebook: path of a notebook with a cell tagged `parameters`.
        parameters: names and values to be set.
        where: where they come from, for the message.

    Raises:
        LessonError: if a name is unknown (lists the right ones) or a value has the wrong type.

    """
    declared = declared_parameters(notebook) if parameters else {}
    for name, value in parameters.items():
        if name not in declared:
            have = ", ".join(declared) or "none"
            raise LessonError(
                f"{Path(notebook).stem} has no parameter {name!r} (from {where}); its parameters are: {have}."
            )
        problem = _type_problem(value, declared[name])
        if problem:
            raise LessonError(f"The parameter {name!r} of {Path(notebook).stem} {problem} (from {where}).")


def _type_problem(value, declared: str) -> str | None:
    """Say what is wrong with a value for a parameter annotated `declared`; None if nothing is."""
    allowed = _TYPES.get(declared)
    if allowed is None or (isinstance(value, allowed) and (declared == "bool" or not isinstance(value, bool))):
        return None
    found = f"takes {declared}; found {value!r}, which is {type(value).__name__}"
    if isinstance(value, str) and declared in ("int", "float"):
        with contextlib.suppress(ValueError):
            return f"{found}. YAML reads {value} as text: write {_yaml_number(value, declared)}"
    if declared == "str":
        return f"{found}. Put it in quotes"
    return found


def _yaml_number(text: str, declared: str) -> str:
    """Write a number such that YAML 1.1 sees one: `1e-3` becomes `1.0e-3`; raises ValueError if it is none."""
    number = float(text)
    if declared == "int" and number.is_integer():
        return str(int(number))
    digits, exponent, power = text.strip().lower().partition("e")
    if not exponent:
        return f"{text} without quotes"
    sign = "" if power.startswith(("+", "-")) else "+"
    return f"{digits}{'' if '.' in digits else '.0'}e{sign}{power}"


def _settings(chosen: list[Path], profile, parameters: dict | None, data) -> dict:
    """Merge profile, single parameters and data (the later ones win), checked against every chosen notebook."""
    sources = [(read_profile(profile), f"profile {profile}")] if profile is not None else []
    sources.append((dict(parameters or {}), "the parameters given"))
    sources.append(({} if data is None else {"data": os.fspath(data)}, "data"))
    merged = {}
    for values, where in sources:
        for notebook in chosen:
            check_parameters(notebook, values, where)
        merged.update(values)
    if merged.get("data"):
        merged["data"] = _absolute_data(merged["data"])
    if merged.get("out"):
        merged["out"] = str(Path(merged["out"]).expanduser().resolve())
    return merged


def _absolute_data(data: str) -> str:
    """Return an absolute path, because notebooks run in a folder of their own; `drawn` means the drawn faces."""
    path = Path(data).expanduser()
    if path.exists():
        return str(path.resolve())
    if data == "drawn":
        return data
    raise DataError(f"There is no file or folder {path.absolute()} with faces. Give a path that exists, or `drawn`.")


# --------------------------------------------------------------------------------------------------- running


def run(
    lessons: Iterable[str | int] | None = None,
    profile: str | Path | None = None,
    data: str | Path | None = None,
    parameters: dict | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    source: str | Path | None = None,
) -> int:
    """Run notebooks in order through papermill and collect what they show in a new folder `runs/<stamp>/`.

    The folder gets each notebook executed (`.ipynb`), as HTML, and what its kernel wrote to stderr (`.log`),
    `figures/NN-k.png`, `metrics.json` (after each lesson) and `index.html`. A lesson that fails does not stop the
    others. Every lesson runs in a folder of its own, `runs/<stamp>/<lesson>/`, which is also its parameter `out`
    unless that is given.

    Args:
        lessons: numbers or names, e.g. `["07"]`; all if None or empty.
        profile: `cpu`, `gpu`, `paper`, or the path of a YAML file with parameters.
        data: file or folder with faces; overrides the parameter `data`.
        parameters: single parameters; they override the profile's.
        out: the folder to write, instead of `runs/<stamp>/`; new or empty, unless resumed.
        resume: go on with the run in `out`, or with the newest one in `runs/` that is not finished, with its own
            settings. Lessons that ended well are kept, the others run again.
        source: folder of the notebooks; default `solutions/`.

    Returns:
        The exit status: 0 if all lessons ended well, 1 if one failed, 130 after Ctrl-C.

    Raises:
        LessonError: if a lesson, profile or parameter does not exist, before anything runs; if `out` is not empty;
            if there is nothing to resume.
        DataError: if `data` does not exist.

    """
    for module in ("papermill", "nbconvert", "psutil"):
        require(module, "running lessons")
    if resume:
        if lessons or profile is not None or data is not None or parameters or source is not None:
            raise LessonError("A resumed run keeps its own lessons and settings: leave the others out, or start anew.")
        target = _unfinished(_runs(), out)
        metrics = _read_metrics(target)
    else:
        chosen = choose(notebooks(source), lessons)
        metrics = _plan(chosen, profile, _settings(chosen, profile, parameters, data))
        target = _new_folder(_runs(), out)
    return _run_planned(target, metrics)


def _plan(chosen: list[Path], profile, settings: dict) -> dict:
    """Return what `metrics.json` holds before the first lesson runs; enough to resume after a kill."""
    return {
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "finished": False,
        "fer_course": fer_course.__version__,
        "python": platform.python_version(),
        "source": str(chosen[0].parent),
        "profile": None if profile is None else str(profile),
        "parameters": settings,
        "lessons": [{"lesson": path.stem, "status": "waiting"} for path in chosen],
    }


def _runs() -> Path:
    """Return where runs are collected: in the checkout, or where an installed package is used from."""
    return (checkout() or Path.cwd()) / "runs"


def _new_folder(place: Path, out: str | Path | None) -> Path:
    """Make the folder `out`, or one in `place` named by date and time; a second one in the same second gets a number."""
    if out is not None:
        target = Path(out).expanduser().resolve()
        if target.is_file() or (target.is_dir() and any(target.iterdir())):
            raise LessonError(f"A new or empty folder was expected for the results; {target} is neither.")
        target.mkdir(parents=True, exist_ok=True)
        return target
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for attempt in range(1, 1000):
        target = (place / (stamp if attempt == 1 else f"{stamp}-{attempt}")).resolve()
        with contextlib.suppress(FileExistsError):
            target.mkdir(parents=True)
            return target
    raise LessonError(f"Can't make a new folder in {place}.")


def _unfinished(place: Path, out: str | Path | None) -> Path:
    """Return the run to go on with: the one in `out`, or the newest in `place` that is not finished."""
    if out is not None:
        candidates = [Path(out).expanduser()]
    else:
        candidates = sorted(place.glob("*"), key=lambda path: path.name, reverse=True)
    for candidate in candidates:
        if not _read_metrics(candidate).get("finished", True):
            return candidate.resolve()
    raise LessonError(f"There is no unfinished run in {place if out is None else out}; start one without --resume.")


def _read_metrics(target: Path) -> dict:
    """Return a run's `metrics.json`; {} if there is none that can be read."""
    try:
        metrics = json.loads((target / "metrics.json").read_text(encoding="utf-8"))
        return metrics if isinstance(metrics, dict) and "lessons" in metrics else {}
    except (OSError, ValueError):
        return {}


def _run_planned(target: Path, metrics: dict) -> int:
    """Run every lesson of the plan that has not ended well; return the exit status."""
    print(f"Results go to {target}")
    _save(target, metrics)
    interrupted = False
    try:
        with _fixed_data_variable():
            for record in metrics["lessons"]:
                if record["status"] != "done":
                    _run_lesson(target, metrics, record)
    except KeyboardInterrupt:
        interrupted = True
    metrics["finished"] = all(record["status"] == "done" for record in metrics["lessons"])
    _save(target, metrics)
    print(f"\n{table(metrics)}\n\nLook at {target / 'index.html'}")
    if interrupted:
        print(f"Stopped. Go on with: fer-course run --resume{'' if target.parent == _runs() else f' --out {target}'}")
        return 130
    return 0 if metrics["finished"] else 1


def _save(target: Path, metrics: dict) -> None:
    write_json(target / "metrics.json", metrics)
    write_text(target / "index.html", index_page(metrics))


@contextlib.contextmanager
def _fixed_data_variable() -> Iterator[None]:
    """Make FER_COURSE_DATA absolute while notebooks run: they run in other folders than this process."""
    before = os.environ.get("FER_COURSE_DATA")
    if before and Path(before).exists():
        os.environ["FER_COURSE_DATA"] = str(Path(before).resolve())
    try:
        yield
    finally:
        if before is not None:
            os.environ["FER_COURSE_DATA"] = before


def _run_lesson(target: Path, metrics: dict, record: dict) -> None:
    """Run one lesson, and put what came of it into its record; a failing lesson raises nothing, Ctrl-C does."""
    name = record["lesson"]
    record.clear()
    record.update(lesson=name, status="stopped")
    executed = target / f"{name}.ipynb"
    position = f"[{metrics['lessons'].index(record) + 1}/{len(metrics['lessons'])}] {name}"
    start = time.perf_counter()
    memory = PeakMemory()
    try:
        with memory:
            error = _execute(Path(metrics["source"]) / f"{name}.ipynb", executed, target / name, metrics, position)
        record["status"] = "failed" if error else "done"
        if error:
            record["error"] = error
    finally:
        record["seconds"] = round(time.perf_counter() - start, 1)
        record["peak_memory_mb"] = round(memory.peak / 1e6)
        _harvest_safely(executed, target, record)
        _save(target, metrics)
    print(_ending(record, executed))


def _execute(notebook: Path, executed: Path, work: Path, metrics: dict, label: str) -> dict | None:
    """Run one notebook in the folder `work`; return None, or what went wrong and where."""
    from papermill import PapermillExecutionError, execute_notebook

    executed.unlink(missing_ok=True)  # else a lesson that can't even start would show an earlier try's results
    work.mkdir(exist_ok=True)
    try:
        settings = dict(metrics["parameters"])
        if "out" in declared_parameters(notebook):
            settings.setdefault("out", str(work))
        with _log(executed.with_suffix(".log")) as terminal:
            # Where nothing moves, in a log say, a line every half minute is enough.
            bar = {
                "desc": label,
                "leave": False,
                "miniters": 1,
                "mininterval": 0.2 if terminal.isatty() else 30,
                "file": terminal,
            }
            arguments = {"cwd": work, "progress_bar": bar, "extra_arguments": QUIET_KERNEL}
            execute_notebook(_escaped(notebook), _escaped(executed), settings, **arguments)
    except PapermillExecutionError as error:
        return {
            "cell": error.cell_index,
            "count": error.exec_count,
            "source": error.source,
            "name": error.ename,
            "message": _without_colour(error.evalue),
        }
    except Exception as error:  # a dead kernel, an unreadable notebook: whatever it is, the other lessons go on
        message = _without_colour(str(error)).strip()
        if type(error).__name__ == "DeadKernelError":
            message += " (most often: not enough memory, or a crash inside a library)"
        return {**_last_started(executed), "name": type(error).__name__, "message": message}
    return None


@contextlib.contextmanager
def _log(path: Path) -> Iterator[TextIO]:
    """Send what this process and its kernels write to stderr to a file; yield the terminal that it would have gone to.

    TensorFlow writes there before a notebook can catch it: in the terminal it would tear the progress bar, and in the
    file it may explain why a kernel died. An empty file is removed.
    """
    sys.stderr.flush()
    before = os.dup(2)
    with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as terminal:
        try:
            with path.open("w") as file:
                os.dup2(file.fileno(), 2)
            yield terminal
        finally:
            os.dup2(before, 2)
            os.close(before)
            if path.is_file() and path.stat().st_size == 0:
                path.unlink()


def _last_started(executed: Path) -> dict:
    """Return the last cell that a notebook began, from what papermill saved; {} if none."""
    import nbformat

    with contextlib.suppress(OSError, ValueError):
        cells = nbformat.read(executed, as_version=4).cells
        for index, cell in reversed(list(enumerate(cells))):
            if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time"):
                return {"cell": index, "count": cell.execution_count, "source": cell.source}
    return {}


def _escaped(path: str | Path) -> str:
    """Return a path as papermill wants it: it fills in what stands in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _without_colour(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", text)


def require(module: str, purpose: str, extra: str = "lab") -> None:
    """Raise a LessonError that names the extra to install if a module that is not always installed is missing."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise LessonError(f"{purpose.capitalize()} needs {module}: pip install 'fer_course[{extra}]'.") from error


class PeakMemory:
    """While its block runs, note the largest resident memory of this process and all its children together.

    Sampled every 0.2 s in a thread, so that a shorter peak can be missed; memory that processes share counts twice.

    Attributes:
        peak: bytes, 0 before the block.

    """

    def __init__(self):
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        process = psutil.Process()
        while True:
            self.peak = max(
                self.peak, sum(_resident(member) for member in [process, *process.children(recursive=True)])
            )
            if self._done.wait(_SAMPLE_SECONDS):
                return


def _resident(process) -> int:
    """Return a process' resident memory in bytes, 0 if it has just ended."""
    import psutil

    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


# ------------------------------------------------------------------------- what comes out of a lesson that ran


def _harvest_safely(executed: Path, target: Path, record: dict) -> None:
    """Harvest a lesson; what can't be read or converted fails this lesson, not the others."""
    try:
        _harvest(executed, target, record)
    except Exception as error:
        record["status"] = "failed"
        record.setdefault("error", {"name": type(error).__name__, "message": str(error)})


def _harvest(executed: Path, target: Path, record: dict) -> None:
    """Take title, results and figures out of an executed notebook and write its HTML page."""
    import nbformat

    if not executed.is_file():
        return
    notebook = nbformat.read(executed, as_version=4)
    record["title"] = _title(notebook) or record["lesson"]
    record["results"], record["numbers"] = _results(notebook)
    record["figures"] = _write_figures(notebook, target / "figures", _number(record["lesson"]))
    write_text(executed.with_suffix(".html"), _lesson_page(notebook, record["title"]))


def _title(notebook) -> str | None:
    for cell in notebook.cells:
        heading = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            return heading[1].strip()
    return None


def _outputs(notebook) -> Iterator[dict]:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield from (output for output in cell.outputs if "data" in output)


def _results(notebook) -> tuple[list[str], dict]:
    """Return the sentences that a notebook reported, in order, and all its numbers; the last of a name counts."""
    found = [output["data"][RESULT_TYPE] for output in _outputs(notebook) if RESULT_TYPE in output["data"]]
    numbers = {}
    for result in found:
        numbers.update(result["numbers"])
    return [result["sentence"] for result in found], numbers


class _Images(HTMLParser):
    """Collects (alt text, base64 text) of the PNG pictures that are embedded in a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        head, _, content = (attributes.get("src") or "").partition(",")
        if tag == "img" and head == "data:image/png;base64":
            self.found.append((attributes.get("alt") or "", content))


def _pictures(output: dict) -> list[tuple[str, str]]:
    """Return (alt text, base64 text) of an output's figures: those in its HTML, else its plain PNG."""
    images = _Images()
    images.feed(output["data"].get("text/html", ""))
    if not images.found and "image/png" in output["data"]:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        return [(alt, output["data"]["image/png"])]
    return images.found


def _write_figures(notebook, place: Path, number: str) -> list[dict]:
    """Write a notebook's figures to NN-1.png, NN-2.png, …; return their files and alt texts."""
    figures = []
    for output in _outputs(notebook):
        for alt, content in _pictures(output):
            with contextlib.suppress(binascii.Error):
                name = f"{number}-{len(figures) + 1}.png"
                pixels = base64.b64decode(content)
                with atomic(place / name) as temporary:
                    temporary.write_bytes(pixels)
                figures.append({"file": f"figures/{name}", "alt": alt})
    return figures


def _lesson_page(notebook, title: str) -> str:
    """Return a notebook as one HTML page; figures are inside, only formulas need the network."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lab")
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    # require.js is for live widgets, which a page without a kernel does not have.
    return page.replace(f'<script src="{exporter.require_js_url}"></script>', "")


def _key_result(record: dict) -> str:
    if record.get("error"):
        return f"{record['error']['name']}: {record['error']['message']}".split("\n")[0]
    return (record.get("results") or [""])[-1]


def _ending(record: dict, executed: Path) -> str:
    """Return what is printed when a lesson has ended: a line, or the failing cell and its error."""
    if record["status"] == "done":
        return f"done    {record['lesson']}  {record['seconds']:.0f} s  {_key_result(record)}"
    error = record["error"]
    place = f" in cell {error['cell'] + 1}" if "cell" in error else ""
    lines = error.get("source", "").splitlines()
    shown = lines[:_SOURCE_LINES]
    if len(lines) > len(shown):
        shown.append(f"… ({len(lines) - len(shown)} more lines)")
    heading = f"FAILED  {record['lesson']}{place}:"
    message = f"    {error['name']}: {error['message']}"
    return "\n".join(
        [heading, *(f"    | {line}" for line in shown), message, f"    The notebook up to there: {executed}"]
    )


def table(metrics: dict) -> str:
    """Return a run's table as text: lesson, seconds, peak resident memory in MB, key result."""
    rows = [("lesson", "seconds", "peak MB", "key result")]
    for record in metrics["lessons"]:
        note = "" if record["status"] == "done" else f"{record['status'].upper()}  "
        rows.append(
            (
                record["lesson"],
                f"{record['seconds']:.0f}" if "seconds" in record else "",
                f"{record['peak_memory_mb']:,}" if "peak_memory_mb" in record else "",
                note + _key_result(record),
            )
        )
    width = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{a:<{width[0]}}  {b:>{width[1]}}  {c:>{width[2]}}  {d}".rstrip() for a, b, c, d in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fer_course: a run of {started}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8886; vertical-align: top; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
figure {{ margin: 1.5rem 0; }}
img {{ max-width: 100%; background: white; }}
figcaption {{ font-size: .9rem; opacity: .85; }}
pre {{ overflow-x: auto; padding: .6rem; border: 1px solid #8886; }}
</style>
</head>
<body>
<h1>A run of the course</h1>
<p>{about}</p>
<table>
<thead><tr><th>Lesson</th><th>Status</th><th>Seconds</th><th>Peak MB</th><th>Key result</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p>Peak MB is resident memory of the notebook's kernel and the process that drives it. All numbers:
<a href="metrics.json">metrics.json</a>.</p>
{sections}
</body>
</html>
"""


def index_page(metrics: dict) -> str:
    """Return `index.html` of a run: the table, links to every notebook, all figures. It needs no network."""
    given = ", ".join(f"{name} = {value}" for name, value in metrics["parameters"].items())
    about = f"Started {metrics['started']}, profile {metrics['profile'] or 'quick (the notebooks’ own values)'}"
    about += f", {given}." if given else "."
    return _PAGE.format(
        started=html.escape(metrics["started"]),
        about=html.escape(about),
        rows="\n".join(_index_row(record) for record in metrics["lessons"]),
        sections="\n".join(_index_section(record) for record in metrics["lessons"]),
    )


def _index_row(record: dict) -> str:
    name = html.escape(record["lesson"])
    seconds = f"{record['seconds']:.0f}" if "seconds" in record else ""
    memory = f"{record['peak_memory_mb']:,}" if "peak_memory_mb" in record else ""
    # Only a lesson that ran far enough to have a title has pages to link to.
    links = f'<a href="{name}.html">{name}</a> (<a href="{name}.ipynb">notebook</a>)' if "title" in record else name
    return (
        f'<tr><td>{links}</td><td>{record["status"]}</td><td class="number">{seconds}</td>'
        f'<td class="number">{memory}</td><td>{html.escape(_key_result(record))}</td></tr>'
    )


def _index_section(record: dict) -> str:
    """Return a lesson's part of the page: its error if it failed, and its figures with their descriptions."""
    parts = []
    if record.get("error"):
        error = record["error"]
        text = f"{error.get('source', '')}\n\n{error['name']}: {error['message']}".strip()
        parts.append(f"<pre>{html.escape(text)}</pre>")
    for figure in record.get("figures", []):
        alt = html.escape(figure["alt"])
        parts.append(
            f'<figure><img loading="lazy" src="{html.escape(figure["file"])}" alt="{alt}">'
            f"<figcaption>{alt}</figcaption></figure>"
        )
    if not parts:
        return ""
    return "\n".join([f"<h2>{html.escape(record.get('title', record['lesson']))}</h2>", *parts])


# ------------------------------------------------------------------------------------------- a learner's copies


def start(folder: str | Path = "my-lessons") -> list[Path]:
    """Copy the lessons that are not there yet into a folder to work in; what is there is never overwritten.

    Args:
        folder: the learner's folder; made if it does not exist.

    Returns:
        The files that were copied.

    Raises:
        LessonError: if there are no lessons to copy, or `folder` is a file.

    """
    source, target = find_folder("lessons"), Path(folder)
    if target.exists() and not target.is_dir():
        raise LessonError(f"{target} is a file; a folder for your lessons was expected. Choose another name.")
    wanted = [path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file() and not _hidden(path)]
    if not wanted:
        raise LessonError(f"There are no lessons in {source}. In a checkout, build them with: fer-course release")
    copied, left = [], []
    for name in wanted:
        if (target / name).exists():
            left.append(name)
            continue
        with atomic(target / name) as temporary:
            shutil.copyfile(source / name, temporary)
        copied.append(name)
    if copied:
        print(f"Copied to {target}: {', '.join(map(str, copied))}")
    if left:
        print(f"Left as they are in {target}: {', '.join(map(str, left))}")
    return [target / name for name in copied]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in path.parts[-2:])
