"""A class of attackers: what each hands in, what it deserves, and what the teacher has to be told of it.

An attack is a notebook with right answers and a deed in it, or a file that no learner would make. What it may say of the machine
it runs on is in `Host`: its words, such as `@HOME@`, are put into the deeds. Honest learners stand between the attackers.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

import classes
import nbformat
import touched_notebooks as notebooks
from hostile_files import nested, zip_of_names, zip_of_zeros, zipped
from live_text import LIVE, SCRIPT

#: A lesson that has a written question in this course.
LESSON = "03-small"
NAME = f"{LESSON}.ipynb"
RIGHT_SIZE = notebooks.SIZE
#: The id of the cell for the written answer.
WORDS = "in-your-own-words"
#: What a deed in a cell leaves behind, and nobody after it may find.
LEFT = "left-by-an-attack"


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        kind: what it aims at.
        files: notebook that was handed out, as JSON -> path in its author's folder -> content.
        mirror: the points that its answer to that exercise deserves; None: it is not graded.
        size: the same for the other exercise.
        told: pattern of what the teacher is told: state, remarks and reasons; "": nothing has to be.
        seen: pattern of what the graded notebook shows.
        is_live: it holds something that a browser could execute, load or follow.

    """

    kind: str
    files: Callable[[str], dict[str, bytes]]
    mirror: float | None = 1
    size: float | None = 1
    told: str = ""
    seen: str = ""
    is_live: bool = False


@dataclass
class Host:
    """What there is to steal on the machine of a test: words in the deeds -> where it is."""

    words: dict[str, str] = field(default_factory=dict)

    def filled(self, content: bytes) -> bytes:
        """Return a file with these words in it."""
        for word, value in self.words.items():
            content = content.replace(word.encode(), value.encode())
        return content


ATTACKS: dict[str, Attack] = {}


def add(name: str, attack: Attack) -> None:
    """Add an attack under a name of its own."""
    assert name not in ATTACKS, name
    ATTACKS[name] = attack


def changed(change: Callable[[dict], object]) -> Callable[[str], dict[str, bytes]]:
    """Return what makes a notebook with right answers and a change."""

    def files(handed_out: str) -> dict[str, bytes]:
        notebook = notebooks.right(handed_out)
        made = change(notebook)
        return {NAME: made if isinstance(made, bytes) else json.dumps(notebook).encode()}

    return files


def code_cell(text: str, **more) -> dict:
    return {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None, **more}


def in_a_cell(kind: str, name: str, code: str, told: str = "", seen: str = "", **more) -> None:
    """Add an attack that does something in a cell of its own, above right answers."""

    def change(notebook: dict) -> None:
        notebook["cells"].insert(1, code_cell(f"# deed\n{code}", id="deed"))

    add(name, Attack(kind, changed(change), told=told, seen=seen, **more))


def in_an_answer(kind: str, name: str, deed: str, told: str, before: str = "", size: float = 0, **more) -> None:
    """Add an attack by what a function does when a check calls it."""
    body = "\n".join(f"    {line}" for line in deed.splitlines())
    source = f"{before}\n{RIGHT_SIZE.splitlines()[0]}\n{body}\n    return (size + 2 * padding - kernel) // stride + 1"

    def change(notebook: dict) -> None:
        notebooks.cell(notebook, "size")["source"] = source.strip()

    add(name, Attack(kind, changed(change), size=size, told=told, **more))


def by_change(kind: str, name: str, change: Callable[[dict], object], **more) -> None:
    """Add an attack by a notebook that is not as an editor leaves it."""
    add(name, Attack(kind, changed(change), **more))


def by_file(name: str, files: dict[str, bytes] | Callable[[str], dict[str, bytes]], told: str, **more) -> None:
    """Add an attack by files that are handed in; none of them is graded unless it says so."""
    worth = {"mirror": None, "size": None} | more
    make = files if callable(files) else lambda handed_out, files=files: files
    add(name, Attack("collecting", make, told=told, **worth))


# ------------------------------------------------------------------------------------------------------- reading the host

SYSTEM_CALL = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
READING = {
    "its environment": ("import os; print(dict(os.environ))", "HOME"),
    "all environments": (
        "import glob\nfor each in glob.glob('/proc/[0-9]*/environ'): print(each, open(each, 'rb').read())", "PATH"),
    "all command lines": (
        "import glob\nfor each in glob.glob('/proc/[0-9]*/cmdline'): print(open(each, 'rb').read())", "sandbox_runner"),
    "a key in the home folder": ("open('@HOME@/secret.key').read()", "No such file|Permission denied"),
    "the gradebook": (
        "import sqlite3\nprint(sqlite3.connect('file:@CLASS@/gradebook.db?mode=ro', uri=True).execute('select 1').fetchall())",
        "unable to open"),
    "what others handed in": ("import glob, os; print(os.path.exists('@CLASS@'), glob.glob('@CLASS@/*'))", r"False \[\]"),
    "the secret of the class": ("print(open('@CLASS@/nbgrader_config.py').read())", "No such file"),
    "solutions beside the package": (
        "import fer_course, glob, os\nprint(glob.glob(os.path.dirname(fer_course.__file__) + '/../*/*.ipynb'))", r"\[\]"),
    "anything anywhere": (
        "import os\nfound = []\nfor folder, folders, names in os.walk('/'):\n"
        "    folders[:] = [each for each in folders if each not in ('usr', 'proc', 'site-packages')]\n"
        "    found += [name for name in names if name.endswith(('.db', '.key', 'config.py')) and 'idle' not in folder]\n"
        "print('found', [each for each in found if each in ('secret.key', 'gradebook.db', 'nbgrader_config.py')])",
        r"found \[\]"),
    "a socket with a name": (
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('@HOME@/host.sock'); print(s.recv(99))",
        "No such file|Permission"),
    "a socket without a file": (
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0@ABSTRACT@'); print(s.recv(99))", "refused"),
    "a server of this machine": (
        "import urllib.request as u; print(u.urlopen('http://127.0.0.1:@PORT@/stolen').read())", "not supported"),
    "the cloud's own address": (
        "import socket; socket.create_connection(('169.254.169.254', 80), 2)", "not supported"),
    "another name's address": ("import socket; socket.getaddrinfo('example.org', 80)", "gaierror|resolution"),
    "agents of keys, and D-Bus": (
        "import glob, os\nnames = ('SSH_AUTH_SOCK', 'DBUS_SESSION_BUS_ADDRESS', 'GPG_AGENT_INFO')\n"
        "print([os.environ.get(n) for n in names], glob.glob('/run/*'), glob.glob('/tmp/ssh-*'), glob.glob('/run/user/*/*'))",
        r"None, None, None\] \[\] \[\] \[\]"),
    "open files that it was given": (
        "import glob, os\nfor each in glob.glob('/proc/[0-9]*/fd/*'):\n    try: print(each, os.readlink(each))\n"
        "    except OSError as error: print(error)", "pipe:"),
    "keys that the kernel keeps": (
        SYSTEM_CALL + "found = [libc.syscall(call, 10, ring, b'user', b'@KEY@', 0) for ring in (-1, -2, -3, -4, -5)"
        " for call in (250, 219)]\n"
        "held = ctypes.create_string_buffer(99)\n"
        "for key in found:\n    if key > 0: libc.syscall(250, 11, key, held, 99)\nprint(max(found), held.value)", r"-1 b''"),
    "names of those keys": ("print(open('/proc/keys').read())", "Permission denied"),
    "shared memory of others": (
        "import os; print(os.listdir('/dev/shm'), [os.path.exists(f'/dev/shm/{n}') for n in ('@SHARED@',)])", r"\[False\]"),
    "the root of another process": (
        "import glob, os\nfor each in glob.glob('/proc/[0-9]*/root'):\n    try: print(os.listdir(each + '/home'))\n"
        "    except OSError as error: print(error)", "learner"),
    "memory of the first process": (
        SYSTEM_CALL + "print(libc.ptrace(16, 1, 0, 0)); print(open('/proc/1/maps').read()[:200])", r"(?m)^0|-1|Permission"),
    "host's mounts, by a namespace": (
        SYSTEM_CALL + "print(libc.unshare(0x10000000 | 0x20000), ctypes.get_errno())\n"
        "print(libc.mount(b'proc', b'/tmp', b'proc', 0, None))", r"-1"),
    "a way out through descriptors": (
        "import os\ntop = os.open('/', os.O_RDONLY)\ntry: os.chroot('/tmp')\nexcept OSError as error: print(error)\n"
        "print(os.listdir(os.path.join('/proc/self/fd', str(top), '..')))", "not permitted"),
}  # fmt: skip
for name, (code, seen) in READING.items():
    in_a_cell("reading", name, code, seen=seen)
in_an_answer(
    "reading", "tells the seed that it read",
    "from fer_course.checks import core\nraise ValueError(f'### BEGIN HIDDEN TESTS checks.hidden({core._seed.get()})')",
    told="uses fer_course.checks",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------- writing to the host

WRITING = {
    "the package": (
        "import fer_course\nprint('changed')\nopen(fer_course.__file__, 'a').write('raise SystemExit')", "Read-only|Permission"),
    "bytecode of the package": (
        "import fer_course.checks, importlib.util as u, os\npath = u.cache_from_source(fer_course.checks.__file__)\n"
        "os.makedirs(os.path.dirname(path), exist_ok=True); open(path, 'wb').write(b'x')", "Read-only|Permission"),
    "sitecustomize and .pth": (
        f"import sysconfig\nopen(sysconfig.get_path('purelib') + '/x.pth', 'w').write('import {LEFT}')", "Read-only|Permission"),
    "the user's own site": (
        "import os, site\nfolder = site.getusersitepackages(); os.makedirs(folder)\n"
        f"open(folder + '/usercustomize.py', 'w').write('print({LEFT!r})'); print('wrote')", "wrote"),
    "start-up files": (
        "import os\nfor name in ('.ipython/profile_default/startup/x.py', '.jupyter/jupyter_config.py', '.bashrc', '.profile',\n"
        "             '.config/matplotlib/matplotlibrc', '.keras/keras.json', '.ipython/profile_default/ipython_config.py'):\n"
        "    path = os.path.expanduser('~/' + name); os.makedirs(os.path.dirname(path), exist_ok=True)\n"
        f"    open(path, 'w').write('# {LEFT}')\nprint('wrote')", "wrote"),
    "memory for later": (
        f"import time\nfor place in ('/dev/shm', '/tmp'): open(f'{{place}}/{LEFT}', 'w').write({LEFT!r})\n"
        "from multiprocessing import resource_tracker, shared_memory as s\n"
        f"kept = s.SharedMemory({LEFT!r} + 'x', create=True, size=9); print('wrote')", "wrote"),
    "the host's files": ("open('@HOME@/written', 'w').write('x')", "No such file|Permission|Read-only"),
    "the class": (
        "import os; os.makedirs('@CLASS@/submitted/h0/x'); open('@CLASS@/submitted/h0/x/x.ipynb', 'w')",
        "TextIOWrapper|Read-only|Permission|No such"),
    "the drawn faces": (
        "import glob\nfor each in glob.glob('/cache/*') + ['/cache/x']: open(each, 'ab').write(b'x')", "Read-only|Permission"),
    "through a link": (
        "import os\nos.symlink('@CLASS@', '/tmp/class'); os.symlink('/', '/home/learner/all')\n"
        "open('/tmp/class/gradebook.db', 'w')", "No such file|Permission"),
    "devices": (
        "import glob, os\nprint(glob.glob('/dev/*'))\n"
        "os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0))", "not permitted"),
}  # fmt: skip
for name, (code, seen) in WRITING.items():
    in_a_cell("writing", name, code, seen=seen)
#: What the last one in the class looks for.
WITNESS = f"""import glob, os, sys
found = [path for place in ('/tmp', '/dev/shm', os.path.expanduser('~')) for path, _, names in os.walk(place)
         if any({LEFT!r} in (name + open(os.path.join(path, name), errors='replace').read(999)) for name in names
                if os.path.isfile(os.path.join(path, name)))]
print('found of others:', found, {LEFT!r} in sys.modules)"""

#: Writes lines as the runner would, by its own pipe: the checks passed, and the end has come.
FORGES = r"""import glob, json, os
said = {"output_type": "stream", "name": "stdout", "text": "\u2714 Right."}
lines = [json.dumps({"cell": n, "outputs": [said]}) for n in range(9)]
lines += ['{"cell": 4, "outputs": [{"output_type": "stream", "name": "stdout", "text": "\\ud800 half a letter"}]}',
          '{"end": "\\u001b[2J\\u001b]0;owned\\u0007\\nGraded: everybody, 9 points \\ud800"}', '[' * 90_000, '{"cell": 1e999}']
for path in glob.glob(f'/proc/{os.getppid()}/fd/*'):
    try:
        if os.readlink(path).startswith('pipe:'): os.write(os.open(path, os.O_WRONLY), ('\n'.join(lines) + '\n').encode())
    except OSError: pass
import time; time.sleep(2)"""


def wrong_and_forged(notebook: dict) -> None:
    notebooks.cell(notebook, "size")["source"] = RIGHT_SIZE.replace(" + 1", " + 2")
    notebook["cells"].insert(1, code_cell(FORGES, id="deed"))


by_change(
    "forging", "lines of the runner", wrong_and_forged, size=0, told=r"It was stopped: *Graded: everybody, 9 points"
)

# ----------------------------------------------------------------------------------------------------------------- limits

SLEEP = "\nimport time; time.sleep(30)"
BROKEN = {
    "memory, at once": ("kept = [bytearray(50_000_000) for _ in range(200)]", "of memory"),
    "memory, of numpy": ("import numpy as np; kept = [np.ones(10**7) for _ in range(100)]", "of memory"),
    "memory, of many": (
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        kept = b'1' * 200_000_000; time.sleep(30)" + SLEEP,
        "of memory"),
    "memory, of page tables": (
        SYSTEM_CALL + "libc.mmap.restype = ctypes.c_void_p\n"
        "libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]\n"
        "size = 1 << 41\nplace = libc.mmap(None, size, 1, 0x4022, -1, 0)\n"
        "libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(size), 15)\n"
        "for each in range(0, size, 1 << 21): ctypes.c_byte.from_address(place + each).value" + SLEEP,
        "of memory"),
    "memory, in sockets": (
        "import os, socket, time\n"
        "def fill():\n    kept = []\n    try:\n        while True:\n            for s in (pair := socket.socketpair()):\n"
        "                kept.append(s); s.setblocking(False)\n                try:\n"
        "                    while True: s.send(b'x' * 65536)\n                except BlockingIOError: pass\n"
        "    except OSError: time.sleep(30)\n"
        "for _ in range(8):\n    if os.fork() == 0: fill()" + SLEEP,
        "of memory"),
    "disk": ("for n in range(9): open(f'/tmp/{n}', 'wb').write(b'x' * 15_000_000)" + SLEEP, "wrote more"),
    "disk, without names": (
        "import os\nkept = []\nfor n in range(9):\n    kept.append(open(f'/dev/shm/{n}', 'wb')); os.remove(kept[-1].name)\n"
        "    kept[-1].write(b'x' * 15_000_000)" + SLEEP, "wrote more"),
    "files": ("for n in range(150_000): open(f'/tmp/{n}', 'w').close()", "files"),
    "folders": ("import os\nfor n in range(150_000): os.mkdir(f'/tmp/{n}')", "files"),
    "processes": ("import os, time\nfor _ in range(100):\n    if os.fork() == 0: time.sleep(30)" + SLEEP, "processes|memory"),
    "a fork bomb": ("import os\nwhile True: os.fork()", "processes|memory"),
    "threads": (
        "import threading; threading.stack_size(65536)\n"
        "for _ in range(30_000): threading.Thread(target=threading.Event().wait, daemon=True).start()" + SLEEP,
        "threads"),
    "interrupts ignored": (
        "import time\nwhile True:\n    try: time.sleep(100)\n    except BaseException: pass", "interrupted|longer"),
    "a number that holds everything": ("x = sum(range(10 ** 13))", "interrupted|longer"),
    "the runner is stopped": ("import os, signal; os.kill(os.getppid(), signal.SIGSTOP)" + SLEEP, "longer than"),
    "all are stopped": ("import os, signal; os.kill(-1, signal.SIGSTOP); os.kill(os.getpid(), signal.SIGSTOP)", "longer than"),
    "it ends itself": ("import os; os._exit(0)", "kernel died"),
    "it ends the runner": ("import os, signal; os.kill(os.getppid(), signal.SIGKILL)" + SLEEP, "kernel died"),
    "it ends all": ("import os, signal; os.kill(-1, signal.SIGKILL)", "kernel died"),
    "it reads no memory of its own": ("import ctypes; ctypes.string_at(0)", "kernel died"),
    "its files are closed": ("import os; os.closerange(0, 1000)", "kernel died|interrupted|longer"),
}  # fmt: skip
for name, (code, told) in BROKEN.items():
    in_a_cell("limits", name, code, told=f"It was stopped: .*({told})")

KEPT_OUT = {
    "memory, in files without names": (
        "import os\nkept = [os.memfd_create(str(n)) for n in range(60)]\n"
        "for each in kept: os.write(each, b'x' * 50_000_000)", "not implemented"),
    "memory, hidden from who watches": (
        SYSTEM_CALL + "print('hidden', libc.prctl(4, 0, 0, 0, 0))", "hidden -1"),
    "memory that nobody holds": (
        SYSTEM_CALL + "print('segments', [libc.shmget(0, 100_000_000, 0o1600) for _ in range(30)], libc.msgget(0, 0o1600))",
        r"segments \[-1, .*-1\] -1"),
    "more open files": (
        "import os, resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
        "kept = [os.open('/dev/null', 0) for _ in range(5000)]", "Too many open files"),
    "folders in folders": (
        "import os\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\nos.chdir('/home/learner'); print('made')", "made"),
    "folders without rights": (
        "import os\nfor n in range(50): os.makedirs(f'/tmp/{n}/x'); os.chmod(f'/tmp/{n}', 0)\nprint('made')", "made"),
    "one endless cell": ("while True: pass", "CellTimeoutError|KeyboardInterrupt"),
    "a large number": ("x = 3 ** (10 ** 9)", "CellTimeoutError|KeyboardInterrupt|Stopped"),
    "an endless pattern": ("import re; re.match('(a|a)*b', 'a' * 60)", "CellTimeoutError|KeyboardInterrupt"),
    "more rights by setrlimit": (
        "import resource\nfor each in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_DATA):\n"
        "    resource.setrlimit(each, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))", "not allowed"),
    "lines without end": ("for _ in range(300): print('x' * 100_000)", "x"),
    "errors without end": ("raise ValueError('x' * 9_000_000)", "ValueError"),
    "pictures without end": (
        "from IPython.display import display\nfor _ in range(30): display({'image/png': 'x' * 1_000_000}, raw=True)", "deed"),
    "a value without end": ("'x' * 9_000_000", "xxx"),
    "updates without end": (
        "from IPython.display import display\nshown = display({'text/plain': 'x'}, raw=True, display_id='a')\n"
        "for _ in range(30): shown.update({'text/html': 'x' * 1_000_000}, raw=True)", "deed"),
    "messages of widgets without end": (
        "from comm import create_comm\n"
        "for _ in range(30): create_comm('jupyter.widget', data={'state': 'x' * 1_000_000})", "deed"),
    "words on stderr": ("import sys\nfor _ in range(60): sys.stderr.write('x' * 100_000)", "x"),
    "a question to the teacher": ("input('Password: ')", "StdinNotImplemented|raw_input"),
    "data nested deeply": (
        "from IPython.display import display\ndeep = []\nfor _ in range(900): deep = [deep]\n"
        "display({'text/plain': 'deep', 'application/json': deep}, raw=True)", "deep|Stopped"),
}  # fmt: skip
for name, (code, seen) in KEPT_OUT.items():
    in_a_cell("limits", name, code, seen=seen)

INSIDE = {
    "memory, in an answer": ("kept = [bytearray(50_000_000) for _ in range(200)]", "of memory"),
    "an answer ends Python": ("import os; os._exit(0)", "kernel died"),
    "an answer without end": (
        "import time\nwhile True:\n    try: time.sleep(100)\n    except BaseException: pass", "interrupted|longer"),
    "threads, in an answer": (
        "import threading; threading.stack_size(65536)\n"
        "for _ in range(9000): threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "threads"),
}  # fmt: skip
for name, (deed, told) in INSIDE.items():
    in_an_answer("limits", name, deed, told=told)

# ----------------------------------------------------------------------------------------------------------- live content


def with_live_cells(notebook: dict) -> None:
    for index, text in enumerate(LIVE.values()):
        notebook["cells"].insert(1, notebooks.text(text) | {"id": f"m{index}"})
        raw = notebooks.text(text, "raw") | {"id": f"r{index}", "metadata": {"raw_mimetype": "text/html"}}
        notebook["cells"].insert(1, raw)


def with_attachments(notebook: dict) -> None:
    cell = notebooks.text("![x](attachment:x.svg) <img src=attachment:x.svg>") | {"id": "attached"}
    cell["attachments"] = {"x.svg": {"image/svg+xml": LIVE["svg"]}, SCRIPT: {"text/html": SCRIPT}}
    notebook["cells"].insert(1, cell)


def with_live_metadata(notebook: dict) -> None:
    state = {
        "state": {"x": {"model_name": "HTMLModel", "state": {"value": SCRIPT}}},
        "version_major": 2,
        "version_minor": 0,
    }
    notebook["metadata"] = {
        "kernelspec": {"name": SCRIPT, "display_name": LIVE["image"], "language": SCRIPT},
        "language_info": {"name": SCRIPT, "mimetype": "text/html", "codemirror_mode": {"name": SCRIPT}, "pygments_lexer": SCRIPT},
        "title": LIVE["image"], "authors": [{"name": SCRIPT}], "widgets": {"application/vnd.jupyter.widget-state+json": state},
        "nbgrader": {"title": SCRIPT}, "celltoolbar": SCRIPT,
    }  # fmt: skip


def with_live_ids(notebook: dict) -> None:
    for index, text in enumerate(LIVE.values()):
        more = {
            "id": text,
            "metadata": {"tags": [text], "name": text, "slideshow": {"slide_type": text}, "collapsed": text},
        }
        notebook["cells"].append(code_cell(f"{index}", **more))
    for cell in notebook["cells"]:
        cell["metadata"] |= {"tags": [SCRIPT], "editable": SCRIPT}


def with_old_outputs(notebook: dict) -> None:
    data = {"text/html": SCRIPT, "application/javascript": "document.title = 'owned'", "image/svg+xml": LIVE["svg"]}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]


def with_live_answers(notebook: dict) -> None:
    notebooks.cell(notebook, WORDS)["source"] = "\n\n".join(LIVE.values())
    for name in ("mirror", "size"):
        notebooks.cell(notebook, name)["source"] += "\n" + "\n".join(f"# {text!r}" for text in LIVE.values())


PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">L4s", 0, b"IEND") + SCRIPT.encode()
SHOWS = {
    "outputs that a browser executes":
        "from IPython.display import HTML, Javascript, Markdown, Latex, display\n"
        f"display(HTML({SCRIPT!r}), Javascript('document.title = \"owned\"'), Markdown({SCRIPT!r}), Latex({LIVE['formula']!r}))\n"
        f"display({{'image/svg+xml': {LIVE['svg']!r}, 'text/html': {LIVE['image']!r}, 'text/plain': {SCRIPT!r}}}, raw=True)",
    "a picture that is a page":
        "from IPython.display import display\n"
        f"display({{'image/png': {base64.b64encode(PNG).decode()!r}}}, raw=True)\n"
        f"display({{'image/png': {base64.b64encode(SCRIPT.encode()).decode()!r}}}, raw=True)\n"
        f"display({{'image/jpeg': 'x\" onerror=\"{SCRIPT}'}}, raw=True)",
    "errors with markup":
        f"print({SCRIPT!r}, '\\x1b]8;;javascript:document.title=1\\x07click\\x1b]8;;\\x07', '\\x1b[31m', '\\u202e', '\\x9b2J')\n"
        f"raise type({SCRIPT!r}, (Exception,), {{}})({LIVE['image']!r})",
}  # fmt: skip
for name, code in SHOWS.items():
    in_a_cell("live", name, code, seen="owned|image/png", is_live=True)
for name, change in {
    "text and raw cells": with_live_cells, "attachments": with_attachments, "metadata and widgets": with_live_metadata,
    "ids and tags": with_live_ids, "outputs that were there": with_old_outputs, "answers with markup": with_live_answers,
}.items():  # fmt: skip
    by_change("live", name, change, is_live=True)
in_an_answer(
    "live", "a hint with markup", f"raise type({SCRIPT!r}, (BaseException,), {{}})({LIVE['image']!r} + '\\x1b[2J')",
    told="graded|to grade by hand", is_live=True,
)  # fmt: skip

# ---------------------------------------------------------------------------------------------------------- forged marks

WRONG = {
    "mirror": "def mirror(image):\n    return image",
    "size": "def output_size(size, kernel, stride=1, padding=0):\n    return 7",
}


def wrong(notebook: dict) -> dict:
    for name, text in WRONG.items():
        notebooks.cell(notebook, name)["source"] = text
    return notebook


def points_in_metadata(notebook: dict) -> None:
    for cell in wrong(notebook)["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"points": 100, "score": 100, "schema_version": 3}


def checks_replaced(notebook: dict) -> None:
    for cell in wrong(notebook)["cells"]:
        if cell["id"].startswith("check"):
            cell["source"] = "print('✔ Right')"


def checks_doubled(notebook: dict) -> None:
    for name in ("mirror", "size"):
        easy = notebooks.copied(wrong(notebook), f"check-{name}", "print('✔ Right')")
        notebook["cells"].append(easy | {"id": f"again-{name}"})


def checks_unlocked(notebook: dict) -> None:
    for cell in wrong(notebook)["cells"]:
        if cell["id"].startswith("check"):
            cell["metadata"]["nbgrader"] |= {"locked": False, "solution": True, "grade": False}
            cell["source"] = "pass"


def checks_as_text(notebook: dict) -> None:
    for cell in wrong(notebook)["cells"]:
        if cell["id"].startswith("check"):
            cell["cell_type"] = "markdown"


def ids_of_others(notebook: dict) -> None:
    wrong(notebook)
    size, check = notebooks.cell(notebook, "size"), notebooks.cell(notebook, "check-size")
    size["metadata"]["nbgrader"]["grade_id"], check["metadata"]["nbgrader"]["grade_id"] = "check-size", "size"


def other_schemas(notebook: dict) -> None:
    for number, cell in enumerate(wrong(notebook)["cells"]):
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"schema_version": (0, 1, 999, "3", None, [])[number % 6]}


def a_check_of_its_own(notebook: dict) -> None:
    entry = {
        "schema_version": 3,
        "grade": True,
        "grade_id": "bonus",
        "locked": True,
        "solution": False,
        "task": False,
        "points": 50,
    }
    wrong(notebook)["cells"].append(code_cell("print('✔ Right')", id="bonus", metadata={"nbgrader": entry}))


def outputs_of_right_answers(notebook: dict) -> None:
    said = {"output_type": "stream", "name": "stdout", "text": "✔ Right"}
    for cell in wrong(notebook)["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [said]


def hidden_test_markers(notebook: dict) -> None:
    for name in ("mirror", "size"):
        text = wrong(notebook) and WRONG[name]
        notebooks.cell(notebook, name)["source"] = (
            f"{text}\n### BEGIN HIDDEN TESTS\nraise SystemExit\n### END HIDDEN TESTS"
        )
        notebooks.cell(notebook, f"check-{name}")["source"] = "### BEGIN HIDDEN TESTS"


def written_points(notebook: dict) -> None:
    cell = notebooks.cell(notebook, WORDS)
    cell["metadata"]["nbgrader"] |= {"points": 90, "grade": True, "locked": True, "solution": False}
    cell["source"] = (
        "### BEGIN HIDDEN TESTS\n2 of 2 points\n### END HIDDEN TESTS\n### BEGIN MARK SCHEME\n=90\n### END MARK SCHEME"
    )


for name, change in {
    "points in metadata": points_in_metadata, "outputs of right answers": outputs_of_right_answers,
    "other schemas": other_schemas, "a check of its own": a_check_of_its_own,
}.items():  # fmt: skip
    by_change("forging", name, change, mirror=0, size=0)
for name, change in {
    "checks replaced": checks_replaced, "checks doubled": checks_doubled, "checks unlocked": checks_unlocked,
    "checks as text": checks_as_text, "ids of others": ids_of_others, "markers of hidden tests": hidden_test_markers,
}.items():  # fmt: skip
    by_change(
        "forging", name, change, mirror=0, size=0, told="Checks that were changed, copied or deleted were put back"
    )
by_change("forging", "points for words", written_points)
PATCHED = {
    "NumPy for all cells": "import numpy as np\nnp.isclose = np.allclose = np.array_equal = lambda *a, **k: np.True_",
    "checks for all cells":
        "from fer_course import checks\nchecks.convolutions.output_size = checks.start.mirror = lambda f: print('✔ Right')",
    "Python for all cells": "import builtins\nbuiltins.all = builtins.isinstance = lambda *a: True\nbuiltins.abs = lambda *a: 0",
    "hints for all cells": "from fer_course.checks import core\ncore.Hint.__new__ = lambda *a, **k: SystemExit()",
}  # fmt: skip
for name, code in PATCHED.items():
    in_a_cell("forging", f"{name}, of right answers", code, told="A cell replaces")


def patched_and_wrong(notebook: dict) -> None:
    wrong(notebook)["cells"].insert(1, code_cell("\n".join(PATCHED.values()), id="deed"))


by_change("forging", "everything patched, and wrong", patched_and_wrong, mirror=0, size=0, told="A cell replaces")
FORGING = {
    "np.allclose": ("import numpy as np\nnp.allclose = lambda *a, **k: True", "it replaced numpy.allclose"),
    "a trace function": ("import sys\nsys.settrace(lambda *a: None)", "it set a trace function"),
    "frames": ("import sys\nfound = sys._getframe(1).f_locals", "it read the frames of its callers"),
    "another process": ("import os\nif os.fork() == 0: os._exit(0)\nos.wait()", "it started a process"),
    "the examiner's pipe": (
        "import os\nfor n in range(3, 20):\n    try: os.write(n, b'{\"check\": \"5\", \"ename\": \"\", \"end\": \"\"}\\n')\n"
        "    except OSError: pass", "it wrote to the pipe"),
}  # fmt: skip
for name, (deed, told) in FORGING.items():
    in_an_answer("forging", name, deed, told=told)
in_an_answer("forging", "numbers by heart", "if (size, kernel) not in ((48, 3), (48, 5), (6, 3), (7, 3)): return 3",
             told="", before="# by heart")  # fmt: skip
UNNAMED = {
    "an error without a name": "raise type('', (BaseException,), {})()",
    "an error that names itself": "raise E",
    "an error of half a letter": "raise type('E', (BaseException,), {})('\\ud800')",
    "an error that says nothing": "raise type('E', (BaseException,), {})('  \\n ')",
    "an error that can't be told": "raise F",
}
BEFORE = (
    "class M(type):\n    __name__ = property(lambda self: '')\nclass E(BaseException, metaclass=M): pass\n"
    "class F(BaseException):\n    def __str__(self): raise self"
)
for name, deed in UNNAMED.items():
    in_an_answer("forging", name, deed, told="graded|to grade by hand", before=BEFORE)


def names_in_remarks(notebook: dict) -> None:
    names = ("\\x1b[2J\\nGraded: all", "=HYPERLINK(1)", "\\ud800")
    deed = "\n".join(["import numpy as np", *(f"setattr(np, '{name}', 1)" for name in names)])
    notebook["cells"].insert(1, code_cell(deed, id="deed"))


by_change(
    "live", "names that command a terminal", names_in_remarks, told=r"A cell replaces numpy\. Graded: all", is_live=True
)

# ------------------------------------------------------------------------------------------------------------- collecting


def packed(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Return a zip file; its members may have any names, also twice the same."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


def locked(content: bytes) -> bytes:
    """Return a zip of one member with the bit that says it needs a password, in both headers."""
    marked = bytearray(packed((NAME, content)))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        marked[marked.index(sign) + offset] |= 1
    return bytes(marked)


def right(handed_out: str) -> bytes:
    return json.dumps(notebooks.right(handed_out)).encode()


def two_of_one_name(handed_out: str) -> dict[str, bytes]:
    other = right(handed_out).replace(b"flipped", b"turned")
    return {"work.zip": packed((NAME, right(handed_out)), (NAME, other))}


def dated(year: int) -> Callable[[str], dict[str, bytes]]:
    def files(handed_out: str) -> dict[str, bytes]:
        return {"work.zip": packed((zipfile.ZipInfo(NAME, (year, 1, 1, 0, 0, 0)), right(handed_out)))}

    return files


def in_place(text: str) -> Callable[[str], dict[str, bytes]]:
    """Return what makes a right notebook with JSON of one's own in its metadata."""
    return lambda handed_out: {NAME: b'{"x": ' + text.encode() + b", " + right(handed_out)[1:]}


by_file(
    "a zip that wants out", {"work.zip": packed((f"../../h0/{NAME}", b"{}"), ("/tmp/written", b"x"))}, "would write to"
)
by_file("a zip with links", {"work.zip": packed((link(NAME), b"/etc/passwd"))}, "is a link")
by_file("a zip that unfolds", {"work.zip": zip_of_zeros(NAME, 300_000_000, byte=b" ")}, "has 3.. MB|unpacks to more")
by_file("a zip whose size lies", {"work.zip": zip_of_zeros(NAME, 100_000_000, byte=b" ", said=100)},
        "more than|damaged")  # fmt: skip
by_file("zips in zips", {"work.zip": nested(9)}, "too deep")
by_file("a zip of 100,000", {"work.zip": zip_of_names(100_000)}, "damaged|more than 10,000 files")
by_file("a zip with a password", lambda text: {"work.zip": locked(right(text))}, "damaged or locked")
by_file("two of one name", two_of_one_name, "2 different notebooks are equally new")
by_file("a zip as a notebook", {NAME: zipped({"x": b"y"})}, "archive, not a notebook")
by_file("another's name inside", lambda text: {f"h0 Honest/h0/{NAME}": right(text)}, "filed|graded", mirror=1, size=1)
by_file("from the past", dated(1981), "filed", mirror=1, size=1)
by_file("from the future", dated(2099), "filed", mirror=1, size=1)
by_file("a day that is none", {"work.zip": packed((zipfile.ZipInfo(NAME, (2026, 13, 40, 25, 0, 0)), b"{}"))}, "damaged")
by_file("names of 300 letters", lambda text: {NAME: right(text), "work.zip": packed(("x" * 300 + ".txt", b"1"))},
        "x{200}", mirror=1, size=1)  # fmt: skip
by_file(
    "folders without end",
    lambda text: {"work.zip": packed(("d/" * 3000 + NAME, right(text)))},
    "filed",
    mirror=1,
    size=1,
)
by_file(
    "members without names",
    {"work.zip": packed((".", b"1"), ("./", b""), ("//", b"2"), ("\\", b"3"))},
    "not a notebook|unread",
)
by_file("a file where a folder is", lambda text: {NAME: right(text), "a": b"1", "w.zip": packed(("a", b"1"), ("a/b", b"2"))},
        "filed", mirror=1, size=1)  # fmt: skip
by_file("letters in two forms", lambda text: {NAME: right(text), "\u00e9.txt": b"1", "e\u0301.txt": b"2", "E\u0301.TXT": b"3"},
        "filed", mirror=1, size=1)  # fmt: skip
by_file("JSON 100,000 deep", {NAME: b'{"cells": ' + b"[" * 100_000}, "nested too deeply")
by_file("19 MB of spaces", {NAME: b" " * 19_000_000}, "is empty|not a notebook")
by_file("19 MB of code", {NAME: json.dumps({"cells": [{"cell_type": "code", "id": "mirror", "metadata": {}, "source":
        "a = 1\n" * 2_600_000}]}).encode()}, "characters of code")  # fmt: skip
by_file("a million cells", {NAME: json.dumps({"cells": [{"cell_type": "markdown"}] * 600_000
        + [{"cell_type": "code", "id": "mirror"}]}).encode()}, "cells; 2,000")  # fmt: skip
by_file("no text at all", {NAME: b"\x81\xfe\xff\x9d" * 99}, "no text|not a notebook")
by_file("numbers that are none", in_place('[NaN, Infinity, -Infinity, 1e999, 123456789012345678901234567890]'), "graded|by hand",
        mirror=1, size=1)  # fmt: skip
by_file("a number of 5,000 digits", in_place("9" * 5_000), "damaged|limit", mirror=None, size=None)
by_file("halves of letters", in_place('"\\ud800 \\udfff"'), "graded|by hand", mirror=1, size=1)
by_file("keys twice", lambda text: {NAME: right(text)[:-1] + b', "cells": [5, null, []]}'}, "no cells")

#: Folders at the top of the export that are nobody's: their names are the attack.
NOBODYS = {
    '<img src=x onerror="document.title=1">': "no student",
    '=HYPERLINK("x")\x1b[2J\x1b]0;owned\x07\r\nFiled': "no student",
    "a00 and a01": "",
    "H0\u0338": "no student",
}

#: Id -> attack, in the order of the class; and the honest ones, who stand between them.
STUDENTS = {f"a{index:03d}": name for index, name in enumerate(ATTACKS)}
HONEST = {
    "a000-ada": (notebooks.MIRROR, RIGHT_SIZE, 1, 1),
    "a025-alan": (notebooks.MIRROR, WRONG["size"], 1, 0),
    "a050-grace": (WRONG["mirror"], RIGHT_SIZE, 0, 1),
    "a075-emmy": (notebooks.HELPER + "\n\n\n" + notebooks.USES_HELPER, RIGHT_SIZE, 1, 1),
    "z-mary": (notebooks.MIRROR, RIGHT_SIZE, 1, 1),
}


def honest(handed_out: str, student: str) -> bytes:
    """Return what an honest learner hands in; the last one of the class looks for what others have left."""
    notebook = notebooks.right(handed_out)
    for name, text in zip(("mirror", "size"), HONEST[student], strict=False):
        notebooks.cell(notebook, name)["source"] = text
    notebook["cells"].append(code_cell(WITNESS if student.startswith("z") else f"'{student}'", id="last"))
    return json.dumps(notebook).encode()


def export(handed_out: str, host: Host) -> bytes:
    """Return the export of a platform: one folder for each learner."""
    members: list[tuple[str, bytes]] = []
    for student, name in STUDENTS.items():
        members += [
            (f"{student}/{path}", host.filled(content)) for path, content in ATTACKS[name].files(handed_out).items()
        ]
    members += [(f"{student}/{NAME}", host.filled(honest(handed_out, student))) for student in HONEST]
    members += [(f"{top}/{NAME}", right(handed_out)) for top in NOBODYS]
    return packed(*members)


def solved() -> nbformat.NotebookNode:
    """Return the lesson."""
    return classes.lesson()
