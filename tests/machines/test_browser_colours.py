"""Colours as people with other colour vision see them: Chromium simulates it, the distances are those of CIEDE2000."""

from __future__ import annotations

import base64
import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from browsing import BROWSER_TESTS, PICTURES, browser, driver  # noqa: F401
from matplotlib import colormaps
from matplotlib.colors import to_hex
from PIL import Image
from repository import ROOT

from fer_course import plots

pytestmark = BROWSER_TESTS

#: Of two colours that need not be neighbours; 2.3 is what an eye just sees.
CLEARLY, SIDE = 8, 20
DEFICIENCIES = ["none", "protanopia", "deuteranopia", "tritanopia", "achromatopsia"]
FIGURES = ROOT / "tests" / "plots" / "figures"


@pytest.fixture
def seen(browser):  # noqa: F811
    """A function: a page and a kind of colour vision -> what such an eye sees, uint8 (H, W, 3)."""
    page = browser.new_page(viewport={"width": 800, "height": 600})
    session = page.context.new_cdp_session(page)

    def look(content: str, deficiency: str) -> np.ndarray:
        page.set_content(f"<style>body {{ margin: 0 }} div {{ width: {SIDE}px; height: {SIDE}px }}</style>{content}")
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
        return np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB"))

    yield look
    page.close()


def in_lab(look, colours, deficiency: str) -> np.ndarray:
    from skimage.color import rgb2lab

    swatches = "".join(f'<div style="background: {colour}"></div>' for colour in colours)
    picture = look(swatches, deficiency)
    return rgb2lab(picture[SIDE // 2 : SIDE * len(colours) : SIDE, SIDE // 2] / 255)


def distances(lab: np.ndarray) -> list[float]:
    from skimage.color import deltaE_ciede2000

    return [float(deltaE_ciede2000(lab[one], lab[other])) for one, other in combinations(range(len(lab)), 2)]


@pytest.mark.parametrize("deficiency", DEFICIENCIES[:-1])
def test_the_colours_of_lines_and_points_stay_apart(seen, deficiency):
    assert min(distances(in_lab(seen, plots.COLOURS, deficiency))) > CLEARLY


@pytest.mark.parametrize("deficiency", DEFICIENCIES[:-1])
def test_for_and_against_stay_apart(seen, deficiency):
    against, nothing, speaks_for = (to_hex(colormaps["RdBu_r"](place)) for place in (0.1, 0.5, 0.9))
    assert min(distances(in_lab(seen, [against, nothing, speaks_for], deficiency))) > 2 * CLEARLY


def test_the_simulation_is_one(seen):
    """Red and green of the same lightness, which many confuse, come nearer; in grey everything of one lightness is one."""
    confused = ["#a05a00", "#5f7d00"]
    usual, protan = (distances(in_lab(seen, confused, kind))[0] for kind in ("none", "protanopia"))
    assert protan < 0.5 * usual
    grey = in_lab(seen, plots.COLOURS, "achromatopsia")
    assert np.abs(grey[:, 1:]).max() < 1


@pytest.mark.skipif(not PICTURES, reason="only when somebody wants to look (FER_COURSE_SCREENSHOTS)")
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_pictures_for_somebody_to_look_at(seen, deficiency):
    images = [base64.b64encode(path.read_bytes()).decode() for path in sorted(FIGURES.glob("*.png"))]
    page = "".join(f'<img src="data:image/png;base64,{each}">' for each in images)
    Path(PICTURES).mkdir(parents=True, exist_ok=True)
    Image.fromarray(seen(page, deficiency)).save(Path(PICTURES) / f"colours-{deficiency}.png")
    assert images
