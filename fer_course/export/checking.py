"""Exported files of strangers: looked at before a runtime gets them, and tried in a process with little memory.

A small file can ask a runtime for any amount of memory: by the shape of a tensor, by an operation that makes a large tensor of a
small one, or by a file elsewhere that it names. So `check` reads what the file declares, with code that only counts, and `trial`
lets another process load and use it, whose memory and time are limited. A runtime that crashes takes only that process with it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fer_course.errors import first_line, shown

#: The most bytes of a file: 200 times as many as those of the course's largest network.
FILE_SIZE = 2**28
#: The most operations, and the most tensors.
OPERATIONS, TENSORS = 10_000, 20_000
#: The most bytes of all tensors in a LiteRT file, which are of fixed size.
TENSOR_BYTES = 2**29
#: The most fields in an ONNX file: a network of the course has a few thousand.
FIELDS = 300_000
#: Bytes of memory that a network may take, and seconds for loading it and for nine faces.
MEMORY, SECONDS = 2**31, 60
#: The most faces that are given to a network at once.
BATCH = 256

#: What `fer-course export` writes, and its relatives. None of them repeats its work, or makes a tensor as large as a number says.
_ONNX_NAMES = """
    Abs Add AveragePool BatchNormalization Cast Clip Concat Constant Conv ConvTranspose DequantizeLinear Div Dropout Elu Erf
    Exp Flatten Gather Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity InstanceNormalization
    LayerNormalization LeakyRelu MatMul Max MaxPool Min Mul Neg PRelu Pad Pow QuantizeLinear Reciprocal ReduceMax ReduceMean
    ReduceSum Relu Reshape Resize Selu Shape Sigmoid Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Transpose
    Unsqueeze
"""
_LITERT_NAMES = """
    ABS ADD AVERAGE_POOL_2D BATCH_MATMUL CAST CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEQUANTIZE DIV ELU EXP EXPAND_DIMS
    FULLY_CONNECTED GELU HARD_SWISH LEAKY_RELU LOGISTIC MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL NEG PACK PAD PADV2 POW PRELU
    QUANTIZE REDUCE_MAX RELU RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SHAPE SLICE SOFTMAX
    SPLIT SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV UNPACK
"""
_ONNX, _LITERT = frozenset(_ONNX_NAMES.split()), frozenset(_LITERT_NAMES.split())
#: Bytes of a number, by the type that ONNX or LiteRT gives it.
_ONNX_SIZES = {1: 4, 2: 1, 3: 1, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8}
_LITERT_SIZES = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 9: 1}


class UnfitError(ValueError):
    """What is wrong with a file, in words that fit into brackets: what was expected, and what was found."""


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, if these are not too many."""
    size = path.stat().st_size
    if size > FILE_SIZE:
        raise UnfitError(f"it has {size:,} bytes; at most {FILE_SIZE:,} were expected")
    return path.read_bytes()


def check(content: bytes, suffix: str) -> None:
    """Check what a `.onnx` or `.tflite` file declares.

    Raises:
        UnfitError: if it is no such file, or asks for more than a network of this course can.

    """
    try:
        if suffix == ".onnx":
            _Onnx(content).check_model()
        else:
            _check_litert(content)
    except UnfitError:
        raise
    except Exception as error:  # a wrong offset leads anywhere
        raise UnfitError(f"it can't be read: {first_line(error, 80)}") from None


def trial(content: bytes, suffix: str) -> int:
    """Load and use a network in a process of its own; return how many faces it may be given at once.

    Raises:
        UnfitError: if that takes more than `MEMORY` bytes or `SECONDS` seconds, or fails.

    """
    if not sys.executable:  # Python inside another program: there is nothing to start
        return BATCH
    script = str(Path(__file__).with_name("trial.py"))
    command = [sys.executable, "-P", script, suffix, str(MEMORY), str(SECONDS)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=2 * SECONDS)
        said = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise UnfitError(f"loading it and nine faces took more than {2 * SECONDS} seconds") from None
    except (IndexError, ValueError):  # it was killed, or it crashed
        raise UnfitError(
            f"the runtime broke off (exit status {done.returncode}): the file is damaged, or needs more than "
            f"{MEMORY / 1e9:.1f} GB or {SECONDS} seconds"
        ) from None
    if "error" in said:
        raise UnfitError(f"tried with {MEMORY / 1e9:.1f} GB of memory: {said['error']}")
    return min(BATCH, max(1, MEMORY // max(1, said["per_face"])))


# --------------------------------------------------------------------------------------------------------------- ONNX


class _Onnx:
    """An ONNX file as nested fields of Protocol Buffers, walked without making objects of them."""

    def __init__(self, content: bytes):
        self._content = memoryview(content)
        self._fields = self._operations = self._tensors = 0

    def check_model(self) -> None:
        """Check the whole file: one graph, of plain operations and tensors."""
        graphs = 0
        for number, value in self._walk(self._content):
            if number == 7:
                graphs += 1
                self._check_graph(value)
            elif number in (20, 25):
                raise UnfitError("it holds functions or a training; a network of plain operations was expected")
        if graphs != 1 or not self._operations:
            raise UnfitError(f"it holds {graphs} graphs with {self._operations} operations; one network was expected")

    def _check_graph(self, graph: memoryview) -> None:
        for number, value in self._walk(graph):
            if number == 1:
                self._check_operation(value)
            elif number == 5:
                self._check_tensor(value)
            elif number == 15:
                raise UnfitError("it holds sparse tensors")
        if self._operations > OPERATIONS or self._tensors > TENSORS:
            raise UnfitError(f"it has {self._operations:,} operations and {self._tensors:,} tensors")

    def _check_operation(self, node: memoryview) -> None:
        self._operations += 1
        kind = domain = b""
        for number, value in self._walk(node):
            if number == 4:
                kind = bytes(value[:80])
            elif number == 7:
                domain = bytes(value[:80])
            elif number == 5:
                self._check_attribute(value)
        if kind.decode("latin-1") not in _ONNX or domain not in (b"", b"ai.onnx"):
            raise UnfitError(f"it holds the operation {shown((domain + b' ' + kind).decode('latin-1').strip())}")

    def _check_attribute(self, attribute: memoryview) -> None:
        for number, value in self._walk(attribute):
            if number in (5, 10):
                self._check_tensor(value)
            elif number in (6, 11, 22, 23):
                raise UnfitError("an operation holds a graph or a sparse tensor")

    def _check_tensor(self, tensor: memoryview) -> None:
        """Check that all numbers that a tensor declares are in it."""
        self._tensors += 1
        shape: list[int] = []
        kind = present = raw = 0
        for number, value in self._walk(tensor):
            if number == 1:
                shape += [value] if isinstance(value, int) else _integers(value)
            elif number == 2:
                kind = value if isinstance(value, int) else 0
            elif number in (4, 5, 7, 10, 11):
                present += 1 if isinstance(value, int) else len(value)  # bytes; a number has at least one
            elif number == 9:
                raw += len(value)
            elif number == 13 or (number == 14 and value):
                raise UnfitError("a tensor lies in another file; all were expected in this one")
        declared = math.prod(shape)
        size = _ONNX_SIZES.get(kind, 0)
        if not size or (raw != declared * size if raw else present < declared):
            raise UnfitError(
                f"a tensor declares {shown(shape)}, {declared:,} numbers of type {kind}; the file holds {raw or present:,} bytes"
            )

    def _walk(self, message: memoryview) -> Iterator[tuple[int, Any]]:
        """Yield number and value of each field of a message: an integer, or bytes."""
        place = 0
        while place < len(message):
            self._fields += 1
            if self._fields > FIELDS:
                raise UnfitError(f"it has more than {FIELDS:,} fields")
            key, place = _integer(message, place)
            kind = key & 7
            if kind == 0:
                value, place = _integer(message, place)
                yield key >> 3, value
                continue
            if kind == 2:
                length, place = _integer(message, place)
            elif kind in (1, 5):
                length = 8 if kind == 1 else 4
            else:
                raise UnfitError("it is no ONNX file")
            if length > len(message) - place:
                raise UnfitError("its end is missing, or it is no ONNX file")
            yield key >> 3, message[place : place + length]
            place += length


def _integers(packed: memoryview) -> list[int]:
    """Return the integers of a field that holds several."""
    if len(packed) > 80:
        raise UnfitError("a tensor has more than 8 dimensions")
    found, place = [], 0
    while place < len(packed):
        value, place = _integer(packed, place)
        found.append(value)
    return found


def _integer(message: memoryview, place: int) -> tuple[int, int]:
    """Return an integer of Protocol Buffers, seven bits in each byte, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise UnfitError("its end is missing, or it is no ONNX file")
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise UnfitError("it is no ONNX file")


# --------------------------------------------------------------------------------------------------------------- LiteRT


def _check_litert(content: bytes) -> None:
    """Check a LiteRT file: one graph of fixed shapes and known operations, with all its constants."""
    from ai_edge_litert import schema_py_generated as schema

    if content[4:8] != b"TFL3":
        raise UnfitError("it is no LiteRT file")
    model = schema.Model.GetRootAsModel(content, 0)
    if model.SubgraphsLength() != 1:
        raise UnfitError(f"it holds {model.SubgraphsLength()} graphs; one network was expected")
    graph = model.Subgraphs(0)
    counts = graph.TensorsLength(), graph.OperatorsLength(), model.BuffersLength(), model.OperatorCodesLength()
    if max(counts) > TENSORS or graph.OperatorsLength() > OPERATIONS:
        raise UnfitError(f"it has {graph.OperatorsLength():,} operations and {graph.TensorsLength():,} tensors")
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    for each in map(model.OperatorCodes, range(model.OperatorCodesLength())):
        name = names.get(max(each.BuiltinCode(), each.DeprecatedBuiltinCode()))
        if name not in _LITERT:
            raise UnfitError(f"it holds the operation {shown(name)}")
    if any(each.Size() or each.Offset() for each in map(model.Buffers, range(model.BuffersLength()))):
        raise UnfitError("a tensor lies outside the network; all were expected in it")
    total = sum(_litert_size(model, graph.Tensors(index)) for index in range(graph.TensorsLength()))
    if total > TENSOR_BYTES:
        raise UnfitError(f"its tensors declare {total:,} bytes; at most {TENSOR_BYTES:,} were expected")


def _litert_size(model, tensor) -> int:
    """Return the bytes of a tensor, after checking that its shape is possible, and that a constant is all there."""
    shape = [int(side) for side in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []
    size = _LITERT_SIZES.get(tensor.Type())
    if size is None or len(shape) > 8 or min([0, *shape]) < 0:
        raise UnfitError(f"a tensor has the shape {shown(shape)} and the type {tensor.Type()}")
    if not 0 <= tensor.Buffer() < model.BuffersLength():
        raise UnfitError("a tensor has no content")
    buffer, declared = model.Buffers(tensor.Buffer()), math.prod(shape) * size
    if buffer.DataLength() not in (0, declared):
        raise UnfitError(
            f"a tensor declares {shown(shape)}, {declared:,} bytes; the file holds {buffer.DataLength():,} of them"
        )
    return declared
