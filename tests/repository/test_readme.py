"""README: short, every picture is there, has words, and is light; the film moves for six seconds."""

import re

import pytest
from PIL import Image
from repository import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURES = dict(re.findall(r"!\[([^\]]*)\]\((docs/[^)]+)\)", README))


def test_readme_is_read_in_a_few_minutes():
    assert len(README.splitlines()) <= 112


@pytest.mark.parametrize("path", PICTURES.values())
def test_a_picture_is_light(path):
    assert 0 < (ROOT / path).stat().st_size < 600_000


def test_every_picture_has_words():
    assert len(PICTURES) == README.count("![")
    assert all(len(words.split()) > 8 for words in PICTURES)


def test_the_film_moves_for_six_seconds_and_repeats():
    with Image.open(ROOT / "docs" / "steer.gif") as film:
        assert film.info["loop"] == 0
        assert film.n_frames > 30
        lengths = []
        for frame in range(film.n_frames):
            film.seek(frame)
            lengths.append(film.info["duration"])
    assert sum(lengths) == 6000


@pytest.mark.parametrize("path", ["docs/steer.gif", "docs/results.svg", "docs/live.png", "docs/lesson.png"])
def test_what_readme_promises_to_show_it_shows(path):
    assert path in PICTURES.values()
