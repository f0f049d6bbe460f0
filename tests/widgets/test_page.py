"""`fer-course live`: what it refuses before it serves, and the server itself: one address, one token, no orphans."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from fer_course._shared import extras
from fer_course.errors import RunError
from fer_course.widgets import page


def said_in_one_sentence(answer, word: str) -> None:
    status, out, err = answer
    assert (status, out) == (1, "")
    assert err.startswith("fer-course: ")
    assert word in err
    assert "Traceback" not in err


def test_what_is_no_run_is_refused(run_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said_in_one_sentence(run_cli("live", "nowhere", "--no-browser"), "nowhere is not a run")
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "recipe.yaml").touch()
    said_in_one_sentence(run_cli("live", "begun", "--no-browser"), "model.keras")
    (tmp_path / "begun" / "model.keras").touch()
    assert page.check_run("begun") == str((tmp_path / "begun").resolve())
    assert page.check_run("pretrained") == "pretrained"
    (tmp_path / "pretrained").mkdir()
    with pytest.raises(RunError, match=r"recipe\.yaml"):
        page.check_run("pretrained")  # a folder of that name is meant


def test_a_port_that_is_taken_is_said(run_cli):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said_in_one_sentence(run_cli("live", "--no-browser", "--port", port), f"Port {port}")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_ports_out_of_range_are_said(run_cli, port):
    said_in_one_sentence(run_cli("live", "--no-browser", "--port", port), "65535")


def test_any_free_port_will_do():
    with socket.socket() as free:
        free.bind(("127.0.0.1", page.free_port(None)))


def test_without_voila_the_error_says_what_to_install(run_cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "voila.app", None)
    said_in_one_sentence(run_cli("live", "--no-browser"), extras.advice("lab"))


def test_the_notebook_holds_one_call_that_survives_odd_names():
    (cell,) = page.notebook("C:\\my 'runs'\n\"x\"").cells
    calls = []
    exec(
        cell.source.replace("from fer_course.widgets import page", ""), {"page": type("", (), {"panel": calls.append})}
    )
    assert calls == ["C:\\my 'runs'\n\"x\""]


def test_a_run_that_can_not_be_loaded_is_a_sentence_on_the_page(tmp_path):
    (tmp_path / "recipe.yaml").touch()
    (tmp_path / "model.keras").write_bytes(b"no model")
    box = page.panel(str(tmp_path))
    assert 'role="alert"' in box.children[1].value


#: A browser that notes what it was given, what that file holds, and the arguments of all processes.
BROWSER = """#!/bin/sh
{ echo "$1"; stat -c %a "${1#file://}"; cat "${1#file://}"; } >"$NOTES/opened"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >"$NOTES/arguments"
touch "$NOTES/done"
"""


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """Make this the browser, and return the folder of its notes."""
    script, notes = tmp_path / "browser", tmp_path / "notes"
    notes.mkdir()
    script.write_text(BROWSER)
    script.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setenv("NOTES", str(notes))
    return notes


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_address_is_no_argument_of_the_browser(browser, tmp_path):
    folder = tmp_path / "private"
    folder.mkdir()
    code = "import sys, pathlib as p; from fer_course.widgets import page\n"
    code += "page.open_privately(sys.stdin.read(), p.Path(sys.argv[1]))"
    address = 'http://127.0.0.1:1234/?token=s3cr3t-<"&'
    subprocess.run([sys.executable, "-c", code, folder], input=address, text=True, check=True)
    opened, mode, html = (browser / "opened").read_text().split("\n", 2)
    assert opened == (folder / "open.html").as_uri()
    assert mode == "600"
    assert "url=http://127.0.0.1:1234/?token=s3cr3t-&lt;&quot;&amp;" in html
    assert "s3cr3t" not in (browser / "arguments").read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_of_the_page_has_the_token_as_an_argument(browser):
    server = subprocess.Popen(
        [sys.executable, "-m", "fer_course.cli", "live"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        token = re.search(r"token=(\S{20,})", server.stdout.readline())[1]
        for _ in range(100):
            if (browser / "done").exists():
                break
            time.sleep(0.1)
        assert token in (browser / "opened").read_text()
        arguments = (browser / "arguments").read_text()
        assert "fer_course.cli live" in arguments
        assert token not in arguments
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.stdout.close()


@pytest.mark.slow
def test_the_server_listens_here_only_wants_its_token_and_leaves_nothing_behind(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "fer_course.cli", "live", "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        address, token = re.search(r"(http://127\.0\.0\.1:\d+/)\?token=(\S{20,})", server.stdout.readline()).groups()
        with urllib.request.urlopen(address) as answer:
            assert answer.url.startswith(f"{address}login")  # a page that asks for the token, and no more
        with urllib.request.urlopen(f"{address}?token={token}") as answer:
            html = answer.read().decode()
            assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "camera_panel" not in html
        assert "page.panel" not in html
        kernel = f"{address}api/kernels/" + re.search('"kernelId": "([^"]+)"', html)[1]
        for path in ("", "/channels"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(kernel + path)
        request = urllib.request.Request(kernel, headers={"Authorization": f"token {token}"})
        assert json.load(urllib.request.urlopen(request))["name"] == "python3"
        children = kernels_of(server.pid)
        assert children
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
        assert all(is_gone(child) for child in children)
        assert list(tmp_path.iterdir()) == []
    finally:
        server.kill()
        server.stdout.close()


def kernels_of(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children() if "ipykernel" in " ".join(child.cmdline())]


def is_gone(pid: int) -> bool:
    import psutil

    for _ in range(50):
        if not psutil.pid_exists(pid):
            return True
        time.sleep(0.2)
    return False
