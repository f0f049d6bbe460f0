"""Load a network, and give it one face and then nine, with little memory: `checking.trial` starts this in a process of its own.

It reads the file from standard input, and prints one line of JSON: what went wrong, or how many bytes of memory a face takes. It
imports nothing of the course, so that it starts in a fraction of a second.

usage: python trial.py .onnx|.tflite BYTES SECONDS <FILE
"""

from __future__ import annotations

import json
import os
import sys

FACES = 8


def main() -> None:
    """Try the file, and say what came of it."""
    suffix, memory, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    content = sys.stdin.buffer.read()
    # What runtimes print must not be taken for the answer.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for channel in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), channel)
    load = _onnx if suffix == ".onnx" else _litert
    try:
        limited = _limit(memory + 2 * len(content), seconds)
        use = load(content)
        if use is not None:
            use(1)
        before = _peak()
        if use is not None:
            use(1 + FACES)
        said: dict = {"per_face": (_peak() - before) // FACES if limited else 0}
    except MemoryError:
        said = {"error": f"it needs more than {memory / 1e9:.1f} GB of memory"}
    except Exception as error:
        said = {"error": (str(error).strip() or type(error).__name__).splitlines()[0][:120]}
    print(json.dumps(said), file=out, flush=True)
    os._exit(0)  # runtimes' own clean-up is of no use here


def _limit(memory: int, seconds: int) -> bool:
    """Limit memory and time of this process; return whether this system can."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    for limit, value in (
        (resource.RLIMIT_AS, memory + 2**30),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):  # a lower one is set already
            continue
    return True


def _peak() -> int:
    """Return the most bytes of memory that this process has had; 0 where that is not known."""
    try:  # not `ru_maxrss`: that begins with the memory of the process that started this one
        with open("/proc/self/status", encoding="utf-8") as lines:
            return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def _onnx(content: bytes):
    """Return a function that gives a network a number of faces; None if it takes something else."""
    import numpy as np
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (pixels, *others) = session.get_inputs()
    shape = pixels.shape[1:]
    if others or pixels.type != "tensor(uint8)" or len(shape) != 3 or not all(isinstance(side, int) for side in shape):
        return None
    return lambda faces: session.run(None, {pixels.name: np.zeros((faces, *shape), np.uint8)})


def _litert(content: bytes):
    """As `_onnx`; a LiteRT file takes one face at a time."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return lambda faces: interpreter.invoke()


if __name__ == "__main__":
    main()
