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
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
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
    token, write, dumps = request.pop("token"), os.write, json.dumps

    def report(**line: object) -> None:
        data = (dumps({"token": token} | line) + "\n").encode()
        while data:
            data = data[write(lines, data) :]

    Examination(request, report).run()
    report(end="")
    os._exit(0)  # what a learner's code has left to be done at exit is not done


class Examination:
    """One request.

    Args:
        request: as above.
        report: writes a line.

    """

    def __init__(self, request: dict, report: Callable[..., None]):
        self._cells: list[str] = request["cells"]
        self._checks: list[dict] = request["checks"]
        self._whole: bool = request["whole"]
        self._seconds: int = request["seconds"]
        self._report = report
        self._guard = guarding.Guard(lambda kind, text: report(**{kind: text}))
        self._names: dict[str, Any] = {}
        self._shown: list[str] = []
        self._done: set[slicing.Statement] = set()

    def run(self) -> None:
        """Load what is needed, then execute and check, in the notebook's order."""
        self._known = slicing.statements(self._cells)
        wanted = self._wanted()
        self._load(wanted)
        self._enter()
        self._report(ready=True)
        places = {each["cell"]: each for each in self._checks}
        for index in range(len(self._cells) if self._whole else 1 + max(places, default=0)):
            if index in places:
                self._check(places[index])
                if self._guard.findings:
                    return
            else:
                self._execute([each for each in wanted if each.cell == index])
            if self._whole:
                self._report(alive=index)

    def _wanted(self) -> list[slicing.Statement]:
        """Return the statements to execute: all, or those that the checks need."""
        if self._whole:
            return self._known
        found: dict[slicing.Statement, None] = {}
        for check in self._checks:
            tree = ast.Module(slicing.parsed(f"{check['visible']}\n{check['hidden']}"), [])
            found |= dict.fromkeys(slicing.needed(slicing.names_of(tree)[1] - {"checks"}, self._known, check["cell"]))
        return [each for each in self._known if each in found]

    def _load(self, wanted: list[slicing.Statement]) -> None:
        """Import what the statements and the checks import, before any of the learner's code."""
        self.checks = importlib.import_module("fer_course.checks")
        self._core = importlib.import_module("fer_course.checks.core")
        trees = [tree for check in self._checks for tree in slicing.parsed(f"{check['visible']}\n{check['hidden']}")]
        topics = {
            f"fer_course.checks.{node.attr}"
            for tree in trees for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in self.checks.TOPICS
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

    def _enter(self) -> None:
        """Make the module in which the learner's code runs, hide this one, and begin to watch."""
        module = ModuleType("__main__")
        self._names = vars(module)
        self._names |= {"__builtins__": builtins, "display": lambda *things, **options: None, "In": [], "Out": {}}
        self._core.feedback.say_right = self._shown.append  # before the snapshot
        vars(self._core)["remind"] = lambda: None
        sys.modules["__main__"] = module
        for name in [name for name in sys.modules if name.startswith("fer_course.classroom")]:
            del sys.modules[name]
        package = sys.modules["fer_course"]
        if hasattr(package, "classroom"):
            del package.classroom
        sys.stdout, sys.stderr = io.TextIOWrapper(io.FileIO(1, "w")), io.TextIOWrapper(io.FileIO(2, "w"))
        sys.argv = [""]
        signal.signal(signal.SIGALRM, _interrupt)
        for index, source in enumerate(self._cells):
            name = _file_name(index)
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        self._guard.start()

    def _execute(self, statements: list[slicing.Statement]) -> None:
        """Execute statements of one cell, up to the first that fails, as a kernel does."""
        with contextlib.suppress(Exception, SystemExit, KeyboardInterrupt, GeneratorExit), self._alarm():
            for each in statements:
                if each in self._done:
                    continue
                self._done.add(each)
                if _IN_MEMORY & {name.partition(".")[0] for name in slicing.imported([each.node])}:
                    self._guard.find("it reached into memory (ctypes)")  # of which not all is heard
                if each.yours:
                    self._choose(each)
                else:
                    exec(_compiled(each), self._names)

    def _choose(self, each: slicing.Statement) -> None:
        """Execute `name = checks.yours(name, course)`; the course's function is loaded when it is called, if it ever is."""
        assert each.yours is not None
        name = each.yours.name
        answer = self._names.get(name)
        with contextlib.suppress(TypeError):
            if answer in self._core._right:
                self._names[name] = self._core.yours(answer, _like(answer))
                return
        loaded: list[Callable] = []

        def course(*arguments: object, **options: object) -> object:
            if not loaded:
                loaded.append(self._course(each))
            return loaded[0](*arguments, **options)

        self._names[name] = course

    def _course(self, each: slicing.Statement) -> Callable:
        """Load the course's function of a statement for `checks.yours`, with what it needs."""
        assert each.yours is not None
        course, before = each.yours.course, len(sys.modules)
        for one in slicing.needed(slicing.names_of(ast.Expression(course))[1], self._known, each.cell + 1):
            if one not in self._done:
                self._done.add(one)
                exec(_compiled(one), self._names)
        if len(sys.modules) > before:
            self._guard.extend()
        return eval(compile(ast.Expression(course), _file_name(each.cell), "eval"), self._names)

    def _check(self, check: dict) -> None:
        """Run the check of one cell, and report."""
        self._shown.clear()
        stage, error = "visible", self._error_of(check["visible"], check["cell"])
        shown = list(self._shown)
        if error is None and check["hidden"]:
            stage, error = "hidden", self._error_of(check["hidden"], check["cell"])
        self._guard.look(whole=True)
        line = {"check": check["id"], "stage": stage, "shown": shown, "findings": self._guard.findings}
        self._report(**line, **(error or {"ename": "", "evalue": ""}))

    def _error_of(self, code: str, cell: int) -> dict | None:
        """Return the error that the code of a check ends with; None if it ends well."""
        import numpy as np

        state = np.geterr()
        watched = self._watched(code)
        try:
            with self._alarm():
                exec(compile(code, f"<check {cell}>", "exec"), {**self._names, **watched, "checks": self.checks})
        except BaseException as error:  # whatever the learner's code raises
            return {"ename": type(error).__name__, "evalue": _text(error)}
        finally:
            np.seterr(**state)
        for name in watched:
            with contextlib.suppress(TypeError):
                self._core._right.add(self._names[name])
        return None

    def _watched(self, code: str) -> dict[str, Any]:
        """Return the answers that the code of a check names, each watched over."""
        try:
            tree = ast.parse(code)
        except slicing.UNREADABLE:
            return {}
        names = slicing.names_of(tree)[1] - {"checks"}
        seed = self._core._seed.get
        return {
            name: self._guard.watched(self._names[name], seed)
            for name in names if callable(self._names.get(name)) and not isinstance(self._names[name], type)
        }  # fmt: skip

    @contextlib.contextmanager
    def _alarm(self) -> Iterator[None]:
        """Interrupt what runs longer than a cell may."""
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _file_name(index: int) -> str:
    return f"<cell {index}>"


def _compiled(each: slicing.Statement) -> CodeType:
    return compile(ast.Module([each.node], []), _file_name(each.cell), "exec")


def _like(answer: object) -> Callable:
    """Return a function with the annotations of the learner's, which are those of the course's."""

    def course() -> None: ...

    course.__annotations__ = dict(getattr(answer, "__annotations__", {}))
    return course


def _text(error: BaseException) -> str:
    try:
        return str.__str__(str(error))[:20_000]
    except BaseException:
        return "its text can't be had"


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
