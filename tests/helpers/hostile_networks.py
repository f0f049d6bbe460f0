"""Files of networks made to hurt: a few kilobytes that ask for gigabytes, run code, or point elsewhere.

usage: python tests/helpers/hostile_networks.py keras|weights|onnx|tflite       tries all of a kind, a line of JSON each
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
import h5py
import keras
import numpy as np
from memory import forget, peak

from fer_course import export
from fer_course.errors import FerCourseError
from fer_course.recipes import Recipe
from fer_course.runs import Run
from fer_course.training.checkpoint import load_weights

#: The address space that a case may have above what the process has before it: none comes near it.
GIGABYTES = 3


def network() -> keras.Model:
    pixels = keras.Input((48, 48, 1))
    x = keras.layers.GlobalAveragePooling2D(name="mean")(keras.layers.Conv2D(8, 3, name="conv")(pixels))
    return keras.Model(pixels, keras.layers.Dense(7, name="dense")(x))


def parts() -> dict[str, bytes]:
    """The members of a file that Keras wrote."""
    with tempfile.TemporaryDirectory() as folder:
        network().save(f"{folder}/model.keras")
        with zipfile.ZipFile(f"{folder}/model.keras") as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def keras_file(path: Path, change=lambda config: None, weights=lambda file: None, packing=zipfile.ZIP_STORED, **more):
    """A `.keras` file; `change` falsifies its description, `weights` its arrays."""
    members = parts()
    config = json.loads(members["config.json"])
    change(config)
    stored = io.BytesIO(members["model.weights.h5"])
    with h5py.File(stored, "r+") as file:
        weights(file)
    members |= {"config.json": json.dumps(config).encode(), "model.weights.h5": stored.getvalue(), **more}
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def layer(config: dict, name: str) -> dict:
    return next(each for each in config["config"]["layers"] if each["name"] == name)


def set_in(name: str, **values) -> Callable:
    def change(config):
        layer(config, name)["config"].update(values)
        layer(config, name).pop("build_config", None)

    return change


def other_class(module: str, name: str, config: dict | None = None, registered: str | None = None) -> Callable:
    def change(whole):
        found = layer(whole, "mean")
        found.update(module=module, class_name=name, registered_name=registered)
        found["config"].update(config or {})

    return change


def large_and_empty(many: int) -> Callable:
    """Arrays that are declared and never written."""

    def weights(file):
        for name, shape in (("0", (8, many)), ("1", (many,))):
            del file[f"layers/dense/vars/{name}"]
            file.create_dataset(f"layers/dense/vars/{name}", shape, "f4")

    return weights


def replaced(write: Callable) -> Callable:
    def weights(file):
        group = file["layers/dense/vars"]
        del group["0"]
        write(group)

    return weights


def virtual(group):
    layout = h5py.VirtualLayout((8, 10**9), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (8, 10**9))
    group.create_virtual_dataset("0", layout)


def cycle(group):
    group["0"] = group.file["/"]


def in_a_row(config):
    """Sixty times a layer that makes the picture twice as wide and high, of which nothing is in the weights."""
    layers = config["config"]["layers"]
    pool = layer(config, "mean")
    before = pool["inbound_nodes"][0]["args"][0]["config"]["keras_history"]
    for number in range(60):
        name = f"up{number}"
        arguments = {"class_name": "__keras_tensor__", "config": {"shape": [None, 1, 1, 8], "dtype": "float32"}}
        arguments["config"]["keras_history"] = list(before)
        layers.insert(-2, {
            "module": "keras.layers", "class_name": "UpSampling2D", "registered_name": None, "name": name,
            "config": {"name": name, "size": [2, 2]}, "inbound_nodes": [{"args": [arguments], "kwargs": {}}],
        })  # fmt: skip
        before = [name, 0, 0]
    pool["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = before


def many_members(path: Path) -> None:
    """A zip whose list of members is 40 MB long."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(400_000):
            archive.writestr(f"{number:050}", b"")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def long_config(path: Path, text: bytes) -> None:
    keras_file(path, **{"config.json": text})


KERAS: dict[str, Callable[[Path], object]] = {
    "3.2 billion numbers, declared": lambda path: keras_file(
        path, set_in("dense", units=4 * 10**8), large_and_empty(4 * 10**8)
    ),
    "large network, small weights": lambda path: keras_file(path, set_in("dense", units=10**6)),
    "very large network": lambda path: keras_file(path, set_in("dense", units=10**9)),
    "small network, large weights": lambda path: keras_file(path, weights=large_and_empty(10**9)),
    "compressed weights": lambda path: keras_file(
        path, weights=replaced(lambda group: group.create_dataset("0", data=np.zeros((8, 2**22), "f4"), compression=9))
    ),
    "weights in another file": lambda path: keras_file(
        path,
        weights=replaced(
            lambda group: group.create_dataset("0", (8, 7), "f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])
        ),
    ),
    "weights by a link": lambda path: keras_file(
        path, weights=replaced(lambda group: group.__setitem__("0", h5py.ExternalLink("/etc/passwd", "/")))
    ),
    "virtual weights": lambda path: keras_file(path, weights=replaced(virtual)),
    "text as weights": lambda path: keras_file(
        path, weights=replaced(lambda group: group.create_dataset("0", data=["text"] * 7))
    ),
    "groups in a circle": lambda path: keras_file(path, weights=replaced(cycle)),
    "compressed members": lambda path: keras_file(
        path, packing=zipfile.ZIP_DEFLATED, **{"metadata.json": b" " * 2**28}
    ),
    "another member": lambda path: keras_file(path, **{"assets/../../x": b""}),
    "400,000 members": many_members,
    "a terabyte of nothing": sparse,
    "Lambda": lambda path: keras_file(
        path,
        other_class("keras.layers", "Lambda", {"function": {"class_name": "__lambda__", "config": {"code": "4wA="}}}),
    ),
    "a layer that loads a file": lambda path: keras_file(
        path, other_class("keras.layers", "TFSMLayer", {"filepath": "/tmp"})
    ),
    "a layer of somebody's": lambda path: keras_file(path, other_class("mine", "Mine", registered="mine>Mine")),
    "a layer under another name": lambda path: keras_file(
        path, other_class("keras.layers", "GlobalAveragePooling2D", registered="mine>Mine")
    ),
    "a function of another module": lambda path: keras_file(path, other_class("os", "system", {"command": "true"})),
    "a function as activation": lambda path: keras_file(
        path,
        set_in("dense", activation={"module": "os", "class_name": "function", "config": "abort", "registered_name": "abort"}),
    ),
    "attention": lambda path: keras_file(path, other_class("keras.layers", "MultiHeadAttention")),
    "slow initial weights": lambda path: keras_file(path, set_in("dense", kernel_initializer="orthogonal")),
    "pictures as large as a wall": lambda path: keras_file(path, in_a_row),
    "brackets": lambda path: long_config(path, b'{"a":' * 100_000),
    "a long description": lambda path: long_config(path, b"[" + b"1," * 2**23 + b"1]"),
    "30,000 layers": lambda path: long_config(
        path,
        json.dumps({"class_name": "Sequential", "module": "keras", "config": {"layers": [
            {"module": "keras.layers", "class_name": "ReLU", "config": {}}
        ] * 30_000}}).encode(),
    ),
    "no network": lambda path: long_config(path, b"[]"),
    "no zip": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" * 99),
}  # fmt: skip


def weights_file(path: Path, change: Callable) -> None:
    network().save_weights(path)
    with h5py.File(path, "r+") as file:
        change(file)


WEIGHTS: dict[str, Callable[[Path], object]] = {
    "declared": lambda path: weights_file(path, large_and_empty(10**9)),
    "compressed": lambda path: weights_file(
        path, replaced(lambda group: group.create_dataset("0", data=np.zeros((8, 2**22), "f4"), compression=9))
    ),
    "of another network": lambda path: keras.Sequential([keras.Input((9,)), keras.layers.Dense(2)]).save_weights(path),
    "far too large": lambda path: keras.Sequential(
        [keras.Input((2000,)), keras.layers.Dense(2000)]
    ).save_weights(path),
    "no file of weights": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" * 99),
}  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- ONNX


def onnx_file(path: Path, nodes, tensors=(), **more) -> None:
    """A network of uint8 (N, 48, 48, 1) to float32 (N, 7); the nodes go from `pixels` to `scores`."""
    import onnx
    from onnx import TensorProto, helper

    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 48, 48, 1])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 7])
    graph = helper.make_graph(
        [helper.make_node(*each[:3], **dict(each[3:])) for each in nodes], "g", [pixels], [scores], tensors
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8, **more)
    onnx.save(model, path)


def tensor(name: str, array: np.ndarray):
    from onnx import numpy_helper

    return numpy_helper.from_array(array, name)


#: To the scores of seven classes from a feature of any shape.
END = [("ReduceMean", ["x"], ["m"], ("axes", [1, 2])), ("MatMul", ["m", "w"], ["scores"])]
HEAD = [("Cast", ["pixels"], ["x"], ("to", 1))]


def end() -> list:
    return [tensor("w", np.ones((1, 7), np.float32))]


def declared_only(path: Path) -> None:
    huge = tensor("c", np.zeros(1, np.float32))
    huge.dims[:] = [10**5, 10**5]
    onnx_file(path, [*HEAD, *END], [*end(), huge])


def elsewhere(path: Path) -> None:
    far = tensor("c", np.zeros(1, np.float32))
    far.ClearField("raw_data")
    far.data_location = 1
    entry = far.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/hostname"
    onnx_file(path, [*HEAD, *END], [*end(), far])


def outer_sum(path: Path) -> None:
    """Two columns of 100,000 numbers, and their sum as a table of 10 billion: of allowed operations alone."""
    column = np.zeros((10**5, 1), np.float32)
    nodes = [
        ("Add", ["a", "b"], ["t"]),
        ("ReduceMean", ["t"], ["s"], ("keepdims", 0)),
        *HEAD[:1],
        END[0],
        ("Add", ["m", "s"], ["n"]),
        ("MatMul", ["n", "w"], ["scores"]),
    ]
    onnx_file(path, nodes, [*end(), tensor("a", column), tensor("b", column.T.copy())])


def doubled(path: Path) -> None:
    """Each operation makes its input twice as long, forty times."""
    nodes = [*HEAD]
    for number in range(40):
        here = f"x{number - 1}" if number else "x"
        nodes.append(("Concat", [here, here], [f"x{number}"], ("axis", 1)))
    nodes += [("ReduceMean", ["x39"], ["m"], ("axes", [1, 2])), END[1]]
    onnx_file(path, nodes, end())


def filled(path: Path) -> None:
    nodes = [("ConstantOfShape", ["c"], ["t"]), ("ReduceMean", ["t"], ["s"], ("keepdims", 0)), *HEAD, END[0]]
    nodes += [("Add", ["m", "s"], ["n"]), ("MatMul", ["n", "w"], ["scores"])]
    onnx_file(path, nodes, [*end(), tensor("c", np.array([10**5, 10**5], np.int64))])


def loop(path: Path) -> None:
    from onnx import TensorProto, helper

    inner = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c2"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("c2", TensorProto.BOOL, [])],
    )  # fmt: skip
    many = [tensor("n", np.array(2**62)), tensor("yes", np.array(True))]
    onnx_file(path, [("Loop", ["n", "yes"], [], ("body", inner)), *HEAD, *END], [*end(), *many])


def many_nodes(path: Path) -> None:
    nodes = [("Identity", ["x"], [f"y{number}"]) for number in range(60_000)]
    onnx_file(path, [*HEAD, *nodes, *END], end())


ONNX: dict[str, Callable[[Path], object]] = {
    "declared only": declared_only, "in another file": elsewhere, "a sum of two columns": outer_sum, "doubled": doubled,
    "filled": filled, "a loop": loop, "60,000 operations": many_nodes,
    "another domain": lambda path: onnx_file(path, [*HEAD, ("Mine", ["x"], ["q"], ("domain", "mine")), *END], end()),
    "empty messages": lambda path: path.write_bytes(b"\x3a\xfe\xff\xff\x1f" + b"\x0a\x00" * (2**25 - 1)),
    "a length beyond the end": lambda path: path.write_bytes(b"\x3a\xff\xff\xff\xff\x7f"),
    "a terabyte of nothing": sparse, "no network": lambda path: path.write_bytes(b"row,predicted\n" * 99),
}  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- LiteRT


def litert_file(path: Path, change: Callable) -> None:
    """A network of LiteRT in which `change` falsifies what is declared."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    pixels = keras.Input((48, 48, 1))
    whole = keras.Model(pixels, keras.layers.Dense(7)(keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(pixels))))
    export.files._write(whole, path, "litert", None)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def shaped(index_of: Callable, shape: list[int]) -> Callable:
    def change(model):
        graph = model.subgraphs[0]
        each = graph.tensors[index_of(model)]
        each.shape, each.shapeSignature = shape, None

    return change


def constant(model) -> int:
    return next(
        index for index, each in enumerate(model.subgraphs[0].tensors)
        if model.buffers[each.buffer].data is not None and len(model.buffers[each.buffer].data) > 100
    )  # fmt: skip


def outside(model) -> None:
    model.buffers[-1].data, model.buffers[-1].offset, model.buffers[-1].size = None, 2**33, 2**33


def own_operation(model) -> None:
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 32
    model.operatorCodes[0].customCode = b"FlexPyFunc"


TFLITE: dict[str, Callable[[Path], object]] = {
    "a large input": lambda path: litert_file(path, shaped(lambda model: model.subgraphs[0].inputs[0], [1, 10**5, 10**5, 1])),
    "a large constant": lambda path: litert_file(path, shaped(constant, [10**5, 10**5])),
    "a negative shape": lambda path: litert_file(path, shaped(lambda model: model.subgraphs[0].inputs[0], [1, -5, 48, 1])),
    "outside": lambda path: litert_file(path, outside),
    "an operation of somebody's": lambda path: litert_file(path, own_operation),
    "two graphs": lambda path: litert_file(path, lambda model: model.subgraphs.append(model.subgraphs[0])),
    "a wrong offset": lambda path: path.write_bytes(b"\xff\xff\xff\x7fTFL3" + b"\xff" * 99),
    "a terabyte of nothing": sparse, "no network": lambda path: path.write_bytes(b"row,predicted\n" * 99),
}  # fmt: skip

#: kind -> the name of the file, and the cases.
KINDS = {
    "keras": ("model.keras", KERAS), "weights": ("x.weights.h5", WEIGHTS),
    "onnx": ("x.onnx", ONNX), "tflite": ("x.tflite", TFLITE),
}  # fmt: skip


def read(file: Path) -> object:
    """Read a file as the package does."""
    if file.name == "model.keras":
        return Run(file.parent).model()
    return load_weights(network(), file) if file.suffix == ".h5" else export.load(file)


def limit() -> None:
    """Give this process an end of its address space, so that an attack which works ends here, and not with the machine."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTES * 2**30, resource.RLIM_INFINITY))


def try_one(kind: str, case: str) -> dict:
    """Write a file, read it, and return what was said and what it took."""
    name, cases = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        Recipe.load("quick").to_yaml(Path(folder) / "recipe.yaml")
        cases[case](file)
        kilobytes = file.stat().st_size / 1e3
        limit()
        before, began = forget(), time.perf_counter()
        try:
            read(file)
            said, own = "", False
        except Exception as error:
            said, own = f"{error}", isinstance(error, FerCourseError)
        seconds, mb = time.perf_counter() - began, peak() - before
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    of_trial = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    return {
        "case": case, "kb": round(kilobytes, 1), "mb": round(mb), "mb_of_trial": round(of_trial),
        "seconds": round(seconds, 1), "own": own, "said": said.replace(folder, "…"),
    }  # fmt: skip


if __name__ == "__main__":
    for each in KINDS[sys.argv[1]][1]:
        print(json.dumps(try_one(sys.argv[1], each)), flush=True)
