"""`fer-course sweep`."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import add_command


def add_sweep(commands) -> None:
    """Add `sweep`."""
    sweep = add_command(
        commands, "sweep", _sweep, "try a grid of settings with several seeds; the same command resumes"
    )
    sweep.add_argument("sweep", type=Path, metavar="SWEEP.yaml", help="what to try; docs/clusters has an example")
    sweep.add_argument("--out", type=Path, help="the sweep's folder; none: sweeps/<its name>")
    sweep.add_argument("--workers", type=int, default=2, help="how many local processes")
    sweep.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask cluster that sees the same folders, instead of local processes"
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
