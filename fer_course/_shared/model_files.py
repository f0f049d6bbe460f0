"""Files that hold a Keras network or its weights. A stranger may have written them, so they are checked before anything is built.

A `.keras` file is a zip with a description of the network and an HDF5 file of its weights. Each of them can ask for far more
memory than it has bytes: by a large number in the description, by compression, or by an array that is declared and never written.
So

1. only the members, layers and other objects that Keras itself writes for an ordinary network are accepted, and no code;
2. the network is built without memory for its numbers first, and counted;
3. every array must be in the file with all its bytes, uncompressed;
4. then the network is built, and the weights are loaded. Nothing else of the file is used.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_course.errors import shown

if TYPE_CHECKING:
    import keras as keras_module

#: The most numbers that a network may have: 40 times as many as the largest one of the course.
PARAMETERS = 50_000_000
#: The most numbers that one layer may give for one face: seven times as many as any network of the course, at 96 × 96 pixels.
FEATURES = 2**21
#: The most layers, and the most connections between layers.
LAYERS, CONNECTIONS = 1000, 5000
#: The most bytes of a file, and of the description in it.
FILE_SIZE, CONFIG_SIZE = 2**30, 2**21
#: The most arrays and groups in an HDF5 file, and how deep a group may lie.
OBJECTS, DEPTH = 20_000, 24

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_MEMBERS = {_CONFIG, _WEIGHTS, "metadata.json"}
_END = 22  # bytes of a zip's last record, without a comment

#: What a description may hold, as Keras names it. Not here: `Lambda` and layers that take code, layers that repeat their work as
#: often as a number says, attention (its memory grows with the square of its input), and initial weights that are slow to make.
_KNOWN = {
    "keras": "DTypePolicy Functional Sequential",
    "keras.models": "Functional Sequential",
    "keras.src.models.functional": "Functional",
    "keras.src.models.sequential": "Sequential",
    "keras.layers": """
        InputLayer Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D BatchNormalization
        CenterCrop Concatenate Conv1D Conv2D Conv2DTranspose Cropping2D Dense DepthwiseConv2D Dropout ELU Flatten GaussianDropout
        GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D GroupNormalization
        Identity LayerNormalization LeakyReLU MaxPooling1D MaxPooling2D Maximum Minimum Multiply PReLU Permute RandomBrightness
        RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom ReLU Rescaling Reshape Resizing
        SeparableConv2D Softmax SpatialDropout1D SpatialDropout2D Subtract UnitNormalization UpSampling2D ZeroPadding2D""",
    "keras.initializers": """
        Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones RandomNormal RandomUniform
        TruncatedNormal VarianceScaling Zeros""",
    "keras.regularizers": "L1 L2 L1L2",
    "keras.constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm",
    "keras.src.ops.numpy": """
        Absolute Add Clip Concatenate Divide ExpandDims Flip GetItem Max Maximum Mean Min Minimum Multiply Negative Reshape Sqrt
        Square Squeeze Subtract Tanh Transpose TrueDivide""",
    "keras.src.ops.nn": "Elu Gelu LeakyRelu Relu Relu6 Sigmoid Silu Softmax",
}
_ALLOWED = {(module, name) for module, names in _KNOWN.items() for name in names.split()}
_MARKS = ("__keras_tensor__", "__slice__", "__ellipsis__")
_NO_LAYERS = ("keras.initializers", "keras.regularizers", "keras.constraints")
_REFUSED = "which is not loaded from a file; for layers of your own build the network again, and call its load_weights"


class UnfitError(ValueError):
    """What is wrong with a file, in words that fit into brackets: what was expected, and what was found."""


def load_model(keras, file: Path) -> keras_module.Model:
    """Build the network that a `.keras` file describes, if that is harmless, and load its weights.

    Args:
        keras: the module, which only `fer_course.quiet` loads.
        file: the file.

    Raises:
        UnfitError: if the file holds anything that is not expected.
        Exception: whatever zipfile, HDF5 and Keras raise for a damaged file.

    """
    with _opened(file) as archive:
        config = _checked_config(archive.read(_CONFIG))
        with _unpacked_weights(archive) as weights:
            stored = count_numbers(weights)
            _check_cost(keras, config, stored)
            model = keras.saving.deserialize_keras_object(json.loads(config))
            model.load_weights(weights)
    return model


def load_weights(model, file: Path) -> None:
    """Load the weights of a `.keras` or `.weights.h5` file into a network, and nothing else of the file.

    Raises:
        UnfitError: if the file holds anything that is not expected.
        Exception: whatever zipfile, HDF5 and Keras raise for a damaged file, or for weights of another network.

    """
    if file.suffix == ".keras":
        with _opened(file) as archive, _unpacked_weights(archive) as weights:
            _check_numbers(count_numbers(weights), _numbers(model))
            model.load_weights(weights)
    else:
        _check_numbers(count_numbers(file), _numbers(model))
        model.load_weights(file)


def _numbers(model) -> int:
    """Return how many numbers of a network are in its files, without those of its optimiser, which a file may or may not have."""
    left_out = {id(each) for layer in model.layers if not getattr(layer, "in_files", True) for each in layer.weights}
    return sum(math.prod(variable.shape) for variable in model.weights if id(variable) not in left_out)


# ------------------------------------------------------------------------------------------------------------ the zip


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open a `.keras` file whose members are those that Keras writes, uncompressed and not larger than the file."""
    with file.open("rb") as content:
        size = os.fstat(content.fileno()).st_size
        if size > FILE_SIZE:
            raise UnfitError(f"it has {size:,} bytes; at most {FILE_SIZE:,} were expected")
        content.seek(max(0, size - _END - 20))
        _check_end(content.read())
        with zipfile.ZipFile(content) as archive:
            infos = archive.infolist()
            names = sorted(info.filename for info in infos)
            if not {_CONFIG, _WEIGHTS} <= set(names) <= _MEMBERS or len(set(names)) < len(names):
                raise UnfitError(f"it holds {shown(names)}; {', '.join(sorted(_MEMBERS))} were expected")
            for info in infos:
                if info.compress_type != zipfile.ZIP_STORED or not info.file_size == info.compress_size <= size:
                    raise UnfitError(
                        f"{info.filename} unpacks to {info.file_size:,} bytes; it was expected uncompressed, in {size:,} bytes"
                    )
            yield archive


def _check_end(end: bytes) -> None:
    """Check a zip's last record before `zipfile` makes an object for each member that it claims."""
    locator, record = end[:-_END], end[-_END:]
    if record[:4] != b"PK\x05\x06" or record[-2:] != b"\0\0" or locator.startswith(b"PK\x06\x07"):
        raise UnfitError("a .keras file was expected; found no zip, or one that Keras did not write")
    members, directory = int.from_bytes(record[10:12], "little"), int.from_bytes(record[12:16], "little")
    if members > len(_MEMBERS) or directory > 2**16:
        raise UnfitError(f"it has {members:,} members in a list of {directory:,} bytes; {len(_MEMBERS)} were expected")


@contextmanager
def _unpacked_weights(archive: zipfile.ZipFile) -> Iterator[Path]:
    """Copy the weights into a folder that only this user can open."""
    with tempfile.TemporaryDirectory(prefix="fer-course-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / _WEIGHTS
        with archive.open(_WEIGHTS) as packed, copy.open("wb") as file:
            shutil.copyfileobj(packed, file, 2**20)
        yield copy


# ------------------------------------------------------------------------------------------------------- the description


def _checked_config(content: bytes) -> str:
    """Return the description as JSON in which only what is known is left.

    Raises:
        UnfitError: if it is too long, has too many layers or connections, or holds an object that is not known.

    """
    if len(content) > CONFIG_SIZE:
        raise UnfitError(f"its description has {len(content):,} bytes; at most {CONFIG_SIZE:,} were expected")
    try:
        config = json.loads(content)
    except RecursionError:
        raise UnfitError("its description has too many brackets inside each other") from None
    top = config.get("class_name") if isinstance(config, dict) else None
    if top not in ("Functional", "Sequential"):
        raise UnfitError(f"it describes {shown(top)}; a Functional or Sequential network was expected")
    layers = connections = 0
    for found in _mappings(config):
        found.pop("compile_config", None)  # optimiser, loss and metrics: not needed, and they may name any function
        if "class_name" in found:
            connections += found["class_name"] == "__keras_tensor__"
            layers += _check_object(found)
    if layers > LAYERS or connections > CONNECTIONS:
        raise UnfitError(
            f"it has {layers:,} layers with {connections:,} connections; at most {LAYERS:,} and {CONNECTIONS:,} were expected"
        )
    return json.dumps(config)


def _mappings(config: Any) -> Iterator[dict]:
    """Yield all mappings in a description, without recursion."""
    waiting = [config]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _check_object(found: dict) -> bool:
    """Check an object of a description; return whether it is a layer."""
    module, name, registered = found.get("module"), found["class_name"], found.get("registered_name")
    if name in _MARKS and module is None:
        return False
    if not (isinstance(module, str) and isinstance(name, str) and (module, name) in _ALLOWED):
        raise UnfitError(f"it holds {shown(name)} of {shown(module)}, {_REFUSED}")
    if registered not in (None, name):
        raise UnfitError(f"it holds {shown(registered)}, {_REFUSED}")
    config = found.get("config")
    if isinstance(config, dict) and any(
        key.endswith("_initializer") and isinstance(value, str) for key, value in config.items()
    ):
        raise UnfitError(f"the initial weights of {shown(name)} are only named, not described")
    return name != "DTypePolicy" and module not in _NO_LAYERS


def _check_cost(keras, config: str, stored: int) -> None:
    """Build the network without memory for its numbers, and check what it would take."""
    with keras.StatelessScope(initialize_variables=False):
        model = keras.saving.deserialize_keras_object(json.loads(config))
        numbers = _numbers(model)
    if numbers > PARAMETERS:
        raise UnfitError(f"its network has {numbers:,} numbers; at most {PARAMETERS:,} were expected")
    for shape in _output_shapes(model):
        features = math.prod(side or 1 for side in shape[1:])
        if features > FEATURES:
            raise UnfitError(f"a layer gives {features:,} numbers per face; at most {FEATURES:,} were expected")
    _check_numbers(stored, numbers)


def _check_numbers(stored: int, numbers: int) -> None:
    """Check that a file has about as many numbers as the network. With an optimiser it has up to three times as many."""
    if not numbers <= stored <= 4 * numbers + 1_000_000:
        raise UnfitError(f"it has {stored:,} numbers; the network has {numbers:,}")


def _output_shapes(model) -> Iterator[tuple]:
    """Yield the shape of each result in a network, and in the networks in it."""
    graph = getattr(model, "_functional", None) or model
    for nodes in getattr(graph, "_nodes_by_depth", {}).values():
        for node in nodes:
            yield from (tensor.shape for tensor in node.output_tensors)
            yield from _output_shapes(node.operation)


# ----------------------------------------------------------------------------------------------------------- the weights


def count_numbers(file: Path) -> int:
    """Return how many numbers an HDF5 file of weights holds, after checking that all of them are in it.

    Raises:
        UnfitError: if an array is declared and not written, compressed, elsewhere, or no array of numbers.
        OSError: if it is no HDF5 file.

    """
    import h5py

    numbers = objects = 0
    with h5py.File(file, "r") as root:
        waiting = [(root, 0)]
        while waiting:
            group, depth = waiting.pop()
            for name in group:
                objects += 1
                if objects > OBJECTS or depth > DEPTH:
                    raise UnfitError(
                        f"its weights lie in more than the {OBJECTS:,} groups, {DEPTH} deep, that were expected"
                    )
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise UnfitError(f"{shown(name)} leads elsewhere; weights were expected")
                each = group[name]
                if isinstance(each, h5py.Group):
                    waiting.append((each, depth + 1))
                else:
                    numbers += _checked_size(h5py, each)
    return numbers


def _checked_size(h5py, array) -> int:
    """Return how many numbers an array has, after checking that they are in the file as plain bytes."""
    if not isinstance(array, h5py.Dataset) or array.dtype.kind not in "fiub" or array.shape is None:
        raise UnfitError(f"{shown(array.name)} is no array of numbers, which was expected")
    plain = array.chunks is None and array.external is None and not array.is_virtual
    written = array.id.get_storage_size()
    if not plain or written != array.nbytes:
        raise UnfitError(
            f"{shown(array.name)} declares {shown(array.shape)}, {array.nbytes:,} bytes; the file holds {written:,} of them"
            + ("" if plain else ", compressed or elsewhere")
        )
    return array.size
