"""What docs/developers shows works: the example network can be built, and the files and modules that the pages name exist."""

import re

import numpy as np
import pytest
from repository import ROOT

from fer_course import models
from fer_course.models import networks, registry

PAGES = sorted((ROOT / "docs" / "developers").glob("*.md"))


def test_the_example_network_has_the_parameters_that_the_page_states(monkeypatch):
    page = (ROOT / "docs" / "developers" / "add-a-network.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    code = "\n".join(line[3:] for line in code.splitlines())
    monkeypatch.setattr(registry, "_BUILDERS", dict(registry._builders()))
    exec(code, {**vars(networks)})
    network = models.build("tiny_net", input_size=24)
    assert f"{network.count_params():,} parameters" in models.describe("tiny_net")
    np.testing.assert_allclose(network.predict(np.zeros((2, 24, 24, 1)), verbose=0).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_files_that_a_page_names_exist(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = re.findall(r"`((?:fer_course|tests|docs|benchmarks|solutions|locks|book)/[\w/.-]+)`", text)
    missing = [
        name
        for name in named
        if not re.search(r"NN|TOPIC|READER|ROOM|my_figure|_build", name) and not (ROOT / name).exists()
    ]
    assert not missing
