"""For `dask worker --preload`: threads of the worker sample from Python's global `random`, as a library's may."""

import random
import threading
import time


def sample():
    while True:
        random.seed(random.randint(0, 9))
        random.random()
        time.sleep(0.001)


def dask_setup(worker):
    for _ in range(2):
        threading.Thread(target=sample, daemon=True).start()
