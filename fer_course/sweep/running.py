"""Run the trials of a sweep, each once, wherever the executor has its workers."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from fer_course.errors import SweepError
from fer_course.files import alone, empty, read_json, write_json
from fer_course.recipes import Recipe
from fer_course.sweep.spec import Sweep
from fer_course.sweep.tables import summary, write_tables

#: So often may all local workers break down, one after the other, before a sweep gives up.
BREAKDOWNS = 3


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
        """Return the trial's row of the table."""
        record = numbers = _metrics(self.folder)
        if self.sweep.recipe is None:
            record = record["lessons"][0]
            numbers = record.get("numbers", {})
        if not isinstance(numbers.get(self.sweep.score), (int, float)):
            have = ", ".join(name for name, value in numbers.items() if isinstance(value, (int, float)))
            raise SweepError(
                f"{self.folder} has no score {self.sweep.score!r}; it has: {have}. Set `score` in the sweep."
            )
        return {
            **self.combination,
            "seed": self.seed,
            "score": numbers[self.sweep.score],
            "seconds": round(record["seconds"], 1),
        }


def _metrics(folder: Path) -> dict:
    with contextlib.suppress(OSError, ValueError):
        return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {}


def trials(sweep: Sweep, out: Path) -> list[Trial]:
    """Return all trials of a sweep, seed after seed, so that each combination has its first seed before any has its second."""
    return [
        Trial(sweep, combination, seed, out.resolve() / "trials" / _name(combination, seed))
        for seed in sweep.seeds
        for combination in sweep.combinations()
    ]


def _name(combination: dict, seed: int) -> str:
    words = [f"{setting}={value}" for setting, value in sorted(combination.items())] + [f"seed={seed}"]
    return re.sub(r"[^\w.=,+-]", "_", ",".join(words))[:200]


def run_trial(trial: Trial) -> None:
    """Run a trial to its end, or what is left of it. Runs on any worker."""
    if not trial.done:
        (_train if trial.sweep.recipe is not None else _run_lesson)(trial)


def _train(trial: Trial) -> None:
    import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)
    from fer_course import data
    from fer_course.training import train

    sweep = trial.sweep
    faces = data.load(sweep.data, quiet=True).sample(sweep.faces)
    recipe = Recipe.load(sweep.recipe).but(**trial.combination, seed=trial.seed)
    if not train(None, faces, recipe, trial.folder, progress=False).finished:
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
    watch: Callable[[Iterator], Iterator] = iter,
) -> list[dict]:
    """Run what is left of a sweep, and write its tables and chart.

    Args:
        sweep: what to try.
        out: the sweep's folder; one that is there already goes on, if it is the same sweep.
        open_executor: opens where trials are run, anew if all of its processes broke down.
        watch: is given the trials as they end, to show how far it is.

    Returns:
        The summary: a dictionary for each combination, see `summary`.

    Raises:
        BusyError: if another process is running the sweep in that folder.
        SweepError: if the folder holds another sweep, a trial failed (the others are run all the same), or workers die again
            and again.

    """
    out = Path(out)
    with alone(out):
        _claim(out, sweep)
        everything = trials(sweep, out)
        failed: dict[str, str] = {}
        for _ in range(BREAKDOWNS):
            left = [trial for trial in everything if not trial.done and trial.folder.name not in failed]
            if not left:
                break
            with contextlib.suppress(BrokenProcessPool), open_executor() as executor:
                for trial, error in watch(_ended(executor, left)):
                    if error is not None:
                        failed[trial.folder.name] = f"{type(error).__name__}: {error}"
        done = [trial for trial in everything if trial.done]
        rows = [trial.row() for trial in done]
        found = summary(sweep, rows)
        write_tables(sweep, out, rows, found)
    if failed:
        raise SweepError(
            f"{len(failed)} of {len(everything)} trials failed. " + " ".join(f"{k}: {v}" for k, v in failed.items())
        )
    if len(done) < len(everything):
        raise SweepError(
            f"Workers died {BREAKDOWNS} times; {len(everything) - len(done)} trials are left. The same command goes on."
        )
    return found


def _ended(executor: Executor, left: list[Trial]) -> Iterator[tuple[Trial, Exception | None]]:
    """Run trials; yield each as it ends, with what went wrong or None. Ctrl-C cancels those that have not begun."""
    futures = {executor.submit(run_trial, trial): trial for trial in left}
    try:
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, (BrokenProcessPool, CancelledError)):
                raise BrokenProcessPool
            if isinstance(error, KeyboardInterrupt):
                raise error
            yield futures[future], error
    finally:
        for future in futures:
            future.cancel()


def _claim(out: Path, sweep: Sweep) -> None:
    """Note in the folder which sweep it holds; refuse another one's."""
    note = out / "sweep.json"
    mine = json.loads(json.dumps(dataclasses.asdict(sweep)))
    if note.is_file():
        there = read_json(note, SweepError, "Give another folder with --out, or remove that file and start again.")
        # More seeds, or more values, of the same: what is done stays.
        fixed = ("recipe", "lesson", "profile", "data", "faces", "score")
        if any(there.get(name) != mine[name] for name in fixed) or {*there.get("grid", ())} != {*mine["grid"]}:
            raise SweepError(f"{out} holds another sweep. Give another folder with --out, or remove it.")
    elif not empty(out):
        raise SweepError(f"{out} is not empty, and holds no sweep. Give a new folder with --out.")
    write_json(note, mine)
