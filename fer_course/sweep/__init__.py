"""Sweeps: one recipe or lesson over a grid of settings and several seeds, on local processes or a Dask cluster.

A sweep is a YAML file::

    recipe: quick                # or  lesson: "07"
    data: drawn                  # none: FER2013 where the course finds it, else drawn faces
    faces: 4000                  # 0: all
    seeds: [0, 1, 2]
    grid:
      model: [mini_xception, lenet]
      shift: [0.0, 0.08]

    threads: 1                   # for TensorFlow, in each trial
    score: val_accuracy          # what the tables compare

Each combination and seed is a trial, with a process and a folder of its own. The folder is named by a hash of all that decides
about the result. A trial is done when its `metrics.json` says so; what is done is never done again, and a training that was
killed goes on, on whichever worker. The same seed gives the same weights on any of them, bit for bit, where processors are of
one kind.
"""

from fer_course.sweep.runner import Trial, check_folder, run, run_trial, trials
from fer_course.sweep.spec import Sweep, load

__all__ = ["Sweep", "Trial", "check_folder", "load", "run", "run_trial", "trials"]
