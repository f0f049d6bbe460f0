"""On which service a notebook runs, as far as the service says so itself."""

from __future__ import annotations

import os
from functools import cache

#: Environment variable -> the service that sets it: there a photograph would leave the learner's machine.
SERVICES = {
    "COLAB_RELEASE_TAG": "Google Colab",
    "KAGGLE_KERNEL_RUN_TYPE": "Kaggle",
    "BINDER_SERVICE_HOST": "Binder",
    "JUPYTERHUB_API_URL": "a JupyterHub",
}
#: What keeps a learner's work where the session, and every file in it, ends after a while.
SAVING = {
    "Google Colab": "File ▸ Save a copy in Drive",
    "Kaggle": "Save Version",
    "Binder": "File ▸ Download",
}


def elsewhere() -> str:
    """Return the name of the service that this notebook runs on; empty if it knows of none."""
    return next((service for variable, service in SERVICES.items() if os.environ.get(variable)), "")


@cache
def remind() -> None:
    """Print how to save one's work where a session is temporary: once, at the first call; elsewhere nothing."""
    if (service := elsewhere()) in SAVING:
        print(f"  {service} forgets this session after a while. To keep your work: {SAVING[service]}.")
