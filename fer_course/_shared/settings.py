"""The user's own settings, and how the course ignores them: docs/settings.md lists all of them.

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

#: Variables of Keras and TensorFlow that would change a lesson or make it fail; Keras is loaded without them.
KERAS = (
    "KERAS_HOME", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED", "TF_USE_LEGACY_KERAS",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
)  # fmt: skip
#: Variables of Python, Jupyter and matplotlib that are removed for the processes and kernels that the course starts.
LEFT_OUT = (
    "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT", "PYTHONDEVMODE", "PYTHONVERBOSE",
    "PYTHONPROFILEIMPORTTIME", "PYTHONSAFEPATH", "MPLBACKEND", "IPYTHONDIR", "JUPYTER_PATH",
    "JUPYTER_CONFIG_PATH",
)  # fmt: skip
#: For lessons that are executed side by side: the folder of the trainings that several of them need. `run` sets it.
SHARED_RUNS = "FER_COURSE_SHARED_RUNS"
#: What they get instead: an empty file for the user's matplotlibrc, and the kernels of this environment before others.
INSTEAD = {"MATPLOTLIBRC": os.devnull, "JUPYTER_PREFER_ENV_PATH": "1"}
#: What Keras and TensorFlow load if it is there, for parts of theirs that no lesson uses: a third of the time that they take.
OPTIONAL = ("sklearn", "jax")
#: What KERAS_BACKEND may name: lessons are written for TensorFlow, commands also run on the other two.
BACKENDS = ("tensorflow", "jax", "torch")
#: Settings of matplotlib that say how windows behave, not what a figure looks like.
_OF_WINDOWS = ("backend", "interactive", "toolbar", "webagg", "tk.", "keymap.", "savefig.directory", "timezone")


@contextlib.contextmanager
def without(*names: str, **instead: str) -> Iterator[None]:
    """Remove variables from this process' environment inside the `with`, and set others; afterwards all are as before."""
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


#: The user's own variables, while this process runs without some of them.
_given: list[dict[str, str]] = []


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Hide `KERAS` and `LEFT_OUT` from this process and its children inside the `with`; figures open no window."""
    options = sys.warnoptions[:]
    _given.append(dict(os.environ))
    with without(*KERAS, *LEFT_OUT, MPLBACKEND="Agg", **INSTEAD), warnings.catch_warnings():
        if options:  # PYTHONWARNINGS=error would end a program at the first warning of any library
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
    """Give this process the user's own variables inside the `with`, even inside `isolated`."""
    with without(*os.environ, **_user_variables()):
        yield


def kernel_environment(ipython: str, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables for a kernel that the course starts.

    Args:
        ipython: an empty folder: the kernel's IPYTHONDIR, without the user's start-up files.
        variables: the variables that the kernel would get otherwise; None: those of this process.

    """
    given = os.environ if variables is None else variables
    kept = {name: value for name, value in given.items() if name not in (*KERAS, *LEFT_OUT)}
    return {**kept, **INSTEAD, "IPYTHONDIR": ipython}


def load_keras():
    """Return Keras, loaded without the user's keras.json and variables, and set to the values that lessons are written for.

    Raises:
        SetupError: if KERAS_BACKEND names a backend that Keras 3 does not have, or that can't train.

    """
    from fer_course._shared.cache_folder import cache_folder, make_cache_folder

    with contextlib.suppress(OSError):  # before Keras makes it, for everybody
        make_cache_folder()
    backend = os.environ.get("KERAS_BACKEND", "")
    check_backend(backend)
    os.environ.pop("TF_USE_LEGACY_KERAS", None)  # TensorFlow reads it again later
    unused = [module for module in OPTIONAL if module != backend]
    with without(*KERAS, KERAS_HOME=str(cache_folder() / "keras")), hidden(*unused):
        import keras
    # The notebook itself may have loaded Keras before, with the user's own values.
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    return keras


@contextlib.contextmanager
def hidden(*modules: str) -> Iterator[None]:
    """Let `import` not find these modules inside the `with`, unless they are loaded already; afterwards all can be imported."""
    names = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None: Python's own mark for what is not there
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)


def check_backend(name: str) -> None:
    """Raise a SetupError if Keras can't train on the backend that KERAS_BACKEND names; an empty name is fine."""
    if name and name not in BACKENDS:
        raise SetupError(
            f"The variable KERAS_BACKEND is {name!r}, on which lessons can't run. Unset it, or set it to tensorflow."
        )


def use_matplotlibs_own() -> None:
    """Reset each setting that a matplotlibrc file changed to matplotlib's own value; settings of the notebook itself stay.

    A file may turn faces upside down (`image.origin: lower`), or need LaTeX, which may be missing (`text.usetex: True`).
    """
    import matplotlib

    of_file, own, now = matplotlib.rcParamsOrig, matplotlib.rcParamsDefault, matplotlib.rcParams
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about settings that matplotlib is about to drop
        changed = [name for name in own if not name.startswith(_OF_WINDOWS) and of_file[name] != own[name]]
        now.update({name: own[name] for name in changed if now[name] == of_file[name]})


#: What keras.json holds if nobody changed it.
_USUAL = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}
#: Variables that a notebook in JupyterLab sees, and that can change what a lesson does or how fast it is.
_SEEN = ("PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "XLA_FLAGS", "TF_XLA_FLAGS", "TF_DETERMINISTIC_OPS")


def ignored_settings() -> list[str]:
    """Return the user's settings on this machine that the course ignores: files, with what is unusual in them, and variables."""
    variables = _user_variables()
    keras = Path(variables.get("KERAS_HOME") or Path("~/.keras").expanduser()) / "keras.json"
    files = [f"{keras} ({unusual})"] if (unusual := _unusual_values(keras)) else []
    files += [str(path) for path in _matplotlibrc(variables) if path.is_file()]
    return files + [f"{name}={variables[name]}" for name in KERAS if name in variables]


def _user_variables() -> Mapping[str, str]:
    return _given[0] if _given else os.environ


def visible_settings() -> list[str]:
    """Return the user's settings on this machine that a notebook in JupyterLab sees: files and variables."""
    given = _user_variables()
    profile = Path(given.get("IPYTHONDIR") or Path("~/.ipython").expanduser()) / "profile_default"
    files = [*sorted((profile / "startup").glob("*.*py")), *sorted(profile.glob("ipython*_config.*"))]
    variables = [f"{name}={given[name]}" for name in _SEEN if given.get(name)]
    backend = given.get("MPLBACKEND", "")
    window = [] if backend.lower() == "agg" or "inline" in backend or not backend else [f"MPLBACKEND={backend}"]
    return [*map(str, files), *variables, *window]


def _unusual_values(path: Path) -> str:
    """Return the values in a keras.json that Keras itself would not write; empty if there are none, or no file."""
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
    """Yield the paths where matplotlib looks for a user's file."""
    yield Path("matplotlibrc").absolute()
    if named := variables.get("MATPLOTLIBRC"):
        yield from (Path(named), Path(named) / "matplotlibrc")
    if folder := variables.get("MPLCONFIGDIR"):
        yield Path(folder) / "matplotlibrc"
    else:
        yield Path(variables.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "matplotlib" / "matplotlibrc"
        yield Path("~/.matplotlib").expanduser() / "matplotlibrc"
