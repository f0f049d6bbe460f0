"""Examines the answers of one submission: the first process of a sandbox, which the submission has not touched.

It reads a request from stdin (JSON: token, cells, checks, whole, seconds), executes the statements that the answers need, and
runs each check, as it stands in its cell and then hidden. For each it writes one line of JSON to stdout at once, with the token
of the request. Checks and libraries are loaded before any of the learner's code.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import gc
import importlib
import io
import json
import linecache
import os
import signal
import sys
from _json import encode_basestring_ascii as _quoted
from _signal import setitimer as _alarm
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

from fer_course.classroom import guard as guarding
from fer_course.classroom import slicing

#: Modules of which one loads Keras; then it is loaded before everything, and silently.
_HEAVY = ("keras", "tensorflow", "fer_course.layers", "fer_course.costs", "fer_course.models", "fer_course.zoo")

#: Modules that read and write memory past Python.
_IN_MEMORY = {"ctypes", "_ctypes", "cffi", "_cffi_backend"}


def main() -> None:
    """Examine the submission of the request."""
    request = json.load(sys.stdin.buffer)
    lines = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    token, write = request.pop("token"), os.write

    def report(**line: object) -> None:
        data = (_line({"token": token} | line) + "\n").encode()
        while data:
            data = data[write(lines, data) :]

    _run(_examination(request, report))
    report(end="")
    os._exit(0)  # what a learner's code has left to be done at exit is not done


def _line(value: Any) -> str:
    """Return a value as JSON. It uses nothing that is written in Python: that could be replaced."""
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is dict:
        return "{" + ", ".join([f"{_quoted(key)}: {_line(each)}" for key, each in value.items()]) + "}"
    if kind is list:
        return "[" + ", ".join([_line(each) for each in value]) + "]"
    return "true" if value is True else "false" if value is False else f"{value:d}"


def _examination(request: dict, report: Callable[..., None]) -> SimpleNamespace:
    """Return what belongs to one request: no object of a class of its own, which a learner's code would find."""
    return SimpleNamespace(
        **request, report=report, guard=guarding.new(lambda kind, text: report(**{kind: text})), names={}, shown=[], done=set(),
    )  # fmt: skip


def _run(own: SimpleNamespace) -> None:
    """Load what is needed, then execute and check, in the notebook's order."""
    own.known = slicing.statements(own.cells)
    wanted = _wanted(own)
    _load(own, wanted)
    steps = [[_step(own, each) for each in wanted if each.cell == index] for index in range(len(own.cells))]
    _enter(own)
    own.report(ready=True)
    places = {each["cell"]: each for each in own.checks}
    for index in range(len(own.cells) if own.whole else 1 + max(places, default=0)):
        if index in places:
            _check(own, places[index])
            if own.guard.findings:
                return
        else:
            _execute(own, steps[index])
        if own.whole:
            own.report(alive=index)


def _wanted(own: SimpleNamespace) -> list[slicing.Statement]:
    """Return the statements to execute: all, or those that the checks need."""
    if own.whole:
        return own.known
    found: dict[slicing.Statement, None] = {}
    for check in own.checks:
        tree = ast.Module(slicing.parsed(f"{check['visible']}\n{check['hidden']}"), [])
        found |= dict.fromkeys(slicing.needed(slicing.names_of(tree)[1] - {"checks"}, own.known, check["cell"]))
    return [each for each in own.known if each in found]


def _step(own: SimpleNamespace, each: slicing.Statement, deep: bool = True) -> SimpleNamespace:
    """Return a statement, compiled; for `name = checks.yours(name, course)` also what the course's function needs."""
    file = _file_name(each.cell)
    step = SimpleNamespace(
        place=own.known.index(each), code=_compiled(ast.Module([each.node], []), file), name="", before=[],
        reaches=bool(_IN_MEMORY & {name.partition(".")[0] for name in slicing.imported([each.node])}),
    )  # fmt: skip
    if each.yours and deep:
        step.name = each.yours.name
        names = slicing.names_of(ast.Expression(each.yours.course))[1]
        needed = slicing.needed(names, own.known, each.cell + 1)
        step.before = [_step(own, one, deep=False) for one in needed if one is not each]
        step.course = compile(ast.Expression(each.yours.course), file, "eval")
    return step


def _compiled(tree: ast.Module, file: str) -> CodeType:
    try:
        return compile(tree, file, "exec")
    except slicing.UNREADABLE:  # `return` outside of a function, for instance
        return compile("raise SyntaxError", file, "exec")


def _load(own: SimpleNamespace, wanted: list[slicing.Statement]) -> None:
    """Import what the statements and the checks import, before any of the learner's code."""
    own.module = importlib.import_module("fer_course.checks")
    own.core = importlib.import_module("fer_course.checks.core")
    trees = [tree for check in own.checks for tree in slicing.parsed(f"{check['visible']}\n{check['hidden']}")]
    topics = {
        f"fer_course.checks.{node.attr}"
        for tree in trees for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in own.module.TOPICS
    }  # fmt: skip
    modules = [*sorted(topics), *_imports_of(topics), *slicing.imported(each.node for each in wanted)]
    gc.disable()  # hundreds of thousands of objects that all stay
    if any(name.startswith(_HEAVY) for name in modules):
        _import("fer_course.quiet")
    for name in modules:
        if name.partition(".")[0] in _allowed():
            _import(name)
    gc.freeze()
    gc.enable()
    for check in own.checks:
        for part in ("visible", "hidden"):
            tree = ast.Module(slicing.parsed(check[part]), [])
            names = [*slicing.names_of(tree)[1] - {"checks"}]
            check[part] = SimpleNamespace(code=compile(check[part], f"<check {check['cell']}>", "exec"), names=names)


def _enter(own: SimpleNamespace) -> None:
    """Make the module in which the learner's code runs, hide this one, and begin to watch."""
    module = ModuleType("__main__")
    own.names = vars(module)
    show = FunctionType((lambda *things, **options: None).__code__, {}, "display")  # without this module's globals
    own.names |= {"__builtins__": builtins, "display": show, "In": [], "Out": {}}
    # Before the snapshot, and nothing that leads here.
    own.core.feedback.say_right = own.shown.append
    vars(own.core)["remind"] = dict
    sys.modules["__main__"] = module
    for name in [name for name in sys.modules if name.startswith("fer_course.classroom")]:
        del sys.modules[name]
    package = sys.modules["fer_course"]
    if hasattr(package, "classroom"):
        del package.classroom
    sys.stdout, sys.stderr = io.TextIOWrapper(io.FileIO(1, "w")), io.TextIOWrapper(io.FileIO(2, "w"))
    sys.argv = [""]
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for index, source in enumerate(own.cells):
        name = _file_name(index)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    guarding.start(own.guard)


def _execute(own: SimpleNamespace, steps: list[SimpleNamespace]) -> None:
    """Execute statements of one cell, up to the first that fails, as a kernel does."""
    _alarm(signal.ITIMER_REAL, own.seconds)
    try:
        for step in steps:
            _execute_one(own, step)
    except BaseException:  # the check says what is missing
        return
    finally:
        _alarm(signal.ITIMER_REAL, 0)


def _execute_one(own: SimpleNamespace, step: SimpleNamespace) -> None:
    if step.place in own.done:
        return
    own.done.add(step.place)
    if step.reaches:
        guarding.find(own.guard, "it reached into memory (ctypes)")  # of which not all is heard
    if step.name:
        _choose(own, step)
    else:
        exec(step.code, own.names)


def _choose(own: SimpleNamespace, step: SimpleNamespace) -> None:
    """Execute `name = checks.yours(name, course)`; the course's function is loaded when it is called, if it ever is."""
    answer = own.names.get(step.name)
    try:
        if answer in own.core._right:
            own.names[step.name] = own.core.yours(answer, _like(answer))
            return
    except TypeError:  # what can't be hashed has not passed
        pass
    loaded: list[Callable] = []

    def course(*arguments: object, **options: object) -> object:
        if not loaded:
            loaded.append(_course(own, step))
        return loaded[0](*arguments, **options)

    own.names[step.name] = guarding.hidden(course, _like(None))


def _course(own: SimpleNamespace, step: SimpleNamespace) -> Callable:
    """Load the course's function of a statement for `checks.yours`, with what it needs."""
    before = len(sys.modules)
    for one in step.before:
        _execute_one(own, one)
    if len(sys.modules) > before:
        guarding.extend(own.guard)
    return eval(step.course, own.names)


def _check(own: SimpleNamespace, check: dict) -> None:
    """Run the check of one cell, and report."""
    own.shown.clear()
    stage, error = "visible", _error_of(own, check["visible"])
    shown = [_text(each) for each in own.shown]
    if error is None and check["hidden"].code.co_names:
        stage, error = "hidden", _error_of(own, check["hidden"])
    guarding.look(own.guard, whole=True)
    line = {"check": check["id"], "stage": stage, "shown": shown, "findings": own.guard.findings}
    own.report(**line, **(error or {"ename": "", "evalue": ""}))


def _error_of(own: SimpleNamespace, part: SimpleNamespace) -> dict | None:
    """Return the error that a part of a check ends with; None if it ends well."""
    import numpy as np

    state = np.geterr()
    watched = {
        name: guarding.watched(own.guard, own.names[name], own.core._seed.get)
        for name in part.names if callable(own.names.get(name)) and not isinstance(own.names[name], type)
    }  # fmt: skip
    _alarm(signal.ITIMER_REAL, own.seconds)
    try:
        exec(part.code, {**own.names, **watched, "checks": own.module})
    except BaseException as error:  # whatever the learner's code raises
        return {"ename": _name_of(type(error)), "evalue": _text(error)}
    finally:
        _alarm(signal.ITIMER_REAL, 0)
        np.seterr(**state)
    for name in watched:
        try:
            own.core._right.add(own.names[name])
        except TypeError:  # what can't be hashed
            continue
    return None


def _file_name(index: int) -> str:
    return f"<cell {index}>"


def _like(answer: object) -> Callable:
    """Return a function with the annotations of the learner's, which are those of the course's; it leads nowhere."""
    course = FunctionType((lambda *arguments, **options: None).__code__, {}, "course")
    course.__annotations__ = dict(getattr(answer, "__annotations__", {}))
    return course


def _text(thing: object) -> str:
    try:
        return str.__str__(str(thing))[:20_000]
    except BaseException:
        return "its text can't be had"


def _name_of(kind: type) -> str:
    """Return the name of an error's class, which the learner's code may have made: without one it would be no error."""
    return str.__str__(type.__dict__["__name__"].__get__(kind)) or "Error"


def _import(name: str) -> None:
    """Import a module, or what a module holds; what can't be imported fails again where the learner's code needs it."""
    parent, _, attribute = name.rpartition(".")
    if parent in sys.modules and hasattr(sys.modules[parent], attribute):
        return
    with contextlib.suppress(Exception):
        importlib.import_module(name)


def _imports_of(topics: set[str]) -> list[str]:
    """Return what the checks of these topics import when they are called."""
    folder = os.path.dirname(sys.modules["fer_course.checks"].__file__ or "")
    files = [os.path.join(folder, f"{each.rpartition('.')[2]}.py") for each in topics]
    found = []
    for file in files:
        with open(file, encoding="utf-8") as source:
            found += slicing.imported(slicing.parsed(source.read()))
    return found


def _allowed() -> frozenset[str]:
    """Return the first names of modules that are imported beforehand: those that lessons use, and Python's own."""
    return sys.stdlib_module_names - {"antigravity", "this", "idlelib", "turtle", "tkinter"} | {
        "numpy", "keras", "tensorflow", "fer_course", "matplotlib", "scipy", "sklearn", "pandas", "PIL", "seaborn",
    }  # fmt: skip


if __name__ == "__main__":
    main()
