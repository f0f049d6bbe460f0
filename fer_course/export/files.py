"""Networks as files for other runtimes: LiteRT (phones, small boards, Python), LiteRT in 8-bit integers, and ONNX.

    exported = export(run, "model.onnx", to="onnx")         # Keras' own exporter, compared with Keras before it counts
    network = load("model.onnx")                            # from here on, neither Keras nor TensorFlow is needed
    scores = network(faces.images)                              # uint8 (N, 48, 48) to float32 (N, 7)

Every file takes uint8 pixels (N, 48, 48, 1), 0…255: it includes the rescaling to [-1, 1]. ONNX files take any N. LiteRT files
take one face, because LiteRT plans its memory for one fixed shape; `load` feeds them one face after the other.

This needs the extra `export`. To write a file, Keras has to run on TensorFlow.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from fer_course import data
from fer_course._shared import extras, files
from fer_course._shared.notice import NOTICE
from fer_course._shared.silence import silence
from fer_course.errors import ExportError, ModelError, first_line
from fer_course.export import checking
from fer_course.faces import Faces

#: The targets of `export` that `load` executes, and how the names of their files end.
ENDINGS = {"litert": ".tflite", "litert-int8": "-int8.tflite", "onnx": ".onnx"}
#: The same, with the page, which no runtime but a browser executes: `load` knows the others only.
_TARGETS = {**ENDINGS, "page": ".html"}
#: The number of faces from which LiteRT takes the ranges of its 8-bit integers, and on which a file is compared with Keras.
FACES = 300
#: How far the probabilities of a float file may be from those of Keras.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Exported:
    """A file that was written, and how it compares with the Keras model.

    Attributes:
        path: the file.
        to: `litert`, `litert-int8`, `onnx` or `page`.
        size: size of the file in bytes.
        n: the number of Training faces on which file and model were compared; 0 for a page, which only a browser executes.
        drawn: True if these are drawn faces.
        agreement: the share of these faces for which both predict the same class.
        difference: the largest difference between two probabilities.

    """

    path: Path
    to: str
    size: int
    n: int
    drawn: bool
    agreement: float
    difference: float

    def __str__(self):
        if self.to == "page":
            return f"Wrote {self.path}, {self.size:,} bytes. Open it in any browser, also without a network."
        kind = "drawn faces" if self.drawn else "faces"
        ranges = f" The ranges of its integers come from {kind} of Training." if self.to == "litert-int8" else ""
        return (
            f"Wrote {self.path}, {self.size:,} bytes.{ranges} On {self.n} {kind}: the same class as in Keras for "
            f"{self.agreement:.1%}, probabilities at most {self.difference:.1g} apart."
        )


def export(model, path: str | Path, to: str = "onnx", faces: Faces | None = None, seed: int = 0) -> Exported:
    """Write a network as a file for another runtime, and compare it there with Keras.

    The file is only written if it is complete and gives the same probabilities as Keras.

    Args:
        model: a Keras model of this package's form, or a `Run`, whose best model is used.
        path: the file to write, replaced if it exists: `.tflite` for LiteRT, `.onnx` for ONNX, `.html` for a page.
        to: `litert`, `litert-int8` (weights and feature maps are 8-bit integers), `onnx`, or `page`: one HTML file that computes
            the network in a browser, with a camera. A page is not compared: tests compare its JavaScript with Keras.
        faces: must have Training faces. `FACES` of them, of all classes, give the ranges of the 8-bit integers, and another
            `FACES` are for the comparison. None: those that `data.load` finds, drawn faces if there are no others.
        seed: the same seed selects the same faces.

    Returns:
        An `Exported`.

    Raises:
        ExportError: if there is no such target, a package is missing, Keras does not run on TensorFlow, the file can't be
            written, or a float file's probabilities are further than `TOLERANCE` from those of Keras.
        ModelError: if the model is not of this package's form.
        RunError: if the run has no model yet.
        DataError: if there are no Training faces.

    Source: 8-bit integers: Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
    inference", arXiv:1712.05877; after the training, one scale per filter: Krishnamoorthi 2018, arXiv:1806.08342.

    """
    path = Path(path)
    check(path, to)
    model = _keras_model(model)
    if to == "page":
        return _write_page(model, path)
    faces = (data.load(quiet=True) if faces is None else faces).select("Training")
    try:
        with files.atomic(path) as temporary:
            _write(model, temporary, to, faces.sample(FACES, seed).images)
            size = temporary.stat().st_size
            chosen = faces.sample(FACES, seed + 1)
            agreement, difference = _compare(model, _open(temporary, temporary.read_bytes()), chosen.images)
            if to != "litert-int8" and not difference <= TOLERANCE:
                raise ExportError(
                    f"{path} is not written: its probabilities would be up to {difference:.2g} from those of Keras, more than "
                    f"{TOLERANCE:g}. Train the model again if its weights are not finite, or choose another target."
                )
    except OSError as error:
        raise _unwritable(path, error) from error
    return Exported(path, to, size, len(chosen), faces.drawn, agreement, difference)


def _write_page(model, path: Path) -> Exported:
    from fer_course.export.page import page

    text = page(model, NOTICE)
    try:
        with files.atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error
    return Exported(path, "page", path.stat().st_size, 0, True, 1.0, 0.0)


def _unwritable(path: Path, error: OSError) -> ExportError:
    return ExportError(f"{path} can't be written: {error.strerror or error}. Give another path, or make room.")


def default_path(model, to: str) -> Path:
    """Return the default file of an export: `model.onnx` in a run's folder; for a model, `mini_xception.onnx` in this folder.

    Raises:
        ExportError: if there is no such target.

    """
    from fer_course.runs import Run

    ending = _ending(to)
    return model.path / f"model{ending}" if isinstance(model, Run) else Path(f"{model.name}{ending}")


def _ending(to: str) -> str:
    if to not in _TARGETS:
        raise ExportError(f"There is no target {to!r}; there are: {', '.join(_TARGETS)}.")
    return _TARGETS[to]


def check(path: str | Path, to: str) -> None:
    """Raise an ExportError if an export can't begin: unknown target, wrong suffix, missing package, or another backend."""
    path = Path(path)
    suffix = Path(f"model{_ending(to)}").suffix
    if path.suffix.lower() != suffix:
        raise ExportError(f"The name of a file for {to} ends in {suffix}; found {path}.")
    if to == "page":
        return
    for name in ("onnxruntime", "tf2onnx") if to == "onnx" else ("ai_edge_litert.interpreter",):
        _package(name)
    from fer_course.quiet import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"Keras exports to {to} only when it runs on TensorFlow; here it runs on {keras.backend.backend()}. Set "
            f"KERAS_BACKEND=tensorflow for this command. TensorFlow also loads a run that was trained on "
            f"{keras.backend.backend()}."
        )


def _package(name: str) -> ModuleType:
    # Since version 1.29 ONNX Runtime reports its use to its makers. Nothing may leave the learner's machine.
    os.environ.update(ORT_DISABLE_TELEMETRY="1", ORT_TELEMETRY_DISABLED="1")
    try:
        with silence():
            return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0].replace("_", "-")
        if package == "ai-edge-litert" and sys.platform == "win32":
            raise ExportError(
                "LiteRT has no Python package for Windows. Export to onnx, or use the Windows Subsystem for Linux."
            ) from None
        raise ExportError(
            f"This needs the package {package} ({error}) from the extra `export`. {extras.advice('export')}"
        ) from None


def _keras_model(model):
    from fer_course.models import as_model
    from fer_course.quiet import keras

    model = as_model(model)
    if not isinstance(model, keras.Model):
        raise ModelError(f"Only a Keras model or a training run can be exported; found {type(model).__name__}.")
    shape = tuple(getattr(model, "input_shape", ()))
    if len(shape) != 4 or shape[1] != shape[2] or shape[3] != 1 or len(model.output_shape) != 2:
        raise ModelError(
            f"An exported model takes pixels (N, size, size, 1) and returns (N, classes); {model.name} takes {shape}."
        )
    return model


def _write(model, path: Path, to: str, images: np.ndarray) -> None:
    """Let the converters write the file, without anything that they print."""
    try:
        with silence(), _without_bytecode():
            if to == "onnx":
                _write_onnx(model, path)
            else:
                _write_litert(model, path, images if to == "litert-int8" else None)
    except Exception as error:  # the converters raise errors of many kinds
        if _interrupted(error):
            raise KeyboardInterrupt from error
        raise ExportError(f"Keras can't export {model.name} to {to}: {first_line(error)}") from error


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Let Python keep no compiled modules: TensorFlow imports what it has rewritten from the folder for temporary files."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _interrupted(error: BaseException | None) -> bool:
    """Return True if an error came of Ctrl-C: TensorFlow may raise one of its own while it handles it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _write_onnx(model, path: Path) -> None:
    from fer_course.quiet import keras

    size = model.input_shape[1]
    pixels = keras.InputSpec("uint8", shape=(None, size, size, 1), name="pixels")
    model.export(str(path), "onnx", False, input_signature=[pixels])


def _write_litert(model, path: Path, images: np.ndarray | None) -> None:
    """Write a LiteRT file: 8-bit integers if there are pictures, uint8 (N, 48, 48), to take the ranges from; else floats."""
    # This is what `model.export(format="litert")` does in Keras 3.15. Older versions ignore the type of the input.
    import tensorflow as tf

    from fer_course.quiet import keras

    size = model.input_shape[1]
    pixels = tf.TensorSpec((1, size, size, 1), tf.uint8 if images is None else tf.float32, "pixels")
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", lambda pixels: model(pixels, training=False), input_signature=[pixels])
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.experimental_enable_resource_variables = True
        if images is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([face[None]] for face in _with_all_greys(images, size))
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
        path.write_bytes(converter.convert())


def _with_all_greys(images: np.ndarray, size: int) -> np.ndarray:
    """Return float32 pixels (N, size, size, 1) from 0 to 255, so that the 256 levels of the input equal the grey levels."""
    from fer_course.models.prepare import prepare

    pixels = prepare(images, size).astype(np.float32)
    pixels[0, 0, :2, 0] = 0, 255
    return pixels


def _compare(model, network: Network, images: np.ndarray) -> tuple[float, float]:
    """Return the share of pictures with the same class from both, and the largest difference between two probabilities."""
    from fer_course.evaluation import predict

    expected, found = predict(model, images), predict(network, images)
    same = expected.argmax(axis=1) == found.argmax(axis=1)
    return float(same.mean()), float(np.abs(expected - found).max())


# -------------------------------------------------------------------------------------------------- using a file


class Network:
    """An exported file in its runtime: `scores = network(images)`. `evaluation.predict` and `evaluate` take it as a model.

    Attributes:
        path: the file.
        name: the name of the file, without its suffix.
        input_shape: (None, size, size, 1), as in a Keras model.
        output_shape: (None, classes).

    """

    def __init__(self, path: Path, scores: Callable[[np.ndarray], np.ndarray], size: int, classes: int, batch: int):
        self.path, self.name, self._scores, self._batch = path, path.stem, scores, batch
        self.input_shape, self.output_shape = (None, size, size, 1), (None, classes)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of pictures: uint8 (N, 48, 48) to float32 (N, classes).

        Pictures of another size than the network's are resized, antialiased; this needs Keras. Don't call one network from
        several threads at once.

        Raises:
            ExportError: if the pictures are not uint8 (N, height, width).

        """
        images = np.asarray(images)
        if images.ndim != 3 or images.dtype != np.uint8:
            raise ExportError(f"Expected pictures as a uint8 array (N, 48, 48); found {images.dtype} {images.shape}.")
        if images.shape[1:] == self.input_shape[1:3]:
            return self.predict(images[..., None])
        from fer_course.models.prepare import prepare

        return self.predict(prepare(images, self.input_shape[1]))

    def predict(self, pixels: np.ndarray, batch_size: int = 256, verbose: int = 0) -> np.ndarray:
        """Return probabilities float32 (N, classes) of pixels uint8 (N, size, size, 1), as `predict` of a Keras model does."""
        step = min(batch_size, self._batch)
        scores = np.empty((len(pixels), self.output_shape[1]), dtype=np.float32)
        for start in range(0, len(pixels), step):
            scores[start : start + step] = self._scores(pixels[start : start + step])
        return scores


def load(path: str | Path, threads: int = 1) -> Network:
    """Load an exported file into its runtime: LiteRT for `.tflite`, ONNX Runtime for `.onnx`.

    A stranger may have written the file. So another process, whose memory is limited, tries it first (`checking`).

    Args:
        path: the file.
        threads: how many processor cores may share the work on one face. For networks this small, 1 is best: several cores
            spend their time waiting for each other.

    Returns:
        A `Network`, to call with pictures.

    Raises:
        ExportError: if there is no such file, it is of another kind, damaged, larger than a network of this course can be, or of
            another form, or the runtime's package is missing.

    """
    path = Path(path)
    if path.suffix.lower() not in _LOADERS:
        raise ExportError(f"{path} is neither a .tflite nor an .onnx file. Give one that `fer-course export` wrote.")
    if not path.is_file():
        raise ExportError(f"There is no file {path}. Write it with `fer-course export`, or check its name and folder.")
    _runtime(path)
    try:
        content = checking.content_of(path)
        checking.check(content, path.suffix.lower())
        batch = checking.trial(content, path.suffix.lower())
    except (OSError, checking.UnfitError) as error:
        raise _damaged(path, error) from None
    return _open(path, content, threads, batch)


def _open(path: Path, content: bytes, threads: int = 1, batch: int = checking.BATCH) -> Network:
    """Load an exported file that was checked, or that this process has just written, into its runtime."""
    return _LOADERS[path.suffix.lower()](path, content, threads, batch)


def _runtime(path: Path) -> ModuleType:
    return _package("onnxruntime" if path.suffix.lower() == ".onnx" else "ai_edge_litert.interpreter")


def _load_litert(path: Path, content: bytes, threads: int, batch: int) -> Network:
    interpreter_of = _runtime(path).Interpreter
    try:
        with silence():
            interpreter = interpreter_of(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise _damaged(path, error) from None
    pixels, *other_inputs = interpreter.get_input_details()
    scores, *other_outputs = interpreter.get_output_details()
    plain = pixels["quantization"] in ((0.0, 0), (1.0, 0)) and scores["quantization"] == (0.0, 0)
    types = (np.dtype(pixels["dtype"]).name, np.dtype(scores["dtype"]).name)
    plain = plain and not other_inputs and not other_outputs
    size, classes = _form(path, pixels["shape"].tolist(), scores["shape"].tolist(), types, plain)

    def score_face(face: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(pixels["index"], face)
        interpreter.invoke()
        return interpreter.get_tensor(scores["index"])

    return Network(path, score_face, size, classes, batch=1)


def _load_onnx(path: Path, content: bytes, threads: int, batch: int) -> Network:
    runtime = _runtime(path)
    runtime.disable_telemetry_events()  # for Windows, where the variables have no effect
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        with silence():
            session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors have no base but this
        raise _damaged(path, error) from None
    pixels, *other_inputs = session.get_inputs()
    scores, *other_outputs = session.get_outputs()
    types = (_onnx_type(pixels), _onnx_type(scores))
    size, classes = _form(path, pixels.shape, scores.shape, types, not other_inputs and not other_outputs)
    return Network(path, lambda faces: session.run(None, {pixels.name: faces})[0], size, classes, batch)


_LOADERS = {".tflite": _load_litert, ".onnx": _load_onnx}


def _onnx_type(value) -> str:
    return value.type.removeprefix("tensor(").rstrip(")").replace("float", "float32")


def _damaged(path: Path, error: Exception) -> ExportError:
    return ExportError(f"{path} is damaged, or not a network ({first_line(error, 120)}). Export it again.")


def _form(path: Path, inputs: list, outputs: list, types: tuple[str, str], plain: bool) -> tuple[int, int]:
    """Return the size of the pictures and the number of classes, or raise an error if the network has another form."""
    shaped = len(inputs) == 4 and len(outputs) == 2 and inputs[1] == inputs[2] and inputs[3] == 1
    shaped = shaped and all(isinstance(side, int) for side in (inputs[1], outputs[1]))
    if not (plain and shaped and types == ("uint8", "float32")):
        raise ExportError(
            f"{path} is a network of another form: expected uint8 pixels (N, size, size, 1) and float32 scores (N, classes); "
            f"found {types[0]} {inputs[1:]} and {types[1]} {outputs[1:]}. Give one that `fer-course export` wrote."
        )
    return int(inputs[1]), int(outputs[1])
