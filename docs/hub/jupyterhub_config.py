"""A JupyterHub on one machine, on the loopback address, to try the course out with a few users. Not for a real class.

    .venv/bin/uv venv hub
    .venv/bin/uv pip install --python hub/bin/python --compile-bytecode --no-build --require-hashes -r locks/hub.txt
    .venv/bin/uv pip install --python hub/bin/python --compile-bytecode --no-deps --no-build-isolation .
    npm install configurable-http-proxy@5.3.0
    PATH=$PWD/hub/bin:$PWD/node_modules/.bin:$PATH \
        HUB_USERS="ada alan" HUB_PASSWORD=… jupyterhub -f docs/hub/jupyterhub_config.py

Then open http://127.0.0.1:8000: each of HUB_USERS gets in with the one password (8 characters or more).
"""

import os
import sys
from pathlib import Path

import platformdirs
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner

c = get_config()  # noqa: F821

PORT = int(os.environ.get("HUB_PORT", "8000"))
# Not in /tmp, where another user of this machine could make a folder of that name first.
HOMES = Path(os.environ.get("HUB_HOMES") or platformdirs.user_state_dir()) / "fer-hub"


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
c.JupyterHub.authenticator_class = SharedPasswordAuthenticator
c.Authenticator.allowed_users = set(os.environ["HUB_USERS"].split())
c.SharedPasswordAuthenticator.user_password = os.environ["HUB_PASSWORD"]
c.JupyterHub.spawner_class = Spawner
c.SimpleLocalProcessSpawner.home_dir_template = str(HOMES / "{username}")
c.Spawner.default_url = "/lab/tree/my-lessons/00-start-here.ipynb"
c.Spawner.start_timeout = 180
# A lesson whose page was closed keeps its memory for 20 minutes.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1200",
    "--MappingKernelManager.cull_interval=60",
    "--MappingKernelManager.cull_connected=False",
    *(["--allow-root"] if os.geteuid() == 0 else []),
]
c.Spawner.environment = {"FER_COURSE_CACHE": str(HOMES / "cache"), "TF_CPP_MIN_LOG_LEVEL": "2"}
# A learner at work takes 1.2 to 1.5 GB, JupyterLab included (docs/planning.md). This spawner only tells a server its limits; one
# that runs servers in cgroups or containers enforces them.
c.Spawner.mem_guarantee = "1.2G"
c.Spawner.mem_limit = "3G"
c.Spawner.cpu_guarantee = 0.2
c.Spawner.cpu_limit = 2
# An hour without a click ends a learner's server; the files stay.
c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600", "--cull-every=300"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    }
]

HOMES.mkdir(mode=0o700, parents=True, exist_ok=True)  # cookies and passwords lie in it
HOMES.chmod(0o700)  # fails if it is somebody else's
