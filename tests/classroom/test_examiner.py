"""What a submission does to its checks counts nothing: each cheat alone. Honest answers of unusual form get their points."""

import re
import shutil

import nbformat
import pytest
from classes import CHECKS, graded
from repository import ROOT

from fer_course.classroom import examination, nbgrader_course, sandbox
from fer_course.classroom.assignments import assignment
from fer_course.classroom.examination import examine, execute_and_examine
from fer_course.classroom.grading import grade
from fer_course.classroom.paths import gradebook
from fer_course.classroom.sandbox import Limits
from fer_course.course.cells import is_check

pytestmark = pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}")
LIMITS = Limits(seconds=240, cell_seconds=8, memory=1_500_000_000)
WRONG = "def mirror(image):\n    return image"
RIGHT = "def mirror(image):\n    return image[:, ::-1]"
RIGHT_SIZE = (
    "def output_size(size, kernel, stride=1, padding=0):\n    return (size + 2 * padding - kernel) // stride + 1"
)
FIRST = "import sys\nimport numpy as np\nfrom fer_course import checks"


def small(mirror: str, before: str = "", after: str = "", size: str = RIGHT_SIZE) -> str:
    """Return an assignment's notebook with these answers, and cells before the first answer and before its check."""
    cells = [nbformat.v4.new_code_cell(FIRST)]
    cells += [nbformat.v4.new_code_cell(source) for source in [before] if source]
    for name, source in (("mirror", mirror), ("size", size)):
        cells.append(nbformat.v4.new_code_cell(source, metadata=graded(name, True)))
        if name == "mirror" and after:
            cells.append(nbformat.v4.new_code_cell(after))
        hidden = f"### BEGIN HIDDEN TESTS\nwith checks.hidden(1234567):\n    {CHECKS[name]}\n### END HIDDEN TESTS"
        cells.append(nbformat.v4.new_code_cell(f"{CHECKS[name]}\n{hidden}", metadata=graded(f"check-{name}", False)))
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def examined(text: str, whole: bool = False):
    """Return the verdicts of a notebook's checks, by the exercises' names, without its own run; `whole` executes all cells."""
    notebook = nbformat.reads(text, 4)
    checks = [examination._check_of(place, cell) for place, cell in enumerate(notebook.cells) if is_check(cell)]
    cells = [examination.visible_part(cell.source) if cell.cell_type == "code" else "" for cell in notebook.cells]
    if whole:
        import time

        verdicts, reason = examination._run(cells, checks, LIMITS, False, whole=True, end=time.monotonic() + 200)
        return {check["name"]: verdicts.get(check["id"]) or examination._stopped(reason) for check in checks}
    verdicts = examine(cells, checks, LIMITS, unsafe=False)
    return {check["name"]: verdicts[check["id"]] for check in checks}


#: An answer that is wrong and does this before it returns; `image` is its argument.
INSIDE = {
    "allclose": ("np.allclose = np.isclose = lambda *a, **k: np.True_", "it replaced numpy.allclose"),
    "array_equal": ("np.array_equal = lambda *a, **k: True", "it replaced numpy.array_equal"),
    "asarray": ("np.asarray = lambda *a, **k: np.zeros(3)", "it replaced numpy.asarray"),
    "builtins": ("import builtins; builtins.all = lambda *a: True", "it replaced builtins.all"),
    "isinstance": ("import builtins; builtins.isinstance = lambda *a: True", "it replaced builtins.isinstance"),
    "close": ("from fer_course.checks import comparing; comparing.close = lambda *a: True", "it replaced"
         " fer_course.checks.comparing.close"),
    "near": ("from fer_course.checks import comparing; comparing.near = lambda g, w: np.ones(w.shape, bool)", "comparing.near"),
    "tolerance": ("from fer_course.checks import comparing; comparing.TOLERANCE.update({1: 9, 2: 9, 4: 9, 8: 9e9})",
         "comparing.TOLERANCE"),
    "check": ("from fer_course.checks import start; start.mirror = lambda *a: None", "it replaced"
         " fer_course.checks.start.mirror"),
    "hidden": ("from fer_course.checks import core; core.hidden = None", "it replaced fer_course.checks.core.hidden"),
    "seed": ("from fer_course.checks import core; core._seed.set(5)", "it changed the numbers of the hidden check"),
    "code": ("from fer_course.checks import core; core.close.__code__ = (lambda a, b: True).__code__", "it replaced the code of"),
    "hint": ("from fer_course.checks import core; core.Hint.__init__ = lambda *a: None", "core.Hint.__init__"),
    "modules": ("sys.modules['fer_course.checks.core'] = np", "it replaced fer_course.checks.core"),
    "copy": ("import copy; copy.deepcopy = lambda x: x", "it replaced copy.deepcopy"),
    "settrace": ("sys.settrace(lambda *a: None)", "it set a trace function"),
    "setprofile": ("import threading; sys.setprofile(lambda *a: None)", "it set a profile function"),
    "getframe": ("found = sys._getframe(1).f_locals", "it read the frames of its callers"),
    "inspect": ("import inspect; found = inspect.stack()", "it read the frames of its callers"),
    "currentframe": ("import inspect; found = inspect.currentframe().f_back", "it read the frames of its callers"),
    "current_frames": ("found = list(sys._current_frames().values())[0]", "it read the frames of its callers"),
    "traceback": ("try: 1 / 0\n    except ZeroDivisionError as e: found = e.__traceback__.tb_frame.f_back", "it read the"
         " frames of its callers"),
    "walk_stack": ("import traceback; found = list(traceback.walk_stack(None))", "it read the frames of its callers"),
    "generator": ("g = (i for i in [1]); next(g); found = g.gi_frame", "it read the frames of its callers"),
    "vectorize": ("found = np.vectorize(sys._getframe, otypes=[object])(1)", "it read the frames of its callers"),
    "gc": ("import gc; found = gc.get_objects()", "it searched the interpreter's objects"),
    "referrers": ("import gc; found = gc.get_referrers(image)", "it searched the interpreter's objects"),
    "thread": ("import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()", "it left a"
         " thread running"),
    "signal": ("import signal; signal.signal(signal.SIGALRM, lambda *a: None)", "it set a signal handler"),
    "gc callback": ("import gc; gc.callbacks.append(lambda *a: None)", "it set a function that runs at any time"),
    "audit": ("sys.addaudithook(lambda *a: None)", "it set an audit hook"),
    "memory": ("found = open('/proc/self/mem', 'rb')", "it opened /proc/self/mem"),
    "descriptors": ("import os; [open(f'/proc/self/fd/{n}', 'ab') for n in (3, 4, 5) if"
         " os.path.exists(f'/proc/self/fd/{n}')]", "it opened /proc/self/fd"),
    "pipe": ("import os; [os.write(n, b'{\"check\": \"2\", \"ename\": \"\"}\\n') for n in range(3, 9) if"
         " os.path.exists(f'/proc/self/fd/{n}')]",
             "it wrote to the pipe"),
    "examiner": ("import fer_course.classroom.examiner", "it loaded the examiner"),
    "faked file": ("exec(compile('found = 1', np.__file__, 'exec'))", "it made code in the name of a library"),
    "code by hand": ("found = mirror.__code__.replace(co_filename=np.__file__)", "it made code by hand"),
    "ctypes": ("import ctypes; found = ctypes.cast(id(image), ctypes.py_object)", "it reached into memory"),
    "ctypes library": ("import ctypes; found = ctypes.CDLL(None)", "it reached into memory"),
    "weakref": ("import weakref; weakref.finalize(image, print)", "it set a function for the end of an object"),
    "closed over": ("import threading; threading.settrace(print); sys.settrace(print)", "it set a trace function"),
    "coroutine": ("async def c(): pass\n    found = c(); found.cr_frame; found.close()", "it read the frames of its callers"),
    "contextlib": ("import contextlib; contextlib._GeneratorContextManager.__exit__ = lambda *a: True",
                   "it replaced contextlib._GeneratorContextManager.__exit__"),
    "weak set": ("import weakref; weakref.WeakSet.add = print", "it replaced _weakrefset.WeakSet.add"),
    "shadow": ("from fer_course.checks import comparing; comparing.bool = lambda x: True", "comparing.bool"),
    "timer": ("import threading; threading.Timer(5, setattr, (np, 'allclose', print)).start()", "it left a thread running"),
    "fork": ("import os\n    if os.fork() == 0: os._exit(0)", "it started a process"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", INSIDE)
def test_a_wrong_or_right_answer_that_reaches_for_the_check_counts_nothing(name):
    """Even a right answer: what the check says after that can't be trusted. The other answer keeps its point."""
    deed, sentence = INSIDE[name]
    verdicts = examined(small(f"def mirror(image):\n    {deed}\n    return image[:, ::-1]"))
    assert not verdicts["mirror"].right
    assert any(sentence in each for each in verdicts["mirror"].findings), verdicts["mirror"]
    assert verdicts["size"].right, verdicts["size"]


@pytest.mark.slow
def test_keras_that_is_changed_is_found():
    deed = """def lenet(*a, **k):
    keras.Model.count_params = lambda self: 0
    keras.ops.max = keras.ops.min
    return keras.Sequential([keras.Input((48, 48, 1)), layers.Flatten(), layers.Dense(7, activation="softmax")])"""
    verdicts = examined(lesson("04-plan-a-network", {"lenet": deed}))
    assert [verdict.right for verdict in verdicts.values()] == [True, True, False]
    assert re.search(r"it replaced keras\.\S*(ops\.max|Model\.count_params)", " ".join(verdicts["lenet"].findings))


#: Name -> (answer, cell before it, cell after it): all wrong, and no point for any.
FORGED = {
    "checks replaced in a cell": (WRONG, "checks.start.mirror = lambda f: print('✔ Right')", ""),
    "checks is another thing": (WRONG, "", "class checks:\n    class start:\n        mirror = print"),
    "numpy in a cell": (WRONG, "np.isclose = np.allclose = lambda *a, **k: np.True_", ""),
    "builtins in a cell": (WRONG, "import builtins\nbuiltins.all = lambda *a: True", ""),
    "hidden is replaced": (WRONG, "from contextlib import nullcontext\nchecks.hidden = nullcontext", ""),
    "equal to all": ("class A:\n    def __eq__(self, other): return True\n    __hash__ = None\ndef mirror(image):\n"
         "    return A()", "", ""),
    "an array that chooses": (
        "class A:\n    def __init__(self, x): self.x = x\n    def __array__(self, *a, **k): return self.x\n"
        "def mirror(image):\n    return A(image)", "", ""),
    "an array of its own class": (
        "class A(np.ndarray):\n    def __eq__(self, o): return np.ones(self.shape, bool)\n"
             "    def __array_function__(self, *a): return True\n"
        "def mirror(image):\n    return image.view(A)", "", ""),
    "not what it says": (
        "class A:\n    __class__ = property(lambda self: np.ndarray)\n    def __eq__(self, o): return True\n    shape = (4, 6)\n"
        "def mirror(image):\n    return A()", "", ""),
    "a number of its own class": (
        "class A(float):\n    def __eq__(self, o): return True\n    def __float__(self): return 0.0\ndef mirror(image):\n"
             "    return A(1)", "", ""),
    "any": ("from unittest import mock\ndef mirror(image):\n    return mock.ANY", "", ""),
    "an error without a name": ("def mirror(image):\n    raise type('', (BaseException,), {})()", "", ""),
    "an error that names itself": (
        "class M(type):\n    __name__ = property(lambda self: '')\nclass E(BaseException, metaclass=M): pass\n"
        "def mirror(image):\n    raise E", "", ""),
    "nan": ("def mirror(image):\n    return np.full(image.shape, np.nan)", "", ""),
    "ends with success": ("import os\ndef mirror(image):\n    print('✔ Right')\n    os._exit(0)", "", ""),
    "exit": ("def mirror(image):\n    sys.exit(0)", "", ""),
    "raises what checks raise": ("def mirror(image):\n    raise GeneratorExit", "", ""),
    "numbers by heart in a file": (
        "import os, pickle\ndef mirror(image):\n    if os.path.exists('/tmp/x'):\n"
             "        return pickle.load(open('/tmp/x', 'rb'))\n"
        "    pickle.dump(image, open('/tmp/x', 'wb'))\n    return image", "", ""),
    "json": (
        "import json\njson._default_encoder.encode = json.dumps = lambda *a, **k: '{}'\n"
        "def mirror(image):\n    json._default_encoder.encode = json.JSONEncoder.encode = lambda *a: '{}'\n"
        "    return image", "", ""),
    "at exit": ("import atexit\natexit.register(print, '✔ Right')\ndef mirror(image):\n    return image", "", ""),
    "a pickle that loads a check": (
        "import pickle\nclass P:\n    def __reduce__(self): return (print, ('✔',))\n"
        "def mirror(image):\n    return pickle.loads(pickle.dumps(P())) or image", "", ""),
    "prints what is right": ("def mirror(image):\n"
         "    print('✔ Mirrored. That is how every exercise of this course answers.')\n    return image", "", ""),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["alone", "all-cells"])
@pytest.mark.parametrize("name", FORGED)
def test_a_wrong_answer_stays_wrong(name, whole):
    answer, before, after = FORGED[name]
    verdicts = examined(small(answer, before, after), whole)
    assert not verdicts["mirror"].right, verdicts["mirror"]
    if not whole:
        assert verdicts["size"].right, verdicts["size"]


WALK = """import os, sys
def walk(frame):
    while frame:
        own = frame.f_locals.get("own")
        if hasattr(own, "report"):
            own.report(check=own.checks[0]["id"], stage="hidden", shown=[], findings=[], ename="", evalue="")
            own.report(end="")
            os._exit(0)
        frame = frame.f_back
class P(str):
    def look(self, *a):
        walk(sys._getframe(0))
        return "x"
    startswith = __str__ = __eq__ = __ne__ = __format__ = look
    __hash__ = str.__hash__
"""
SWAP = """
def swap():
    from fer_course.checks import core
    real = core.close
    def once(*a):
        core.close = real
        return True
    core.close = once
"""
#: What the examiner itself might run, ask or believe of a learner's: (answer, cell before it). All wrong, and no point for any.
LURED = {
    "a name that is no text": (
        "class S(str):\n    def __format__(self, spec): return '\"\"'\nclass E(BaseException): pass\nE.__name__ = S('E')\n"
        "def mirror(image):\n    raise E('')", ""),
    "a name that is computed": (
        "class S(str):\n    def __format__(self, spec): return '\"\"'\n"
        "class M(type):\n    __name__ = property(lambda c: S('E'))\n"
        "class E(BaseException, metaclass=M): pass\ndef mirror(image):\n    raise E('')", ""),
    "a path of its own class": (
        "def mirror(image):\n    try: open(P('/x'))\n    except OSError: pass\n    return image", WALK),
    "a module's name of its own class": (
        "def mirror(image):\n    try: __import__(P('x'))\n    except ImportError: pass\n    return image", WALK),
    "a file's name of its own class": ("def mirror(image):\n    compile('1', P('x'), 'exec')\n    return image", WALK),
    "a function's module of its own class": (
        "def mirror(image):\n    def g(): pass\n    g.__module__ = P('x')\n"
        "    g.__code__ = (lambda: 1).__code__\n    return image", WALK),
    "code from a file of its own class": (
        "def mirror(image):\n    exec(compile('import sys; sys._getframe(0)', P('x'), 'exec'), {})\n    return image", WALK),
    "a signal that is handled at once": (
        "import signal\ndef mirror(image):\n    got = []\n    old = signal.signal(signal.SIGUSR1, lambda n, f: got.append(f))\n"
        "    signal.raise_signal(signal.SIGUSR1)\n    signal.signal(signal.SIGUSR1, old)\n"
        "    walk(got[0])\n    return image", WALK),
    "another module of signals": (
        "import importlib.util, _imp\ndef mirror(image):\n    made = _imp.create_builtin(importlib.util.find_spec('_signal'))\n"
        "    _imp.exec_builtin(made)\n    got = []\n    made.signal(10, lambda n, f: got.append(f))\n    made.raise_signal(10)\n"
        "    made.signal(10, 0)\n    walk(got[0])\n    return image", WALK),
    "a frame by logging": ("import logging\ndef mirror(image):\n    walk(logging.currentframe())\n    return image", WALK),
    "a frame by asyncio": (
        "import asyncio\ndef mirror(image):\n    async def main(): walk(asyncio.current_task().get_stack()[-1])\n"
        "    asyncio.run(main())\n    return image", WALK),
    "frames by IPython": (
        "def mirror(image):\n    from IPython.utils.frame import extract_module_locals\n    for depth in range(1, 12):\n"
        "        try: own = extract_module_locals(depth)[1].get('own')\n        except BaseException: break\n"
        "        if hasattr(own, 'report'):\n            walk(type('F', (), {'f_locals': {'own': own}}))\n"
        "    return image", WALK),
    "what a check closes over": (
        "def mirror(image):\n    for cell in checks.start.mirror.__closure__: cell.cell_contents = lambda *a: None\n"
        "    return image", ""),
    "the class of a module": (
        "import types\nclass M(types.ModuleType):\n    def __getattribute__(self, name):\n"
        "        return (lambda *a: None) if name == 'mirror' else super().__getattribute__(name)\n"
        "def mirror(image):\n    checks.start.__class__ = M\n    return image", ""),
    "code of a function that is disowned": (
        "def mirror(image):\n    from fer_course.checks import core\n    core.close.__module__ = '__main__'\n"
        "    core.close.__code__ = (lambda a, b: True).__code__\n    return image", ""),
    "how arguments are copied": (
        "import copy\ndef zeros(given, memo, *a):\n    for each in given: each[...] = 0\n    return given\n"
        "def mirror(image):\n    copy._deepcopy_dispatch[tuple] = zeros\n    return image", ""),
    "memory by a link": (
        "import os\ndef mirror(image):\n    if not os.path.exists('/tmp/me'): os.symlink('/proc/self', '/tmp/me')\n"
        "    open('/tmp/me/mem', 'rb')\n    return image[:, ::-1]", ""),
    "memory by a folder": (
        "import os\ndef mirror(image):\n    os.open('mem', os.O_RDONLY, dir_fd=os.open('/proc/self', os.O_RDONLY))\n"
        "    return image[:, ::-1]", ""),
    "the end of what it returned": (
        "class L(list):\n    def __del__(self): swap()\ndef mirror(image):\n    return L(image[:, :1].tolist())", SWAP),
    "the end of what an array lies in": (
        "class B(bytearray):\n    def __del__(self): swap()\ndef mirror(image):\n"
        "    return np.frombuffer(B(image.tobytes()), image.dtype)", SWAP),
    "a class for an answer": (
        "class A:\n    def __array__(self, *a, **k):\n        swap()\n        return np.zeros(3)\n"
        "class mirror:\n    def __new__(cls, image): return A()", SWAP),
    "an answer that says it is a class": (
        "class A:\n    def __array__(self, *a, **k):\n        swap()\n        return np.zeros(3)\nclass F:\n"
        "    __class__ = property(lambda self: type)\n    def __call__(self, image): return A()\nmirror = F()", SWAP),
    "a class that says it is NumPy's": (
        "class A:\n    def __array__(self, *a, **k):\n        swap()\n        return np.zeros(3)\n"
        "A.__module__ = 'numpy'; np.A = A\ndef mirror(image): return A()", SWAP),
    "a class that says it is Keras'": (
        "class A:\n    __module__ = 'keras.x'\n    def __array__(self, *a, **k):\n        swap()\n        return np.zeros(3)\n"
        "def mirror(image): return A()", SWAP),
    "an array of objects": (
        "class A:\n    def __eq__(self, other): return True\n    __sub__ = __rsub__ = __abs__ = lambda self, *a: self\n"
        "    __le__ = __lt__ = __eq__\ndef mirror(image):\n    return np.array([[A() for _ in row] for row in image])", ""),
    "an error whose text runs code": (
        "class E(BaseException):\n    def __str__(self):\n        swap()\n        raise SystemExit\n"
        "def mirror(image): raise E", SWAP),
    "what NumPy calls": (
        "def mirror(image):\n    np.seterrcall(lambda *a: swap()); np.seterr(all='call')\n    return image / 0", SWAP),
    "what imports": (
        "class F:\n    def find_spec(self, *a): swap()\n"
        "def mirror(image):\n    sys.meta_path.insert(0, F())\n    return image", SWAP),
    "closed pipes": ("import os\ndef mirror(image):\n    os.closerange(0, 100)\n    return image", ""),
    "a group of errors": ("def mirror(image): raise BaseExceptionGroup('x', [GeneratorExit(), SystemExit(0)])", ""),
    "a generator": ("def mirror(image):\n    yield from image", ""),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", LURED)
def test_the_examiner_runs_and_believes_nothing_of_a_learners(name):
    answer, before = LURED[name]
    verdicts = examined(small(answer, before))
    assert not verdicts["mirror"].right, verdicts["mirror"]
    assert verdicts["size"].right, verdicts["size"]


#: Honest ways to write an answer: all right, both with and without what they need in other cells.
HONEST = {
    "global": ("def mirror(image):\n    return image[:, ::STEP]", "STEP = -1"),
    "helper": ("def mirror(image):\n    return turned(image)", "def turned(image):\n    return np.fliplr(image)"),
    "helper of a helper": ("def mirror(image):\n    return one(image)", "def one(x): return two(x)\n"
         "def two(x): return x[:, ::-1]"),
    "lambda": ("mirror = lambda image: image[:, ::-1]", ""),
    "decorator": (
        "import functools\ndef loud(f):\n    @functools.wraps(f)\n    def g(*a):\n        print('called')\n"
             "        return f(*a)\n    return g\n"
        "@loud\ndef mirror(image):\n    return image[:, ::-1]", ""),
    "partial": ("from functools import partial\nmirror = partial(np.flip, axis=1)", ""),
    "closure": ("def make(axis):\n    def mirror(image):\n        return np.flip(image, axis)\n    return mirror\n"
         "mirror = make(1)", ""),
    "class": ("class Mirror:\n    def __call__(self, image):\n        return image[:, ::-1]\nmirror = Mirror()", ""),
    "method": ("class M:\n    def turn(self, image):\n        return image[:, ::-1]\nmirror = M().turn", ""),
    "numpy itself": ("mirror = np.fliplr", ""),
    "lists": ("def mirror(image):\n    return [list(reversed(row)) for row in image.tolist()]", ""),
    "random": ("rng = np.random.default_rng(0)\ndef mirror(image):\n    np.random.seed(1); rng.random()\n"
         "    return image[:, ::-1]", ""),
    "warning": ("import warnings\ndef mirror(image):\n    warnings.warn('slow'); print('x', file=sys.stderr)\n"
         "    return image[:, ::-1]", ""),
    "error that is caught": (
        "import traceback\ndef mirror(image):\n    try:\n        1 / 0\n    except ZeroDivisionError:\n"
             "        traceback.print_exc()\n"
        "    return image[:, ::-1]", ""),
    "named tuple and data class": (
        "from collections import namedtuple\nfrom dataclasses import dataclass\n@dataclass\nclass Side:\n    length: int\n"
        "def mirror(image):\n    Pair = namedtuple('Pair', 'a b')\n    return image[:, Side(-1).length :: Pair(-1, 2).a]", ""),
    "own array class": ("class A(np.ndarray): pass\ndef mirror(image):\n    return image[:, ::-1].view(A)", ""),
    "magic and shell": ("%matplotlib inline\ndef mirror(image):\n    return image[:, ::-1]", "%load_ext autoreload"),
    "table that is filled": ("def mirror(image):\n    return image[:, :: table['step']]", "table = {}\ntable['step'] = -1"),
    "loop at the top": ("def mirror(image):\n    return image[:, ::step]", "for step in range(0, -2, -1):\n    print(step)"),
    "star": ("def mirror(image):\n    return fliplr(image)", "from numpy import *"),
    "recursion": ("def mirror(image):\n"
         "    return image if image.shape[1] < 2 else np.hstack([image[:, -1:], mirror(image[:, :-1])])", ""),
    "a thread that ends": (
        "from concurrent.futures import ThreadPoolExecutor\ndef mirror(image):\n    with ThreadPoolExecutor(2) as pool:\n"
        "        return np.stack(list(pool.map(lambda row: row[::-1], image)))", ""),
    "signature": ("import inspect\ndef mirror(image):\n    inspect.signature(np.flip)\n    return image[:, ::-1]", ""),
    "global counter": ("calls = 0\ndef mirror(image):\n    global calls\n    calls += 1\n    return image[:, ::-1]", ""),
    "a slow cell of no use": (RIGHT, "import time\ntime.sleep(60)"),
    "a cell that fails": (RIGHT, "1 / 0"),
    "a loop of events": (
        "import asyncio\ndef mirror(image):\n    async def turn(): return image[:, ::-1]\n    return asyncio.run(turn())", ""),
    "a log": ("import logging\ndef mirror(image):\n    logging.warning('slow')\n    return image[:, ::-1]", ""),
    "an enumeration": (
        "import enum\nclass Way(enum.IntEnum):\n    BACK = -1\n"
        "def mirror(image):\n    enum.Enum('E', 'a b')\n    return image[:, ::Way.BACK]", ""),
    "a class that is called": ("class mirror:\n    def __new__(cls, image): return image[:, ::-1]", ""),
    "a file": (
        "def mirror(image):\n    np.save('x.npy', image)\n    open('task', 'w').close()\n"
        "    return np.load('x.npy')[:, ::-1]", ""),
    "bytes": ("def mirror(image):\n    return np.frombuffer(image.tobytes(), image.dtype).reshape(image.shape)[:, ::-1]", ""),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HONEST)
def test_honest_answers_of_unusual_form_are_right(name):
    answer, before = HONEST[name]
    verdicts = examined(small(answer, before))
    assert verdicts["mirror"].right, verdicts["mirror"]
    assert verdicts["size"].right, verdicts["size"]


#: Lesson and exercise -> another right answer.
UNUSUAL = {
    "02-softmax-by-tensorflow": ("02-a-first-learner", "softmax", "import tensorflow as tf\n@tf.function\ndef softmax(scores):\n"
                                 "    return tf.nn.softmax(tf.cast(scores, tf.float64), axis=1)"),
    "04-lenet-of-a-class": ("04-plan-a-network", "lenet", """def block(filters, size, activation, pooling):
    return [layers.Conv2D(filters, size, activation=activation), pooling(2)]

def lenet(activation="tanh", pooling=layers.AveragePooling2D, dropout=0.0, third=False):
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for filters, size in [(6, 5), (16, 5), (32, 4)][: 2 + third]:
        for layer in block(filters, size, activation, pooling):
            x = layer(x)
    x = layers.Flatten()(x)
    for units in (120, 84):
        x = layers.Dropout(dropout)(layers.Dense(units, activation=activation)(x))
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(x))"""),
    "01-counts-by-counter": ("01-meet-the-faces", "count-and-guess", """from collections import Counter

def count_classes(labels):
    found = Counter(np.asarray(labels).tolist())
    return [found.get(label, 0) for label in range(7)]

def majority_baseline(train_labels, test_labels):
    return float(np.mean(test_labels == np.argmax(count_classes(train_labels))))"""),
    "02-step-of-a-class": ("02-a-first-learner", "gradient-step", """class Step:
    rate = 1.0

    def __call__(self, weights, bias, images, labels, rate):
        self.rate, wanted = rate, np.eye(weights.shape[1])[labels]
        error = (softmax(images @ weights + bias) - wanted) / len(labels)
        return weights - self.rate * images.T @ error, bias - self.rate * error.sum(axis=0)

gradient_step = Step()"""),
    "02-slope-with-a-closure": ("02-a-first-learner", "slope", """import functools

def slope(loss, weights, place, nudge=0.01):
    @functools.lru_cache
    def at(change):
        moved = weights.copy()
        moved[place] += change
        return loss(moved)
    return (at(nudge) - at(0)) / nudge"""),
    "03-convolve-by-windows": ("03-slide-a-kernel", "convolve", """windows = np.lib.stride_tricks.sliding_window_view

def convolve(image, kernel, stride=1, padding=0):
    image = np.pad(image, [(padding,) * 2, (padding,) * 2, (0, 0)])
    found = windows(image, kernel.shape[:2], axis=(0, 1))[::stride, ::stride]
    return np.einsum("hwcij,ijcm->hwm", found, kernel)"""),
    "03-size-by-counting": ("03-slide-a-kernel", "output-size", """def output_size(size, kernel, stride=1, padding=0):
    print("counting")
    return sum(1 for _ in range(-padding, size + padding - kernel + 1, stride))"""),
    "04-field-by-recursion": ("04-plan-a-network", "receptive-field", """def receptive_field(layers):
    if not layers:
        return 1
    (kernel, stride), *more = layers
    return (receptive_field(more) - 1) * stride + kernel"""),
    "05-halves-by-keras": ("05-space-and-channels-apart", "halves", """import keras

def depthwise(image, kernel):
    found = keras.ops.depthwise_conv(image[None].astype("float64"), kernel[..., None].astype("float64"))
    return found[0]

pointwise = lambda image, kernel: keras.ops.convert_to_numpy(keras.ops.matmul(image, kernel))"""),
    "06-simplified-of-parts": ("06-inception-ideas", "simplified", """from functools import reduce

def tower(x, filters):
    parts = [layers.Conv2D(filters, size, padding="same", activation="relu") for size in (1, 3)]
    return reduce(lambda value, layer: layer(value), parts, x)

def simplified(x, filters, towers=3):
    return layers.concatenate([tower(x, filters // towers) for _ in range(towers)])"""),
    "08-nested-model": ("08-build-mini-xception", "mini-xception", """from fer_course.layers import convolution

def stem():
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    return keras.Model(inputs, convolution(convolution(x, 8, padding="valid"), 8, padding="valid"))

def mini_xception(filters=(16, 32, 64, 128), classes=7):
    inputs = keras.Input((48, 48, 1))
    x = stem()(inputs)
    for each in filters:
        x = residual_module(x, each)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(classes, 3, padding="same")(x))
    return keras.Model(inputs, layers.Softmax()(x))"""),
    "08-parameters-by-keras": ("08-build-mini-xception", "module-parameters", """def module_parameters(channels, filters):
    inputs = keras.Input((8, 8, channels))
    return keras.Model(inputs, residual_module(inputs, filters)).count_params()"""),
    "07-entropy-with-scipy": ("07-go-deep", "label-entropy", "from scipy.stats import entropy\ndef label_entropy(labels):\n"
                              "    return entropy(np.unique(labels, return_counts=True)[1])"),
}  # fmt: skip


def lesson(name: str, answers: dict[str, str] | None = None) -> str:
    """Return a solved lesson as an assignment, with some answers replaced."""
    notebook = nbformat.reads(assignment(ROOT / "solutions" / f"{name}.ipynb", "secret"), 4)
    for cell in notebook.cells:
        answer = (answers or {}).get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        cell.source = answer or cell.source
    return nbformat.writes(notebook)


SEARCH = """def ways():
    import signal
    yield signal.getsignal(signal.SIGALRM)
    yield from (checks.core.remind, checks.core.feedback.say_right, display, print)
    yield from (each for each in list(checks.core._right) if each not in (mirror,))
    todo = [object]
    while todo:
        kind = todo.pop()
        todo += [each for each in type.__subclasses__(kind) if each is not type]
        if kind.__module__ in ("fer_course.classroom.examiner", "fer_course.classroom.guard"):
            yield from vars(kind).values()

def mirror(image):
    for way in ways():
        if "_error_of" in getattr(way, "__globals__", {}) or getattr(way, "__closure__", None):
            return image  # found the examiner
    return image[:, ::-1]"""


@pytest.mark.slow
def test_nothing_leads_a_learners_code_to_the_examiner_but_frames_and_gc():
    verdicts = examined(small(SEARCH))
    assert verdicts["mirror"].right, verdicts["mirror"]


@pytest.mark.slow
@pytest.mark.parametrize("name", UNUSUAL)
def test_other_right_answers_of_lessons(name):
    place, exercise, answer = UNUSUAL[name]
    verdicts = examined(lesson(place, {exercise: answer}))
    assert all(verdict.right for verdict in verdicts.values()), verdicts


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_solved_lesson_is_right(path):
    verdicts = examined(lesson(path.stem))
    assert verdicts
    assert all(verdict.right and not verdict.notes for verdict in verdicts.values()), verdicts


def outputs(text: str) -> list[list]:
    return [cell.outputs for cell in nbformat.reads(text, 4).cells if is_check(cell)]


def errors(text: str) -> list[str]:
    return [" ".join(each.ename for each in cell if each.output_type == "error") for cell in outputs(text)]


@pytest.mark.slow
def test_the_notebooks_own_outputs_count_nothing():
    deed = "checks.start.mirror = lambda f: print('✔ Mirrored.')\nchecks.convolutions.output_size = lambda f: None"
    text, reason, remarks = execute_and_examine(small(WRONG, deed, size="def output_size(*a): return 0"), LIMITS)
    assert reason == ""
    # Executed with all cells, because the notebook's own run says "right", the first check finds the deed; so does the second.
    assert errors(text) == ["NotCounted", "NotCounted"]
    assert any(
        re.search("mirror was not counted: it replaced fer_course.checks.start.mirror", each) for each in remarks
    )
    assert any(re.search("size was not counted: it replaced fer_course.checks", each) for each in remarks)
    assert [cell.source for cell in nbformat.reads(text, 4).cells] == [cell.source for cell in nbformat.reads(small(
        WRONG, deed, size="def output_size(*a): return 0"), 4).cells]  # fmt: skip


@pytest.mark.slow
def test_hidden_checks_are_not_in_the_notebooks_own_run():
    spy = (
        "import IPython\nIPython.get_ipython().events.register('pre_run_cell', "
        "lambda info: open('/tmp/seen', 'a').write(info.raw_cell))"
    )
    tell = f"{RIGHT_SIZE}\nprint('SEEN', open('/tmp/seen').read())"
    text, _, _ = execute_and_examine(small(RIGHT, spy, size=tell), LIMITS)
    (answer,) = (cell for cell in nbformat.reads(text, 4).cells if cell.source == tell)
    assert "checks.start.mirror(mirror)" in str(answer.outputs)
    assert "1234567" not in str(answer.outputs)
    assert errors(text) == ["", ""]


@pytest.mark.slow
def test_an_answer_that_needs_all_cells_is_right_and_the_teacher_reads_so():
    before = "steps = []\nsteps.append(-1)"
    text, _, remarks = execute_and_examine(
        small("def mirror(image):\n    return image[:, :: steps[0]]", before), LIMITS
    )
    assert errors(text) == ["", ""]
    assert any("All cells of the notebook were executed to examine mirror" in each for each in remarks)


@pytest.mark.slow
def test_what_a_right_and_a_wrong_answer_show():
    text, _, remarks = execute_and_examine(small(RIGHT, size=RIGHT_SIZE.removesuffix(" + 1")), LIMITS)
    right, wrong = outputs(text)
    assert [each.output_type for each in right] == ["stream"]
    assert right[0].text.startswith("✔ Mirrored.")
    assert errors(text) == ["", "Hint"]
    assert "always one too few" in wrong[0].evalue
    assert remarks == []


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_solved_lesson_gets_full_points(path, tmp_path):
    """Through nbgrader, by the command that teachers use."""
    folder = tmp_path / "class"
    (tmp_path / "solved").mkdir()
    (tmp_path / "students.csv").write_text("id\nada\n")
    shutil.copy(path, tmp_path / "solved")
    nbgrader_course.init(folder, tmp_path / "students.csv", source=tmp_path / "solved")
    nbgrader_course.release(folder)
    handed_in = folder / "submitted" / "ada" / path.stem / path.name
    handed_in.parent.mkdir(parents=True)
    shutil.copy(path, handed_in)
    result = grade(folder, progress=lambda line: None)
    assert result.failed == {}
    with gradebook(folder) as book:
        found = book.find_submission(path.stem, "ada")
        assert found.code_score == found.max_code_score > 0
    assert not any("examin" in each or "not counted" in each for each in result.remarks["ada", path.stem]), (
        result.remarks
    )
