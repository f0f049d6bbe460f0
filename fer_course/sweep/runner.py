"""Execute the trials of a sweep, each once, on the workers of an executor."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

from fer_course._shared.files import exclusive, is_empty, peek_json, read_json, write_json
from fer_course._shared.values import is_number
from fer_course.errors import BusyError, SweepError
from fer_course.sweep.preflight import digest, fingerprint
from fer_course.sweep.spec import Sweep
from fer_course.sweep.tables import summary, write_tables

#: How often the process of one trial may be killed before the trial counts as failed.
BREAKDOWNS = 3
#: Seconds between two checks that the workers are still there.
LOOK = 1.0
#: How often to wait for a trial that another process is executing, `files.PATIENCE` seconds each time.
BUSY = 60
#: The version of a sweep's folder. Goes up when trials get other names, or other results.
EDITION = 2


@dataclass(frozen=True)
class Trial:
    """One combination with one seed.

    Attributes:
        sweep: the sweep that it belongs to.
        combination: setting -> value.
        seed: the seed.
        folder: its folder: an absolute path that all workers see.

    """

    sweep: Sweep
    combination: dict
    seed: int
    folder: Path

    @property
    def done(self) -> bool:
        """Whether it was executed completely."""
        return bool(_metrics(self.folder).get("finished"))

    def row(self) -> dict:
        """Return the trial's row of the table; the score is None if it has no number of that name."""
        record = numbers = _metrics(self.folder)
        if self.sweep.recipe is None:
            record = record["lessons"][0]
            numbers = record.get("numbers", {})
        score = numbers.get(self.sweep.score)
        return {
            **self.combination,
            "seed": self.seed,
            "score": score if is_number(score) else None,
            "seconds": round(record["seconds"], 1),
            "threads": record.get("threads", self.sweep.threads),
        }

    def numbers(self) -> list[str]:
        """Return the names of the numbers that may be the score."""
        record = _metrics(self.folder)
        if self.sweep.recipe is None:
            record = record["lessons"][0].get("numbers", {})
        return [name for name, value in record.items() if is_number(value)]


def _metrics(folder: Path) -> dict:
    return peek_json(folder / "metrics.json") or {}


def trials(sweep: Sweep, out: Path) -> list[Trial]:
    """Return all trials of a sweep, seed by seed: each combination gets its first seed before any gets its second."""
    return [
        Trial(sweep, combination, seed, out.resolve() / "trials" / _name(sweep, combination, seed))
        for seed in sweep.seeds
        for combination in sweep.combinations()
    ]


def _name(sweep: Sweep, combination: dict, seed: int) -> str:
    """Return the name of a trial's folder: it ends in a hash of all that decides the result; what comes before is for people."""
    words = ",".join(f"{setting}={value}" for setting, value in sorted(combination.items()))
    words = re.sub(r"[^\w.=,+-]", "_", words)[:80]
    return f"{words}{',' if words else ''}seed={seed}-{digest(_settings(sweep, combination, seed))}"


def _settings(sweep: Sweep, combination: dict, seed: int) -> dict:
    """Return all that decides the result of a trial. The score does not: it only chooses a number from the result."""
    if sweep.base is not None:
        changed = dataclasses.asdict(sweep.recipe_of(combination, seed=seed))
    else:
        changed = combination | {"seed": seed}
    return {**sweep.facts, "faces wanted": sweep.faces, "threads": sweep.threads, "settings": changed}


def run_trial(trial: Trial) -> None:
    """Execute a trial, or what is left of it. This runs on any worker."""
    for attempt in range(BUSY):
        if trial.done:
            return
        try:
            return _train(trial) if trial.sweep.recipe is not None else _execute_lesson(trial)
        except BusyError:  # a worker of a stopped command may still be busy with this trial
            if attempt == BUSY - 1:
                raise


def _train(trial: Trial) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data
    from fer_course.training import train

    sweep = trial.sweep
    faces = data.load(sweep.data, quiet=True)
    if fingerprint(faces) != sweep.facts["faces"]:
        raise SweepError(f"the faces at {faces.source} are not those that the sweep was started with.")
    recipe = sweep.recipe_of(trial.combination, seed=trial.seed)
    if not train(None, faces.sample(sweep.faces), recipe, trial.folder, progress=False).finished:
        raise KeyboardInterrupt


def _execute_lesson(trial: Trial) -> None:
    from fer_course import course

    sweep = trial.sweep
    with contextlib.redirect_stdout(io.StringIO()):
        if _metrics(trial.folder):
            status = course.run(out=trial.folder, resume=True)
        else:
            parameters = {"faces": sweep.faces, **trial.combination, "seed": trial.seed}
            status = course.run([str(sweep.lesson)], sweep.profile, sweep.data, parameters, out=trial.folder)
    if status == 130:
        raise KeyboardInterrupt
    if status:
        error = _metrics(trial.folder)["lessons"][0].get("error", {})
        raise SweepError(f"{trial.folder.name} failed: {error.get('name')}: {error.get('message')}")


def run(
    sweep: Sweep,
    out: str | Path,
    open_executor: Callable[[], contextlib.AbstractContextManager[Executor]],
    watch: Callable[[Iterator], Iterable] = iter,
    say: Callable[[str], None] = print,
) -> list[dict]:
    """Execute the trials of a sweep that are not done, and write its tables and chart.

    Args:
        sweep: what to try.
        out: the sweep's folder; if it holds the same sweep already, that is resumed.
        open_executor: opens the executor for the trials; called only if some are left.
        watch: wraps the iterator of trials as they end, to show progress.
        say: gets one line for each trial that is started again because its process was killed.

    Returns:
        The summary: one dictionary per combination, see `summary`.

    Raises:
        BusyError: if another process is running the sweep in that folder.
        SweepError: if the folder holds another sweep, a trial failed (the others are executed all the same), or trials have no
            number with the score's name (they are kept: the sweep can name another score).
        FerCourseError: if a cluster can't be used, or is gone.

    """
    out = Path(out)
    check_folder(sweep, out)
    with exclusive(out):
        _claim(out, sweep)
        everything = trials(sweep, out)
        failed: dict[str, str] = {}
        if left := [trial for trial in everything if not trial.done]:
            with open_executor() as executor:
                for trial, error in watch(_execute(executor, left, say)):
                    if error is not None:
                        failed[trial.folder.name] = _reason(error)
        found = _tables(sweep, out, [trial for trial in everything if trial.done])
    if failed:
        reasons = " ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise SweepError(f"{len(failed)} of {len(everything)} trials failed. {reasons}")
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
        return f"its process was killed {BREAKDOWNS} times or more, perhaps for lack of memory. The same command tries it again."
    return f"{type(error).__name__}: {error}"


def _tables(sweep: Sweep, out: Path, done: list[Trial]) -> list[dict]:
    """Write the tables of what is done, and return the summary; leave out trials without the score, then raise an error."""
    rows = [trial.row() for trial in done]
    scored = [row for row in rows if row["score"] is not None]
    found = summary(sweep, scored)
    write_tables(sweep, out, scored, found)
    without = [trial for trial, row in zip(done, rows, strict=True) if row["score"] is None]
    if without:
        have = ", ".join(without[0].numbers()) or "none"
        raise SweepError(
            f"{len(without)} of {len(done)} trials have no score {sweep.score!r}; {without[0].folder} has: {have}. Set "
            f"`score` in the sweep, and give the same command again: nothing is executed twice."
        )
    return found


def _execute(
    executor: Executor, left: list[Trial], say: Callable[[str], None]
) -> Iterator[tuple[Trial, BaseException | None]]:
    """Execute trials; yield each when it ends, with its error or None. Ctrl-C cancels those that have not started."""
    running: dict[Future, Trial] = {executor.submit(run_trial, trial): trial for trial in left}
    killed: Counter = Counter()
    try:
        while running:
            ended, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
            for trial in executor.lost() if hasattr(executor, "lost") else ():
                say(f"{trial.folder.name}: its worker is gone; another one starts it again.")
            for future in ended:
                trial, error = running.pop(future), _error(future)
                if isinstance(error, BrokenExecutor) and killed[trial.folder.name] < BREAKDOWNS - 1:
                    killed[trial.folder.name] += 1
                    say(f"{trial.folder.name}: its process was killed; it is started again.")
                    running[executor.submit(run_trial, trial)] = trial
                    continue
                yield trial, error
    finally:
        for future in running:
            future.cancel()


def _error(future: Future) -> BaseException | None:
    """Return a trial's error, None if there is none; raise what stops the whole sweep."""
    try:
        error = future.exception()
    except CancelledError:  # the connection to a cluster was lost
        raise SweepError(
            "The cluster is gone. What was finished is kept; the same command resumes the sweep."
        ) from None
    if isinstance(error, KeyboardInterrupt):
        raise error
    return error


def check_folder(sweep: Sweep, out: Path) -> None:
    """Raise a SweepError if a folder holds another sweep, or something else. A folder that does not exist is fine."""
    note, own = out / "sweep.json", _description(sweep)
    if out.exists() and not out.is_dir():
        raise SweepError(f"{out} is not a folder. Give a new folder with --out.")
    if note.is_file():
        found = read_json(note, SweepError, "Give another folder with --out, or remove that file and start again.")
        if other := _differences(found, own):
            raise SweepError(f"{out} holds another sweep: {other}. Give another folder with --out, or remove it.")
    elif out.is_dir() and not is_empty(out):
        raise SweepError(f"{out} is not empty, and holds no sweep. Give a new folder with --out.")


def _claim(out: Path, sweep: Sweep) -> None:
    """Write to the folder which sweep it holds; refuse a folder of another sweep."""
    check_folder(sweep, out)
    write_json(out / "sweep.json", _description(sweep))


def _description(sweep: Sweep) -> dict:
    """Return the content of `sweep.json`."""
    return json.loads(json.dumps({"edition": EDITION, **dataclasses.asdict(sweep)}))


def _differences(found: dict, own: dict) -> str:
    """Return how the sweep in a folder differs so much that the two share no trial; empty if it is the same sweep."""
    if found.get("edition") != EDITION:
        return "one of another edition of this course, whose trials had other names and other threads"
    # More seeds, more values or another score leave what is done valid.
    other = [name for name in ("lesson", "profile", "faces", "threads", "base") if found.get(name) != own[name]]
    facts = found.get("facts")
    if not isinstance(facts, dict):
        facts = {}
    words = {
        "faces": "data",
        "cells": "the lesson's code",
        "profile": "profile",
        "lesson": "lesson",
        "backend": "Keras' backend",
    }
    other += [words[name] for name in own["facts"] if facts.get(name) != own["facts"][name]]
    if {*(found.get("grid") or ())} != {*own["grid"]}:
        other.append("the grid's settings")
    names = ["recipe" if name == "base" else name for name in dict.fromkeys(other)]
    return f"other {', '.join(names)}" if names else ""
