"""A JupyterHub on one machine, on the loopback address, to try the course out with a few users. Not for a real class.

    .venv/bin/uv pip install --python .venv/bin/python "jupyterhub>=5"
    npm install configurable-http-proxy
    PATH=$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH HUB_PASSWORD=… jupyterhub -f docs/hub/jupyterhub_config.py

Then open http://127.0.0.1:8000; any name will do, with the password that HUB_PASSWORD sets.
"""

import os
import tempfile
from pathlib import Path

from jupyterhub.auth import DummyAuthenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner

c = get_config()  # noqa: F821

PORT = int(os.environ.get("HUB_PORT", "8000"))
HOMES = Path(os.environ.get("HUB_HOMES", tempfile.gettempdir())) / "fer-hub"


class Spawner(SimpleLocalProcessSpawner):
    """Everybody's server runs as this machine's user, in a folder of its own, with the lessons copied into it at its start."""

    async def start(self):
        """Copy the lessons that are not there yet; nothing is overwritten."""
        from fer_course.course import start

        start(Path(self.home_dir) / "my-lessons")
        return await super().start()


c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.JupyterHub.hub_port = PORT + 1
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 2}"
c.JupyterHub.cookie_secret_file = str(HOMES / "cookie_secret")
c.JupyterHub.db_url = f"sqlite:///{HOMES / 'hub.sqlite'}"
c.JupyterHub.authenticator_class = DummyAuthenticator
c.DummyAuthenticator.password = os.environ["HUB_PASSWORD"]
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = Spawner
c.SimpleLocalProcessSpawner.home_dir_template = str(HOMES / "{username}")
c.Spawner.default_url = "/lab/tree/my-lessons/00-start-here.ipynb"
c.Spawner.start_timeout = 180
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.environment = {"FER_COURSE_CACHE": str(HOMES / "cache"), "TF_CPP_MIN_LOG_LEVEL": "2"}

HOMES.mkdir(parents=True, exist_ok=True)
