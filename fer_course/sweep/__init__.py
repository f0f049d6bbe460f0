"""Sweeps: one recipe or lesson over a grid of settings and several seeds, on local processes or a Dask cluster.

A sweep is a YAML file::

    recipe: quick                # or  lesson: "10"
    data: drawn                  # if missing: FER2013 where the course finds it, else drawn faces
    faces: 4000                  # 0: all
    seeds: [0, 1, 2]
    grid:
      model: [mini_xception, lenet]
      shift: [0.0, 0.08]

    threads: 1                   # for TensorFlow, in each trial
    score: val_accuracy          # what the tables compare

Each combination with each seed is a trial, with its own process and folder. The folder's name contains a hash of all that
decides the result. A trial is done when its `metrics.json` says so. It is never repeated, and a training that was killed is
resumed, on any worker. The same seed gives the same weights on every worker, bit for bit, if their processors are of one kind.
"""

from fer_course.sweep.runner import Trial, check_folder, run, run_trial, trials
from fer_course.sweep.spec import Sweep, load

__all__ = ["Sweep", "Trial", "check_folder", "load", "run", "run_trial", "trials"]
