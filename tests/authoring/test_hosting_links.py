"""Addresses for Colab, Binder and Kaggle, of made-up repositories."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from fer_course.authoring import hosting_links

NOTEBOOK = "lessons/03-slide-a-kernel.ipynb"
GITHUB = "https://github.com/somebody/fer_course"
ELSEWHERE = "https://git.example.org/me/fer_course"


def test_colab_reads_from_github():
    assert (
        hosting_links.colab(GITHUB, NOTEBOOK)
        == f"https://colab.research.google.com/github/somebody/fer_course/blob/main/{NOTEBOOK}"
    )


def test_kaggle_copies_from_github():
    address = urlsplit(hosting_links.kaggle(GITHUB, NOTEBOOK))
    assert (address.hostname, address.path) == ("kaggle.com", "/kernels/welcome")
    assert parse_qs(address.query) == {"src": [f"{GITHUB}/blob/main/{NOTEBOOK}"]}


@pytest.mark.parametrize(
    ("repository", "place"),
    [
        (GITHUB, "gh/somebody/fer_course"),
        ("https://gitlab.com/a/group/fer_course", "gl/a%2Fgroup%2Ffer_course"),
        (ELSEWHERE, "git/https%3A%2F%2Fgit.example.org%2Fme%2Ffer_course"),
    ],
)
def test_binder_builds_any_repository_and_opens_the_notebook_in_jupyterlab(repository, place):
    address = urlsplit(hosting_links.binder(repository, NOTEBOOK))
    assert (address.hostname, address.path) == ("mybinder.org", f"/v2/{place}/main")
    assert parse_qs(address.query) == {"urlpath": [f"lab/tree/{NOTEBOOK}"]}


@pytest.mark.parametrize("ending", ["", "/", ".git", ".git/", "  "])
def test_how_the_address_ends_does_not_matter(ending):
    for service in (hosting_links.colab, hosting_links.binder, hosting_links.kaggle):
        assert service(GITHUB + ending, NOTEBOOK) == service(GITHUB, NOTEBOOK)


def test_names_with_blanks_and_another_branch_are_quoted():
    address = hosting_links.colab(GITHUB, "lessons/a b#c.ipynb", branch="week 3")
    assert address.endswith("/blob/week%203/lessons/a%20b%23c.ipynb")
    src = parse_qs(urlsplit(hosting_links.kaggle(GITHUB, "lessons/a b#c.ipynb")).query)["src"][0]
    assert unquote(unquote(src)).endswith("lessons/a b#c.ipynb")


def test_a_service_that_can_not_read_the_repository_is_left_out():
    assert list(hosting_links.buttons(GITHUB, NOTEBOOK)) == ["Colab", "Binder", "Kaggle"]
    assert list(hosting_links.buttons(ELSEWHERE, NOTEBOOK)) == ["Binder"]
    assert hosting_links.buttons("", NOTEBOOK) == hosting_links.buttons(" / ", NOTEBOOK) == {}
    assert hosting_links.colab("https://github.com/somebody", NOTEBOOK) is None
    assert hosting_links.source("", "README.md") is None


def test_the_repository_is_the_one_that_pyproject_names(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text(f'[tool.fer_course]\nrepository = "{GITHUB}/"\n')
    monkeypatch.setattr(hosting_links, "checkout", lambda: tmp_path)
    assert hosting_links.repository() == GITHUB
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    assert hosting_links.repository() == ""
    monkeypatch.setattr(hosting_links, "checkout", lambda: None)  # installed from a wheel
    assert hosting_links.repository() == ""
