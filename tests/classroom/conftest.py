"""What the tests of marks and feedback share: one class that was graded, which none of them changes."""

import marked_class
import pytest


@pytest.fixture(scope="session")
def marked(tmp_path_factory):
    """Return a graded class; to change one, take `own`."""
    pytest.importorskip("nbgrader")
    return marked_class.make(tmp_path_factory.mktemp("marked"))


@pytest.fixture
def own(marked, tmp_path):
    """Return a copy of the graded class."""
    import shutil

    return shutil.copytree(marked, tmp_path / "class")
