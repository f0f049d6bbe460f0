"""Networks as files for other runtimes: LiteRT (phones, small boards, Python), LiteRT in 8-bit integers, and ONNX.

    exported = export(run, "model.onnx", to="onnx")         # Keras' own exporter, compared with Keras before it counts
    net = load("model.onnx")                                # neither Keras nor TensorFlow is needed from here on
    scores = net(faces.images)                              # uint8 (N, 48, 48) to float32 (N, 7)

Every file takes uint8 pixels (N, 48, 48, 1), 0…255: the rescaling to [-1, 1] is a part of it. ONNX files take any N. LiteRT files
take one face, because LiteRT plans its memory for one shape beforehand; `load` feeds them one after the other.

Needs the extra `export`. To write a file, Keras has to run on TensorFlow.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from fer_course import data
from fer_course._shared import extras, files
from fer_course._shared.silence import silence
from fer_course.errors import ExportError, ModelError
from fer_course.faces import Faces

#: What `export` can write, and how the names of such files end.
ENDINGS = {"litert": ".tflite", "litert-int8": "-int8.tflite", "onnx": ".onnx"}
#: How many faces LiteRT looks at to find the ranges of its 8-bit integers, and on how many a file is compared with Keras.
FACES = 300
#: How far the probabilities of a float file may be from those of Keras.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Exported:
    """A file that was written, and how it compares with the Keras model.

    Attributes:
        path: the file.
        to: `litert`, `litert-int8` or `onnx`.
        size: of the file in bytes.
        n: the number of Training faces on which both were compared.
        drawn: True if these are drawn faces.
        agreement: on which share of them both see the same class.
        difference: the largest difference of two probabilities.

    """

    path: Path
    to: str
    size: int
    n: int
    drawn: bool
    agreement: float
    difference: float

    def __str__(self):
        kind = "drawn faces" if self.drawn else "faces"
        ranges = f" Its integers' ranges come from {kind} of Training." if self.to == "litert-int8" else ""
        return (
            f"Wrote {self.path}, {self.size:,} bytes.{ranges} On {self.n} {kind}: the same class as in Keras for "
            f"{self.agreement:.1%}, probabilities at most {self.difference:.1g} apart."
        )


def export(model, path: str | Path, to: str = "onnx", faces: Faces | None = None, seed: int = 0) -> Exported:
    """Write a network as a file for another runtime, and compare it there with Keras; whole and equal, or not at all.

    Args:
        model: a Keras model of this package's form, or a `Run`, of which the best model is taken.
        path: the file to write, replaced if it is there: `.tflite` for LiteRT, `.onnx` for ONNX.
        to: `litert`, `litert-int8` (weights and feature maps are 8-bit integers) or `onnx`.
        faces: have Training faces. `FACES` of them, of all classes, give the ranges of the 8-bit integers, and `FACES` the
            comparison. None: those that `data.load` finds, drawn ones if there are no others.
        seed: the same seed chooses the same faces.

    Returns:
        An `Exported`.

    Raises:
        ExportError: if there is no such target, a package is missing, Keras does not run on TensorFlow, the file can't be
            written, or a float file's probabilities are further than `TOLERANCE` from those of Keras.
        ModelError: if it is no model of this package's form.
        RunError: if the run has no model yet.
        DataError: if there are no Training faces.

    Source: 8-bit integers: Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
    inference", arXiv:1712.05877; after the training, a scale a filter: Krishnamoorthi 2018, arXiv:1806.08342.

    """
    path = Path(path)
    check(path, to)
    model = _keras_model(model)
    faces = (data.load(quiet=True) if faces is None else faces).select("Training")
    try:
        with files.atomic(path) as temporary:
            _write(model, temporary, to, faces.sample(FACES, seed).images)
            size = temporary.stat().st_size
            chosen = faces.sample(FACES, seed + 1)
            agreement, difference = _compare(model, load(temporary), chosen.images)
            if to != "litert-int8" and not difference <= TOLERANCE:
                raise ExportError(
                    f"{path} is not written: its probabilities would be up to {difference:.2g} from those of Keras, not within "
                    f"{TOLERANCE:g}. Train the model again if it holds numbers that are not finite, or take another target."
                )
    except OSError as error:
        raise ExportError(
            f"{path} can't be written: {error.strerror or error}. Give another path, or make room."
        ) from error
    return Exported(path, to, size, len(chosen), faces.drawn, agreement, difference)


def place(model, to: str) -> Path:
    """Return where an export goes if nobody says: `model.onnx` in a run's folder, `mini_xception.onnx` here for a model.

    Raises:
        ExportError: if there is no such target.

    """
    from fer_course.runs import Run

    ending = _ending(to)
    return model.path / f"model{ending}" if isinstance(model, Run) else Path(f"{model.name}{ending}")


def _ending(to: str) -> str:
    if to not in ENDINGS:
        raise ExportError(f"There is no target {to!r} to export to; there are: {', '.join(ENDINGS)}.")
    return ENDINGS[to]


def check(path: str | Path, to: str) -> None:
    """Raise an ExportError if an export could not even begin: an unknown target, another suffix, a missing package."""
    path = Path(path)
    suffix = Path(f"model{_ending(to)}").suffix
    if path.suffix.lower() != suffix:
        raise ExportError(f"The name of a file for {to} ends in {suffix}; found {path}.")
    for name in ("onnxruntime", "tf2onnx") if to == "onnx" else ("ai_edge_litert.interpreter",):
        _package(name)
    from fer_course.quiet import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"Keras exports to {to} when it runs on TensorFlow; here it runs on {keras.backend.backend()}. Set "
            f"KERAS_BACKEND=tensorflow for this command: a run that was trained on {keras.backend.backend()} loads there, too."
        )


def _package(name: str) -> ModuleType:
    # From 1.29 on, ONNX Runtime reports to its makers who runs what. Nothing leaves the machine of a learner.
    os.environ.update(ORT_DISABLE_TELEMETRY="1", ORT_TELEMETRY_DISABLED="1")
    try:
        with silence():
            return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0].replace("_", "-")
        if package == "ai-edge-litert" and sys.platform == "win32":
            raise ExportError(
                "LiteRT has no Python package for Windows. Export to onnx, or work in the Windows Subsystem for Linux."
            ) from None
        raise ExportError(
            f"This needs the package {package} ({error}), which is in the extra `export`. {extras.advice('export')}"
        ) from None


def _keras_model(model):
    from fer_course.quiet import keras
    from fer_course.runs import Run

    model = model.model() if isinstance(model, Run) else model
    if not isinstance(model, keras.Model):
        raise ModelError(f"A Keras model or a training run can be exported; found {type(model).__name__}.")
    shape = tuple(getattr(model, "input_shape", ()))
    if len(shape) != 4 or shape[1] != shape[2] or shape[3] != 1 or len(model.output_shape) != 2:
        raise ModelError(
            f"A model that is exported takes pixels (N, size, size, 1) and gives (N, classes); {model.name} takes {shape}."
        )
    return model


def _write(model, path: Path, to: str, images: np.ndarray) -> None:
    """Let the converters write the file; nothing that they print is heard."""
    try:
        with silence():
            if to == "onnx":
                _write_onnx(model, path)
            else:
                _write_litert(model, path, images if to == "litert-int8" else None)
    except Exception as error:  # the converters raise errors of many kinds
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ExportError(f"Keras can't export {model.name} to {to}: {cause}") from error


def _write_onnx(model, path: Path) -> None:
    from fer_course.quiet import keras

    size = model.input_shape[1]
    pixels = keras.InputSpec("uint8", shape=(None, size, size, 1), name="pixels")
    model.export(str(path), "onnx", False, input_signature=[pixels])


def _write_litert(model, path: Path, images: np.ndarray | None) -> None:
    """Write floats, or, with pictures uint8 (N, 48, 48) that show the ranges, 8-bit integers throughout."""
    # What `model.export(format="litert")` does in Keras 3.15. In older ones it does not heed the input's type.
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
            converter.representative_dataset = lambda: ([each[None]] for each in _with_all_greys(images, size))
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
        path.write_bytes(converter.convert())


def _with_all_greys(images: np.ndarray, size: int) -> np.ndarray:
    """Return float32 pixels (N, size, size, 1) from 0 to 255: then the 256 levels of the input are the greys themselves."""
    from fer_course.models.prepare import prepare

    pixels = prepare(images, size).astype(np.float32)
    pixels[0, 0, :2, 0] = 0, 255
    return pixels


def _compare(model, net: Network, images: np.ndarray) -> tuple[float, float]:
    """Return on which share of the pictures both see the same class, and the largest difference of two probabilities."""
    from fer_course.evaluation import predict

    expected, found = predict(model, images), predict(net, images)
    same = expected.argmax(axis=1) == found.argmax(axis=1)
    return float(same.mean()), float(np.abs(expected - found).max())


# ------------------------------------------------------------------------------------------------- running a file


class Network:
    """An exported file in its runtime: `scores = net(images)`. `evaluation.predict` and `evaluate` take it as a model.

    Attributes:
        path: the file.
        name: of the file, without its suffix.
        input_shape: (None, size, size, 1), as a Keras model has it.
        output_shape: (None, classes).

    """

    def __init__(self, path: Path, scores: Callable[[np.ndarray], np.ndarray], size: int, classes: int, batch: int):
        self.path, self.name, self._scores, self._batch = path, path.stem, scores, batch
        self.input_shape, self.output_shape = (None, size, size, 1), (None, classes)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of pictures: uint8 (N, 48, 48) to float32 (N, classes). Not for several threads at once.

        Pictures of another size than the network's are resized, antialiased, for which Keras is needed.

        Raises:
            ExportError: if the pictures are not uint8 (N, height, width).

        """
        images = np.asarray(images)
        if images.ndim != 3 or images.dtype != np.uint8:
            raise ExportError(f"Pictures are a uint8 array (N, 48, 48); found {images.dtype} {images.shape}.")
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

    Args:
        path: the file.
        threads: how many processor cores may share the work on one face. For networks this small, one is the best: more spend
            their time on waiting for each other.

    Returns:
        A `Network`, to be called with pictures.

    Raises:
        ExportError: if there is no such file, it is neither, it is damaged or a network of another form, or the runtime's
            package is missing.

    """
    path = Path(path)
    loaders = {".tflite": _load_litert, ".onnx": _load_onnx}
    if path.suffix.lower() not in loaders:
        raise ExportError(f"{path} is neither a .tflite nor an .onnx file. Give one that `fer-course export` wrote.")
    if not path.is_file():
        raise ExportError(
            f"There is no file {path}. Write it with `fer-course export`, or look at its name and folder."
        )
    return loaders[path.suffix.lower()](path, threads)


def _load_litert(path: Path, threads: int) -> Network:
    interpreter_of = _package("ai_edge_litert.interpreter").Interpreter
    try:
        with silence():
            interpreter = interpreter_of(str(path), num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise _damaged(path, error) from None
    (pixels, *more), (scores, *others) = interpreter.get_input_details(), interpreter.get_output_details()
    plain = pixels["quantization"] in ((0.0, 0), (1.0, 0)) and scores["quantization"] == (0.0, 0)
    types = (np.dtype(pixels["dtype"]).name, np.dtype(scores["dtype"]).name)
    size, classes = _form(path, pixels["shape"].tolist(), scores["shape"].tolist(), types, plain and not more + others)

    def run(face: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(pixels["index"], face)
        interpreter.invoke()
        return interpreter.get_tensor(scores["index"])

    return Network(path, run, size, classes, batch=1)


def _load_onnx(path: Path, threads: int) -> Network:
    runtime = _package("onnxruntime")
    runtime.disable_telemetry_events()  # on Windows, where no variable is heeded
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        with silence():
            session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors have no base but this
        raise _damaged(path, error) from None
    (pixels, *more), (scores, *others) = session.get_inputs(), session.get_outputs()
    types = tuple(
        each.type.removeprefix("tensor(").rstrip(")").replace("float", "float32") for each in (pixels, scores)
    )
    size, classes = _form(path, pixels.shape, scores.shape, types, not more + others)
    return Network(path, lambda faces: session.run(None, {pixels.name: faces})[0], size, classes, batch=sys.maxsize)


def _damaged(path: Path, error: Exception) -> ExportError:
    cause = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ExportError(f"{path} is damaged, or no network ({cause[:120]}). Export it again.")


def _form(path: Path, inputs: list, outputs: list, types: tuple[str, str], plain: bool) -> tuple[int, int]:
    """Return the size of the pictures and the number of classes, if the network has the form of this package's."""
    shaped = len(inputs) == 4 and len(outputs) == 2 and inputs[1] == inputs[2] and inputs[3] == 1
    if not (plain and shaped and types == ("uint8", "float32")):
        raise ExportError(
            f"{path} is a network of another form: expected uint8 pixels (N, size, size, 1) and float32 scores (N, classes); "
            f"found {types[0]} {inputs[1:]} and {types[1]} {outputs[1:]}. Give one that `fer-course export` wrote."
        )
    return int(inputs[1]), int(outputs[1])
