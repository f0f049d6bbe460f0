"""Which service a notebook runs on, if the service says so itself."""

from __future__ import annotations

import os
from functools import cache

#: Environment variable -> the service that sets it. On a service, a photograph would leave the learner's machine.
SERVICES = {
    "COLAB_RELEASE_TAG": "Google Colab",
    "KAGGLE_KERNEL_RUN_TYPE": "Kaggle",
    "BINDER_SERVICE_HOST": "Binder",
    "JUPYTERHUB_API_URL": "a JupyterHub",
}
#: How to keep a learner's work on a service where the session ends after a while, with every file in it.
SAVING = {
    "Google Colab": "File ▸ Save a copy in Drive",
    "Kaggle": "Save Version",
    "Binder": "File ▸ Download",
}


def elsewhere() -> str:
    """Return the name of the service that this notebook runs on; empty if none is known."""
    return next((service for variable, service in SERVICES.items() if os.environ.get(variable)), "")


@cache
def remind() -> None:
    """Print how to save your work if this session is temporary: once, at the first call. Elsewhere print nothing."""
    if (service := elsewhere()) in SAVING:
        print(f"  {service} forgets this session after a while. To keep your work: {SAVING[service]}.")
