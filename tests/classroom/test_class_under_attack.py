"""A whole class under attack, by the teacher's own commands: nobody sees anything, breaks a limit, or takes another's marks."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import hostile_class as hostile
import nbformat
import pytest
from browsing import BROWSER_TESTS, browser, driver, served_lab  # noqa: F401
from hostile_class import ATTACKS, HONEST, LESSON, NAME, NOBODYS, STUDENTS
from ordinary_user import ORDINARY, as_ordinary_user

import fer_course
from fer_course.classroom import sandbox
from fer_course.classroom.collecting.ledger import ledger
from fer_course.classroom.paths import gradebook
from fer_course.classroom.secrecy import Secrets

pytest.importorskip("nbgrader")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(sandbox.missing()), reason=f"no sandbox here: {sandbox.missing()}"),
]
MB = 1_000_000
#: The limits of the test's class. A class sets the time for a cell itself, by `c.Execute.timeout`.
SECONDS, CELL_SECONDS, MEMORY, PROCESSES, DISK, FILES, OUTPUT = 40, 8, 1_200 * MB, 20, 60 * MB, 4_000, 2 * MB
#: What formgrader's own pages load.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
#: Seconds that starting and ending a sandbox may take on a busy machine.
START = 10
#: Runs a command of the course with these limits, and with the small lesson in the place of the course's.
COMMAND = f"""
import functools, sys
from fer_course import cli
from fer_course.classroom import grading, nbgrader_course
nbgrader_course.init = functools.partial(nbgrader_course.init, source="solved")
from fer_course.classroom.sandbox import Limits
grading.limits_of = lambda config: Limits(
    {SECONDS}, config.Execute.timeout, {MEMORY}, {PROCESSES}, {DISK}, {FILES}, {OUTPUT})
sys.exit(cli.main(sys.argv[1:]))
"""


@dataclass
class Attacked:
    """A class after everything was done to it.

    Attributes:
        place: the folder that holds the class, and the home of who grades it.
        said: command -> what it printed, both streams.
        status: command -> its exit status.
        watched: what was seen of its processes.
        canaries: what nobody may have seen.
        asked: what came to the servers of this machine.
        before, after: the files outside of the class, before and after.

    """

    place: Path
    said: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    watched: Watched | None = None
    canaries: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.place / "class"

    def rows(self) -> dict[str, dict[str, str]]:
        """Return the marks, by id."""
        with open(self.place / "marks.csv", newline="", encoding="utf-8") as file:
            return {row["id"]: row for row in csv.DictReader(file)}

    def graded(self, student: str) -> str:
        """Return the notebook of a student as it was graded; "" if it was not."""
        path = self.folder / "autograded" / student / LESSON / NAME
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def told(self, student: str) -> str:
        """Return all that the teacher is told of a student."""
        row = self.rows()[student]
        files = [
            f"{each.file}: {each.state}: {each.why}"
            for each in ledger(self.folder)
            if each.file.startswith(f"{student}/")
        ]
        return "\n".join([row["status"], row["remarks"], *files])


class Watched:
    """Watches, while its block runs, all processes of a command: how much memory each sandbox has, how long it runs, who is left.

    The memory of a sandbox is what its processes have for themselves, their share of what they have in common (`Pss`), their page
    tables, and what is in its files, which are in memory. A process that ends while it is looked at counts nothing. What is in
    sockets and in files without a name is not measured here.
    """

    def __init__(self, pid: int):
        self.pid, self.most, self.longest, self.seen, self.grader = pid, 0, 0.0, {}, 0
        self._began: dict[int, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._done.set()
        self._thread.join()

    def left(self) -> list[str]:
        """Return the names of processes that are still there."""
        import psutil

        left = []
        for pid, (started, name) in self.seen.items():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if process.create_time() == started and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(name)
        return left

    def _watch(self) -> None:
        import psutil

        while not self._done.wait(0.1):
            with suppress(psutil.Error):
                self._look(psutil.Process(self.pid).children(recursive=True))

    def _look(self, processes: list) -> None:
        import psutil

        parents, names = {}, {}
        for each in processes:
            with suppress(psutil.Error):
                parents[each.pid], names[each.pid] = each.ppid(), each.name()
                self.seen.setdefault(each.pid, (each.create_time(), names[each.pid]))
        tops = [pid for pid, name in names.items() if name == "bwrap" and names.get(parents[pid]) != "bwrap"]
        for top in tops:
            now = time.monotonic()
            self.longest = max(self.longest, now - self._began.setdefault(top, now))
            inside = [pid for pid in parents if top in _ancestors(pid, parents)]
            files = max(map(_files, inside), default=0)
            memory = files + sum(map(_memory, inside))
            if memory > self.most:
                self.most = max(self.most, files + sum(_memory(pid, shared=True) for pid in inside))
        inside = {pid for pid in parents if set(tops) & set(_ancestors(pid, parents))}
        self.grader = max(self.grader, *(_memory(pid) for pid in {self.pid, *parents} - inside))


def _ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    found = []
    while pid in parents:
        found.append(pid)
        pid = parents[pid]
    return found


def _memory(pid: int, shared: bool = False) -> int:
    """Return the bytes of a process; `shared`: of what it shares with others only its part, which takes longer to find."""
    with suppress(OSError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text()
        own, tables = (int(status.partition(f"{name}:")[2].split()[0]) for name in ("VmRSS", "VmPTE"))
        if shared:
            own = int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("\nPss:")[2].split()[0])
        return 1024 * (own + tables)
    return 0


def _files(pid: int) -> int:
    root = Path(f"/proc/{pid}/root")
    with suppress(OSError):
        if (root / sandbox.HOME.lstrip("/")).is_dir():
            found = [os.statvfs(f"{root}{path}") for path in sandbox.WRITABLE]
            return sum((each.f_blocks - each.f_bfree) * each.f_frsize for each in found)
    return 0


def files_of(*folders: Path) -> dict[str, tuple]:
    """Return what is in folders: path -> size and time of change of each file, and the kind of everything else."""
    found = {}
    for folder in folders:
        for parent, inner, names in os.walk(folder):
            for name in [*inner, *names]:
                path = os.path.join(parent, name)
                with suppress(FileNotFoundError):
                    status = os.lstat(path)
                    is_file = stat.S_ISREG(status.st_mode)
                    found[path] = (status.st_size, status.st_mtime_ns) if is_file else (stat.S_IFMT(status.st_mode),)
    return found


@pytest.fixture(scope="module", params=["root", "ordinary user"])
def attacked(request, tmp_path_factory):
    """The class, made by one of the two users; the ordinary one is nobody where root runs the tests."""
    is_root = os.getuid() == 0
    if request.param == "root" and not is_root:
        pytest.skip("the tests run as an ordinary user: what root would have done is not tried")
    is_other = request.param != "root" and is_root
    if is_other and (reason := ORDINARY.missing()):
        pytest.skip(f"no ordinary user here: {reason}")
    place = Path(tempfile.mkdtemp(prefix="fer-attack-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        yield _attack(place, is_other, stack)


def _attack(place: Path, is_other: bool, stack: ExitStack) -> Attacked:
    made = Attacked(place)
    token = secrets.token_hex(6)
    for name in ("home", "temp", "cache"):
        (place / name).mkdir()
    hostile.nbformat.write(hostile.solved(), _made(place / "solved") / NAME)
    words = _host(made, token, stack)
    students = [*STUDENTS, *HONEST]
    rows = [f"{student},Of,{student},{student}@example.org\n" for student in students]
    (place / "students.csv").write_text("id,last_name,first_name,email\n" + "".join(rows))
    if is_other:
        for path in [place, *place.rglob("*")]:
            os.chown(path, ORDINARY.uid, ORDINARY.gid, follow_symlinks=False)

    folder = made.folder
    run = _runner(made, is_other)
    run("init", folder, "--students", place / "students.csv")
    config = folder / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout = 120", f"timeout = {CELL_SECONDS}"))
    run("release", folder)
    run("due", folder, LESSON, "2030-01-01 12:00", "--timezone", "UTC")
    made.canaries["secret of the class"] = Secrets.of(folder).secret
    (released,) = folder.glob("release/*/*.ipynb")
    export = hostile.export(released.read_text(), hostile.Host(words))
    (place / "export.zip").write_bytes(export)
    outside = [Path(fer_course.__file__).parent, place / "home", place / "temp", place / "cache"]
    outside += [Path(sys.prefix) / "lib", Path("/dev/shm")]
    made.before = files_of(*outside)
    run("collect", folder, place / "export.zip", "--lesson", "03", "--timezone", "UTC")
    run("grade", folder, "--workers", "2", watched=True)
    run("report", folder)
    run("answers", folder, "03")
    run("feedback", folder)
    run("marks", folder, "--out", place / "marks.csv")
    made.after = files_of(*outside)
    return made


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _runner(made: Attacked, is_other: bool):
    home = made.place / "home"
    environment = {
        "PATH": os.environ["PATH"], "HOME": f"{home}", "TMPDIR": f"{made.place / 'temp'}", "FER_COURSE_DATA": "drawn",
        "FER_COURSE_CACHE": f"{made.place / 'cache'}", "XDG_STATE_HOME": f"{made.place / 'cache'}", "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1", "FER_CANARY": made.canaries["environment"],
    }  # fmt: skip

    def run(command: str, *arguments, watched: bool = False) -> None:
        whole = [sys.executable, "-c", COMMAND, "class", command, *map(str, arguments)]
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(
                as_ordinary_user(whole) if is_other else whole, env=environment, cwd=made.place, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
            if watched:
                with Watched(process.pid) as made.watched:
                    process.wait()
            made.status[command] = process.wait()
            out.seek(0)
            made.said[command] = out.read()
        trouble = made.said[command].partition("Traceback")[1:]
        assert (made.status[command] in (0, 1), trouble) == (True, ("", "")), made.said[command][-3000:]

    return run


def _host(made: Attacked, token: str, stack: ExitStack) -> dict[str, str]:
    """Plant what there is to steal, and return the words of the attacks for it."""
    home = made.place / "home"
    for name in ("environment", "file", "socket", "abstract socket", "server", "shared memory", "key", "submission"):
        made.canaries[name] = f"canary-{name.replace(' ', '-')}-{token}"
    (home / "secret.key").write_text(made.canaries["file"])
    shared = Path("/dev/shm") / f"fer-{token}"
    shared.write_text(made.canaries["shared memory"])
    shared.chmod(0o644)
    stack.callback(shared.unlink)
    abstract = f"fer-{token}"
    tcp = socket.create_server(("127.0.0.1", 0))
    for name, address in (("socket", f"{home / 'host.sock'}"), ("abstract socket", f"\0{abstract}")):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        listening.listen()
        _answer(listening, name, made, stack)
    (home / "host.sock").chmod(0o777)
    _answer(tcp, "server", made, stack)
    key = f"fer-{token}"
    _keep_a_key(key, made.canaries["key"])
    return {
        "@HOME@": f"{home}", "@CLASS@": f"{made.folder}", "@PORT@": f"{tcp.getsockname()[1]}", "@ABSTRACT@": abstract,
        "@KEY@": key, "@SHARED@": shared.name, "@TOKEN@": made.canaries["submission"],
    }  # fmt: skip


def _answer(listening: socket.socket, name: str, made: Attacked, stack: ExitStack) -> None:
    """Note who asks, and answer with the canary, until the end."""

    def serve() -> None:
        while True:
            try:
                asking, _ = listening.accept()
            except OSError:
                return
            made.asked.append(name)
            with asking, suppress(OSError):
                asking.sendall(made.canaries[name].encode())

    stack.callback(listening.close)
    stack.callback(listening.shutdown, socket.SHUT_RDWR)
    threading.Thread(target=serve, daemon=True).start()


def _keep_a_key(name: str, value: str) -> None:
    """Put a key where the commands inherit it, as a login with Kerberos does; a kernel that keeps none has none to steal."""
    import ctypes
    import platform

    number = {"x86_64": 248, "aarch64": 217}[platform.machine()]
    ctypes.CDLL(None).syscall(number, b"user", name.encode(), value.encode(), len(value), -3)


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 60
    assert {attack.kind for attack in ATTACKS.values()} == {
        "reading",
        "writing",
        "limits",
        "live",
        "forging",
        "collecting",
    }


def test_everybody_gets_what_their_own_answers_deserve(attacked):
    rows, wrong = attacked.rows(), {}
    deserved = {student: HONEST[student][2:] for student in HONEST}
    deserved |= {student: (ATTACKS[name].mirror, ATTACKS[name].size) for student, name in STUDENTS.items()}
    for student, (mirror, size) in deserved.items():
        row = rows[student]
        points = None if mirror is None else mirror + size
        if (float(row["exercises"]) if row["exercises"] else None) != points or (row["written"] not in ("", "0.0")):
            found = [row[name] for name in ("status", "exercises", "written", "remarks")]
            wrong[student] = (STUDENTS.get(student), points, found)
    assert wrong == {}


def test_each_attack_is_reported_as_it_says_or_stays_visible(attacked):
    wrong = {}
    for student, name in STUDENTS.items():
        attack, told = ATTACKS[name], attacked.told(student)
        # On a busy machine the time for a cell may end before a limit is met.
        is_late = attack.kind == "limits" and "CellTimeoutError" in shown(attacked.graded(student))
        if not re.search(attack.told, told, re.DOTALL) and not is_late:
            wrong[name] = told[:400]
        if attack.seen and not re.search(attack.seen, shown(attacked.graded(student))):
            wrong[name] = f"not seen: {shown(attacked.graded(student))[:400]}"
        submitted = attacked.folder / "submitted" / student / LESSON / NAME
        has_deed = submitted.is_file() and b"# deed" in submitted.read_bytes()
        if has_deed and not shown(attacked.graded(student)).startswith("deed"):
            wrong[name] = "the deed can't be seen"
    assert wrong == {}
    for student in HONEST:
        assert "stopped" not in attacked.told(student)


def shown(text: str) -> str:
    """Return the outputs of a graded notebook, and the word deed if the cell with the deed is in it."""
    if not text:
        return ""
    cells = nbformat.reads(text, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    is_there = any(cell.source.startswith("# deed\n") for cell in cells)
    return "\n".join([*["deed"] * is_there, *(str(each.get("text") or each) for each in outputs)])


def test_every_remark_and_failure_stands_in_the_report_and_in_what_grade_says(attacked):
    for student, row in attacked.rows().items():
        remarks = attacked.folder / "autograded" / student / LESSON / "remarks.json"
        said = json.loads(remarks.read_text())["remarks"] if remarks.is_file() else []
        for sentence in said if row["status"] not in ("failed", "unreadable") else [row["remarks"]]:
            assert sentence in attacked.said["report"], (student, sentence)
        for sentence in said:
            assert f"Look at {student}, {LESSON}: {sentence}" in attacked.said["grade"]
    for top, why in NOBODYS.items():
        (row,) = [each for each in ledger(attacked.folder) if each.top == top]
        assert row.state in {"nobody", "unsure"}
        assert re.search(why, row.why)


def test_nothing_of_the_host_was_seen(attacked):
    assert attacked.asked == []
    texts = {f"what {command} says": said for command, said in attacked.said.items()}
    for name in ("autograded", "feedback", "failed", "answers"):
        texts |= {
            f"{path}": path.read_text(errors="replace")
            for path in (attacked.folder / name).rglob("*")
            if path.is_file()
        }
    texts["marks"] = (attacked.place / "marks.csv").read_text()
    assert len(texts) > 200
    for name, canary in attacked.canaries.items():
        assert [place for place, text in texts.items() if canary in text] == [], name


def test_learners_get_no_seed_and_no_path_of_the_teacher(attacked):
    kept = Secrets.of(attacked.folder)
    pages = [path.read_text() for path in (attacked.folder / "feedback").rglob("*.html")]
    assert len(pages) > 100
    assert not any(kept.found_in(page) or any(path in page for path in kept.paths) for page in pages)


def test_nothing_is_left_of_any_attack(attacked):
    assert attacked.watched.left() == []
    assert list((attacked.place / "temp").iterdir()) == []
    paths = attacked.before.keys() | attacked.after.keys()
    changed = {path for path in paths if attacked.before.get(path) != attacked.after.get(path)}
    assert {path for path in changed if not path.startswith("/dev/shm") or hostile.LEFT in path} == set()
    (last,) = [cell for cell in nbformat.reads(attacked.graded("z-mary"), 4).cells if cell.source == hostile.WITNESS]
    assert last.outputs[0].text.strip() == "found of others: [] False"
    written = {path.name for path in attacked.place.iterdir()}
    assert written == {"class", "home", "temp", "cache", "solved", "students.csv", "export.zip", "marks.csv"}
    assert not (attacked.folder / ".grading").exists()
    assert {path.name for path in (attacked.folder / "submitted").iterdir()} <= {*STUDENTS, *HONEST}


def test_limits_held_within_a_fifth(attacked):
    assert attacked.watched.most < 1.2 * MEMORY, f"{attacked.watched.most / 1e6:.0f} MB"
    assert attacked.watched.most > 0.5 * MEMORY  # the attacks on memory were seen
    assert attacked.watched.longest < 1.2 * SECONDS + START, attacked.watched.longest
    assert attacked.watched.longest > 0.8 * SECONDS
    assert attacked.watched.grader < 600 * MB, f"{attacked.watched.grader / 1e6:.0f} MB"
    sizes = [path.stat().st_size for path in (attacked.folder / "autograded").rglob("*.ipynb")]
    assert max(sizes) < 2 * OUTPUT


def test_no_command_prints_what_commands_a_terminal(attacked):
    for said in attacked.said.values():
        assert not set(said) & {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\x00"}
        assert not any(line.startswith(("Graded: ", "Filed")) for line in said.splitlines())
    for row in csv.reader((attacked.place / "marks.csv").read_text().splitlines()):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)


def test_status_says_that_there_is_something_to_do(attacked):
    assert attacked.status == {
        **dict.fromkeys(("init", "release", "due", "report", "answers", "feedback", "marks"), 0), "collect": 1, "grade": 1,
    }  # fmt: skip


class TestInChromium:
    """The pages, as a teacher and a learner open them."""

    pytestmark = BROWSER_TESTS

    def test_no_script_of_an_attack_runs(self, attacked, browser, tmp_path):  # noqa: F811
        """In formgrader what is live, on the page of answers all, and every page of feedback."""
        folder = shutil.copytree(attacked.folder, tmp_path / "class")
        live = [student for student, name in STUDENTS.items() if ATTACKS[name].is_live]
        assert len(live) >= 10
        with gradebook(folder) as book:
            ids = [book.find_submission_notebook(LESSON, LESSON, student).id for student in live]
        pages = [f"file://{path}" for name in ("feedback", "answers") for path in (folder / name).rglob("*.html")]
        pages += [f"file://{path}" for path in folder.glob("*.html")]
        assert len(pages) > 100
        happened: list[str] = []
        with served_lab(folder) as address:
            pages += [f"{address}/formgrader/submissions/{number}/" for number in ids]
            page = browser.new_page()
            page.on("request", lambda asked: happened.append(asked.url))
            page.on("dialog", lambda shown: (happened.append(f"dialog {shown.message}"), shown.dismiss()))
            page.on("popup", lambda opened: happened.append(f"popup {opened.url}"))
            page.on("console", lambda said: happened.append(f"console {said.text}"))
            for url in pages:
                page.goto(url)
                page.wait_for_timeout(1500 if url.startswith("http") else 20)
                for link in page.locator("a", has_text="click").all()[:9]:
                    link.click(timeout=1000)
                if "owned" in page.title() or page.title() == "1":
                    happened.append(f"title of {url}")
                if url.startswith("http") and not re.search("mirror|03-small", page.content()):
                    happened.append(f"nothing shown at {url}")
            page.close()
        ours = re.compile(
            rf"(file://{folder}|{address}|{MATHJAX}|data:|blob:)(?!.*(owned|stolen))|console (?!.*owned)", re.DOTALL
        )
        assert [each for each in happened if not ours.match(each)] == []
