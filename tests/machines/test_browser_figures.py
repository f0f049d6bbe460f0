"""Living figures in a page opened from a disk: dragged, and their numbers compared with Python's. No kernel, no network."""

from __future__ import annotations

import re

import nbformat
import numpy as np
import pytest
from browsing import (  # noqa: F401
    BROWSER_TESTS,
    barriers,
    browser,
    driver,
    lab,
    listen,
    open_notebook,
    start_all,
    wait_until_done,
)
from figure_pages import PAGE, assert_fits, bars_of, drag, opened, pixels_of, settle, trait  # noqa: F401

from fer_course import widgets
from fer_course.data import drawn
from fer_course.faces import CLASS_NAMES
from fer_course.models.prepare import prepare

pytestmark = BROWSER_TESTS

# ------------------------------------------------------------------------------------------------------- steer a face


@pytest.mark.parametrize("width", [360, 1280])
def test_a_steered_face_and_its_scores_are_those_of_python(opened, width):  # noqa: F811
    from fer_course import models
    from fer_course.widgets import steer_a_face

    page = opened(steer_a_face(), width)
    drag(page, page.get_by_role("slider", name="12 lip corner puller"), 0.6)
    page.get_by_role("slider", name="person").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    settle(page)
    units, person = trait(page, "units"), trait(page, "person")
    assert units["12"] == pytest.approx(0.6, abs=0.1)
    assert person == 2
    face = drawn.draw_one({int(number): value for number, value in units.items()}, person)
    assert np.abs(pixels_of(page, ".fer canvas") - face.astype(int)).max() <= 1
    expected = models.pretrained().predict(prepare(face[None], 48), verbose=0)[0]
    np.testing.assert_allclose(bars_of(page), expected, atol=2e-3)
    np.testing.assert_allclose(trait(page, "scores"), bars_of(page), atol=1e-5)
    note = page.locator(".where")
    assert note.is_visible() == (width == 360)  # there the sliders scroll in a box
    if width == 360:
        page.locator(".sliders").evaluate("(box) => box.scrollTo(0, 0)")
        page.wait_for_function("document.querySelector('.where').textContent.startsWith('1 to ')")
        assert re.fullmatch("1 to [0-9] of 16 muscles: scroll in the box for the others.", note.text_content())
        page.locator(".sliders").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
        page.wait_for_function("document.querySelector('.where').textContent.includes('to 16 of 16')")
    assert_fits(page, width)
    assert barriers(page) == []


def test_a_textbook_face_names_the_jump_and_the_name_that_changes(opened):  # noqa: F811
    from fer_course.widgets import steer_a_face

    page = opened(steer_a_face())
    page.get_by_role("button", name="happy").click()
    settle(page)
    assert trait(page, "units") == {"6": 0.8, "12": 1.0, "25": 0.8}
    assert page.get_by_role("button", name="happy").get_attribute("aria-pressed") == "true"
    assert "happy" in page.locator("svg text").all_text_contents()
    said = page.locator("p[role=status]").text_content()
    assert re.fullmatch("The name changed from .* to happy: another expression.", said)
    page.get_by_role("button", name="sad").click()
    settle(page)
    scores = trait(page, "scores")
    named = CLASS_NAMES[int(np.argmax(scores))]
    assert named != "sad"  # else this test would need another face
    expected = f"The muscles of sad: the network says {named}, {100 * max(scores):.0f} %."
    assert page.locator("p[role=status]").text_content() == expected
    page.get_by_role("slider", name="26 jaw drop").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "The muscles of sad" not in page.locator("p[role=status]").text_content()
    page.get_by_role("button", name="clear").click()
    settle(page)
    assert page.locator("svg polyline").first.get_attribute("points").count(",") == 1
    assert "Move one muscle slowly" in page.locator("p[role=status]").text_content()


def test_a_drag_over_people_is_one_move_and_a_muscle_names_its_stretch(opened):  # noqa: F811
    from fer_course.widgets import steer_a_face

    page = opened(steer_a_face())
    moves = lambda: page.locator("svg polyline").first.get_attribute("points").count(",")  # noqa: E731
    page.get_by_role("slider", name="12 lip corner puller").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        settle(page)
    assert moves() == 5
    assert "12 lip corner puller: 0.00 → 0.20" in page.locator("svg text").all_text_contents()
    people = page.get_by_role("slider", name="person")
    drag(page, people, 0.9)
    first = trait(page, "person")
    assert first > 20
    assert moves() == 6
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    assert trait(page, "person") == first + 2
    assert moves() == 8  # each key is a move
    drag(page, people, 0.2)
    assert moves() == 9
    assert f"person {trait(page, 'person')}" in page.locator("svg text").all_text_contents()


CELLS = [
    "from fer_course.widgets import steer_a_face\nfigure = steer_a_face(person=2)\nfigure",
    "same = abs(figure._ask(figure.image()) - figure.scores).max() < 0.005\n"
    "print('chosen', figure.units, figure.person, bool(same))",
]


def test_python_reads_a_steered_face_in_jupyterlab(browser, lab):  # noqa: F811
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS], metadata=kernel)
    nbformat.write(notebook, lab[1] / "steer.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = listen(page)
    open_notebook(page, lab, "steer.ipynb")
    start_all(page)
    wait_until_done(page)
    page.get_by_text("chosen {} 2 True").wait_for()
    slider = page.get_by_role("slider", name="12 lip corner puller")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.get_by_role("slider", name="person").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("chosen {'12': 0.5} 3 True").wait_for(timeout=20_000)
    assert complaints == []
    page.close()


# ------------------------------------------------------------------------------------------------- augmentation judge


def test_a_vote_comes_before_the_network_and_its_probability_is_that_of_python(opened):  # noqa: F811
    from fer_course import models
    from fer_course.widgets import augmentation_judge
    from fer_course.widgets.augmentation_judge import changed

    page = opened(augmentation_judge(face=3))
    assert "happy" not in page.locator(".panels").first.text_content()  # the label would sway the vote
    drag(page, page.get_by_role("slider", name="turn"), 0.6)
    stage = page.locator(".stage").nth(1)
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 120, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + 145, box["y"] + 105, steps=5)  # 5 pixels of a face right, 3 up
    page.mouse.up()
    settle(page)
    settings = trait(page, "settings")
    assert (settings["right"], settings["down"]) == (5, -3)
    assert page.locator(".answer").is_hidden()
    before = stage.bounding_box()
    page.get_by_role("button", name="can't tell").click()
    settle(page)
    assert page.locator(".answer").is_visible()
    assert stage.bounding_box() == before  # the layout does not jump
    (vote,) = trait(page, "votes")
    assert (vote["face"], vote["label"], vote["vote"], vote["settings"]) == (3, "happy", "can't tell", settings)
    face = changed(drawn.draw_one(drawn.PROTOTYPES["happy"], 3), settings)
    assert np.abs(pixels_of(page, ".panel:nth-child(2) canvas") - face.astype(int)).max() <= 1
    expected = models.pretrained().predict(prepare(face[None], 48), verbose=0)[0]
    np.testing.assert_allclose(bars_of(page), expected, atol=5e-3)
    named = CLASS_NAMES[expected.argmax()]
    assert vote["network"] == named
    assert page.locator(".votes td").all_text_contents()[1:4] == ["happy", "can't tell", named]
    assert "label: happy" in page.locator(".panels").first.text_content()
    assert vote["probability"] == pytest.approx(expected[3], abs=5e-3)
    assert barriers(page) == []
    stage.focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert trait(page, "settings")["right"] == 4
    assert page.locator(".answer").is_hidden()  # another change: vote again
    page.get_by_role("button", name="as it was").click()
    drag(page, page.get_by_role("slider", name="turn"), 0.95)
    page.get_by_role("button", name="sad", exact=True).click()
    settle(page)
    turned = trait(page, "settings")["turn"]
    assert f"turn (degrees): you leave happy at {turned}; the network" in page.locator(".panels").last.text_content()
    assert_fits(page, 1280)
    assert barriers(page) == []
    page.get_by_role("button", name="next face").click()
    settle(page)
    assert (trait(page, "face"), trait(page, "settings")["turn"]) == (4, 0)
    assert "label: after a vote" in page.locator(".panels").first.text_content()


#: What Bootstrap, and with it the book's theme, says of rows and legends.
BOOTSTRAP = """<style>
.row { display: flex; flex-wrap: wrap; margin: 0 -12px }
.row > * { flex-shrink: 0; width: 100%; padding: 0 12px; margin-top: 8px }
legend { float: left; width: 100%; padding: 0; margin-bottom: .5rem; font-size: 1.5rem }
</style>"""


def test_a_theme_with_bootstrap_does_not_stretch_controls(browser, tmp_path):  # noqa: F811
    question = widgets.predict("theme", "Which is higher?", ["this", "that"])
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    sizes = []
    for theme in ("", BOOTSTRAP):
        file = tmp_path / "page.html"
        file.write_text(
            f"{PAGE}{theme}{question.as_html()}{widgets.chance_machine().as_html()}</main>", encoding="utf-8"
        )
        page.goto(file.as_uri())
        page.wait_for_function("document.querySelectorAll('[data-live=true] .fer').length === 2")
        sizes.append(page.locator(".fer button, .fer label, .fer legend").evaluate_all(
            "found => found.map((each) => [each.offsetWidth, each.offsetHeight])"
        ))  # fmt: skip
    page.close()
    assert sizes[0] == sizes[1]


# ---------------------------------------------------------------------------------- all of them, in JupyterLab as from a disk

#: What builds each figure, in a notebook as here.
ALL = {
    "glass network": "widgets.glass_network()",
    "window inspector": "widgets.window_inspector(drawn.draw_one(drawn.PROTOTYPES['happy'], 3), {'blur': [[1] * 3] * 3})",
    "steer a face": "widgets.steer_a_face()",
    "separable factory": "widgets.separable_factory()",
    "train in the page": "widgets.train_in_page()",
    "cover and move": "widgets.cover_and_move()",
    "receptive ladder": "widgets.receptive_ladder(stack=['3×3', 'pooling 2×2', '3×3'])",
    "threshold desk": "widgets.threshold_desk()",
    "augmentation judge": "widgets.augmentation_judge()",
    "chance machine": "widgets.chance_machine()",
}
#: Moves the last slider of a figure, clicks what counts on, presses a key on its picture, and returns the words before and after.
ACT = """async (root) => {
  const words = () => root.textContent.replace(/\\s+/g, " ");
  const wait = async () => { // until nothing has changed for a second
    for (let round = 0, still = 0, last = ""; round < 150 && still < 10; round += 1) {
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
      still = words() === last ? still + 1 : 0;
      last = words();
    }
  };
  await wait();
  const before = words();
  const sliders = root.querySelectorAll("input[type=range]");
  const slider = sliders[sliders.length - 1];
  if (slider) {
    slider.value = Number(slider.min) + 0.75 * (Number(slider.max) - Number(slider.min));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
  root.querySelector("button[data-step]")?.click();
  const picture = root.querySelector("[role=application]");
  for (const key of ["ArrowRight", "ArrowDown"]) picture?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await wait();
  return [before, words()];
}"""


def test_every_figure_says_the_same_in_jupyterlab_as_from_a_disk(browser, lab, opened):  # noqa: F811
    start = "from fer_course import widgets\nfrom fer_course.data import drawn"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(cell) for cell in (start, *ALL.values())]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab[1] / "all.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = listen(page)
    open_notebook(page, lab, "all.ipynb")
    start_all(page)
    wait_until_done(page)
    for number, (name, code) in enumerate(ALL.items(), 1):
        cell = page.locator(".jp-CodeCell").nth(number)
        cell.scroll_into_view_if_needed()
        here = cell.locator(".fer").first
        here.wait_for(timeout=60_000)
        in_lab = here.evaluate(ACT)
        on_disk = opened(eval(code, {"widgets": widgets, "drawn": drawn})).locator(".fer").first.evaluate(ACT)
        assert in_lab == on_disk, name
        assert in_lab[0] != in_lab[1], f"{name}: nothing was said to have changed"
    assert complaints == []
    page.close()
