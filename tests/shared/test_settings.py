"""The user's own settings don't reach the course: each row of docs/settings.md is tried, with a real sabotaged environment."""

import json
import os
import platform
import re
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import pytest
from repository import ROOT

from fer_course._shared import settings
from fer_course.course.execution import execute
from fer_course.errors import SetupError

#: Where matplotlib keeps its list of fonts, which takes long to make.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
#: Variables that Keras is loaded without -> a value that would change or end a lesson.
KERAS = {
    "KERAS_HOME": "{home}/elsewhere", "KERAS_MAX_EPOCHS": "one", "KERAS_MAX_STEPS_PER_EPOCH": "1", "KERAS_NNX_ENABLED": "true",
    "TF_USE_LEGACY_KERAS": "1", "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp",
}  # fmt: skip
#: Variables that what the course starts does not see -> such a value.
LEFT_OUT = {
    "PYTHONSTARTUP": "{home}/loud.py", "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PYTHONINSPECT": "1",
    "PYTHONDEVMODE": "1", "PYTHONVERBOSE": "1", "PYTHONPROFILEIMPORTTIME": "1", "PYTHONSAFEPATH": "1", "MPLBACKEND": "TkAgg",
    "IPYTHONDIR": "{home}/.ipython", "JUPYTER_PATH": "{home}/jupyter", "JUPYTER_CONFIG_PATH": "{home}/config",
    "MATPLOTLIBRC": "{home}/matplotlibrc",
}  # fmt: skip
#: Files that what the course starts does not read, by their places in a home -> their content.
FILES = {
    "keras.json": (
        ".keras/keras.json",
        '{"backend": "theano", "image_data_format": "channels_first", "floatx": "float16"}',
    ),
    "matplotlibrc": (".config/matplotlib/matplotlibrc", "image.origin: lower\ntext.usetex: True\nbackend: TkAgg\n"),
    "startup/*.py": (".ipython/profile_default/startup/00-mine.py", "raise SystemExit('mine')"),
    "ipython_config.py": (
        ".ipython/profile_default/ipython_config.py",
        "c.InteractiveShell.ast_node_interactivity = 'all'",
    ),
    "kernels/python3": (
        ".local/share/jupyter/kernels/python3/kernel.json",
        json.dumps({"argv": ["/bin/false", "{connection_file}"], "display_name": "mine", "language": "python"}),
    ),
}
#: Variables with which lessons run -> a value.
KEPT = {
    "MPLCONFIGDIR": "{home}/.config/matplotlib", "PYTHONHASHSEED": "7", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1", "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "TF_CPP_MIN_LOG_LEVEL": "0",
    "TF_ENABLE_ONEDNN_OPTS": "0", "TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true", "TF_DETERMINISTIC_OPS": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2", "LC_ALL": "C",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=false", "COLUMNS": "20", "NO_COLOR": "1", "FORCE_COLOR": "1",
    "HTTP_PROXY": "http://127.0.0.1:9", "TMPDIR": "/no/such/folder", "PYTHONPATH": "{home}/mine",
}  # fmt: skip
#: What is said in one sentence: KERAS_BACKEND below, the file in test_causes.
SENTENCES = {"KERAS_BACKEND", "random.py"}


def test_every_row_of_the_page_is_tried_and_nothing_else():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == {*KERAS, *LEFT_OUT, *FILES, *KEPT, *SENTENCES}
    assert set(KERAS) == set(settings.KERAS)
    assert set(LEFT_OUT) == {*settings.LEFT_OUT, *settings.INSTEAD} - {"JUPYTER_PREFER_ENV_PATH"}


@pytest.fixture
def home(tmp_path):
    """A home with every file of `FILES`, and what the variables name."""
    for place, content in FILES.values():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(content, encoding="utf-8")
    (tmp_path / "loud.py").write_text("raise SystemExit('loud')")
    (tmp_path / "matplotlibrc").write_text(FILES["matplotlibrc"][1])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "keras.json").write_text('{"backend": ')
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(FILES["kernels/python3"][1])
    return tmp_path


def variables(home: Path, *groups: dict[str, str]) -> dict[str, str]:
    """The variables of a user who has set all that."""
    chosen = {name: value.format(home=home) for group in groups for name, value in group.items()}
    places = {"HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": home / ".config", "XDG_CACHE_HOME": CACHE}
    return {**{name: str(place) for name, place in places.items()}, **chosen}


def python(code: str, home: Path, *groups: dict[str, str]) -> str:
    """Run code in a process of its own with that home and those variables; return what it printed."""
    environment = {**os.environ, **variables(home, *groups)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


VALUES = (
    "print(keras.backend.backend(), keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format())"
)
OURS = "tensorflow float32 1e-07 channels_last\n"


@pytest.mark.slow
def test_keras_is_loaded_without_the_users_file_and_variables(home):
    before = "before = {name: os.environ.get(name) for name in os.environ if 'KERAS' in name}"
    code = f"import os; {before}; import fer_course.quiet, keras; {VALUES}"
    after = "print({n: v for n, v in before.items() if os.environ.get(n) != v}, keras.config.max_epochs())"
    assert python(f"{code}; {after}", home, KERAS) == OURS + "{'TF_USE_LEGACY_KERAS': '1'} None\n"
    assert not (home / "elsewhere" / "models").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        '{"backend": "theano"}', '{"backend": "jax"}', '{"image_data_format": "channels_first"}', '{"floatx": "float16"}',
        '{"floatx": "float8"}', '{"epsilon": 1}', "[1, 2]", '{"backend": ', "", '{"image_dim_ordering": "th", "backend": "cntk"}',
    ],
)  # fmt: skip
def test_no_keras_json_reaches_a_lesson(content, home):
    (home / ".keras" / "keras.json").write_text(content)
    assert python(f"import fer_course.quiet, keras; {VALUES}", home) == OURS
    assert python(f"from fer_course import models; models.build('lenet'); import keras; {VALUES}", home) == OURS
    assert (home / ".keras" / "keras.json").read_text() == content


@pytest.mark.slow
def test_a_keras_that_the_notebook_loaded_first_gets_the_lessons_values(home):
    (home / ".keras" / "keras.json").write_text('{"image_data_format": "channels_first", "floatx": "float16"}')
    built = "print(models.build('lenet').input_shape, models.build('lenet').layers[-1].dtype)"
    code = f"import keras; from fer_course import models; {built}; {VALUES}"
    assert python(code, home) == "(None, 48, 48, 1) float32\n" + OURS


@pytest.mark.parametrize("name", ["theano", "cntk", "mxnet", "plaidml", "numpy", "TensorFlow"])
def test_a_backend_that_can_not_train_is_refused_in_a_sentence(name):
    with pytest.raises(SetupError, match=f"KERAS_BACKEND is '{name}'.* Unset it"):
        settings.check_backend(name)


@pytest.mark.parametrize("name", ["", *settings.BACKENDS])
def test_other_backends_are_taken(name):
    assert settings.check_backend(name) is None


def test_figures_look_as_in_the_lessons_whatever_the_file_says(home):
    (home / "matplotlibrc").write_text(
        "image.origin: lower\ntext.usetex: True\nsavefig.format: pdf\nlines.linewidth: 9\n"
    )
    ours = "matplotlib.rcParams['lines.linewidth'] = 3; from fer_course import plots"
    names = "'image.origin', 'text.usetex', 'savefig.format', 'lines.linewidth', 'figure.dpi'"
    code = f"import matplotlib; {ours}; print([matplotlib.rcParams[name] for name in ({names})])"
    # The file in the current folder is read before all others; what the notebook itself set stays.
    assert python(code, home, {"MPLBACKEND": "Agg"}) == "['upper', False, 'png', 3.0, 100.0]\n"


def test_variables_are_left_out_inside_and_there_again_outside(home, monkeypatch):
    for name, value in variables(home, KERAS, LEFT_OUT, KEPT).items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with settings.isolated():
            warnings.warn("not an error here", DeprecationWarning, stacklevel=1)
            inside = dict(os.environ)
            assert sys.warnoptions == []
    assert dict(os.environ) == before
    assert sys.warnoptions == ["error"]
    assert not {*KERAS, *LEFT_OUT} & {*inside} - {"MPLBACKEND", "MATPLOTLIBRC"}
    assert inside["MPLBACKEND"] == "Agg"
    assert inside["MATPLOTLIBRC"] == os.devnull
    assert {name: inside[name] for name in KEPT} == {name: before[name] for name in KEPT}
    with pytest.raises(KeyError), settings.isolated():
        raise KeyError
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", [*KERAS, *LEFT_OUT])
def test_a_kernel_does_not_get(name, home):
    given = variables(home, KERAS, LEFT_OUT, KEPT)
    seen = settings.kernel_environment("/new", given)
    assert seen.get(name) in (None, "/new", os.devnull)
    assert {each: seen[each] for each in KEPT} == {each: given[each] for each in KEPT}


LOOK = """import os, sys, warnings
import matplotlib.pyplot as plt
from IPython import get_ipython
warnings.warn("no error")
1
[sys.executable, sys.flags.optimize, plt.get_backend().lower(), plt.rcParams["image.origin"], "mine" in globals()]"""


def test_an_executed_notebook_sees_nothing_of_them(home, tmp_path, monkeypatch):
    """Not the start-up files, not the kernel that is named python3, not Python's switches, not matplotlib's file."""
    for name, value in variables(home, KERAS, LEFT_OUT).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LOOK)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "mine", "language": "python"}
    nbformat.write(notebook, tmp_path / "a.ipynb")
    assert execute(tmp_path / "a.ipynb", tmp_path / "b.ipynb", tmp_path / "work", {}, "a") is None
    (cell,) = nbformat.read(tmp_path / "b.ipynb", 4).cells
    results = [output["data"]["text/plain"] for output in cell.outputs if output.output_type == "execute_result"]
    expected = [sys.executable, 0, "inline", "upper", False]
    results = [re.sub(r"\s+", " ", result) for result in results]
    assert [result.replace("module://matplotlib_inline.backend_inline", "inline") for result in results] == [
        str(expected)
    ]


def test_the_doctor_names_what_is_read_and_what_is_not(home, monkeypatch):
    for name, value in variables(home, LEFT_OUT).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    for inside in (False, True):
        with settings.isolated() if inside else settings.without():
            unread, seen = " ".join(settings.ignored_settings()), " ".join(settings.visible_settings())
        assert "keras.json (backend theano, floatx float16, image_data_format channels_first)" in unread
        assert str(home / "matplotlibrc") in unread
        for word in ("00-mine.py", "ipython_config.py", "PYTHONWARNINGS=error", "PYTHONOPTIMIZE=2", "MPLBACKEND=TkAgg"):
            assert word in seen


def test_the_doctor_looks_at_the_kernel_that_jupyterlab_would_start(home, monkeypatch):
    from fer_course.course import doctor

    monkeypatch.setenv("JUPYTER_PATH", str(home / "jupyter"))
    with settings.isolated():
        finding = doctor.kernel()
        assert "JUPYTER_PATH" not in os.environ
    assert finding.state == doctor.TROUBLE
    assert "/bin/false" in finding.found


def test_a_file_that_keras_wrote_itself_is_not_worth_a_word(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    usual = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}
    (home / ".keras" / "keras.json").write_text(json.dumps(usual))
    assert not any("keras.json" in each for each in settings.ignored_settings())


@pytest.mark.slow
@pytest.mark.parametrize("groups", [(KERAS, LEFT_OUT), (KEPT,)], ids=["all that is left out", "all that is kept"])
def test_lesson_00_runs_with(groups, home, tmp_path):
    """And with every file of the user's."""
    (home / "mine").mkdir(exist_ok=True)
    environment = {**os.environ, **variables(home, *groups)}
    environment.pop("PYTHONINSPECT", None)  # Python itself would wait, and end with a status of its own
    command = [sys.executable, "-m", "fer_course.cli", "run", "00", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL, cwd=ROOT)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:].decode("cp1252", "replace")
    ran = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))["lessons"]
    assert [each["status"] for each in ran] == ["done"]


def test_what_no_lesson_uses_is_not_loaded_with_keras_and_can_be_used_afterwards(home):
    loaded = "print([module for module in ('sklearn', 'jax', 'pandas') if module in sys.modules])"
    used = "import sklearn.metrics, jax.numpy; print(sklearn.metrics.accuracy_score([1], [1]), float(jax.numpy.ones(1).sum()))"
    assert python(f"import sys, fer_course.quiet; {loaded}; {used}", home) == "['pandas']\n1.0 1.0\n"


def test_what_is_loaded_already_stays_and_what_is_missing_can_still_be_imported():
    import json as before

    with settings.hidden("json", "sklearn.nothing", "wave"):
        import json

        assert json is before
        with pytest.raises(ModuleNotFoundError):
            import wave
    import wave  # noqa: F401


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have other routines")
@pytest.mark.parametrize(("given", "found"), [(None, "1 True"), ("1", "1 True"), ("0", "0 False")])
def test_the_fast_routines_are_on_unless_somebody_switched_them_off(given, found):
    variables = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    variables |= {"TF_ENABLE_ONEDNN_OPTS": given} if given else {}
    code = (
        "import os, fer_course.quiet\n"
        "from tensorflow.python.util import _pywrap_util_port as port\n"
        "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], port.IsMklEnabled())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=True)
    assert done.stdout.strip() == found
