"""One address, given once: the setting, README's links, the cell that fetches the course, and the book's buttons."""

import json
import shutil
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from repository import ROOT

from book import notebooks, publish
from fer_course.authoring import hosting_links

GITHUB = "https://github.com/some-body/a.course"
ELSEWHERE = "https://git.example.org/group/sub/course"


@pytest.fixture
def clone(tmp_path) -> Path:
    """What publishing writes into, with one lesson."""
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for kind in ("solutions", "lessons"):
        (tmp_path / kind).mkdir()
        (path,) = (ROOT / kind).glob("00-*.ipynb")
        shutil.copy(path, tmp_path / kind / path.name)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_address_reaches_every_place_that_names_it(clone):
    written = publish.publish(f"{GITHUB}.git", clone)
    assert [path.name for path in written] == ["README.md", "00-start-here.ipynb", "pyproject.toml"]
    settings = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["fer_course"]["repository"] == GITHUB
    (lesson,) = (clone / "lessons").glob("*.ipynb")
    code = [cell for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert code[0]["id"] == "fetch"
    assert f'"git+{GITHUB}@v{settings["project"]["version"]}"' in "".join(code[0]["source"])
    readme = (clone / "README.md").read_text(encoding="utf-8")
    for address in hosting_links.buttons(GITHUB, publish.FIRST).values():
        assert f"]({address})" in readme.split("<!-- end of badges -->")[0]


@pytest.mark.parametrize(("service", "host", "begins"), [
    ("Colab", "colab.research.google.com", "/github/some-body/a.course/blob/main/lessons/00-start-here.ipynb"),
    ("Binder", "mybinder.org", "/v2/gh/some-body/a.course/main"),
    ("Kaggle", "kaggle.com", "/kernels/welcome"),
])  # fmt: skip
def test_each_link_has_the_form_that_its_service_asks_for(service, host, begins):
    line = publish.badges(GITHUB)
    address = line.split(f"in {service}](")[1].split(")")[0]
    parts = urlsplit(address)
    assert (parts.scheme, parts.hostname, parts.path) == ("https", host, begins)
    asked = parse_qs(parts.query)
    assert (
        asked
        == {
            "Colab": {},
            "Binder": {"urlpath": ["lab/tree/lessons/00-start-here.ipynb"]},
            "Kaggle": {"src": [f"{GITHUB}/blob/main/lessons/00-start-here.ipynb"]},
        }[service]
    )
    assert address in notebooks.launch_line("00-start-here.ipynb", GITHUB).source


def test_of_another_forge_only_what_can_read_it_is_linked(clone):
    publish.publish(ELSEWHERE, clone)
    between = (clone / "README.md").read_text(encoding="utf-8").split("<!-- end of badges -->")[0]
    assert "mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Fgroup%2Fsub%2Fcourse/main" in between
    assert "colab" not in between


def test_twice_the_same_address_changes_nothing_and_another_one_replaces_it(clone):
    before = (clone / "README.md").read_bytes()
    publish.publish(GITHUB, clone)
    there = contents(clone)
    assert publish.publish(GITHUB, clone) == []
    assert contents(clone) == there
    publish.publish(ELSEWHERE, clone)
    assert not [name for name, text in contents(clone).items() if b"some-body" in text]
    assert len((clone / "README.md").read_bytes()) > len(before)


@pytest.mark.parametrize("address", [
    "", " ", "github.com/me/course", "https://github.com", "https://github.com/me", "http://github.com/me/course",
    "https://github.com/me/course?tab=readme", "/home/me/course", "https://github.com/me/a course", 'https://x.y/a/b"\n[z]',
])  # fmt: skip
def test_what_is_no_address_is_refused_and_nothing_is_written(address, clone):
    before = contents(clone)
    with pytest.raises(publish.AddressError, match=r"Give it as https://github\.com/NAME/REPOSITORY"):
        publish.publish(address, clone)
    assert contents(clone) == before


@pytest.mark.parametrize("address", [
    "git@github.com:me/course.git", "ssh://git@github.com/me/course.git", "https://github.com/me/course/",
    " https://github.com/me/course.git ",
])  # fmt: skip
def test_an_address_as_git_writes_it_is_understood(address):
    assert publish.checked(address) == "https://github.com/me/course"


def test_a_workflow_of_a_published_course_changes_nothing(monkeypatch, capsys):
    monkeypatch.setattr(hosting_links, "repository", lambda: GITHUB)
    monkeypatch.setattr(publish, "publish", lambda *_: pytest.fail("it was published again"))
    assert publish.main([ELSEWHERE, "--first"]) == 0
    assert GITHUB in capsys.readouterr().out


def test_a_wrong_address_ends_in_one_sentence(capsys):
    assert publish.main(["somewhere"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_readme_says_how_to_publish():
    readme = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
    assert "make publish REPOSITORY=https://github.com/NAME/REPOSITORY" in readme
