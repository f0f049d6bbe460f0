"""A JupyterHub with the course's environment: two users, each with lesson 00; and the settings for a larger one."""

import ast
import contextlib
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
from repository import ROOT

PLACE = ROOT / "docs" / "hub"
PORT = 18471


def values() -> dict:
    return yaml.safe_load((PLACE / "values.yaml").read_text(encoding="utf-8"))


def settings() -> dict[str, object]:
    """Return what the configuration of the hub on one machine sets: "Spawner.mem_limit" -> "3G"."""
    text = (PLACE / "jupyterhub_config.py").read_text(encoding="utf-8")
    found = re.findall(r"^c\.([\w.]+) = (.+?)(?:$|  #)", text, re.MULTILINE)
    return {name: ast.literal_eval(value) for name, value in found if re.match(r"""["'\d]|True|False""", value)}


def kernels() -> dict[str, str]:
    text = (PLACE / "jupyterhub_config.py").read_text(encoding="utf-8")
    return dict(re.findall(r'"--MappingKernelManager\.(\w+)=(\w+)"', text))


def test_both_configurations_give_a_learner_what_planning_says_that_one_takes():
    planned = re.search(r"([\d.]+) to ([\d.]+) GB a learner", (ROOT / "docs" / "planning.md").read_text())
    memory, processor = values()["singleuser"]["memory"], values()["singleuser"]["cpu"]
    assert memory["guarantee"] == f"{planned[1]}G"
    assert float(memory["limit"].removesuffix("G")) > float(planned[2])
    here = settings()
    assert (here["Spawner.mem_guarantee"], here["Spawner.mem_limit"]) == (memory["guarantee"], memory["limit"])
    assert (here["Spawner.cpu_guarantee"], here["Spawner.cpu_limit"]) == (processor["guarantee"], processor["limit"])
    for text in (PLACE / "values.yaml", PLACE / "jupyterhub_config.py"):
        assert f"takes {planned[1]} to {planned[2]} GB" in text.read_text(encoding="utf-8")


def test_both_configurations_end_what_nobody_uses():
    files = values()["singleuser"]["extraFiles"]["kernels"]["data"]["MappingKernelManager"]
    assert {name: str(value) for name, value in files.items()} == kernels()
    assert files["cull_connected"] is False
    cull = values()["cull"]
    text = (PLACE / "jupyterhub_config.py").read_text(encoding="utf-8")
    assert cull["enabled"]
    assert f'"--timeout={cull["timeout"]}", "--cull-every={cull["every"]}"' in text


def test_both_configurations_let_in_those_who_are_named_and_nobody_else():
    config = values()["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "native"
    assert config["NativeAuthenticator"]["open_signup"] is False
    assert config["Authenticator"]["allowed_users"]
    text = (PLACE / "jupyterhub_config.py").read_text(encoding="utf-8")
    assert "c.Authenticator.allowed_users = " in text
    assert "allow_all" not in str(config) + text


def test_a_learner_begins_with_lesson_00():
    user = values()["singleuser"]
    assert user["lifecycleHooks"]["postStart"]["exec"]["command"] == ["fer-course", "start", "my-lessons"]
    assert user["defaultUrl"] == settings()["Spawner.default_url"]
    lesson = user["defaultUrl"].rpartition("/")[2]
    assert (ROOT / "lessons" / lesson).is_file()


def test_what_the_image_brings_lies_outside_the_home():
    script = (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")
    assert " -e " not in script.replace("Not with -e", "")
    assert values()["singleuser"]["extraEnv"]["FER_COURSE_CACHE"] == "/srv/conda/envs/notebook/share/fer-course"
    assert 'sys.prefix)")/share/fer-course' in script


def test_the_configuration_listens_on_this_machine_only():
    text = (PLACE / "jupyterhub_config.py").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([\w.]+)", text)) == {"127.0.0.1"}
    compile(text, "jupyterhub_config.py", "exec")


class Browser:
    """Just enough of a browser: cookies, and the token against forged requests."""

    def __init__(self, user: str):
        self.user, self.jar = user, CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        return self.opener.open(f"http://127.0.0.1:{PORT}{path}", timeout=60).read().decode()

    def is_refused(self, path: str) -> bool:
        """Return True if a page is forbidden, or leads back to the door."""
        try:
            return "/hub/login" in self.opener.open(f"http://127.0.0.1:{PORT}{path}", timeout=60).url
        except urllib.error.HTTPError as error:
            return error.code == 403

    def token(self) -> str:
        return next(cookie.value for cookie in self.jar if cookie.name == "_xsrf")

    def post(self, path: str, **form: str) -> str:
        form = urllib.parse.urlencode({"username": self.user, "_xsrf": self.token(), **form}).encode()
        return self.opener.open(f"http://127.0.0.1:{PORT}{path}", form, timeout=60).read().decode()

    def log_in(self, password: str) -> str:
        self.get("/hub/login")
        return self.post("/hub/login", password=password)


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
        [*install, "--require-hashes", "-r", ROOT / "locks" / "hub.txt"],
        [*install, "--no-deps", "--no-build-isolation", ROOT],
        ["npm", "install", "--silent", "--prefix", tmp_path, "configurable-http-proxy@5.3.0"],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"could not be installed: {done.stderr[-300:]}")
    path = f"{environment / 'bin'}:{tmp_path / 'node_modules' / '.bin'}:{os.environ['PATH']}"
    variables = {
        **os.environ,
        "PATH": path,
        "HUB_USERS": "ada alan",
        "HUB_PASSWORD": "not to be guessed",
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
        browser.log_in("not to be guessed")
        browser.get("/hub/spawn")
    for browser in browsers:
        address = f"/user/{browser.user}/api/contents/my-lessons/00-start-here.ipynb"
        # The page first: it brings the cookie that the server's interface asks for.
        until(lambda one=browser: "jupyter-config-data" in one.get(f"/user/{one.user}/lab") or None, "JupyterLab", 120)
        content = until(lambda one=browser, where=address: json.loads(one.get(where)), "a lesson", 30)
        assert content["content"]["cells"][0]["source"].startswith("# ")
    homes = hub / "fer-hub"
    assert len(list((homes / "ada" / "my-lessons").glob("*.ipynb"))) == len(list((ROOT / "solutions").glob("*.ipynb")))
    # Nobody sees another one's files.
    with pytest.raises(urllib.error.HTTPError):
        browsers[0].get("/user/alan/api/contents/my-lessons/00-start-here.ipynb")
    for user, password in (("mallory", "not to be guessed"), ("ada", "guessed all the same")):
        stranger = Browser(user)
        with contextlib.suppress(urllib.error.HTTPError):
            stranger.log_in(password)
        assert stranger.is_refused(f"/user/{user}/api/contents/my-lessons")
