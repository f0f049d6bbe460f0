"""A JupyterHub with the course's environment: two users, each with lesson 00; and the settings for a larger one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "docs" / "hub"
PORT = 18471


def test_values_give_each_learner_what_a_lesson_takes():
    user = yaml.safe_load((PLACE / "values.yaml").read_text())["singleuser"]
    memory = {name: int(re.fullmatch(r"(\d+)G", value)[1]) for name, value in user["memory"].items()}
    assert memory["guarantee"] <= 2 < memory["limit"]
    assert user["lifecycleHooks"]["postStart"]["exec"]["command"][:2] == ["fer-course", "start"]


def test_the_configuration_listens_on_this_machine_only():
    text = (PLACE / "jupyterhub_config.py").read_text()
    assert set(re.findall(r"https?://([\w.]+)", text)) == {"127.0.0.1"}
    compile(text, "jupyterhub_config.py", "exec")


class Browser:
    """Just enough of a browser: cookies, and the token against forged requests."""

    def __init__(self, user: str):
        self.user, self.jar = user, CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        return self.opener.open(f"http://127.0.0.1:{PORT}{path}", timeout=60).read().decode()

    def token(self) -> str:
        return next(cookie.value for cookie in self.jar if cookie.name == "_xsrf")

    def log_in(self, password: str) -> None:
        self.get("/hub/login")
        form = {"username": self.user, "password": password, "_xsrf": self.token()}
        self.opener.open(f"http://127.0.0.1:{PORT}/hub/login", urllib.parse.urlencode(form).encode(), timeout=60)


def until(condition, what: str, seconds: float):
    end = time.monotonic() + seconds
    while True:
        try:
            if (found := condition()) is not None:
                return found
        except (urllib.error.URLError, ConnectionError, StopIteration):
            pass
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(1)


@pytest.fixture
def hub(tmp_path):
    """Start a hub in an environment of its own; skip, loudly, without npm or a package index."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("needs npm, for configurable-http-proxy")
    uv, environment = Path(sys.executable).with_name("uv"), tmp_path / "venv"
    install = [uv, "pip", "install", "-q", "--python", environment / "bin" / "python"]
    commands = [
        [uv, "venv", "-q", "--python", sys.executable, environment],
        [*install, "--require-hashes", "-r", ROOT / "binder" / "requirements.txt"],
        [*install, "jupyterhub>=5"],
        [*install, "--no-deps", "-e", ROOT],
        ["npm", "install", "--silent", "--prefix", tmp_path, "configurable-http-proxy"],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"could not be installed: {done.stderr[-300:]}")
    path = f"{environment / 'bin'}:{tmp_path / 'node_modules' / '.bin'}:{os.environ['PATH']}"
    variables = {
        **os.environ,
        "PATH": path,
        "HUB_PASSWORD": "secret",
        "HUB_PORT": str(PORT),
        "HUB_HOMES": str(tmp_path),
    }
    command = [environment / "bin" / "python", "-m", "jupyterhub", "-f", PLACE / "jupyterhub_config.py"]
    log = (tmp_path / "hub.log").open("w")
    process = subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
    yield tmp_path
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.network
def test_two_users_each_open_lesson_00(hub):
    browsers = [Browser("ada"), Browser("alan")]
    for browser in browsers:
        until(
            lambda one=browser: one.get("/hub/login") or None, f"the hub ({(hub / 'hub.log').read_text()[-1500:]})", 120
        )
        browser.log_in("secret")
        browser.get("/hub/spawn")
    for browser in browsers:
        address = f"/user/{browser.user}/api/contents/my-lessons/00-start-here.ipynb"
        # The page first: it brings the cookie that the server's interface asks for.
        until(lambda one=browser: "jupyter-config-data" in one.get(f"/user/{one.user}/lab") or None, "JupyterLab", 120)
        content = until(lambda one=browser, where=address: json.loads(one.get(where)), "a lesson", 30)
        assert content["content"]["cells"][0]["source"].startswith("# ")
    homes = hub / "fer-hub"
    assert len(list((homes / "ada" / "my-lessons").glob("*.ipynb"))) == 12
    with pytest.raises(urllib.error.HTTPError):  # nobody sees another one's files
        browsers[0].get("/user/alan/api/contents/my-lessons/00-start-here.ipynb")
