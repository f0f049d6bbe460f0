"""Watch over the interpreter in which answers are examined: what learners' code asks of it, and whether it has changed anything.

Two means. An audit hook, which can't be removed, hears of each look at a frame, each trace function, each look into memory, and
says so at once. And a snapshot of the functions of the checks, NumPy, Keras, Python and its library is compared, in part
whenever an answer returns, and in whole after each check.
"""

from __future__ import annotations

import _thread
import builtins
import functools
import gc
import os
import signal
import sys
import sysconfig
from _weakref import getweakrefcount
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

#: How the files begin that code was not written by a learner in.
_LIBRARIES = tuple({sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "purelib", "platlib")})
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STDLIB = sysconfig.get_path("stdlib") + os.sep
_SITE = tuple({sysconfig.get_path(kind) + os.sep for kind in ("purelib", "platlib")})
#: Modules that read frames for whoever calls them.
_READERS = {"inspect", "traceback", "linecache", "pdb", "bdb", "trace", "profile", "cProfile", "functools", "types"}
#: Functions of traceback that only show text.
_SHOW = {"print_exc", "format_exc", "print_exception", "format_exception", "format_exception_only"}
_FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
#: Event -> what a learner's code has done.
_ALWAYS = {
    "sys._getframe": "it read the frames of its callers",
    "sys._current_frames": "it read the frames of its callers",
    "sys._current_exceptions": "it read the frames of its callers",
    "sys.settrace": "it set a trace function",
    "sys.setprofile": "it set a profile function",
    "sys.monitoring.register_callback": "it set a trace function",
    "sys.addaudithook": "it set an audit hook",
    "gc.get_objects": "it searched the interpreter's objects (gc)",
    "gc.get_referrers": "it searched the interpreter's objects (gc)",
    "gc.get_referents": "it searched the interpreter's objects (gc)",
    "code.__new__": "it made code by hand",
    "os.fork": "it started a process",
    "os.forkpty": "it started a process",
    "os.exec": "it started a process",
    "os.posix_spawn": "it started a process",
    "os.system": "it started a process",
    "subprocess.Popen": "it started a process",
    "os.kill": "it sent a signal",
    "object.__getattr__": "",
    "object.__setattr__": "",
    "open": "",
    "import": "",
    "compile": "",
    "pickle.find_class": "",
}
_SEEN_AS_FRAMES = {
    "sys._getframe", "sys._current_frames", "sys._current_exceptions", "object.__getattr__", "sys.settrace",
    "sys.setprofile", "gc.get_objects", "gc.get_referrers", "gc.get_referents", "code.__new__",
}  # fmt: skip
_getframe, _current_frames, _urandom = sys._getframe, sys._current_frames, os.urandom
#: So many calls of answers are followed by a look, each; after that some.
_ALWAYS_LOOK = 200


def new(tell: Callable[[str, str], None]) -> SimpleNamespace:
    """Return a guard of this interpreter, which does not watch yet.

    It is no object of a class of its own: `object.__subclasses__()` would lead a learner's code to that class.

    Args:
        tell: is called at once with ("finding" or "note", sentence): a finding costs the check, a note does not.

    """
    return SimpleNamespace(tell=tell, said=set(), inside=set(), findings=[], calls=0, callbacks=0, snapshot=None)


def start(guard: SimpleNamespace) -> None:
    """Take the snapshot, and watch from now on."""
    guard.snapshot, guard.callbacks = _snapshot(), len(gc.callbacks)
    sys.addaudithook(lambda event, arguments: _hear(guard, event, arguments))


def extend(guard: SimpleNamespace) -> None:
    """Take the snapshot of what was imported since then, if nothing has changed."""
    look(guard, whole=True)
    if not guard.findings:
        guard.snapshot, guard.callbacks = _snapshot(), len(gc.callbacks)


def find(guard: SimpleNamespace, sentence: str) -> None:
    """Note something that costs the check."""
    if sentence not in guard.findings:
        guard.findings.append(sentence)
        guard.tell("finding", sentence)


def _note(guard: SimpleNamespace, sentence: str) -> None:
    """Note something for the teacher to look at."""
    if sentence not in guard.said:
        guard.said.add(sentence)
        guard.tell("note", sentence)


def look(guard: SimpleNamespace, whole: bool = False) -> None:
    """Find what has changed since the snapshot; in part, or as a whole. Python's own functions are put back."""
    for name in _put_back(guard.snapshot):
        find(guard, f"it replaced builtins.{name}")
    for name in _changes(guard.snapshot, whole):
        find(guard, f"it replaced {name}")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        find(guard, "it set a trace function")


def _hear(guard: SimpleNamespace, event: str, arguments: tuple) -> None:
    if event not in _ALWAYS and not event.startswith("ctypes."):
        return
    thread = _thread.get_ident()
    if thread in guard.inside:
        return
    guard.inside.add(thread)
    try:
        _weigh(guard, event, arguments)
    finally:
        guard.inside.discard(thread)


def _weigh(guard: SimpleNamespace, event: str, arguments: tuple) -> None:
    """Find out what an event means, and whether a learner's code is behind it."""
    frame = _getframe(3)  # behind `_hear` and the hook
    if event in {"compile", "open"} and frame.f_code.co_filename.startswith("<frozen importlib"):
        return  # an import does that
    kind, sentence = "finding", _ALWAYS.get(event, "it reached into memory (ctypes)")
    if not sentence:
        kind, sentence = _meaning(event, arguments)
    if sentence and _is_the_learners(frame, event in _SEEN_AS_FRAMES):
        (find if kind == "finding" else _note)(guard, sentence)


def watched(guard: SimpleNamespace, answer: Callable, seed: Callable[[], object]) -> Callable:
    """Return the learner's function, with a look at the interpreter after each call, and what it returns made plain."""

    def called(*arguments, **options):
        before = seed(), set(_threads()), signals(), _references(arguments)
        try:
            returned = answer(*arguments, **options)
        finally:
            _after(guard, before, seed)
        if _references(arguments) != before[3] or _references([returned]) > 0:
            find(guard, "it set a function for the end of an object (weakref)")
        return plain(returned, lambda sentence: find(guard, sentence))

    called.__name__ = getattr(answer, "__name__", type(answer).__name__)
    return hidden(called, answer)


def hidden(function: Callable, like: Callable) -> Callable:
    """Return a function whose globals and closure a learner's code can't read; it has the name and signature of another."""
    made: Any = vars(functools)["_lru_cache_wrapper"](function, 0, False, tuple)  # in C, and it keeps nothing
    made.__name__ = function.__name__
    return functools.update_wrapper(made, like, updated=())


def _after(guard: SimpleNamespace, before: tuple, seed: Callable[[], object]) -> None:
    guard.calls += 1
    # Some checks call an answer thousands of times: then one in ten of the later calls, which nobody can foretell.
    if guard.calls < _ALWAYS_LOOK or _urandom(1)[0] < 26:
        look(guard)
    if seed() != before[0]:
        find(guard, "it changed the numbers of the hidden check")
    if any(_is_a_learners(frame) for thread, frame in _threads().items() if thread not in before[1]):
        find(guard, "it left a thread running")
    if signals() != before[2]:
        find(guard, "it set a signal handler")
    if len(gc.callbacks) != guard.callbacks:
        find(guard, "it set a function that runs at any time (gc.callbacks)")


def _threads() -> dict[int, Any]:
    """Return the frames of all threads, without the one that asks; {} where there is only that one."""
    if not _thread._count():
        return {}
    return {thread: frame for thread, frame in _current_frames().items() if thread != _thread.get_ident()}


def _is_a_learners(frame: Any) -> bool:
    """Return whether a thread runs nothing of a library that starts threads of its own."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(_SITE):
            return False
        frame = frame.f_back
    return True


def _references(things: Iterable) -> int:
    """Return how many weak references there are to arrays and functions, of which each may call a function at their end."""
    return sum(
        getweakrefcount(each) for each in things if isinstance(each, FunctionType) or type(each).__name__ == "ndarray"
    )


_SIGNALS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGUSR1, signal.SIGUSR2)


def signals() -> tuple:
    """Return what happens at those signals that a program may set to call a function."""
    return tuple(map(signal.getsignal, _SIGNALS))


def _meaning(event: str, arguments: tuple) -> tuple[str, str]:
    """Return the kind and the sentence for an event that means something only with certain arguments; ("", "") without."""
    first = arguments[0] if arguments else None
    if event == "object.__getattr__":
        return ("finding", "it read the frames of its callers") if arguments[1] in _FRAMES else ("", "")
    if event == "object.__setattr__":
        is_code = arguments[1] in {"__code__", "__defaults__", "__kwdefaults__"}
        return ("finding", f"it replaced the code of {_name(first)}") if is_code and _is_known(first) else ("", "")
    if event == "open":
        return _opened(os.fsdecode(first)) if isinstance(first, str | bytes) else ("", "")
    if event == "import":
        secret = str(first).startswith("fer_course.classroom")
        return ("finding", "it loaded the examiner") if secret else ("", "")
    if event == "compile":
        file = str(arguments[1])
        return ("finding", "it made code in the name of a library") if is_library(file) else ("", "")
    return "note", "it reads a pickle"


def _opened(path: str) -> tuple[str, str]:
    if path.startswith("/proc/") and any(
        part in path for part in ("/mem", "/fd", "/maps", "/task", "/root", "/environ")
    ):
        return "finding", f"it opened {path}"
    if path.startswith(_PACKAGE) and path.endswith(".py"):
        return "note", f"it read the course's file {path.removeprefix(_PACKAGE)}"
    return "", ""


def _name(function: object) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', '?')}"


def _is_known(function: object) -> bool:
    """Return whether a function is not the learner's own."""
    return getattr(function, "__module__", "__main__") != "__main__"


def is_library(file: str) -> bool:
    """Return whether code with this file name is of an installed library, of Python, or of this package."""
    return file.startswith((*_LIBRARIES, _PACKAGE, "<frozen "))


def _is_the_learners(frame: Any, reads_frames: bool) -> bool:
    """Return whether a learner's code does what happens in a frame: itself, or by a module of Python that does it for others."""
    shown = False
    while frame is not None:
        file = frame.f_code.co_filename
        if not is_library(file):
            return not shown
        stem = os.path.basename(file).removesuffix(".py")
        shown |= stem == "traceback" and frame.f_code.co_name in _SHOW
        is_python = file.startswith(("<frozen ", _STDLIB)) and not file.startswith(_SITE)
        passes = stem in _READERS or "/numpy/" in file if reads_frames else is_python
        if not passes and not file.startswith("<frozen "):
            return False
        frame = frame.f_back
    return False


def _snapshot() -> SimpleNamespace:
    """Return the functions, classes and modules that all loaded modules hold, by identity."""
    modules = {name: module for name, module in list(sys.modules.items()) if _is_taken(name, module)}
    whole = [(name, vars(module), *_members(vars(module), name)) for name, module in modules.items()]
    own = dict(vars(builtins))
    part = [each for each in whole if _is_central(each[0])]
    classes = [
        (f"{each.__module__}.{each.__qualname__}", each, set(vars(each)), *_members(vars(each), ""))
        for each in _classes(modules)
    ]
    return SimpleNamespace(
        modules=modules, whole=whole, part=part, classes=classes,
        central=[each for each in classes if each[1].__module__.startswith(_CENTRAL_CLASSES)],
        builtins=vars(builtins), own=own,
        shadows={name: set(namespace) & set(own) for name, namespace, _, _ in whole},
        values=[
            (f"{name}.{key}", namespace, key, repr(value))
            for name, namespace, _, _ in part if name.startswith("fer_course.checks")
            for key, value in namespace.items() if type(value) in (dict, list, set) and not key.startswith("__")
        ],
    )  # fmt: skip


_CENTRAL_CLASSES = ("fer_course.checks", "contextlib", "_weakrefset", "numpy._core._ufunc_config", "functools")


def _put_back(snapshot: SimpleNamespace) -> list[str]:
    """Put Python's own functions back where they were replaced; return their names. It calls none of them."""
    found = []
    for name in snapshot.own:
        if snapshot.builtins.get(name) is not snapshot.own[name]:
            found.append(name)
            snapshot.builtins[name] = snapshot.own[name]
    return found


def _changes(snapshot: SimpleNamespace, whole: bool) -> list[str]:
    """Return the dotted names of what is not what it was; the shortest name of each thing."""
    loaded = sys.modules
    found = [name for name, module in snapshot.modules.items() if loaded.get(name) is not module]
    for name, namespace, keys, ids in snapshot.whole if whole else snapshot.part:
        found += [f"{name}.{key}" for key in _different(namespace, keys, ids)]
        if whole or name.startswith("fer_course.checks"):  # a name that hides one of Python's own
            found += [f"{name}.{key}" for key in namespace.keys() & snapshot.own.keys() - snapshot.shadows[name]]
    for name, kind, before, keys, ids in snapshot.classes if whole else snapshot.central:
        found += [f"{name}.{key}" for key in _different(vars(kind), keys, ids)]
        if len(vars(kind)) != len(before):
            found += [f"{name}.{key}" for key in vars(kind) if key not in before and callable(vars(kind)[key])]
    found += [name for name, namespace, key, text in snapshot.values if repr(namespace.get(key)) != text]
    return sorted(found, key=len)[:3]


def _different(namespace: Any, keys: list[str], ids: list[int]) -> list[str]:
    now = [*map(id, map(namespace.get, keys))]
    if now == ids:
        return []
    return [key for key, before, after in zip(keys, ids, now, strict=True) if before != after]


def _members(namespace: Any, module: str) -> tuple[list[str], list[int]]:
    """Return the names and identities of what can be called, and of modules; of the checks' modules everything."""
    everything = module.startswith("fer_course.checks")
    kept = {
        key: id(value)
        for key, value in list(namespace.items())
        if callable(value) or isinstance(value, ModuleType | property | classmethod | staticmethod) or everything
    }
    return list(kept), list(kept.values())


def _is_taken(name: str, module: object) -> bool:
    first = name.partition(".")[0]
    wanted = first in {"numpy", "keras", "fer_course", "builtins"} or first in sys.stdlib_module_names
    return (
        wanted and isinstance(module, ModuleType) and name not in {"__main__", "typing"}
    )  # which typing_extensions changes


_USED_BY_CHECKS = {
    "numpy", "builtins", "copy", "math", "functools", "inspect", "warnings", "contextlib", "re", "fer_course.linear",
}  # fmt: skip


def _is_central(name: str) -> bool:
    """Return whether what a module holds is compared whenever an answer returns: what checks themselves use."""
    if name.startswith(("fer_course.checks", "numpy._core", "numpy.linalg")):
        return not name.startswith(("numpy._core.tests", "numpy._core._add"))
    return name in _USED_BY_CHECKS


def _classes(modules: dict[str, ModuleType]) -> list[type]:
    found: dict[int, type] = {}
    for name, module in modules.items():
        if name.startswith(("numpy", "keras", "fer_course", *_CENTRAL_CLASSES)):
            for value in list(vars(module).values()):
                if isinstance(value, type) and value.__module__.startswith(
                    ("numpy", "keras", "fer_course", *_CENTRAL_CLASSES)
                ):
                    found[id(value)] = value
    return list(found.values())


def plain(value: object, find: Callable[[str], None], depth: int = 0) -> Any:
    """Return what an answer returned, with nothing in it that decides by itself what it equals.

    Arrays, numbers, texts and containers of classes of the learner's own become those of NumPy and Python.

    Args:
        value: what was returned.
        find: notes what costs the check.
        depth: how deep the value lies in others.

    """
    import numpy as np

    kind = type(value)
    if kind in {int, float, bool, str, bytes, complex, type(None), np.ndarray} or depth > 5:
        return value
    if kind is list or kind is tuple:
        return kind(plain(each, find, depth + 1) for each in value)  # type: ignore[attr-defined]
    if kind is dict:
        return {key: plain(each, find, depth + 1) for key, each in value.items()}  # type: ignore[attr-defined]
    if (
        kind is FunctionType
        or _is_of_a_library(kind)
        or any(each.__module__.startswith("keras") for each in kind.__mro__)
    ):
        return value
    if isinstance(value, np.ndarray) and np.ndarray in kind.__mro__:
        return np.array(np.ndarray.view(value, np.ndarray))
    for base, make in _BASES.items():
        if base in kind.__mro__:
            return plain(make(value), find, depth + 1)
    return _of_an_own_class(value, kind, find)


_BASES: dict[type, Callable[[Any], object]] = {
    int: int.__pos__,
    float: float.__pos__,
    str: str.__str__,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: {key: dict.__getitem__(value, key) for key in dict.__iter__(value)},
}


def _of_an_own_class(value: object, kind: type, find: Callable[[str], None]) -> Any:
    import numpy as np

    own = {name for each in kind.__mro__ if not _is_of_a_library(each) for name in vars(each)}
    if "__class__" in own or ("__eq__" in own and "__dataclass_fields__" not in own):
        find("it returned an object that decides by itself what it equals")
    return np.array(value) if "__array__" in own else value


def _is_of_a_library(kind: type) -> bool:
    """Return whether a class stands in a loaded module under its own name."""
    module = sys.modules.get(kind.__module__)
    if kind.__module__ == "__main__" or module is None:
        return False
    found: object = module
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind or ("<locals>" in kind.__qualname__ and is_library(str(getattr(module, "__file__", ""))))
