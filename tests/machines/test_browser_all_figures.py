"""All living figures, and the exported page, in Chromium: from a disk, without a kernel; and one of them in JupyterLab."""

from __future__ import annotations

import json

import nbformat
import numpy as np
import pytest
from browsing import (  # noqa: F401
    BROWSER_TESTS,
    barriers,
    browser,
    chromium,
    driver,
    lab,
    listen,
    open_notebook,
    start_all,
    wait_until_done,
)
from figure_pages import assert_fits, bars_of, drag, opened, pixels_of, settle, trait  # noqa: F401

from fer_course import export, linear, models, widgets
from fer_course._shared.scripts import as_array
from fer_course.data import drawn

pytestmark = BROWSER_TESTS
EDGE = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
FACE = drawn.draw_one(drawn.PROTOTYPES["happy"], 3)
FIGURES = {
    "window_inspector": lambda: widgets.window_inspector(FACE, {"edge": EDGE, "nothing": np.eye(3)}),
    "cover_and_move": widgets.cover_and_move,
    "glass_network": widgets.glass_network,
    "separable_factory": widgets.separable_factory,
    "receptive_ladder": lambda: widgets.receptive_ladder(stack=["3×3", "pooling 2×2", "3×3"]),
    "train_in_page": widgets.train_in_page,
    "threshold_desk": widgets.threshold_desk,
    "chance_machine": widgets.chance_machine,
    "steer_a_face": widgets.steer_a_face,
    "augmentation_judge": widgets.augmentation_judge,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_fits_a_telephone_and_has_no_barrier(opened, name, scheme):  # noqa: F811
    page = opened(FIGURES[name](), 360)
    page.emulate_media(color_scheme=scheme)
    settle(page)
    assert page.locator(".fer").get_attribute("data-ground") == scheme
    assert page.locator(".fer-still").is_hidden()
    assert_fits(page, 360)
    assert barriers(page) == []


def test_the_window_inspector_sums_what_python_sums(opened):  # noqa: F811
    page = opened(FIGURES["window_inspector"]())
    drag(page, page.get_by_role("slider", name="stride"), 0.34)  # 2
    page.get_by_label("kernel, row 2, column 3").fill("7")
    page.locator(".stage").first.click(position={"x": 150, "y": 100})
    page.locator(".stage").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    settle(page)
    assert (trait(page, "stride"), trait(page, "kernel")[1][2]) == (2, [7])
    row, column = trait(page, "window")
    window = FACE[2 * row : 2 * row + 3, 2 * column : 2 * column + 3].astype(float)
    expected = (window * np.array(trait(page, "kernel"))[..., 0]).sum()
    assert float(page.locator(".sum").get_attribute("data-sum")) == pytest.approx(expected)


def test_a_window_keeps_its_place_shows_its_products_and_says_what_it_refuses(opened):  # noqa: F811
    page = opened(FIGURES["window_inspector"](), 390)
    page.locator(".stage").first.click(position={"x": 6 * 20 + 3, "y": 6 * 30 + 3})  # row 30, column 20 of the face
    settle(page)
    assert trait(page, "window") == [29, 19]
    box = page.locator(".frame").first.bounding_box()
    drag(page, page.get_by_role("slider", name="stride"), 0.34)  # 2
    assert trait(page, "window") == [15, 10]  # its middle is at 31, 21: no other is nearer
    moved = page.locator(".frame").first.bounding_box()
    assert abs(moved["x"] - box["x"]) < 13 > abs(moved["y"] - box["y"])
    shown = page.get_by_role("table", name="products").locator("td").all_text_contents()
    window = FACE[30:33, 20:23].astype(int)
    expected = [
        f"{pixel} × {weight}= {pixel * weight}" for pixel, weight in zip(window.ravel(), np.ravel(EDGE), strict=True)
    ]
    assert [each.replace("−", "-") for each in shown] == expected
    page.get_by_label("kernel, row 1, column 1").fill("0.037")
    box = page.get_by_label("kernel, row 1, column 1")
    assert box.evaluate("(input) => input.scrollWidth <= input.clientWidth")
    box.fill("")
    assert "no number: 0.037 still counts" in page.locator(".refused").text_content()
    assert box.get_attribute("aria-invalid") == "true"
    page.get_by_label("kernel, row 1, column 2").focus()
    assert (box.input_value(), page.locator(".refused").text_content()) == ("0.037", "")
    page.get_by_role("combobox", name="padding").select_option(label="same (zeros outside)")
    drag(page, page.get_by_role("slider", name="stride"), 0)
    page.locator(".stage").first.click(position={"x": 1, "y": 100})
    settle(page)
    assert page.locator(".zeros").first.evaluate("(box) => getComputedStyle(box).paddingLeft") == "6px"  # a pixel of 48
    assert "3 of the window's 9 pixels lie outside" in page.locator("p[role=status]").last.text_content()
    cells = page.get_by_role("table", name="products").locator("td").all_text_contents()
    assert ["outside" in cell for cell in cells] == [True, False, False] * 3
    padding, note = "(box) => getComputedStyle(box).padding", page.locator(".note", has_text="become a map")
    drag(page, page.get_by_role("slider", name="stride"), 0.34)
    assert "the border at the bottom and right" in note.text_content()
    assert page.locator(".zeros").first.evaluate(padding) == "0px 6px 6px 0px"
    drag(page, page.get_by_role("slider", name="stride"), 0.67)
    assert "No window reaches outside" in note.text_content()
    assert page.locator(".zeros").first.evaluate(padding) == "0px"
    assert_fits(page, 390)


def test_a_painted_face_gets_keras_scores_and_the_sum_is_keras_number(opened):  # noqa: F811
    page = opened(FIGURES["glass_network"]())
    stage = page.locator(".stage").first
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + 170, box["y"] + 95, steps=6)
    page.mouse.up()
    settle(page)
    painted = as_array(trait(page, "image"))
    assert (painted == 0).sum() > 50
    np.testing.assert_array_equal(pixels_of(page, ".stage canvas"), painted)
    model = models.pretrained()
    expected = model.predict(painted[None, ..., None], verbose=0)[0]
    np.testing.assert_allclose(bars_of(page), expected, atol=1e-5)
    np.testing.assert_allclose(trait(page, "scores"), expected, atol=1e-5)
    page.get_by_role("button", name="44 × 44").first.click()
    page.locator(".stage").nth(1).click(position={"x": 60, "y": 60})
    settle(page)
    number, map_number, (row, column) = trait(page, "layer"), trait(page, "map"), trait(page, "pixel")
    from fer_course.export.networks import describe
    from fer_course.quiet import keras

    name = describe(model)["layers"][number]["name"]
    inside = keras.Model(model.inputs, model.get_layer(name).output).predict(painted[None, ..., None], verbose=0)[0]
    shown = float(page.locator(".sum").get_attribute("data-sum"))
    assert shown == pytest.approx(inside[row, column, map_number], abs=1e-4)


@pytest.mark.parametrize("names", [["mini-Xception"], ["one", "two"]])
def test_a_moved_or_covered_face_has_its_scores_beside_those_before(opened, names):  # noqa: F811
    page = opened(widgets.cover_and_move({name: models.pretrained() for name in names}), 390)
    stage, first = page.locator(".stage").first, page.locator(".score").first
    stage.focus()
    for key in ["ArrowRight"] * 7 + ["ArrowUp"]:
        page.keyboard.press(key)
    page.wait_for_function("document.querySelectorAll('polyline')[0].getAttribute('points').split(' ').length === 17")
    face = drawn.draw_one(drawn.PROTOTYPES["disgust"], 5).astype(float)
    around = np.pad(face, 8, "edge")
    places = [around[9:57, 8 - right : 56 - right] for right in range(-8, 9)]
    scores = models.pretrained().predict(np.stack([face, *places])[..., None], verbose=0)
    np.testing.assert_allclose(bars_of(page), np.tile(scores[-2], len(names)), atol=1e-5)
    assert float(first.get_attribute("data-before")) == pytest.approx(scores[0, 1], abs=1e-5)
    assert first.text_content() == f"{100 * scores[-2, 1]:.0f} %"
    assert "Moved 1 pixel up and 7 pixels to the right" in page.locator("p[role=status]").text_content()
    points = page.locator("polyline").first.get_attribute("points").split()
    shares = [(132 - float(point.split(",")[1])) / 120 for point in points]
    np.testing.assert_allclose(shares, scores[1:, 1], atol=1e-3)  # the curve is that of the face one pixel up
    assert ("one" in page.locator(".fer").text_content()) == (len(names) > 1)
    assert page.locator("polyline").count() == 2 * len(names)
    assert_fits(page, 390)
    assert barriers(page) == []
    assert "(sideways only)" in page.locator(".fer").text_content()  # the face was also moved up, the 70 were not
    assert "the last maps are 3 × 3" in page.locator(".note").last.text_content()
    page.get_by_role("button", name="put it back").click()
    assert trait(page, "shift") == [0, 0]
    page.get_by_role("button", name="cover a part").click()
    settle(page)
    assert "the network was looking" in page.locator(".note").last.text_content()
    stage.click(position={"x": 20, "y": 20})
    drag(page, page.get_by_role("slider", name="size"), 0.9)
    assert (trait(page, "size") > 20, trait(page, "place") != [34, 24]) == (True, True)
    page.get_by_role("button", name="put it back").click()
    assert (trait(page, "size"), trait(page, "place")) == (12, [34, 24])


def test_the_ladder_draws_the_outside_and_keeps_the_place(opened):  # noqa: F811
    page = opened(widgets.receptive_ladder(stack=["3×3", "pooling 2×2", "3×3"]), 390)
    cell = page.locator("rect[data-row='3'][data-cell='0']").bounding_box()
    page.mouse.click(cell["x"] + cell["width"] / 2, cell["y"] - 4)  # between the rows counts, too
    settle(page)
    assert trait(page, "place") == [3, 0]
    outside = page.locator("rect.zero").evaluate_all("cells => cells.map(({ dataset }) => [dataset.row, dataset.cell])")
    assert outside == [["0", "-3"], ["0", "-2"], ["0", "-1"], ["1", "-2"], ["1", "-1"], ["2", "-1"]]
    face, frame = page.locator(".stage canvas").bounding_box(), page.locator(".frame").bounding_box()
    pixel = face["width"] / 48
    assert face["x"] - frame["x"] == pytest.approx(3 * pixel, abs=0.6)
    assert frame["width"] == pytest.approx(8 * pixel, abs=0.6)
    last = page.locator("rect[data-row='3'][data-cell='20']").bounding_box()
    page.mouse.move(cell["x"] + 2, cell["y"] + 4)
    page.mouse.down()
    page.mouse.move(last["x"] + 2, cell["y"] + 4, steps=6)
    page.mouse.up()
    settle(page)
    assert trait(page, "place") == [3, 20]
    page.get_by_role("button", name="+ 3×3, stride 2").click()
    settle(page)
    assert trait(page, "place") == [4, 10]  # the box over box 21, half a box from 20
    page.get_by_role("button", name="take the last away").click()
    settle(page)
    assert trait(page, "place") == [3, 21]
    pooling = page.get_by_role("button", name="+ pooling 2×2")
    for _ in range(4):  # 12, 6, 3, 1 box
        pooling.click()
        settle(page)
    assert pooling.is_disabled()
    assert pooling.get_attribute("title") == "a window of 2 is wider than the last row, 1 box"
    assert "wider than the last row" in page.locator(".note").text_content()
    assert "beside" not in page.locator("p[role=status]").text_content()
    assert_fits(page, 390)
    assert barriers(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_glass_network_hides_no_sum_and_names_its_last_maps(opened, width):  # noqa: F811
    page = opened(FIGURES["glass_network"](), width)
    fits = "(box) => box.scrollWidth <= box.clientWidth"
    products = page.get_by_role("table", name="products")
    shown = [float(each.replace("−", "-").split("= ")[1]) for each in products.locator("td").all_text_contents()]
    assert len(shown) == 9
    assert sum(shown) == pytest.approx(float(page.locator(".sum").get_attribute("data-sum")), abs=0.05)
    assert products.locator("..").evaluate(fits)
    count = page.locator(".layers canvas").count()
    skipped = " Numbers count all 58 layers; steps between are not shown."
    assert page.locator(".where").text_content().endswith(f"of {count}: scroll down, to the scores.{skipped}")
    page.locator(".layers").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    page.get_by_role("button", name="58 softmax").click()
    settle(page)
    assert page.locator(".where").text_content().endswith(f"to {count} of {count}, down to the scores.{skipped}")
    assert "One number per class" in page.locator(".kept").text_content()
    assert "Layer 58 of 58, softmax: happy" in page.locator("h4").all_text_contents()
    powers = page.get_by_role("table", name="what the number is made of")
    assert powers.locator("th").all_text_contents() == [*drawn.PROTOTYPES, "sum"]
    assert powers.locator("..").evaluate(fits)
    page.get_by_role("button", name="57 global mean").last.click()  # what it is made from
    settle(page)
    assert trait(page, "layer") == 57
    assert page.get_by_role("table", name="the numbers of the window").locator("td").count() == 9
    page.get_by_label("show every step").check()
    page.get_by_role("button", name="12 mean pooling on the shortcut").click()
    page.get_by_role("button", name="53 max pooling").click()
    settle(page)
    cells = page.get_by_role("table", name="the numbers of the window").locator("td")
    numbers = [float(each.replace("−", "-")) for each in cells.all_text_contents()]
    marked = page.locator(".largest").text_content()
    assert float(marked.replace("−", "-")) == max(numbers)
    assert_fits(page, width)


def test_the_factory_the_ladder_and_the_desk_follow(opened):  # noqa: F811
    page = opened(FIGURES["separable_factory"]())
    drag(page, page.get_by_role("slider", name="filters"), 0.5)
    filters, size = trait(page, "filters"), trait(page, "size")
    assert filters > 100
    ratio = float(page.locator(".ratio").get_attribute("data-ratio"))
    assert ratio == pytest.approx(1 / filters + 1 / size**2)
    assert "costs" not in page.locator("p[role=status]").text_content()
    sizes = {name: trait(page, name) for name in ("channels", "filters", "size", "side")}
    standard, separable = widgets.separable_factory(**sizes).work()
    words = page.locator("svg text").all_text_contents()
    assert {f"{standard:,} multiply-adds", f"{separable:,} multiply-adds"} <= {*words}
    drag(page, page.get_by_role("slider", name="filters"), 0)
    assert "It costs more" in page.locator("p[role=status]").text_content()
    page = opened(FIGURES["receptive_ladder"]())
    page.get_by_role("button", name="+ 5×5").click()
    settle(page)
    assert page.locator(".field").get_attribute("data-field") == "16"  # 3, 4, 8, and four more steps of two pixels
    page = opened(FIGURES["threshold_desk"]())
    drag(page, page.get_by_role("slider", name="answers only when surer than"), 0.8)
    level = trait(page, "threshold")
    made = FIGURES["threshold_desk"]()
    probabilities = as_array(made.probabilities).astype(float)
    sure = probabilities.max(axis=1) / probabilities.sum(axis=1)
    right = probabilities.argmax(axis=1) == as_array(made.labels)
    assert float(page.locator(".coverage").get_attribute("data-coverage")) == pytest.approx((sure >= level).mean())
    assert float(page.locator(".accuracy").get_attribute("data-accuracy")) == pytest.approx(right[sure >= level].mean())
    page.get_by_role("slider", name="answers only").focus()
    page.keyboard.press("Tab")  # to the first dot
    first = page.locator("circle").first.get_attribute("aria-label")
    assert page.locator(".bundle").text_content() == f"{first}."
    page.locator("circle").nth(2).hover(force=True)
    inside = (sure >= 0.4) & (sure < 0.5)  # no face is surer than 30 % of nothing: dots begin at 20 %
    third = f"{inside.sum()} faces: said {100 * sure[inside].mean():.0f} %, right {100 * right[inside].mean():.0f} %"
    assert page.locator(".bundle").text_content() == f"{third}; none answered."
    page.get_by_role("slider", name="answers only").focus()
    for key in ["End", *["ArrowLeft"] * 4, *["ArrowLeft"] * 4]:  # 99, 95, 91 %
        page.keyboard.press(key)
        settle(page)
        level = trait(page, "threshold")
        cores = page.locator("circle.answered")
        shown = cores.evaluate_all("dots => dots.map((dot) => [Number(dot.dataset.answered), dot.r.baseVal.value])")
        radius = page.locator("circle[role=button]").last.evaluate("(dot) => dot.r.baseVal.value")
        table = page.locator("table.slanted td").all_text_contents()
        assert sum(count for count, _ in shown) == sum(map(int, filter(None, table))) == (sure >= level).sum()
        assert (shown[-1][1] / radius) ** 2 == pytest.approx((sure >= level).sum() / (sure >= 0.9).sum())
    assert level == 0.91


def test_a_step_in_the_page_is_a_step_of_linear(opened):  # noqa: F811
    page = opened(FIGURES["train_in_page"]())
    drag(page, page.get_by_role("slider", name="faces per step"), 1)
    page.get_by_role("button", name="one step").click()
    settle(page)
    assert (trait(page, "batch"), trait(page, "steps")) == (256, 1)
    made = FIGURES["train_in_page"]()
    loss = float(page.locator(".accuracy").get_attribute("data-loss"))
    start = linear.cross_entropy(np.full((400, 7), 1 / 7), np.zeros(400, dtype=int))
    assert loss < start == pytest.approx(np.log(7))
    assert made.rate == trait(page, "rate")
    assert "Step 1: " in page.locator("p[role=status]").text_content()
    assert "guessing: 14 %" in page.locator("p[role=status]").text_content()
    assert page.locator("polyline").count() == 2
    drag(page, page.get_by_role("slider", name="learning rate"), 1)  # 30
    page.get_by_role("button", name="one step").click()
    page.get_by_role("button", name="one step").click()
    settle(page)
    assert "8 or more" in page.locator("svg").first.text_content()
    change = page.locator("svg .change")
    assert (change.count(), float(change.get_attribute("x1"))) == (1, 64 + 246 * 1 / 10)  # after step 1 of 10
    assert "rate 30" in page.locator("svg text").all_text_contents()
    page.get_by_role("button", name="start again").click()
    settle(page)
    assert page.locator("polyline").count() == 4  # the run before stays, in grey
    assert f"3 steps, learning rate {made.rate:g}, then 30." in page.locator(".earlier").text_content()
    assert "8 or more" not in page.locator("svg").first.text_content()  # the axes fit the new run


def test_intervals_rain_and_are_counted(opened):  # noqa: F811
    page = opened(widgets.chance_machine(accuracy=0.61, n=130))  # 130: not among the sizes that it brings
    assert "test faces: 130" in page.locator(".row").text_content()
    for _ in range(3):
        page.get_by_role("button", name="one more").click()
    settle(page)
    assert trait(page, "drops") == 3
    assert page.locator("svg .interval").count() == 3
    page.get_by_role("button", name="let them rain").click()
    page.wait_for_function("document.querySelectorAll('svg .interval').length === 25")
    page.get_by_role("button", name="stop").click()
    drops = trait(page, "drops")
    page.wait_for_timeout(300)
    assert trait(page, "drops") == drops
    assert page.get_by_role("button", name="let them rain").is_visible()
    while trait(page, "drops") < 100:
        page.get_by_role("button", name="one more").click()
    settle(page)
    assert (
        page.locator("svg .missed").count() == trait(page, "missed") > 0
    )  # also those that the last 25 no longer hold
    dots = page.locator("svg circle")
    assert dots.count() == page.locator("svg .missed").count()  # nothing lies on the intervals that could hide them
    places = dots.evaluate_all("all => all.map((dot) => [dot.cx.baseVal.value, dot.cy.baseVal.value])")
    assert len({tuple(place) for place in places}) == len(places)  # nor on one another
    ends = page.locator("svg .interval").last.evaluate("(bar) => [bar.x1.baseVal.value, bar.x2.baseVal.value]")
    low, high = (float(page.locator(".last").get_attribute(f"data-{end}")) for end in ("low", "high"))
    assert ends == pytest.approx([20 + 360 * low, 20 + 360 * high], abs=1e-3)
    assert "measured accuracy" in page.locator("svg text").all_text_contents()
    said = page.locator("p[role=status]").text_content()
    page.get_by_role("slider", name="test faces").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert (trait(page, "n"), trait(page, "drops")) == (200, 0)
    assert said[: said.index(" %.")] in page.locator(".note").first.text_content()
    assert page.locator("svg .earlier").count() > 3


# -------------------------------------------------------------------------------------------------- the exported page


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export.export(models.pretrained(), tmp_path_factory.mktemp("page") / "net.html", "page").path


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_scores_drawn_faces_as_keras_does(browser, exported, width):  # noqa: F811
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints, asked = listen(page), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(exported.as_uri())
    model, names = models.pretrained(), json.loads(page.locator("#given").text_content())["names"]
    for name in names[::3]:
        page.get_by_role("combobox", name="drawn face").select_option(label=name)
        settle(page)
        expression, who = name.split(", person ")
        face = drawn.draw_one(drawn.PROTOTYPES[expression], int(who))
        found = [float(each) for each in page.locator(".fer").get_attribute("data-scores").split()]
        np.testing.assert_allclose(found, model.predict(face[None, ..., None], verbose=0)[0], atol=1e-5)
    page.get_by_role("button", name="all layers").click()
    page.get_by_label("class activation map").check()
    assert page.locator(".layers canvas").count() > 10
    assert_fits(page, width)
    assert barriers(page) == []
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.close()


def test_the_page_scores_what_a_camera_sees(driver, exported):  # noqa: F811
    with chromium(driver, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream") as browser:  # noqa: F811
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(exported.as_uri())
        before = page.locator(".fer").get_attribute("data-scores")
        page.get_by_role("button", name="camera on").click()
        page.locator("polyline").nth(6).wait_for()  # not a function: the page's policy forbids to evaluate text
        assert page.locator(".fer").get_attribute("data-scores") != before
        page.get_by_role("button", name="camera off").click()
        assert page.locator("p[role=status]").text_content() == "The camera is off."
        page.close()


# --------------------------------------------------------------------------------------------------------- JupyterLab


def test_python_reads_what_was_chosen_in_jupyterlab(browser, lab):  # noqa: F811
    cells = [
        "from fer_course.data import drawn\nfrom fer_course.widgets import window_inspector\n"
        f"figure = window_inspector(drawn.draw_one({{12: 1.0}}, 3), {{'edge': {EDGE}}})\nfigure",
        "print('chosen', figure.window, figure.stride)",
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(notebook, lab[1] / "figure.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = listen(page)
    open_notebook(page, lab, "figure.ipynb")
    start_all(page)
    wait_until_done(page)
    page.wait_for_selector(".jp-OutputArea .fer .stage")
    page.get_by_text("chosen [0, 0] 1").wait_for()
    page.locator(".fer .stage").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.get_by_role("slider", name="stride").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("chosen [1, 1] 2").wait_for(timeout=20_000)
    assert barriers(page, ".jp-OutputArea .fer") == []
    assert complaints == []
    page.close()


# -------------------------------------------------------------------------------------------------------- predictions


class Together:
    """Several figures in one page."""

    def __init__(self, *figures):
        self.figures = figures

    def as_html(self) -> str:
        return "\n".join(figure.as_html() for figure in self.figures)


def test_a_prediction_is_committed_and_comes_back_beside_the_result(opened):  # noqa: F811
    asked = widgets.predict("layers", "How many layers?", low=0, high=100)
    choice = widgets.predict("which", "Which one?", ["first", "second"])
    came = [widgets.outcome("layers", 12), widgets.outcome("which", "second", "It has more maps.")]
    page = opened(Together(asked, choice, *came, widgets.predictions()), 390)
    assert page.locator(".verdict").first.text_content().startswith("It is 12. You committed no prediction.")
    page.get_by_role("button", name="commit").first.click()
    assert "Write a number from 0 to 100 first." in page.locator(".note").first.text_content()
    page.get_by_role("spinbutton").fill("20")
    page.get_by_role("button", name="commit").first.click()
    page.get_by_label("second").check()
    page.get_by_role("button", name="commit").first.click()
    settle(page)
    assert page.get_by_role("spinbutton").is_disabled()
    assert "You predicted 20. It is 12: yours is 8 too high." in page.locator(".verdict").first.text_content()
    assert "You predicted second, and so it is. It has more maps." in page.locator(".verdict").last.text_content()
    assert "2 of 2 predictions committed, 1 as it came." in page.locator(".fer").last.text_content()
    assert_fits(page, 390)
    assert barriers(page) == []
