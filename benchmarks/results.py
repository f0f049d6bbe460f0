"""Train, measure and write everything that is recorded, in order of dependence, with one command that goes on after a kill.

usage: make results DATA=PATH [ONLY="STEP …"] [SEEDS="0 1"]        (days on two cores; --list says how many hours each step takes)
       python benchmarks/results.py --data PATH --check [--only STEP …]       (one seed of each row anew: within the spread?)

Each step runs one of the scripts beside this one. What it makes is gathered in OUT (runs/results), and replaces the old record,
which is kept in OUT/before, when the step has ended well: a kill or an error leaves the repository's records as they were. The
same command goes on where it ended. A step that fails is told in one sentence; the steps that don't need it go on, and the exit
status is 1. `--only` makes steps anew, with what they need if that is missing, and then what is written from them.

`--check` changes no record. It trains the first recorded seed of each row, and compares the score with the recorded ones by the
prediction interval of benchmarks/spread.py; the exit status is 1 if a row lies outside.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import recording
import spread
from recording import ROOT
from tqdm import tqdm

from fer_course._shared import files
from fer_course.errors import BusyError, DataError

OUT = ROOT / "runs" / "results"
RESULTS, WEIGHTS = "fer_course/results", "fer_course/models/weights"
SECTION = "BENCHMARKS.md: "
Score = Callable[[dict], dict[str, dict[int, float]]]


def needs_command(*names: str) -> Callable[[], str]:
    """Return a function that says which of the commands is missing, if all are."""
    return lambda: "" if any(map(shutil.which, names)) else f"there is no {' or '.join(names)}"


def needs_gpu() -> str:
    """Say what is missing for the measurements on an accelerator."""
    ready = os.environ.get("KERAS_BACKEND") == "jax" and shutil.which("nvidia-smi")
    return "" if ready else "it needs a GPU, and KERAS_BACKEND=jax"


def of_runs(record: dict) -> dict[str, dict[int, float]]:
    """Return row -> seed -> accuracy of a record of runs."""
    found: dict[str, dict[int, float]] = {}
    for run in record["runs"]:
        found.setdefault(run.get("row", run["recipe"]["name"]), {})[run["recipe"]["seed"]] = run["report"]["accuracy"]
    return found


def of_trainings(record: dict) -> dict[str, dict[int, float]]:
    """Return the same of one_change.json: accuracy on faces that are not moved."""
    found: dict[str, dict[int, float]] = {}
    for run in record["trainings"]:
        found.setdefault(run["row"], {})[run["seed"]] = run["accuracy"][0]
    return found


def of_drawn(record: dict) -> dict[str, dict[int, float]]:
    """Return the same of drawn_faces.json, its parts' names as rows."""
    found: dict[str, dict[int, float]] = {}
    for part, measured in record.items():
        for seed, reports in (measured.get("seeds", {}) if isinstance(measured, dict) else {}).items():
            for name, report in reports.items():
                found.setdefault(f"{part}, {name}", {})[int(seed)] = report["accuracy"]
    return found


@dataclass(frozen=True)
class Step:
    """One script, and what it makes.

    Attributes:
        name: as `--only` takes it.
        writes: files below the root of the repository; of BENCHMARKS.md a section, `BENCHMARKS.md: TITLE`.
        command: script and arguments; {data} and {runs} (a folder of its trainings) are filled in.
        needs: steps whose records it reads.
        trainings: steps whose folders of trainings in OUT it reads.
        seeds: how it takes seeds: `list`, `number`, or empty if it does not.
        minutes: about how long it takes on two cores, for steps whose record has no seconds.
        follows: made anew whenever something that it needs is; takes minutes at most.
        page: only written from records that are there.
        lacks: says why this machine can't do it; empty if it can.
        score: row -> seed -> accuracy of its record, for steps that `--check` repeats.

    """

    name: str
    writes: tuple[str, ...]
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    trainings: tuple[str, ...] = ()
    seeds: str = ""
    minutes: float = 1.0
    follows: bool = False
    page: bool = False
    lacks: Callable[[], str] = str
    score: Score | None = None

    @property
    def files(self) -> list[Path]:
        """The files that it writes, below the root of the repository."""
        return [Path(each.split(": ")[0]) for each in self.writes]

    @property
    def record(self) -> str:
        """The name of its first record; empty if it writes none."""
        return next((path.stem for path in self.files if path.suffix == ".json" and path.parent == Path(RESULTS)), "")


def study(name: str) -> Step:
    """Return the step of a study."""
    command = ("study.py", name, "--data", "{data}", "--out", "{runs}")
    return Step(name, (f"{RESULTS}/{name}.json",), command, seeds="list", minutes=60, score=of_runs)


def section(name: str, titles: Sequence[str], minutes: float, *more: str, **options) -> Step:
    """Return a step that writes sections of BENCHMARKS.md alone."""
    return Step(name, tuple(SECTION + title for title in titles), (f"{name}.py", *more), minutes=minutes, **options)


CHROMIUM = needs_command("chromium", "chromium-browser", "google-chrome")
#: In an order in which each comes after all that it needs.
STEPS = {
    step.name: step
    for step in (
        study("zoo"),
        study("size"),
        study("augmentation"),
        study("paper"),
        study("best"),
        Step(
            "minutes", (f"{RESULTS}/minutes.json",),
            ("minutes.py", "--data", "{data}", "--out", "{runs}", "--record", "minutes"),
            seeds="list", minutes=20, score=of_runs,
        ),
        Step(
            "kills", (f"{RESULTS}/kills.json",), ("kills.py", "--data", "{data}", "--out", "{runs}"),
            needs=("minutes",), minutes=6,
        ),
        Step(
            "one_change", (f"{RESULTS}/one_change.json",), ("one_change.py", "--data", "{data}"),
            seeds="list", minutes=120, score=of_trainings,
        ),
        Step("depth", (f"{RESULTS}/depth.json",), ("depth.py", "--data", "{data}"), seeds="list", minutes=40),
        Step(
            "drawn_faces", (f"{RESULTS}/drawn_faces.json",), ("transfer.py", "--data", "{data}", "--runs", "{runs}"),
            seeds="number", minutes=60, score=of_drawn,
        ),
        Step("curves", (f"{RESULTS}/curves.json",), ("curves.py",), minutes=3),
        Step(
            "classic", (f"{RESULTS}/classic.json", f"{SECTION}Time to 61 %"),
            ("classic.py", "--data", "{data}", "--out", "{runs}"), seeds="list", minutes=200,
        ),
        Step("race", (f"{RESULTS}/race.json",), ("race.py",), minutes=3),
        Step(
            "ship",
            (
                f"{RESULTS}/views.json", f"{RESULTS}/publictest.npz", f"{RESULTS}/teachers.npz",
                f"{WEIGHTS}/mini_xception.npz", f"{WEIGHTS}/mini_xception.json",
            ),
            ("ship.py", "--data", "{data}", "--out", "{runs of best}", "--minutes", "{runs of minutes}"),
            trainings=("best", "minutes"), seeds="list", minutes=15, follows=True,
        ),
        Step(
            "views", (f"{RESULTS}/view_cost.json", f"{SECTION}More than one look"), ("views.py",), needs=("ship",), minutes=1,
        ),
        section("faces", ["Finding faces"], 2, needs=("ship",)),
        section("latency", ["One face"], 1, needs=("ship",)),
        section("load", ["Loading"], 1),
        section("step", ["One training step"], 2),
        section("first_step", ["The first step of a training"], 4),
        section("onednn", ["oneDNN's routines"], 5),
        section("throughput", ["Training images a second"], 5),
        section("figures", ["Living figures", "Networks in JavaScript"], 3, needs=("ship",), lacks=CHROMIUM),
        section("grading", ["Grading a class"], 12, lacks=needs_command("bwrap")),
        section("deterministic", ["The same seed, the same weights"], 2, lacks=needs_gpu),
        section("accelerator", ["Training on an accelerator"], 3, "--data", "{data}", lacks=needs_gpu),
        Step(
            "planning", (f"{RESULTS}/planning.json", "docs/planning.md"), ("planning.py", "--run", "{runs}"),
            needs=("best", "minutes", "curves"), minutes=13,
        ),
        Step("sheet", ("docs/drawn-faces.png",), ("sheet.py",), page=True),
        Step("chart", ("docs/results.svg",), ("chart.py",), needs=("zoo", "best"), follows=True, page=True),
        Step("parts", ("docs/parts.md",), ("parts.py",), needs=("size", "one_change"), follows=True, page=True),
        Step("plan", ("docs/planning.md",), ("planning.py",), needs=("planning", "best", "minutes"), follows=True, page=True),
        Step("card", ("MODEL_CARD.md",), ("card.py",), needs=("ship", "best", "views"), follows=True, page=True),
        Step(
            "scores", ("docs/results.md",), ("scores.py",),
            needs=("minutes", "paper", "best", "drawn_faces", "zoo", "ship"), follows=True, page=True,
        ),
        Step(
            "tables", ("README.md",), ("tables.py",), needs=("minutes", "best", "zoo", "ship", "views"), follows=True, page=True,
        ),
    )
}  # fmt: skip


def plan(asked: Sequence[str], made: Iterable[str]) -> list[str]:
    """Return the steps to run, in order: those asked for, what they need and is missing, and what follows from them.

    Args:
        asked: names of steps.
        made: names of steps that are done in this OUT, so that their trainings lie there.

    """
    wanted, todo = set(), list(asked)
    while todo:
        if (name := todo.pop()) not in wanted:
            wanted.add(name)
            todo += [each for each in STEPS[name].trainings if each not in made]
            todo += [each for each in STEPS[name].needs if not is_made(STEPS[each])]
    for step in STEPS.values():  # in order, so that what follows from a step that follows is found, too
        if not (step.follows and wanted & {*step.needs, *step.trainings}):
            continue
        lacks = {name for name in step.trainings if name not in wanted and name not in made}
        if (
            not lacks or step.trainings[0] in wanted
        ):  # of its trainings the first takes longest: the others are made for it
            wanted |= {step.name} | lacks
    return [name for name in STEPS if name in wanted]


def is_made(step: Step) -> bool:
    """Return whether all that a step writes is there; only students can do without what is kept of their teachers."""
    return all((ROOT / path).is_file() for path in step.files if path.name != recording.TEACHERS)


class Round:
    """The steps of one command, which the same command goes on with; their state lies in a file.

    Args:
        out: the folder for state, trainings, records until they are moved, logs, and what was there before.
        data: FER2013.
        install: whether records replace those of the package.

    """

    def __init__(self, out: Path, data: str, install: bool = True):
        self.out, self.data, self.install = out, data, install
        self.file, self.stage = out / "state.json", out / "records"
        held = files.read_json(self.file, DataError, "Remove it: all begins anew.") if self.file.is_file() else {}
        self.state: dict[str, Any] = {"asked": None, "finished": True, "steps": {}} | held

    def save(self) -> None:
        """Write the state."""
        files.write_json(self.file, self.state)

    def done(self) -> list[str]:
        """Return the names of the steps that are done."""
        return [name for name, each in self.state["steps"].items() if "done" in each]

    def begin(self, asked: Sequence[str], seeds: Mapping[str, Sequence[int]]) -> list[str]:
        """Return the steps of this round, in order: what a command left that asked for the same, else those asked for."""
        asked_for = {"steps": list(asked), "seeds": {name: list(each) for name, each in seeds.items()}}
        if self.state["asked"] != asked_for or self.state["finished"]:
            names = plan(asked, self.done())
            for name in names:
                self.state["steps"].get(name, {}).pop("done", None)
                self.state["steps"].get(name, {}).pop("begun", None)
            self.state |= {"asked": asked_for, "finished": False, "plan": names}
            self.save()
        return self.state["plan"]

    def runs(self, name: str) -> Path:
        """Return the folder of a step's trainings."""
        return self.out / "trainings" / name

    def staged(self, path: Path) -> Path | None:
        """Return where a record or weights are gathered; None for a page, which is written in place."""
        if path.parent == Path(RESULTS):
            return self.stage / path.name
        return self.stage / "weights" / path.name if path.parent == Path(WEIGHTS) else None

    def clear(self, step: Step) -> None:
        """Move what an earlier round left of a step out of the way."""
        place = self.out / "before" / f"{datetime.now():%Y%m%d-%H%M%S}-{step.name}"
        for path in (self.runs(step.name), *filter(None, map(self.staged, step.files))):
            if path.exists():
                place.mkdir(parents=True, exist_ok=True)
                shutil.move(path, place / path.name)

    def command(self, step: Step, seeds: Sequence[int] | None) -> list[str]:
        """Return a step's command line."""
        places = {"{data}": self.data, "{runs}": str(self.runs(step.name))}
        places |= {f"{{runs of {name}}}": str(self.runs(name)) for name in step.trainings}
        script, *arguments = (places.get(each, each) for each in step.command)
        given = {"list": map(str, seeds or ()), "number": [str(len(seeds or ()))], "": ()}[step.seeds]
        more = ["--seeds", *given] if seeds and step.seeds else []
        return [sys.executable, str(ROOT / "benchmarks" / script), *arguments, *more]

    def run(self, step: Step, seeds: Sequence[int] | None, tick: Callable[[], None]) -> str:
        """Run a step; return what went wrong in a sentence, empty if nothing did. Calls `tick` now and then."""
        of_step = self.state["steps"].setdefault(step.name, {})
        if "begun" not in of_step:
            self.clear(step)
            of_step |= {"begun": f"{datetime.now():%Y-%m-%d %H:%M:%S}", "seconds": 0.0}
        of_step.pop("failed", None)
        of_step |= {"commit": recording.commit(), "seeds": list(seeds or ())}
        self.save()
        environment = os.environ | {"FER_COURSE_STEP_OF": str(os.getpid())}
        if not step.page:
            environment["FER_COURSE_RECORDS"] = str(self.stage)
        self.runs(step.name).parent.mkdir(parents=True, exist_ok=True)
        log = self.out / "logs" / f"{step.name}.log"
        log.parent.mkdir(exist_ok=True)
        start = time.time()
        with log.open("a", encoding="utf-8") as said:
            before = said.tell()
            process = subprocess.Popen(
                self.command(step, seeds), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            try:
                while process.poll() is None:
                    tick()
                    time.sleep(0.2)
            except KeyboardInterrupt:  # which the script has got, too
                process.wait()
                raise
        of_step["seconds"] += round(time.time() - start, 1)
        trouble = ""
        if process.returncode:
            trouble = f"{step.name} failed: {last_line(log, before)} (all of it: {log})"
        elif missing := [path for path in step.files if not self.written(path)]:
            trouble = f"{step.name} failed: it did not write {', '.join(map(str, missing))} (see {log})"
        else:
            self.move(step)
            of_step["done"] = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        if trouble:
            of_step["failed"] = trouble
        self.save()
        return trouble

    def written(self, path: Path) -> bool:
        """Return whether a step has written its record; a page must be there."""
        staged = self.staged(path)
        return staged.is_file() if staged else (ROOT / path).is_file()

    def move(self, step: Step) -> None:
        """Put a step's records into the package, and keep the old ones in OUT/before."""
        if not self.install:
            return
        for path in step.files:
            if staged := self.staged(path):
                if (ROOT / path).is_file():
                    kept = self.out / "before" / path
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    if not kept.exists():  # the oldest, which no round has made
                        shutil.copy2(ROOT / path, kept)
                files.copy(staged, ROOT / path)


def last_line(log: Path, start: int) -> str:
    """Return the last line that a script has written, without its kind of error."""
    with log.open(encoding="utf-8", errors="replace") as said:
        said.seek(start)
        lines = [line.strip() for line in said if line.strip()]
    return lines[-1] if lines else "it said nothing"


# ------------------------------------------------------------------------------------------------- how long it takes


def trained(record: dict) -> list[dict]:
    """Return what a record holds of each training that has seconds: `seconds`, `seed`; `device`, `recipe` where it says so."""
    found = []
    for run in record.get("runs", []):
        timing = run.get("timing") or run["training"]
        found.append({"seconds": timing["seconds"], "device": timing.get("device", "cpu"), "recipe": run["recipe"]})
        found[-1]["seed"] = run["recipe"]["seed"]
    found += [{"seconds": each["seconds"], "seed": each["seed"]} for each in record.get("trainings", [])]
    found += [{"seconds": each["points"][-1][0], "seed": each.get("seed", 0)} for each in record.get("ways", [])]
    return found


def area(recipe: dict) -> float:
    """Return epochs times pixels: what a network's training takes is about proportional to it."""
    return recipe["epochs"] * recipe["input_size"] ** 2


def rates(records: Iterable[dict]) -> dict[str, float]:
    """Return model -> seconds an epoch and pixel on a CPU, of the recorded runs."""
    found: dict[str, list[float]] = {}
    for record in records:
        for each in trained(record):
            if "recipe" in each and each["device"] == "cpu":
                found.setdefault(each["recipe"]["model"], []).append(each["seconds"] / area(each["recipe"]))
    return {model: statistics.median(each) for model, each in found.items()}


def held(step: Step) -> dict | None:
    """Return a step's record in the package; None without one."""
    file = ROOT / RESULTS / f"{step.record}.json"
    return files.read_json(file, DataError, "Make it again.") if step.record and file.is_file() else None


def seconds_of(step: Step, seeds: Sequence[int] | None, last: dict, known: Mapping[str, float]) -> float:
    """Return about how long a step takes: as it took the last time, else by its record's seconds, else by its script's word.

    What an accelerator trained is reckoned for a CPU, with `known` of `rates`: an accelerator will be sooner.
    """
    if last.get("done") and last.get("seeds") == list(seeds or ()):
        return last["seconds"]
    each = trained(held(step) or {})
    if not each or recording.MINIATURE:
        return 60 * step.minutes
    total = 0.0
    for run in each:
        on_gpu = run.get("device", "cpu") != "cpu" and run["recipe"]["model"] in known
        total += known[run["recipe"]["model"]] * area(run["recipe"]) if on_gpu else run["seconds"]
    recorded = len({run["seed"] for run in each})
    wanted = len(seeds) if seeds else {"classic": 5}.get(step.name, recorded)
    return total * wanted / recorded


class Bar:
    """What the user sees: a bar in a terminal, one line a step in a file, both with the hours that are left.

    Args:
        seconds: step -> about how long it takes, in their order.

    """

    def __init__(self, seconds: Mapping[str, float]):
        self.seconds, self.spent, self.reckoned = dict(seconds), 0.0, 0.0
        self.bar = tqdm(
            total=sum(seconds.values()) or 1, disable=not sys.stderr.isatty(), leave=False,
            bar_format="{desc}: {percentage:3.0f} %|{bar}| {postfix}",
        )  # fmt: skip

    def left(self, of_step: float = 0.0) -> str:
        """Return the time that is left, by how this machine has kept to the reckoning so far; of the first step some is done."""
        pace = self.spent / self.reckoned if self.reckoned > 60 else 1.0
        seconds = max(0.0, sum(self.seconds.values()) - of_step) * pace
        return f"{seconds / 3600:.1f} h left" if seconds >= 3600 else f"{seconds / 60:.0f} min left"

    def begin(self, name: str) -> None:
        """Say that a step begins."""
        self.bar.set_description(name)
        self.start = time.time()
        if self.bar.disable:
            print(f"{datetime.now():%H:%M} {name}: begun; {self.left()}", flush=True)

    def tick(self, name: str) -> None:
        """Move within a step, by the time that it has taken."""
        within = min(time.time() - self.start, 0.99 * self.seconds[name])
        self.bar.n = self.bar.total - sum(self.seconds.values()) + within
        self.bar.set_postfix_str(self.left(within))

    def end(self, name: str, told: str) -> None:
        """Say how a step ended."""
        self.spent, self.reckoned = self.spent + time.time() - self.start, self.reckoned + self.seconds.pop(name)
        self.bar.n = self.bar.total - sum(self.seconds.values())
        tqdm.write(f"{datetime.now():%H:%M} {told}", file=sys.stdout)
        sys.stdout.flush()


# ------------------------------------------------------------------------------------------------------- the commands


def make(options) -> int:
    """Make what was asked for; return the exit status."""
    asked = options.only or list(STEPS)
    seeds = dict.fromkeys(asked, options.seeds) if options.seeds else {}
    work = Round(options.out, options.data)
    everything_done = work.state["finished"] and not set(STEPS) - set(work.done()) - set(lacking())
    if not options.only and everything_done and not options.anew:
        print(
            f"All steps are done in {options.out}, the last on {max(each['done'] for each in work.state['steps'].values())}."
        )
        print("To make one anew: ONLY=STEP. To make all anew: --anew, or another --out.")
        return 0
    return run_all(work, work.begin(asked, seeds), lambda step: options.seeds)


def run_all(work: Round, names: Sequence[str], seeds_of_step: Callable[[Step], Sequence[int] | None]) -> int:
    """Run the steps of a round that are not done; return the exit status."""
    known = rates(filter(None, map(held, STEPS.values())))
    lasts, left_out = {name: dict(each) for name, each in work.state["steps"].items()}, lacking()
    for name in set(names) & set(left_out):
        print(f"{name} is left out: {left_out[name]}.")
    todo = [name for name in names if name not in work.done() and name not in left_out]
    bar = Bar({name: seconds_of(STEPS[name], seeds_of_step(STEPS[name]), lasts.get(name, {}), known) for name in todo})
    failed: list[str] = []
    for name in todo:
        step = STEPS[name]
        bar.begin(name)
        if lost := [each for each in (*step.trainings, *([] if step.page else step.needs)) if each in failed]:
            trouble = f"{name} was not begun, as {', '.join(lost)} failed"
        else:
            trouble = work.run(step, seeds_of_step(step), lambda name=name: bar.tick(name))
        failed += [name] if trouble else []
        bar.end(name, trouble or f"{name}: done; {bar.left(bar.seconds[name])}")
    bar.bar.close()
    work.state["finished"] = not failed
    work.save()
    if failed:
        print(f"Not done: {', '.join(failed)}. Their old records are untouched; the same command tries them again.")
    return int(bool(failed))


def lacking() -> dict[str, str]:
    """Return the steps that this machine can't do -> why."""
    return {name: why for name, step in STEPS.items() if (why := step.lacks())}


def check(options) -> int:
    """Train the first seed of each recorded row anew, and compare; return the exit status."""
    names = options.only or [name for name, step in STEPS.items() if step.score]
    if others := [name for name in names if not STEPS[name].score]:
        scored = ", ".join(name for name, step in STEPS.items() if step.score)
        sys.exit(f"Of {', '.join(others)} there are no scores to compare; --check takes: {scored}.")
    recorded = {name: scores(held(STEPS[name]) or {}, STEPS[name]) for name in names}
    if missing := [name for name, rows in recorded.items() if not rows]:
        sys.exit(f"There is no record of {', '.join(missing)} to compare with.")
    first = {name: min(seed for row in rows.values() for seed in row) for name, rows in recorded.items()}
    work = Round(options.out / "check", options.data, install=False)
    work.begin(names, {name: [seed] for name, seed in first.items()})
    status = run_all(work, names, lambda step: [first[step.name]])
    found = {}
    for name in set(names) & set(work.done()):
        made = files.read_json(work.stage / f"{STEPS[name].record}.json", DataError, "Check anew.")
        found[name] = {row: each[first[name]] for row, each in scores(made, STEPS[name]).items() if first[name] in each}
    rows = sum(len(set(recorded[name]) & set(each)) for name, each in found.items())
    print(f"{'record':<14} {'row':<44} {'recorded':>9} {'within':>9} {'now':>7}")
    for name in filter(found.__contains__, names):
        for each in spread.judge(pooled_with(name, recorded[name]), found[name], rows):
            told = {True: "", False: "OUTSIDE", None: "no spread is recorded: one seed"}[each.inside]
            width = "" if each.inside is None else f"± {100 * each.half:.1f}"
            print(f"{name:<14} {each.row:<44} {each.mean:>9.1%} {width:>9} {each.score:>7.1%} {told}")
            status |= each.inside is False
        for row in recorded[name].keys() ^ found[name].keys():
            print(f"{name:<14} {row:<44} {'not recorded' if row in found[name] else 'not trained any more'}")
    print(
        "A row lies outside: the code, or the machine, does not give what is recorded."
        if status
        else "No row lies outside."
    )
    return int(status)


def pooled_with(name: str, recorded: Mapping[str, Mapping[int, float]]) -> dict[str, list[float]]:
    """Return row -> scores of a record; of one with less than three rows of several seeds, with those of all records of runs.

    A row alone hardly tells its own spread. The others' networks were tested on the same faces.
    """
    own = {row: list(seeds.values()) for row, seeds in recorded.items()}
    if STEPS[name].score is of_runs and sum(len(each) > 1 for each in own.values()) < 3:
        for other, step in STEPS.items():
            if step.score is of_runs and other != name:
                of_other = scores(held(step) or {}, step)
                own |= {f"{other}: {row}": list(seeds.values()) for row, seeds in of_other.items()}
    return own


def scores(record: dict, step: Step) -> dict[str, dict[int, float]]:
    """Return row -> seed -> accuracy of a step's record; empty without one."""
    return step.score(record) if record and step.score else {}


def table(seeds: Sequence[int] | None, out: Path) -> str:
    """Return what each step writes, and about how many hours it takes."""
    known, state = rates(filter(None, map(held, STEPS.values()))), Round(out, "").state["steps"]
    lines, total = [f"{'step':<14} {'hours':>6}  writes"], 0.0
    for name, step in STEPS.items():
        hours = seconds_of(step, seeds, state.get(name, {}), known) / 3600
        total += hours
        why = f" (left out here: {step.lacks()})" if step.lacks() else ""
        lines.append(f"{name:<14} {hours:>6.1f}  {', '.join(step.writes)}{why}")
    return "\n".join([*lines, f"{'all':<14} {total:>6.1f}  on two cores, by what was recorded or took place last"])


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="FER2013: file or folder")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", nargs="+", choices=STEPS, metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--seeds", nargs="+", type=int, help="instead of each script's own")
    parser.add_argument("--anew", action="store_true", help="make all anew, though all is done in OUT")
    parser.add_argument("--check", action="store_true", help="train one seed of each row, change nothing, compare")
    parser.add_argument(
        "--list", action="store_true", help="print the steps, what they write, and their hours; nothing else"
    )
    options = parser.parse_args()
    options.out = options.out.resolve()
    if options.list:
        print(table(options.seeds, options.out))
        return 0
    if not options.data:
        parser.error("which faces? --data PATH (make results DATA=PATH)")
    if not Path(options.data).exists():
        parser.error(f"there is nothing at {options.data}")
    options.data = str(Path(options.data).resolve())
    try:
        with files.exclusive(options.out):
            return check(options) if options.check else make(options)
    except BusyError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("Interrupted: the same command goes on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
