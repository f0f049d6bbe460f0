"""A submission meets the sandbox: it sees nothing of the host, and its limits hold; as root and as an ordinary user."""

import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import memory
import nbformat
import pytest

from fer_course.classroom import sandbox, sandboxed_execution
from fer_course.classroom.sandbox import Limits, Watch
from fer_course.classroom.sandboxed_execution import execute

pytest.importorskip("nbgrader")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}"),
]
MB = 1_000_000
LIMITS = Limits(seconds=90, cell_seconds=30, memory=900 * MB, processes=30, disk=60 * MB, files=5_000, output=2 * MB)


def notebook(*cells: str) -> str:
    return nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]))


def said(text: str) -> list[str]:
    def of(output) -> str:
        return str(output.get("text") or output.get("evalue") or output.get("data", {}).get("text/plain"))

    return [" ".join(map(of, cell.outputs)) for cell in nbformat.reads(text, 4).cells]


SECRET = "planted-2f7c"
#: A system call, by its number.
CALL = (
    "import ctypes, os, platform; x86 = platform.machine() == 'x86_64'; libc = ctypes.CDLL(None, use_errno=True);"
    "KEYCTL, SYSLOG, IO_URING = 250 if x86 else 219, 103 if x86 else 116, 425\n"
    "def call(*a):\n    if libc.syscall(*a) == -1: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\ncall"
)
#: What a submission does -> what it may get to see.
PROBES = {
    "import os; dict(os.environ)": r"LANG|HOME",
    "open('/proc/1/environ').read()": r"^'?(PATH=/usr/bin:/bin(\\x00)?)?'?$",
    "import os; [open(f'/proc/{each}/environ').read() for each in os.listdir('/proc') if each.isdigit()]": r"PATH",
    "open('/etc/passwd').read()": "No such file",
    "open('/proc/self/status').read().split('CapEff:')[1][:18]": r"0{16}",
    "open('/proc/self/status').read().split('NoNewPrivs:')[1][:3]": "1",
    "import os; os.unshare(0x10000000) if hasattr(os, 'unshare') else None": "No space|not permitted|^$",
    "import subprocess as s; s.run(['unshare', '-U', 'true'], capture_output=True, text=True).stderr": "unshare",
    "import subprocess as s; s.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], capture_output=True, text=True).stderr": "mount|permi",
    "open('/written', 'w')": "Read-only",
    "open('/dev/written', 'w')": "Read-only",
    "open('/usr/written', 'w')": "Read-only",
    "open('/cache/written', 'w')": "Read-only",
    "import os; sorted(os.listdir('/cache'))": r"^\[('[0-9a-f]+-[0-9a-f]+\.npy')?\]$",
    "import os; os.listdir('/home')": r"^\['learner'\]$",
    "import os; [each for each in os.listdir('/proc') if each.isdigit() and int(each) > 200]": r"^\[\]$",
    "import socket; socket.create_connection(('127.0.0.1', 22), 2)": "not supported",
    "import socket; socket.socket(40, socket.SOCK_STREAM)": "not supported",  # of virtual machines: no namespace holds them
    "import socket; socket.gethostname()": "^'sandbox'$",
    "open('/proc/sys/kernel/core_pattern', 'w')": "Read-only|Permission",  # root could have the host execute something
    "open('/proc/sys/vm/drop_caches', 'w')": "Read-only|Permission",
    f"{CALL}(KEYCTL, 0, -3, 0)": "not implemented",  # the keys of this user's session
    f"{CALL}(SYSLOG, 3, ctypes.create_string_buffer(99), 99)": "not implemented|not permitted",
    f"{CALL}(IO_URING, 8, 0)": "not implemented",
    "import socket; socket.socket(socket.AF_UNIX).connect('\\0fer-test-abstract')": "refused",
    "import socket; socket.socket(socket.AF_UNIX).connect('{place}/host.sock')": "No such file",
    "import IPython; IPython.get_ipython().history_manager.hist_file": ":memory:",
    "import ctypes; [ctypes.CDLL(None).syscall(number, 10, -3, b'user', b'x', 0) for number in (250, 219)]": "^\\[-1, ",
    "import ctypes; ctypes.CDLL(None).shmget(0, 4096, 0o1600)": "^-1$",
    "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)": "^-1$",
    "open('/proc/keys').read()": "Permission denied|No such file",
    "import os; os.path.expanduser('~')": "/home/learner",
    "import os; os.kill(os.getppid(), 0); os.getppid() < 20": "True",
    "import glob; glob.glob('/ro' 'ot/*') + glob.glob('/home/*/.*') + glob.glob('/tmp/*.key')": r"^\[.*\]$",
}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with something to steal: a variable, a file, and two sockets."""
    monkeypatch.setenv("FER_TEST_KEY", SECRET)
    (tmp_path / "secret.key").write_text(SECRET)
    sockets = []
    for address in (str(tmp_path / "host.sock"), "\0fer-test-abstract"):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        listening.listen()
        sockets.append(listening)
    yield tmp_path
    for each in sockets:
        each.close()


def test_nothing_of_the_host_is_seen(host):
    probes = {probe.replace("{place}", str(host)): pattern for probe, pattern in PROBES.items()}
    text, reason = execute(notebook(*probes), LIMITS)
    assert reason == ""
    assert SECRET not in text
    assert str(host) not in re.sub(r"connect\('[^']*'\)", "", "".join(said(text)))
    for (probe, pattern), answer in zip(probes.items(), said(text), strict=True):
        assert re.search(pattern, answer), (probe, answer)


#: An ordinary user, as a namespace of users makes one: all files of this user, none of root's rights.
ORDINARY = [
    *("bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"),
    *("--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid"),
]


def test_an_ordinary_user_has_the_same_sandbox(host):
    code = (
        "import sys, json, os; from fer_course.classroom.sandboxed_execution import execute\n"
        "from fer_course.classroom.sandbox import Limits\n"
        "text, reason = execute(sys.stdin.read(), Limits(seconds=90, cell_seconds=30))\n"
        "print(json.dumps([os.getuid(), reason, text]))"
    )
    probes = ["open('/proc/1/environ').read()", "open('/written', 'w')", "import os; dict(os.environ)", "1 + 1"]
    done = subprocess.run(
        [*ORDINARY, sys.executable, "-c", code], input=notebook(*probes), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    uid, reason, text = json.loads(done.stdout.splitlines()[-1])
    assert (uid, reason) == (1000, "")
    assert SECRET not in text
    answers = said(text)
    assert re.search(PROBES["open('/proc/1/environ').read()"], answers[0])
    assert "Read-only" in answers[1]
    assert answers[3] == "2"


DEEP = "import os\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\nos.chdir('/home/learner')"
#: What breaks a limit -> why it is stopped. None: it is not stopped, and leaves nothing behind.
ATTACKS = {
    "memory": ("x = [bytearray(50_000_000) for _ in range(100)]", "memory"),
    "memory of many": (
        "import multiprocessing as m\n"
        "def f(_):\n    x = bytearray(b'1' * 200_000_000); import time; time.sleep(20)\n"
        "m.get_context('fork').Pool(10).map(f, range(10))",
        "memory",
    ),
    "memory files": (
        "import os\nkept = [os.memfd_create(str(n)) for n in range(200)]\n"
        "for each in kept: os.write(each, b'x' * 50_000_000)\nimport time; time.sleep(20)",
        "memory|not implemented",
    ),
    "shared memory of nobody": (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.shmat.restype = ctypes.c_void_p\n"
        "for _ in range(30):\n    if (n := libc.shmget(0, ctypes.c_size_t(100_000_000), 0o1600)) < 0:\n"
        "        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n"
        "    place = ctypes.c_void_p(libc.shmat(n, None, 0)); ctypes.memset(place, 1, 100_000_000); libc.shmdt(place)",
        "not implemented",
    ),
    "shared memory without a file": ("import mmap\nkept = [mmap.mmap(-1, 100_000_000) for _ in range(30)]", "not permitted"),
    "shared memory of a device": (
        "import mmap, os\nzero = os.open('/dev/zero', os.O_RDWR)\nkept = [mmap.mmap(zero, 100_000_000) for _ in range(30)]",
        "No such device",
    ),
    "tables of memory": (
        "import mmap\nm = mmap.mmap(-1, 2 << 40, flags=0x4022, prot=mmap.PROT_READ)\nm.madvise(15)\n"
        "for place in range(0, 2 << 40, 2 << 20): m[place]",
        "memory",
    ),
    "sockets": (
        "import os, resource as r, socket, time\nr.setrlimit(r.RLIMIT_NOFILE, [r.getrlimit(r.RLIMIT_NOFILE)[1]] * 2)\n"
        "kept = []\nfor _ in range(8):\n    if os.fork() == 0: break\n"
        "try:\n    while True:\n        kept += socket.socketpair()\n        for each in kept[-2:]:\n"
        "            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24); each.setblocking(False)\n            try:\n"
        "                while True: each.send(b'x' * 65536)\n            except BlockingIOError: pass\n"
        "except OSError: time.sleep(20)",
        "memory",
    ),
    "page tables": (
        "import ctypes, time\nlibc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p\n"
        "libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]\n"
        "size = 1 << 40; place = libc.mmap(None, size, 1, 0x4022, -1, 0)\n"
        "libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(size), 15)\n"
        "for each in range(0, size, 1 << 21): ctypes.c_byte.from_address(place + each).value\ntime.sleep(9)",
        "memory",
    ),
    "sockets of many": (
        "import os, socket, time\nfor _ in range(8):\n    if os.fork() == 0:\n        kept = []\n        try:\n"
        "            while True: kept += socket.socketpair()\n        except OSError: time.sleep(20)\ntime.sleep(20)",
        "memory",
    ),
    "threads": (
        "import threading, time; threading.stack_size(65536)\n"
        "for _ in range(9_000): threading.Thread(target=time.sleep, args=(20,)).start()",
        "threads",
    ),
    "disk": ("for n in range(9): open(f'/tmp/{n}', 'wb').write(b'x' * 50_000_000)", "wrote more|No space"),
    "unlinked files": (
        "import os\nkept = []\nfor n in range(9):\n    f = open(f'/tmp/{n}', 'wb'); kept.append(f)\n"
        "    f.write(b'x' * 50_000_000); os.remove(f.name)",
        "wrote more|No space",
    ),
    "shared memory": (
        "for place in ('/dev/shm/x', '/tmp/x'): open(place, 'wb').write(b'x' * 50_000_000)\nimport time; time.sleep(9)",
        "wrote",
    ),
    "files": ("for n in range(150_000): open(f'/tmp/{n}', 'w').close()", "files"),
    "folders": ("import os\nfor n in range(150_000): os.mkdir(f'/tmp/{n}')", "files"),
    "processes": ("import os, time\nfor _ in range(100):\n    if os.fork() == 0: time.sleep(60)", "processes"),
    "fork bomb": ("import os\nwhile True: os.fork()", "processes|memory"),
    "one cell's time": ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", None),
    "all time": (
        "import time\nfor _ in range(4):\n    try: time.sleep(100)\n    except BaseException: pass",
        "could not be interrupted",
    ),
    "killed runner": ("import os, signal; os.kill(os.getppid(), signal.SIGKILL); import time; time.sleep(5)", "kernel died"),
    "all killed": ("import os, signal; os.kill(-1, signal.SIGKILL)", "kernel died"),
    "flood of errors": ("raise ValueError('x' * 60_000_000)", None),
    "flood of pictures": (
        "from IPython.display import display\nfor _ in range(60): display({'image/png': 'x' * 1_000_000}, raw=True)",
        None,
    ),
    "flood by the runner's own pipe": (
        "import os\nfor _ in range(400):\n    os.write(os.open(f'/proc/{os.getppid()}/fd/3', os.O_WRONLY), b'x' * 1_000_000)",
        "bytes|No such|^$|None",
    ),
    "deep folders": (DEEP, None),
    "folders without rights": ("import os\nfor n in range(50): os.mkdir(f'/tmp/{n}'); os.chmod(f'/tmp/{n}', 0)", None),
}  # fmt: skip


@pytest.mark.parametrize(("code", "pattern"), ATTACKS.values(), ids=ATTACKS.keys())
def test_limits_hold_and_what_was_right_before_stays(code, pattern, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # Resident memory counts what forks share once for each; the number of processes is to be met first.
    limits = dataclasses.replace(LIMITS, memory=9_000 * MB) if pattern == "processes" else LIMITS
    peak, before = Peak(), memory.forget()
    started = time.monotonic()
    with peak:
        text, reason = execute(notebook("print('kept')", code, "1 + 1"), limits)
    answers = said(text)
    assert answers[0].strip() == "kept"
    if pattern is None:
        assert reason == ""
        assert answers[2] == "2"
    else:
        assert re.search(pattern, reason or answers[1]), (reason, answers[1][:200])
    assert time.monotonic() - started < 2 * LIMITS.seconds
    assert len(text) < 4 * LIMITS.output
    if "processes" not in (pattern or ""):  # forks share their memory, and each would count it
        assert peak.most < 1.2 * LIMITS.memory + 300 * MB  # what a sample of a tenth of a second lets through
    assert memory.peak() - before < 500  # MB: of the grader itself
    assert list(tmp_path.iterdir()) == []


class Peak:
    """The most bytes that all children of this process had together."""

    def __init__(self):
        self.most, self._done = 0, threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __exit__(self, *exception):
        self._done.set()
        self._thread.join()

    def _watch(self):
        import psutil

        while not self._done.wait(0.05):
            total = 0
            for each in psutil.Process().children(recursive=True):
                try:
                    total += each.memory_info().rss
                except psutil.Error:
                    continue
            self.most = max(self.most, total)


def test_a_watch_that_fails_ends_the_notebook(monkeypatch):
    monkeypatch.setattr(sandbox, "_written", lambda *_: 1 / 0)
    text, reason = execute(notebook("import time; time.sleep(60)"), LIMITS)
    assert "could not be watched" in reason
    assert "ZeroDivisionError" in said(text)[0]


def test_what_a_sandbox_writes_is_not_believed(monkeypatch):
    """Lines of a runner that the submission has taken over: no JSON, other types, indices that do not exist."""
    lines = [
        "no json", "[]", '{"cell": 9, "outputs": []}', '{"cell": "0", "outputs": []}', '{"cell": 0, "outputs": 5}',
        '{"cell": 0, "outputs": [5, {"output_type": "evil"}, {"output_type": "stream", "text": ["x"]}, '
        '{"output_type": "error", "traceback": [{}]}, {"output_type": "display_data", "data": {"a": [{"b": 1}], "c": "d"}}]}',
        '{"cell": 0, "outputs": []}', '{"cell": 1, "outputs": [{"output_type": "stream", "text": "\\ud800\\ud83d\\ude00"}]}',
        '{"end": "\\u001b]0;owned\\u0007done\\r\\nFiled: everything"}',
    ]  # fmt: skip
    program = "import sys; sys.stdin.read(); print(" + repr("\n".join(lines)) + ", flush=True)"
    monkeypatch.setattr(sandbox, "wrap", lambda command, limits, rules: [sys.executable, "-c", program])
    text, reason = execute(notebook("1", "2"), LIMITS)
    assert reason == "done Filed: everything"
    kinds = [each.output_type for each in nbformat.reads(text, 4).cells[0].outputs]
    assert kinds[:3] == ["stream", "error", "display_data"]
    assert nbformat.reads(text, 4).cells[0].outputs[2].data == {"c": "d"}
    nbformat.validate(nbformat.reads(text, 4), relax_add_props=True)
    assert nbformat.reads(text, 4).cells[1].outputs[0].text == "?\U0001f600"  # half a letter, and a whole one
    assert text.encode()


def test_more_lines_than_are_read(monkeypatch):
    program = "import sys; sys.stdin.read()\nwhile True: print('x' * 1_000_000)"
    monkeypatch.setattr(sandbox, "wrap", lambda command, limits, rules: [sys.executable, "-c", program])
    text, reason = execute(notebook("1"), LIMITS)
    assert "more bytes" in reason
    assert len(text) < MB


def test_memory_is_limited_by_the_kernel_where_systemd_can(tmp_path, monkeypatch):
    """A stand-in for systemd-run: what is asked of it, and that its absence is no error."""
    program = tmp_path / "systemd-run"
    program.write_text(
        '#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\nwhile [ "$1" != env ] && [ "$1" != test ]; do shift; done\nexec "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(sandbox, "PATH", f"{tmp_path}:{sandbox.PATH}")
    sandbox._has_memory_groups.cache_clear()
    try:
        text, reason = execute(notebook("1 + 1"), LIMITS)
    finally:
        sandbox._has_memory_groups.cache_clear()
    assert (reason, said(text)) == ("", ["2"])
    assert f"MemoryMax={LIMITS.memory}" in (tmp_path / "asked").read_text()
    assert sandboxed_execution.PATIENCE == 3
    assert isinstance(Watch, type)
