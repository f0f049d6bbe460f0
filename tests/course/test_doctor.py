"""Each trouble that the doctor knows is made on purpose, and told from a machine on which all is well."""

import importlib.metadata
import json
import os
import socket
import sys
from collections import namedtuple
from types import SimpleNamespace

import pytest
from repository import ROOT

from fer_course import cli
from fer_course._shared import extras, machine
from fer_course.course import doctor
from fer_course.course.doctor import GOOD, TROUBLE, WARNING
from locks import reading


@pytest.mark.slow
def test_this_machine_is_fit():
    findings = {finding.name: finding for finding in doctor.examine()}
    assert len(findings) == len(doctor.EXAMINATIONS)
    assert [str(each) for each in findings.values() if each.state == TROUBLE] == []
    for name in ("Python", "packages", "Keras", "cache", "faces", "Jupyter kernel", "widgets", "loopback network"):
        assert findings[name].state == GOOD, findings[name]


def test_every_trouble_comes_with_advice(monkeypatch):
    monkeypatch.setenv("FER_COURSE_DATA", "/no/such/file")
    finding = doctor.faces()
    assert finding.state == TROUBLE
    assert "/no/such/file" in finding.found
    assert finding.advice in str(finding)


VersionInfo = namedtuple("VersionInfo", "major minor micro releaselevel serial")


@pytest.mark.parametrize(("version", "state"), [
    ((3, 10, 1, "final", 0), TROUBLE),
    ((3, 11, 0, "final", 0), GOOD),
    ((3, 13, 9, "final", 0), GOOD),
    ((3, 14, 0, "final", 0), TROUBLE),
])  # fmt: skip
def test_python(monkeypatch, version, state):
    monkeypatch.setattr(sys, "version_info", VersionInfo(*version))
    assert doctor.python().state == state


def test_a_mac_with_an_intel_processor(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")
    assert doctor.python().state == TROUBLE


def test_packages_that_are_missing_or_old(monkeypatch):
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "papermill":
            raise importlib.metadata.PackageNotFoundError(name)
        return "2.0" if name == "keras" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    finding = doctor.packages()
    assert finding.state == TROUBLE
    assert "papermill is missing" in finding.found
    assert "keras 2.0" in finding.found
    assert "numpy" not in finding.found


@pytest.mark.parametrize(("done", "state", "words"), [
    ((-4, "", ""), TROUBLE, "signal 4"),
    ((1, "", "Traceback\nModuleNotFoundError: No module named 'tensorflow'"), TROUBLE, "tensorflow"),
    ((0, "3.13.0 jax /x/keras/__init__.py\n", ""), WARNING, "jax"),
    ((0, "3.13.0 tensorflow /x/keras/__init__.py\n", ""), GOOD, "3.13.0"),
])  # fmt: skip
def test_keras(monkeypatch, done, state, words):
    process = SimpleNamespace(**dict(zip(("returncode", "stdout", "stderr"), done, strict=True)))
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: process)
    finding = doctor.backend()
    assert finding.state == state
    assert words in finding.found


@pytest.mark.parametrize(("free", "limit", "state"), [(5e9, [], GOOD), (1e9, [], WARNING), (5e9, [1e9], WARNING)])
def test_memory(monkeypatch, free, limit, state):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    monkeypatch.setattr(machine, "container_memory", lambda: limit)
    assert doctor.memory().state == state


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells which cores a process may use")
def test_one_core(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert doctor.cores().state == WARNING
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert doctor.cores().state == GOOD


@pytest.mark.parametrize(("value", "state"), [("0", WARNING), ("1", GOOD), (None, GOOD)])
def test_onednn(monkeypatch, value, state):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if value:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", value)
    assert doctor.onednn().state == state


def test_a_cache_that_can_not_be_written_or_is_full(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FER_COURSE_CACHE", str(tmp_path / "file" / "cache"))
    finding = doctor.cache()
    assert finding.state == WARNING
    assert "can't be written" in finding.found
    monkeypatch.setenv("FER_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e6))
    assert "1 MB left" in doctor.cache().found


def test_a_kernel_of_another_python(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: SimpleNamespace(argv=["/bin/echo"]))
    assert doctor.kernel().state == TROUBLE

    def none(*_):
        raise NoSuchKernel("python3")

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    assert doctor.kernel().state == TROUBLE


def test_widgets_of_two_generations(monkeypatch):
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: {"ipywidgets": "8.1", "jupyterlab-widgets": "1.1"}[name]
    )
    assert doctor.widgets().state == WARNING


def test_no_loopback(monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", forbidden)
    assert doctor.loopback().state == TROUBLE


def test_output_that_can_not_hold_every_letter(monkeypatch):
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding="cp1252"))
    assert doctor.text_encoding().state == WARNING


def test_an_examination_that_breaks_down_is_a_finding():
    def broken():
        raise RuntimeError("no luck")

    finding = doctor._safely(broken)
    assert finding.state == WARNING
    assert "no luck" in finding.found


def test_the_command_exits_with_a_status(monkeypatch, capsys):
    finding = doctor.Finding("memory", TROUBLE, "none", "Buy some.")
    monkeypatch.setattr(doctor, "EXAMINATIONS", (lambda: finding,))
    assert cli.main(["doctor"]) == 1
    assert "→ Buy some." in capsys.readouterr().out
    assert cli.main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"name": "memory", "state": "✘", "found": "none", "advice": "Buy some."}
    ]
    monkeypatch.setattr(doctor, "EXAMINATIONS", (lambda: doctor.Finding("memory", WARNING, "little"),))
    assert cli.main(["doctor"]) == 0


def test_the_pythons_are_those_of_the_lock(monkeypatch):
    known = reading.pythons(ROOT / "locks" / "course.txt")
    assert extras.pythons() == known
    assert doctor.python().state == doctor.GOOD
    monkeypatch.setattr(doctor.sys, "version_info", (3, int(known[-1].split(".")[1]) + 1, 0))
    found = doctor.python()
    assert found.state == doctor.TROUBLE
    assert f"or {known[-1]}" in found.advice
    assert "make clean setup" in found.advice or "new environment" in found.advice
