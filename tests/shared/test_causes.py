"""What keeps Keras from being loaded: each cause is told from what is really said then, and from nothing else."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sabotage import Machine

from fer_course._shared import causes, extras
from fer_course.course import doctor
from fer_course.course.doctor import GOOD, TROUBLE

#: What programs said on machines of people who reported it, shortened -> a word of the advice.
SAID = {
    "Visual C++": "ImportError: DLL load failed while importing _pywrap_tensorflow_internal: A dynamic link library (DLL) "
    "initialization routine failed.",
    "another NumPy": "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.1.3 as it may crash.\n"
    "AttributeError: _ARRAY_API not found\nImportError: numpy.core.multiarray failed to import",
    "for another NumPy": "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, "
    "got 88 from PyObject",
    "protobuf does not fit": "TypeError: Descriptors cannot be created directly.\nIf this call came from a _pb2.py file, your "
    "generated code is out of date and must be regenerated with protoc >= 3.19.0.",
    "installed protobuf": "google.protobuf.runtime_version.VersionError: Detected incompatible Protobuf Gencode/Runtime versions "
    "when loading xla.proto: gencode 6.31.1 runtime 5.28.3.",
    "This Linux is older": "ImportError: /lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.29' not found (required by "
    "/x/tensorflow/libtensorflow_cc.so.2)",
    "different processors": "ImportError: dlopen(/x/_pywrap.so, 0x0002): tried: '/x/_pywrap.so' (mach-o file, but is an "
    "incompatible architecture (have 'x86_64', need 'arm64'))",
    "loaded too late": "ImportError: /x/libgomp-d22c30c5.so.1: cannot allocate memory in static TLS block",
    "programs may not run": "ImportError: /x/_multiarray_umath.so: failed to map segment from shared object",
    "Unset XLA_FLAGS": "F0000 00:00:1 parse_flags_from_env.cc:234] Unknown flag in XLA_FLAGS: --xla_gpu_fast_everything",
    "Unset TF_XLA_FLAGS": "F0000 00:00:1 parse_flags_from_env.cc:234] Unknown flag in TF_XLA_FLAGS: --nonsense=1",
    "too little memory": "ImportError: DLL load of _x: The paging file is too small for this operation to complete.",
    "damaged": "ImportError: /x/libtensorflow_framework.so.2: file too short",
    "disk is full": "OSError: [Errno 28] No space left on device: '/x/y'",
    "may not read": "PermissionError: [Errno 13] Permission denied: '/opt/x/keras/__init__.py'",
    "folder for temporary files": "FileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp', '/x']",
    "tensorflow is not installed": "ModuleNotFoundError: No module named 'tensorflow'",
    "keras is not installed": "ModuleNotFoundError: No module named 'keras.api'",
}


@pytest.mark.parametrize("word", SAID)
def test_each_cause_is_told_by_what_is_said(word, tmp_path):
    assert word in causes.advice("Traceback (most recent call last):\n" + SAID[word], tmp_path)


def test_what_is_not_known_gets_no_advice(tmp_path):
    assert causes.advice("Traceback\nZeroDivisionError: division by zero", tmp_path) == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Traceback (most recent call last):\n  File 'x'\nValueError: two\nlines of it\n", "ValueError: two"),
        ("KeyError: 1\n\nDuring handling of the above exception\n\nOSError: last\n", "OSError: last"),
        ("I0000 hello\nF0000 00:00 parse.cc:2] Unknown flag\n*** stack\n", "F0000 00:00 parse.cc:2] Unknown flag"),
        ("something odd\n\n", "something odd"),
        ("", "It printed nothing"),
        ("google.protobuf.runtime_version.VersionError: Detected\n", "google.protobuf.runtime_version.VersionError: Detected"),
    ],
)  # fmt: skip
def test_the_telling_line(text, line):
    assert causes.telling_line(text) == line


@pytest.mark.parametrize(
    ("status", "found", "advice"),
    [
        (-4, "signal 4 (SIGILL)", "AVX"), (132, "signal 4", "AVX"), (3221225501, "0xC000001D", "AVX"),
        (-1073741795, "0xC000001D", "AVX"), (-9, "signal 9 (SIGKILL)", "memory"), (137, "signal 9", "memory"),
        (-11, "signal 11 (SIGSEGV)", "crashed"), (3221225477, "0xC0000005", "crashed"), (-1073741819, "0xC0000005", "crashed"),
        (134, "signal 6", "crashed"), (-6, "signal 6", "crashed"),
    ],
)  # fmt: skip
def test_how_a_process_was_ended(status, found, advice):
    ended = causes.cause_of_end(status)
    assert found in ended[0]
    assert advice in ended[1]


@pytest.mark.parametrize("status", [0, 1, 2, 120, 127, 255])
def test_a_process_that_ended_by_itself(status):
    assert causes.cause_of_end(status) is None


def test_files_that_hide_modules(tmp_path):
    for name in ("random.py", "my_random.py", "keras.txt", "test.py"):
        (tmp_path / name).touch()
    (tmp_path / "numpy").mkdir()
    (tmp_path / "data").mkdir()
    assert causes.hiding_files(tmp_path) == [tmp_path / "random.py"]  # numpy/ is no package without an __init__.py
    (tmp_path / "numpy" / "__init__.py").touch()
    assert causes.hiding_files(tmp_path) == [tmp_path / "numpy", tmp_path / "random.py"]
    assert causes.hiding_files(tmp_path / "nowhere") == []


def test_a_file_that_has_nothing_to_do_with_it_is_not_named(tmp_path):
    (tmp_path / "queue.py").touch()
    assert "queue" not in causes.advice("ModuleNotFoundError: No module named 'tensorflow'", tmp_path)
    assert str(tmp_path / "queue.py") in causes.advice("ImportError: cannot import name 'Queue' from 'queue'", tmp_path)


def test_a_file_that_hides_a_module_is_named_where_nothing_else_is_known(tmp_path):
    (tmp_path / "typing_extensions.py").touch()
    said = "ImportError: To use Keras, you need to have `optree` installed."
    assert causes.advice(said, tmp_path).startswith(f"Perhaps it is {tmp_path / 'typing_extensions.py'}, which hides")


def test_a_file_of_the_courses_own_name_is_named_where_the_error_is_about_it(tmp_path):
    (tmp_path / "fer_course.py").touch()
    frame = "  File '/x/fer_course/_shared/settings.py', line 3, in load_keras\n    import keras\n"
    assert "tensorflow is not" in causes.advice(f"{frame}ModuleNotFoundError: No module named 'tensorflow'", tmp_path)
    said = "ImportError: cannot import name 'small_lesson' from 'fer_course' (/x/fer_course.py)"
    assert causes.advice(said, tmp_path).startswith(f"{tmp_path / 'fer_course.py'} hides")
    assert causes.hiding_files(causes._OWN.parent) == []  # the package itself


@pytest.mark.parametrize("said", [
    "ImportError: libtensorflow_cc.so.2: failed to map segment from shared object", "MemoryError", "std::bad_alloc",
])  # fmt: skip
def test_a_limit_of_the_shell_is_told_from_a_full_machine(monkeypatch, tmp_path, said):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (400_000_000, resource.RLIM_INFINITY))
    assert "0.4 GB of addresses" in causes.advice(said, tmp_path)
    assert "ulimit" in doctor.memory().advice
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert "ulimit" not in causes.advice(said, tmp_path)


def test_the_command_that_installs_fits_the_environment(monkeypatch):
    monkeypatch.setattr(extras, "_is_from_make", lambda: False)
    assert extras.advice("lab") == 'python -m pip install "fer_course[lab]"'

    def none(name):
        raise extras.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(extras.importlib.metadata, "distribution", none)
    assert extras.advice("lab") == 'uv pip install "fer_course[lab]"'  # uv makes environments without pip
    monkeypatch.setattr(extras, "_is_from_make", lambda: True)
    assert extras.advice("lab").endswith(": make clean setup")
    assert extras.advice("tensorflow,lab").endswith(": make clean setup")
    assert extras.advice("instructor").endswith(": make setup-all")


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("nbgrader", "instructor"), ("dask", "cluster"), ("myst_nb", "book"), ("tensorflow", "tensorflow,lab"),
        ("nb", "tensorflow,lab"),
    ],
)  # fmt: skip
def test_a_missing_module_is_installed_by_the_extra_that_names_it(module, extra):
    assert extras.extra_with(module) == extra
    said = f"ModuleNotFoundError: No module named '{module}.converters'"
    assert causes.advice(said, Path("nowhere")).endswith(f"{module} is not installed here. {extras.advice(extra)}.")


def test_advice_of_make_is_for_what_make_can_mend(monkeypatch, tmp_path):
    monkeypatch.setattr(extras.shutil, "which", lambda _: "/usr/bin/make")
    monkeypatch.setattr(extras, "_ROOT", tmp_path)
    assert not extras._is_from_make()  # no Makefile: a wheel
    (tmp_path / "Makefile").touch()
    assert not extras._is_from_make()  # another environment than the one that make made
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert extras._is_from_make() == (extras.os.name != "nt")
    monkeypatch.setattr(extras.shutil, "which", lambda _: None)
    assert not extras._is_from_make()


def test_loading_that_takes_for_ever_is_said(monkeypatch):
    def late(*_, **__):
        raise subprocess.TimeoutExpired("python", 300)

    monkeypatch.setattr(doctor.subprocess, "run", late)
    finding = doctor.backend()
    assert finding.state == TROUBLE
    assert "300 seconds" in finding.found


def test_a_windows_without_avx_is_told_from_the_status_of_the_process(monkeypatch):
    """Only a stand-in: no other system ends a process so."""
    process = SimpleNamespace(returncode=3221225501, stdout="", stderr="")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: process)
    finding = doctor.backend()
    assert "0xC000001D" in finding.found
    assert "AVX" in finding.advice


def test_what_is_not_known_is_to_be_reported_with_its_last_lines(monkeypatch):
    process = SimpleNamespace(
        returncode=1, stdout="", stderr="\n".join(f"line {n}" for n in range(9)) + "\nOddError: 7\n"
    )
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: process)
    finding = doctor.backend()
    assert finding.found == "OddError: 7"
    assert "Please report this" in finding.advice
    assert "line 8" in finding.advice


# ------------------------------------------------------------------------------------------- `fer-course doctor`, for real


def missing(name):
    return f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')"


def raising(text, kind="ImportError"):
    return f"raise {kind}({text!r})"


def _shadow(name, source="import os\n"):
    def sabotage(machine):
        (machine.here / f"{name}.py").write_text(source)
        return {}, rf"here/{name}\.py hides"

    return sabotage


def _tensorflow(source, words):
    def sabotage(machine):
        machine.package("tensorflow", source)
        return {}, words

    return sabotage


def _variable(words, **variables):
    return lambda machine: (variables, words)


def _damaged(machine):
    machine.package("tensorflow", "").write_bytes(b"import os\n\0\0\0\n")
    return {}, "damaged"


def _two_tensorflows(machine):
    machine.distribution("tensorflow", "2.15.0")
    return {}, r"tensorflow 2\.15\.0 and tensorflow-cpu [\d.]+ are installed into one folder"


def _old_keras(machine):
    machine.distribution("keras", "2.15.0")
    return {}, r"keras 2\.15\.0 \(needs >=3"


def _keras_of_pythonpath(machine):
    folder = machine.home / "old-packages"
    machine.package("keras", "__version__ = '2.3.1'\nfrom tensorflow.python.eager.context import get_config", folder)
    return {"PYTHONPATH": str(folder)}, r"old-packages(?s:.)*one that the variable PYTHONPATH names\. Unset PYTHONPATH"


def _numpy_of_pythonpath(machine):
    folder = machine.home / "python2.7"
    machine.package("numpy", "print 'hello'", folder)
    return {"PYTHONPATH": str(folder)}, r"python2\.7(?s:.)*one that the variable PYTHONPATH names\. Unset PYTHONPATH"


def _missing_helpers(machine):
    for name in ("psutil", "packaging", "jupyter_client"):
        machine.package(name, missing(name))
    return (
        {},
        r"packaging is not installed here(?s:.)*psutil is not installed here(?s:.)*jupyter_client is not installed here",
    )


def _keras_json(content, words):
    def sabotage(machine):
        (machine.home / ".keras").mkdir()
        (machine.home / ".keras" / "keras.json").write_text(content)
        return {}, rf"ignored by the course: .*keras\.json \({words}\)"

    return sabotage


def _startup_file(machine):
    folder = machine.home / ".ipython" / "profile_default" / "startup"
    folder.mkdir(parents=True)
    (folder / "00-mine.py").write_text("import this")
    return {}, r"seen by notebooks in JupyterLab: .*00-mine\.py"


def _h5py(machine):
    machine.package("h5py", raising("libhdf5.so.200: cannot open shared object file"))
    return {}, r"libhdf5\.so\.200"


def _kernel(content, words):
    def sabotage(machine):
        folder = machine.home / "jupyter" / "kernels" / "python3"
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(content)
        return {"JUPYTER_PATH": str(machine.home / "jupyter")}, words

    return sabotage


def _matplotlibrc(machine):
    (machine.here / "matplotlibrc").write_bytes(b"font.family: \xe9\n")
    return {}, r"here/matplotlibrc is not UTF-8 text(?s:.)*Rename it"


#: What is done to a machine -> what it is called. Each returns variables, and what the doctor must say.
SABOTAGES = {
    "TensorFlow missing": _tensorflow(missing("tensorflow"), "tensorflow is not installed here"),
    "a DLL that won't load": _tensorflow(
        raising(SAID["Visual C++"].partition(": ")[2]), r"DLL load failed(?s:.)*Visual C\+\+"
    ),
    "no AVX": _tensorflow("import os, signal; os.kill(os.getpid(), signal.SIGILL)", r"SIGILL(?s:.)*AVX"),
    "out of memory": _tensorflow("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", r"SIGKILL(?s:.)*memory"),
    "a crash": _tensorflow("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"SIGSEGV(?s:.)*crashed"),
    "NumPy of another time": _tensorflow(raising("numpy.dtype size changed", "ValueError"), "built for another NumPy"),
    "protobuf": _tensorflow(raising("Descriptors cannot be created directly.", "TypeError"), "protobuf does not fit"),
    "an old Linux": _tensorflow(raising("libm.so.6: version `GLIBC_2.29' not found"), "This Linux is older"),
    "a forbidden file": _tensorflow(
        raising("Permission denied: '/opt/x.so'", "PermissionError"), "may not read a file"
    ),
    "a damaged file": _damaged,
    "an unknown cause": _tensorflow(raising("seven", "RuntimeError"), r"RuntimeError: seven(?s:.)*Please report this"),
    "random.py": _shadow("random"),
    "keras.py": _shadow("keras"),
    "numpy.py": _shadow("numpy"),
    "typing_extensions.py": _shadow("typing_extensions"),
    "a script that ends": _shadow("yaml", "raise SystemExit('not now')"),
    "KERAS_BACKEND=theano": _variable(r"KERAS_BACKEND is 'theano'(?s:.)*Unset it", KERAS_BACKEND="theano"),
    "KERAS_BACKEND=torch": _variable(r"KERAS_BACKEND is torch, which is not installed", KERAS_BACKEND="torch"),
    "two TensorFlows": _two_tensorflows,
    "Keras 2": _old_keras,
    "a Keras of PYTHONPATH": _keras_of_pythonpath,
    "a NumPy of PYTHONPATH": _numpy_of_pythonpath,
    "helpers missing": _missing_helpers,
    "keras.json: theano": _keras_json('{"backend": "theano"}', "backend theano"),
    "keras.json: channels first": _keras_json(
        '{"image_data_format": "channels_first"}', "image_data_format channels_first"
    ),
    "keras.json: broken": _keras_json('{"backend": ', "damaged"),
    "a start-up file": _startup_file,
    "a broken h5py": _h5py,
    "a damaged kernel": _kernel("[", r"kernels/python3/kernel\.json is damaged(?s:.)*Remove that file"),
    "a kernel that is gone": _kernel(
        '{"argv": ["/no/python"], "display_name": "x", "language": "python"}', "is /no/python"
    ),
    "a matplotlibrc of another encoding": _matplotlibrc,
    "TF_XLA_FLAGS": _variable("Unset TF_XLA_FLAGS", TF_XLA_FLAGS="--nonsense=1"),
    "fer_course.py": _shadow("fer_course"),
    "MPLBACKEND": _variable("seen by notebooks in JupyterLab: MPLBACKEND=TkAgg", MPLBACKEND="TkAgg"),
}
#: Those in which lessons run all the same: the course does without these settings.
HARMLESS = {"a start-up file", "MPLBACKEND", "keras.json: theano", "keras.json: channels first", "keras.json: broken"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SABOTAGES)
def test_the_doctor_names_the_cause_on_a_sabotaged_machine(name, tmp_path):
    machine = Machine(tmp_path)
    variables, words = SABOTAGES[name](machine)
    done = machine.run("doctor", "--json", **variables)
    assert done.stderr == ""
    findings = [doctor.Finding(**finding) for finding in json.loads(done.stdout)]
    assert len(findings) == len(doctor.EXAMINATIONS)
    assert re.search(words, "\n".join(map(str, findings)))
    states = {finding.name: finding.state for finding in findings}
    if name in HARMLESS:
        assert states["Keras"] == GOOD
        assert done.returncode == 0
    elif name != "helpers missing":
        assert TROUBLE in (states["Keras"], states["packages"], states["Jupyter kernel"])
        assert done.returncode == 1


@pytest.mark.parametrize("name", ["TensorFlow missing", "a NumPy of PYTHONPATH"])
def test_a_command_says_the_cause_in_a_sentence(name, tmp_path):
    """Two of the machines above, without what the doctor looks at besides."""
    machine = Machine(tmp_path)
    variables, words = SABOTAGES[name](machine)
    done = machine.run("zoo", **variables)
    assert done.returncode == 1
    assert done.stderr.startswith("fer-course: ")
    assert re.search(words, done.stderr), done.stderr
    assert done.stderr.count("\n") == 1


def test_the_doctor_gets_in_where_numpy_can_not_be_imported():
    code = "import sys; sys.modules['numpy'] = None; import fer_course.cli; from fer_course.course import doctor; print('in')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "in\n"), done.stderr
