"""Watch over the interpreter in which answers are examined: what learners' code asks of it, and whether it has changed anything.

Two means. An audit hook, which can't be removed, hears of each look at a frame, each trace function, each look into memory, and
says so at once. And a snapshot of the functions of the checks, NumPy, Keras, Python and its library is compared, in part
whenever an answer returns, and in whole after each check.
"""

from __future__ import annotations

import _imp
import _signal
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
#: Files of Python's library, and other packages, that read frames, or set signal handlers, and keep them to themselves. All
#: other code does it for whoever calls it.
_KEEPERS = tuple(_STDLIB + each for each in (
    "enum.py", "typing.py", "collections", "warnings.py", "logging", "gettext.py", "subprocess.py", "pickle.py",
    "unittest/result.py", "asyncio/coroutines.py", "asyncio/events.py", "asyncio/format_helpers.py", "asyncio/futures.py",
    "asyncio/runners.py", "asyncio/streams.py",
)) + tuple(place + each + os.sep for place in _SITE for each in (
    "keras", "tensorflow", "absl", "optree", "ml_dtypes", "jax", "h5py", "matplotlib", "scipy", "sklearn", "pandas", "PIL",
    "seaborn", "skimage", "tqdm",
))  # fmt: skip
#: Functions in such files that hand a frame out.
_GIVERS = {"currentframe", "<lambda>"}
#: Functions of traceback that only show text.
_SHOW = {"print_exc", "format_exc", "print_exception", "format_exception", "format_exception_only"}
_TRACEBACK = _STDLIB + "traceback.py"
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
    return SimpleNamespace(
        tell=tell, said=set(), inside=set(), asking=set(), findings=[], calls=0, callbacks=0, snapshot=None
    )


def start(guard: SimpleNamespace) -> None:
    """Take the snapshot, and watch from now on."""
    _hear_of_signals(guard)
    guard.snapshot, guard.callbacks = _snapshot(), len(gc.callbacks)
    sys.addaudithook(lambda event, arguments: _hear(guard, event, arguments))


def _hear_of_signals(guard: SimpleNamespace) -> None:
    """Note when a learner's code sets a signal handler, which Python gives a frame; there is no audit event for it."""
    sentence, set_handler, create = "it set a signal handler", _signal.signal, _imp.create_builtin

    def set_and_tell(number, handler):
        if _is_the_learners(_getframe(1), reads_frames=True):
            find(guard, sentence)
        return set_handler(number, handler)

    def create_and_tell(spec):
        if exact(spec.name) == "_signal":
            find(guard, sentence)
        return create(spec)

    nobody = FunctionType((lambda *arguments: None).__code__, {}, "signal")
    vars(_signal)["signal"] = hidden(set_and_tell, nobody)
    vars(_imp)["create_builtin"] = hidden(create_and_tell, nobody)
    vars(signal.signal).pop("__wrapped__", None)


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
        _hear_within(guard, thread)
        return
    guard.inside.add(thread)
    try:
        _weigh(guard, event, arguments)
    finally:
        guard.inside.discard(thread)


def _hear_within(guard: SimpleNamespace, thread: int) -> None:
    """Find an event that comes from other code than this module's, while this module weighs another."""
    if thread in guard.asking:
        return
    guard.asking.add(thread)
    try:
        if _getframe(3).f_globals is not globals():  # behind this, `_hear` and the hook
            find(guard, "it ran code within the examiner")
    finally:
        guard.asking.discard(thread)


def _weigh(guard: SimpleNamespace, event: str, arguments: tuple) -> None:
    """Find out what an event means, and whether a learner's code is behind it."""
    frame = _getframe(3)  # behind `_hear` and the hook
    if event in {"compile", "open"} and _file_of(frame).startswith("<frozen importlib"):
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
            # What the learner's code returned itself ends here: its end may call a function.
            returned = plain(answer(*arguments, **options), guard)
        finally:
            _after(guard, before, seed)
        if _references(arguments) != before[3] or _references([returned]) > 0:
            find(guard, "it set a function for the end of an object (weakref)")
        return returned

    called.__name__ = exact(getattr(answer, "__name__", "")) or name_of(type(answer))
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
        if _file_of(frame).startswith(_SITE):
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
        return _changed(first, arguments[1])
    if event == "open":
        return _opened(exact(first), in_a_folder=arguments[1] is None)
    if event == "import":
        secret = exact(first).startswith("fer_course.classroom")
        return ("finding", "it loaded the examiner") if secret else ("", "")
    if event == "compile":
        file = exact(arguments[1])
        return ("finding", "it made code in the name of a library") if is_library(file) else ("", "")
    return "note", "it reads a pickle"


def exact(text: object) -> str:
    """Return a text, or the text of bytes, as a plain one; "" for anything else. Nothing of a learner's class is called."""
    kind = type(text)
    if issubclass(kind, str):
        return str.__str__(text)
    if issubclass(kind, bytes):
        return bytes.__getitem__(text, slice(None)).decode("utf-8", "surrogateescape")  # type: ignore[call-overload]
    return ""


def name_of(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says."""
    return exact(_NAME(kind))


#: What Python itself knows of a class.
_NAME, _QUALNAME, _MODULE, _MRO = (
    vars(type)[name].__get__ for name in ("__name__", "__qualname__", "__module__", "__mro__")
)
_readlink, _open, _close = os.readlink, os.open, os.close


def _real(path: str) -> str:
    """Return where a path leads, by way of links and the working folder; the path itself if nothing is there."""
    try:
        place = _open(path, getattr(os, "O_PATH", 0))
    except (OSError, ValueError):
        return path
    try:
        return _readlink(f"/proc/self/fd/{place}")
    except OSError:
        return path
    finally:
        _close(place)


def _opened(path: str, in_a_folder: bool) -> tuple[str, str]:
    """Return the kind and the sentence for a file that is opened, perhaps in a folder that the event does not tell."""
    real = _real(path)
    nowhere = in_a_folder and not real.startswith("/")
    for each in (path, real):
        if (each.startswith("/proc/") or nowhere) and _OF_A_PROCESS & set(each.split("/")):
            return "finding", f"it opened {path}"
    if real.startswith(_PACKAGE) and real.endswith(".py"):
        return "note", f"it read the course's file {real.removeprefix(_PACKAGE)}"
    return "", ""


#: Files of a process in which its memory, its pipes and its variables can be had.
_OF_A_PROCESS = {
    "mem", "fd", "maps", "smaps", "map_files", "task", "root", "environ", "auxv", "stat", "syscall", "stack",
}  # fmt: skip


def _changed(thing: object, name: str) -> tuple[str, str]:
    """Return the kind and the sentence for an attribute that is set with which Python itself works."""
    if name in {"__code__", "__defaults__", "__kwdefaults__"} and type(thing) is FunctionType:
        if is_library(exact(thing.__code__.co_filename)):
            return "finding", f"it replaced the code of {exact(thing.__module__)}.{exact(thing.__qualname__)}"
    elif name == "__class__" and issubclass(type(thing), ModuleType):
        return "finding", f"it replaced the class of the module {exact(vars(thing).get('__name__'))}"
    elif name in {"__class__", "__bases__"} and issubclass(type(thing), type) and _is_of_a_library(thing):  # type: ignore[arg-type]
        return "finding", f"it replaced what the class {name_of(thing)} is made of"  # type: ignore[arg-type]
    return "", ""


def _file_of(frame: Any) -> str:
    return exact(frame.f_code.co_filename)


def is_library(file: str) -> bool:
    """Return whether code with this file name is of an installed library, of Python, or of this package."""
    return file.startswith((*_LIBRARIES, _PACKAGE, "<frozen "))


def _is_the_learners(frame: Any, reads_frames: bool) -> bool:
    """Return whether a learner's code does what happens in a frame: itself, or by a module of Python that does it for others."""
    shown = False
    while frame is not None:
        file, function = _file_of(frame), frame.f_code.co_name
        if not is_library(file):
            return not shown
        shown |= file == _TRACEBACK and function in _SHOW
        if reads_frames:
            gives = function in _GIVERS and file.startswith(_STDLIB)
            passes = gives or not (function == "<module>" or file.startswith(_KEEPERS))
        else:
            passes = file.startswith(_STDLIB) and not file.startswith(_SITE)
        if file.startswith(_PACKAGE) or not (passes or file.startswith("<frozen ")):
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
        inside=[(name, kept, _inside(kept)) for name, kept in _closed_over(whole)],
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
    found += [name for name, kept, ids in snapshot.inside if _inside(kept) != ids]
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


def _closed_over(whole: list) -> list[tuple[str, Any]]:
    """Return what checks use and no module holds: what functions close over, keyword defaults, the ways to copy things."""
    found: list[tuple[str, Any]] = []
    for module, namespace, _, _ in whole:
        for name, value in list(namespace.items()):
            if module.startswith("fer_course.checks") and type(value) is FunctionType:
                found += [(f"{module}.{name}", cell) for cell in value.__closure__ or ()]
                found += [(f"{module}.{name}", value.__kwdefaults__)] if value.__kwdefaults__ else []
            elif module in {"copy", "copyreg"} and type(value) is dict and not name.startswith("__"):
                found.append((f"{module}.{name}", value))
    return found


def _inside(kept: Any) -> list[int]:
    """Return the identities of what is in a cell or dictionary."""
    if type(kept) is dict:
        return [*map(id, kept), *map(id, kept.values())]
    try:
        return [id(kept.cell_contents)]
    except ValueError:  # it is empty
        return []


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


def is_an_answer(thing: object) -> bool:
    """Return whether something that a check takes may be the learner's: all but classes of libraries, which checks compare."""
    return not issubclass(type(thing), type) or not _is_of_a_library(thing)  # type: ignore[arg-type]


def plain(value: object, guard: SimpleNamespace, depth: int = 0) -> Any:
    """Return what an answer returned, with nothing in it that decides by itself what it equals.

    Arrays, numbers, texts and containers of classes of the learner's own become those of NumPy and Python.

    Args:
        value: what was returned.
        guard: is told what costs the check, or what the teacher should look at.
        depth: how deep the value lies in others.

    """
    import numpy as np

    kind = type(value)
    if kind is np.ndarray and value.base is not None:  # type: ignore[attr-defined]
        return np.array(value)  # it lies in an object that may be the learner's own
    if kind in {int, float, bool, str, bytes, complex, type(None), np.ndarray} or depth > 5:
        return value
    if kind is list or kind is tuple:
        return kind(plain(each, guard, depth + 1) for each in value)  # type: ignore[attr-defined]
    if kind is dict:
        pairs = value.items()  # type: ignore[attr-defined]
        return {plain(key, guard, depth + 1): plain(each, guard, depth + 1) for key, each in pairs}
    if kind is FunctionType or _is_of_a_library(kind):
        return value
    if any(exact(_MODULE(each)).startswith("keras") and _is_of_a_library(each) for each in _MRO(kind)):
        _note(guard, "it returned a part of a network of a class of its own")
        return value
    for base in _MRO(kind):
        if base is np.ndarray:
            return np.array(np.ndarray.view(value, np.ndarray))  # type: ignore[call-overload]
        if base in _BASES:
            return plain(_BASES[base](value), guard, depth + 1)
    return _of_an_own_class(value, kind, guard)


_BASES: dict[type, Callable[[Any], object]] = {
    int: int.__pos__,
    float: float.__pos__,
    str: str.__str__,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: {key: dict.__getitem__(value, key) for key in dict.__iter__(value)},
}


def _of_an_own_class(value: object, kind: type, guard: SimpleNamespace) -> Any:
    import numpy as np

    own = {name for each in _MRO(kind) if not _is_of_a_library(each) for name in vars(each)}
    if "__class__" in own or ("__eq__" in own and "__dataclass_fields__" not in own):
        find(guard, "it returned an object that decides by itself what it equals")
    return np.array(value) if own & _ARRAY else value


#: Any of them makes an object an array for NumPy.
_ARRAY = {"__array__", "__array_interface__", "__array_struct__", "__len__"}


def _is_of_a_library(kind: type) -> bool:
    """Return whether a class stands in a loaded module under its own name, and no function of it is a learner's."""
    name = exact(_MODULE(kind))
    module = sys.modules.get(name)
    if name == "__main__" or module is None:
        return False
    if any(type(each) is FunctionType and not _is_written_elsewhere(each) for each in vars(kind).values()):
        return False
    found: object = module
    path = exact(_QUALNAME(kind))
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is kind or ("<locals>" in path and is_library(str(getattr(module, "__file__", ""))))


def _is_written_elsewhere(function: FunctionType) -> bool:
    """Return whether a function is a library's, or one that a library made of text, such as a data class' `__init__`."""
    file = exact(function.__code__.co_filename)
    return is_library(file) or (file == "<string>" and exact(function.__module__) != "__main__")
