"""The user's own settings, and how the course does without them: docs/settings.md lists all that were looked at.

Importing this loads neither Keras nor matplotlib.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from fer_course.errors import SetupError

#: Variables that Keras and TensorFlow read, and that would change or end what a lesson does; Keras is loaded without them.
KERAS = (
    "KERAS_HOME", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED", "TF_USE_LEGACY_KERAS",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
)  # fmt: skip
#: Variables of Python, Jupyter and matplotlib that the processes and kernels which the course starts do without.
LEFT_OUT = (
    "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT", "PYTHONDEVMODE", "PYTHONVERBOSE",
    "PYTHONPROFILEIMPORTTIME", "PYTHONSAFEPATH", "MPLBACKEND", "IPYTHONDIR", "JUPYTER_PATH",
    "JUPYTER_CONFIG_PATH",
)  # fmt: skip
#: What they get: an empty file in place of the user's matplotlibrc, and the kernels of this environment before others.
INSTEAD = {"MATPLOTLIBRC": os.devnull, "JUPYTER_PREFER_ENV_PATH": "1"}
#: What KERAS_BACKEND may name: lessons are written for TensorFlow, commands run on the other two as well.
BACKENDS = ("tensorflow", "jax", "torch")
#: Settings of matplotlib that say how windows behave, not what a figure looks like.
_OF_WINDOWS = ("backend", "interactive", "toolbar", "webagg", "tk.", "keymap.", "savefig.directory", "timezone")


@contextlib.contextmanager
def without(*names: str, **instead: str) -> Iterator[None]:
    """Take variables out of this process' environment inside the `with`, and set others; afterwards all are as before."""
    before = {name: os.environ.get(name) for name in (*names, *instead)}
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(instead)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


#: The user's own variables, while this process does without some of them.
_given: list[dict[str, str]] = []


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Let this process and what it starts do without `KERAS` and `LEFT_OUT`, and draw without a window, inside the `with`."""
    options = sys.warnoptions[:]
    _given.append(dict(os.environ))
    with without(*KERAS, *LEFT_OUT, MPLBACKEND="Agg", **INSTEAD), warnings.catch_warnings():
        if options:  # PYTHONWARNINGS=error ends a program at the first warning of any library
            warnings.resetwarnings()
            warnings.simplefilter("default")
            sys.warnoptions.clear()
        try:
            yield
        finally:
            sys.warnoptions[:] = options
            _given.pop()


@contextlib.contextmanager
def as_given() -> Iterator[None]:
    """Let this process see the user's own variables inside the `with`, also where it does without some of them."""
    with without(*os.environ, **_of_user()):
        yield


def kernel_environment(ipython: str, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a kernel that the course starts, made from those given, or from this process'.

    Args:
        ipython: an empty folder: the kernel's IPYTHONDIR, without the user's start-up files.
        variables: the variables that the kernel would get; None: this process'.

    """
    given = os.environ if variables is None else variables
    kept = {name: value for name, value in given.items() if name not in (*KERAS, *LEFT_OUT)}
    return {**kept, **INSTEAD, "IPYTHONDIR": ipython}


def load_keras():
    """Return Keras, loaded without the user's keras.json and variables, with the values that lessons are written for.

    Raises:
        SetupError: if KERAS_BACKEND names what Keras 3 does not have, or what can't train.

    """
    from fer_course._shared.cache_folder import cache_folder

    check_backend(os.environ.get("KERAS_BACKEND", ""))
    os.environ.pop("TF_USE_LEGACY_KERAS", None)  # TensorFlow reads it later, too
    with without(*KERAS, KERAS_HOME=str(cache_folder() / "keras")):
        import keras
    # Keras may have been loaded before, by the notebook itself, with the user's own values.
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    return keras


def check_backend(name: str) -> None:
    """Raise a SetupError if Keras can't train on the backend that KERAS_BACKEND names; an empty one is none."""
    if name and name not in BACKENDS:
        raise SetupError(
            f"The variable KERAS_BACKEND is {name!r}, on which lessons can't run. Unset it, or set it to tensorflow."
        )


def use_matplotlibs_own() -> None:
    """Give each setting that a matplotlibrc file changed matplotlib's own value again; what a notebook set itself stays.

    A file may turn faces upside down (`image.origin: lower`), or want a LaTeX that is not there (`text.usetex: True`).
    """
    import matplotlib

    of_file, own, now = matplotlib.rcParamsOrig, matplotlib.rcParamsDefault, matplotlib.rcParams
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of settings that matplotlib is about to drop
        changed = [name for name in own if not name.startswith(_OF_WINDOWS) and of_file[name] != own[name]]
        now.update({name: own[name] for name in changed if now[name] == of_file[name]})


#: What keras.json holds where nobody changed it.
_USUAL = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}
#: Variables that a notebook in JupyterLab sees, and that can change what a lesson does or how fast it is.
_SEEN = ("PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "XLA_FLAGS", "TF_XLA_FLAGS", "TF_DETERMINISTIC_OPS")


def unread() -> list[str]:
    """Return the user's settings that are here and that the course does without: files and variables, with what is odd."""
    variables = _of_user()
    keras = Path(variables.get("KERAS_HOME") or Path("~/.keras").expanduser()) / "keras.json"
    files = [f"{keras} ({odd})"] if (odd := _odd(keras)) else []
    files += [str(path) for path in _matplotlibrc(variables) if path.is_file()]
    return files + [f"{name}={variables[name]}" for name in KERAS if name in variables]


def _of_user() -> Mapping[str, str]:
    return _given[0] if _given else os.environ


def seen() -> list[str]:
    """Return the user's settings that are here and that a notebook in JupyterLab sees: files and variables."""
    given = _of_user()
    profile = Path(given.get("IPYTHONDIR") or Path("~/.ipython").expanduser()) / "profile_default"
    files = [*sorted((profile / "startup").glob("*.*py")), *sorted(profile.glob("ipython*_config.*"))]
    variables = [f"{name}={given[name]}" for name in _SEEN if given.get(name)]
    backend = given.get("MPLBACKEND", "")
    drawn = [] if backend.lower() == "agg" or "inline" in backend or not backend else [f"MPLBACKEND={backend}"]
    return [*map(str, files), *variables, *drawn]


def _odd(path: Path) -> str:
    """Return what a keras.json holds that Keras itself would not write; empty if nothing, or if there is no file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return ", ".join(
            f"{name} {content[name]}" for name, usual in _USUAL.items() if content.get(name, usual) != usual
        )
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"can't be read: {error.strerror}"
    except (ValueError, AttributeError, RecursionError):
        return "damaged"


def _matplotlibrc(variables: Mapping[str, str]) -> Iterator[Path]:
    """Yield the places where matplotlib looks for a file of the user's."""
    yield Path("matplotlibrc").absolute()
    if named := variables.get("MATPLOTLIBRC"):
        yield from (Path(named), Path(named) / "matplotlibrc")
    if folder := variables.get("MPLCONFIGDIR"):
        yield Path(folder) / "matplotlibrc"
    else:
        yield Path(variables.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "matplotlib" / "matplotlibrc"
        yield Path("~/.matplotlib").expanduser() / "matplotlibrc"
