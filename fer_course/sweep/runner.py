"""Run the trials of a sweep, each once, wherever the executor has its workers."""

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

from fer_course._shared.files import alone, empty, read_json, write_json
from fer_course.errors import BusyError, SweepError
from fer_course.sweep.preflight import digest, fingerprint
from fer_course.sweep.spec import Sweep
from fer_course.sweep.tables import summary, write_tables

#: So often may the process of one trial be killed before the trial counts as failed.
BREAKDOWNS = 3
#: Seconds after which it is looked whether the workers are still there.
LOOK = 1.0
#: So often is a trial waited for that another process is running, `files.PATIENCE` seconds each.
BUSY = 60
#: What a sweep's folder notes, besides the sweep. Goes up when trials get other names, or other results.
EDITION = 2


@dataclass(frozen=True)
class Trial:
    """One combination with one seed.

    Attributes:
        sweep: whose it is.
        combination: setting -> value.
        seed: its seed.
        folder: where it lies; an absolute path that all workers see.

    """

    sweep: Sweep
    combination: dict
    seed: int
    folder: Path

    @property
    def done(self) -> bool:
        """Whether it has been run to its end."""
        return bool(_metrics(self.folder).get("finished"))

    def row(self) -> dict:
        """Return the trial's row of the table; without a score if it has no number of that name."""
        record = numbers = _metrics(self.folder)
        if self.sweep.recipe is None:
            record = record["lessons"][0]
            numbers = record.get("numbers", {})
        score = numbers.get(self.sweep.score)
        return {
            **self.combination,
            "seed": self.seed,
            "score": score if _is_number(score) else None,
            "seconds": round(record["seconds"], 1),
            "threads": record.get("threads", self.sweep.threads),
        }

    def numbers(self) -> list[str]:
        """Return the names of the numbers that may be the score."""
        record = _metrics(self.folder)
        if self.sweep.recipe is None:
            record = record["lessons"][0].get("numbers", {})
        return [name for name, value in record.items() if _is_number(value)]


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _metrics(folder: Path) -> dict:
    with contextlib.suppress(OSError, ValueError):
        return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {}


def trials(sweep: Sweep, out: Path) -> list[Trial]:
    """Return all trials of a sweep, seed after seed, so that each combination has its first seed before any has its second."""
    return [
        Trial(sweep, combination, seed, out.resolve() / "trials" / _name(sweep, combination, seed))
        for seed in sweep.seeds
        for combination in sweep.combinations()
    ]


def _name(sweep: Sweep, combination: dict, seed: int) -> str:
    """Name a trial's folder by a hash of all that decides about its result; what comes before it is for people."""
    words = ",".join(f"{setting}={value}" for setting, value in sorted(combination.items()))
    words = re.sub(r"[^\w.=,+-]", "_", words)[:80]
    return f"{words}{',' if words else ''}seed={seed}-{digest(_settings(sweep, combination, seed))}"


def _settings(sweep: Sweep, combination: dict, seed: int) -> dict:
    """Return all that decides about the result of a trial. The score does not: it is read from what there is."""
    if sweep.base is not None:
        changed = dataclasses.asdict(sweep.base.but(**combination, seed=seed))
    else:
        changed = combination | {"seed": seed}
    return {**sweep.facts, "faces wanted": sweep.faces, "threads": sweep.threads, "settings": changed}


def run_trial(trial: Trial) -> None:
    """Run a trial to its end, or what is left of it. Runs on any worker."""
    for attempt in range(BUSY):
        if trial.done:
            return
        try:
            return (_train if trial.sweep.recipe is not None else _run_lesson)(trial)
        except BusyError:  # what a command that was stopped had begun on a cluster comes to its end there
            if attempt == BUSY - 1:
                raise


def _train(trial: Trial) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data
    from fer_course.training import train

    sweep = trial.sweep
    faces = data.load(sweep.data, quiet=True)
    if fingerprint(faces) != sweep.facts["faces"]:
        raise SweepError(f"the faces at {faces.source} are not those that the sweep was begun with.")
    recipe = sweep.base.but(**trial.combination, seed=trial.seed)
    if not train(None, faces.sample(sweep.faces), recipe, trial.folder, progress=False).finished:
        raise KeyboardInterrupt


def _run_lesson(trial: Trial) -> None:
    from fer_course import course

    sweep, there = trial.sweep, _metrics(trial.folder)
    with contextlib.redirect_stdout(io.StringIO()):
        if there:
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
    """Run what is left of a sweep, and write its tables and chart.

    Args:
        sweep: what to try.
        out: the sweep's folder; one that is there already goes on, if it is the same sweep.
        open_executor: opens where trials are run; is called if any are left.
        watch: is given the trials as they end, to show how far it is.
        say: gets a line for each trial that is begun again because its process was killed.

    Returns:
        The summary: a dictionary for each combination, see `summary`.

    Raises:
        BusyError: if another process is running the sweep in that folder.
        SweepError: if the folder holds another sweep, a trial failed (the others are run all the same), or trials have no
            number of the score's name (all are kept: the sweep can name another one).
        FerCourseError: if a cluster can't be used, or is gone.

    """
    out = Path(out)
    check_folder(sweep, out)
    with alone(out):
        _claim(out, sweep)
        everything = trials(sweep, out)
        failed: dict[str, str] = {}
        if left := [trial for trial in everything if not trial.done]:
            with open_executor() as executor:
                for trial, error in watch(_ended(executor, left, say)):
                    if error is not None:
                        failed[trial.folder.name] = _why(error)
        found = _tables(sweep, out, [trial for trial in everything if trial.done])
    if failed:
        raise SweepError(
            f"{len(failed)} of {len(everything)} trials failed. " + " ".join(f"{k}: {v}" for k, v in failed.items())
        )
    return found


def _why(error: BaseException) -> str:
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
        return f"its process was killed {BREAKDOWNS} times or more, for lack of memory perhaps. The same command tries it again."
    return f"{type(error).__name__}: {error}"


def _tables(sweep: Sweep, out: Path, done: list[Trial]) -> list[dict]:
    """Write the tables of what is done; return the summary. Trials without the score are left out, and then named."""
    rows = [trial.row() for trial in done]
    scored = [row for row in rows if row["score"] is not None]
    found = summary(sweep, scored)
    write_tables(sweep, out, scored, found)
    without = [trial for trial, row in zip(done, rows, strict=True) if row["score"] is None]
    if without:
        have = ", ".join(without[0].numbers()) or "none"
        raise SweepError(
            f"{len(without)} of {len(done)} trials have no score {sweep.score!r}; {without[0].folder} has: {have}. Set "
            f"`score` in the sweep, and give the same command again: nothing is run twice."
        )
    return found


def _ended(
    executor: Executor, left: list[Trial], say: Callable[[str], None]
) -> Iterator[tuple[Trial, Exception | None]]:
    """Run trials; yield each as it ends, with what went wrong or None. Ctrl-C cancels those that have not begun."""
    running: dict[Future, Trial] = {executor.submit(run_trial, trial): trial for trial in left}
    killed: Counter = Counter()
    try:
        while running:
            ended, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
            for trial in executor.lost() if hasattr(executor, "lost") else ():
                say(f"{trial.folder.name}: its worker is gone; it is begun again by another one.")
            for future in ended:
                trial, error = running.pop(future), _error(future)
                if isinstance(error, BrokenExecutor) and killed[trial.folder.name] < BREAKDOWNS - 1:
                    killed[trial.folder.name] += 1
                    say(f"{trial.folder.name}: its process was killed; it is begun again.")
                    running[executor.submit(run_trial, trial)] = trial
                    continue
                yield trial, error
    finally:
        for future in running:
            future.cancel()


def _error(future: Future) -> Exception | None:
    """Return what went wrong, None if nothing did; raise what stops the whole sweep."""
    try:
        error = future.exception()
    except CancelledError:  # the connection to a cluster was lost
        raise SweepError("The cluster is gone. What was finished is kept; the same command goes on.") from None
    if isinstance(error, KeyboardInterrupt):
        raise error
    return error


def check_folder(sweep: Sweep, out: Path) -> None:
    """Raise a SweepError if a folder holds another sweep, or something else; one that is not there yet is fine."""
    note, mine = out / "sweep.json", _note_of(sweep)
    if out.exists() and not out.is_dir():
        raise SweepError(f"{out} is no folder. Give a new folder with --out.")
    if note.is_file():
        there = read_json(note, SweepError, "Give another folder with --out, or remove that file and start again.")
        if other := _differences(there, mine):
            raise SweepError(f"{out} holds another sweep: {other}. Give another folder with --out, or remove it.")
    elif out.is_dir() and not empty(out):
        raise SweepError(f"{out} is not empty, and holds no sweep. Give a new folder with --out.")


def _claim(out: Path, sweep: Sweep) -> None:
    """Note in the folder which sweep it holds; refuse another one's."""
    check_folder(sweep, out)
    write_json(out / "sweep.json", _note_of(sweep))


def _note_of(sweep: Sweep) -> dict:
    """Return what a sweep's folder notes of it."""
    return json.loads(json.dumps({"edition": EDITION, **dataclasses.asdict(sweep)}))


def _differences(there: dict, mine: dict) -> str:
    """Say in what the sweep of a folder differs so that they have no trial in common; nothing if it is the same one."""
    if there.get("edition") != EDITION:
        return "one of another edition of this course, whose trials had other names and other threads"
    # More seeds, more values or another score of the same: what is done stays.
    other = [name for name in ("lesson", "profile", "faces", "threads", "base") if there.get(name) != mine[name]]
    facts = there.get("facts") if isinstance(there.get("facts"), dict) else {}
    words = {
        "faces": "data",
        "cells": "the lesson's code",
        "profile": "profile",
        "lesson": "lesson",
        "backend": "Keras' backend",
    }
    other += [words[name] for name in mine["facts"] if facts.get(name) != mine["facts"][name]]
    if {*(there.get("grid") or ())} != {*mine["grid"]}:
        other.append("the grid's settings")
    return "other " + ", ".join({"base": "recipe"}.get(name, name) for name in dict.fromkeys(other)) if other else ""
