"""The glass network: the sum behind a number is the number, in every layer of every kind of network."""

from __future__ import annotations

import numpy as np
import pytest
from javascript import needs_node, run_node

from fer_course import models
from fer_course._shared.scripts import as_array, to_array
from fer_course.data import drawn
from fer_course.errors import FerCourseError
from fer_course.export import networks
from fer_course.widgets import glass_network

EXPLAIN = """
import { build } from "LIBRARY/network.js";
import { explain } from "LIBRARY/explain.js";
const network = build(given.description);
const maps = network.run(given.image);
const answer = network.layers.flatMap(({ kind }, number) => given.shares.map(([a, b, c]) => {
  const [height, width, channels] = maps[number].shape.length === 3 ? maps[number].shape : [1, 1, maps[number].shape[0]];
  const [row, column, channel] = [Math.floor(a * height), Math.floor(b * width), Math.floor(c * channels)];
  const { value, terms, how } = explain(network, maps, number, row, column, channel);
  const found = maps[number].data[(row * width + column) * channels + channel];
  return { kind, how, value, found, terms: terms.map((term) => term.value),
    products: terms.map((term) => (term.products ?? []).reduce((sum, { product }) => sum + product, 0)) };
}));
"""
SUMS = {"convolution", "depthwise", "scale and shift", "add", "dense"}


@needs_node
@pytest.mark.parametrize("name", ["mini_xception", "inception_v1_small", "mobilenet_v2_small", "lenet"])
def test_the_sum_behind_a_number_is_the_number(name):
    model = models.build(name, seed=2)
    rng = np.random.default_rng(0)
    model.set_weights(
        [w + rng.uniform(0.05, 0.4, w.shape).astype("float32") if w.ndim == 1 else w for w in model.get_weights()]
    )
    face = drawn.draw_one({12: 1.0}, 4)
    shares = [*rng.random((4, 3)).tolist(), [0, 0, 0], [0.999, 0.999, 0.999]]
    given = {"description": networks.describe(model), "image": face.ravel().tolist(), "shares": shares}
    answers = run_node(EXPLAIN, given)
    assert {each["kind"] for each in answers} >= {"convolution", "scale and shift", "activation"}
    for each in answers:
        scale = max(1.0, abs(each["found"]))
        assert each["value"] == pytest.approx(each["found"], abs=1e-5 * scale), each["how"]
        if each["kind"] in SUMS:
            assert sum(each["terms"]) == pytest.approx(each["found"], abs=1e-5 * scale)
        for products, term in zip(each["products"], each["terms"], strict=True):
            assert products == pytest.approx(term) or products == 0


LISTED = """
import { build } from "LIBRARY/network.js";
import { explain, listed } from "LIBRARY/explain.js";
import { stageWords } from "FIGURES/glass_network.js";
const network = build(given.description);
const maps = network.run(given.image);
const number = network.layers.findIndex(({ name }) => name === "class_maps");
const said = network.layers.map(({ kind }, each) => explain(network, maps, each, 0, 0, 0).how);
const outside = [[0, 0], [0, 1], [1, 1]].map(([row, column]) =>
  explain(network, maps, number, row, column, 3).terms[0].products.map((each) => Boolean(each.outside)));
const stages = [46, 22, 6].map((height) => stageWords({ height, side: 48 }));
const terms = listed(explain(network, maps, number, 1, 1, 3).terms), value = maps[number].data[(3 + 1) * 7 + 3];
const answer = { terms, value, said, outside, stages };
"""


@needs_node
def test_others_are_counted_without_the_bias_and_places_outside_are_known():
    model, face = models.pretrained(), drawn.draw_one(drawn.PROTOTYPES["happy"], 3)
    found = run_node(LISTED, {"description": networks.describe(model), "image": face.ravel().tolist()})
    kernel, bias = model.get_layer("class_maps").get_weights()
    *largest, others, last = found["terms"]
    assert len(largest) == 8
    assert others["name"] == f"{kernel.shape[2] - 8} others"
    assert (last["name"], last["value"]) == ("bias", pytest.approx(bias[3], abs=1e-6))
    assert sum(term["value"] for term in found["terms"]) == pytest.approx(found["value"], abs=1e-4)
    beyond = np.pad(np.zeros((3, 3), bool), 1, constant_values=True)  # 3 × 3 places, and those around them
    for products, (row, column) in zip(found["outside"], [(0, 0), (0, 1), (1, 1)], strict=True):
        np.testing.assert_array_equal(products, beyond[row : row + 3, column : column + 3].ravel())
    assert found["said"][0] == "A pixel is a grey level, from 0 (black) to 255 (white)"
    assert all(len(each.split()) > 2 for each in found["said"])
    early, middle, late = found["stages"]
    assert ("edges" in early, "roughly" in middle, "hardly where" in late) == (True, True, True)


WINDOWS = """
import { build, onShortcuts } from "LIBRARY/network.js";
import { explain } from "LIBRARY/explain.js";
const network = build(given.description);
const maps = network.run(given.image);
const last = network.layers.length - 1;
const pooling = network.layers.findIndex(({ kind }) => kind === "max pooling");
const answer = { shortcuts: [...onShortcuts(network)], sums: [...maps[last - 1].data],
  mean: explain(network, maps, last - 1, 0, 0, 3),
  softmax: explain(network, maps, last, 0, 0, 3, (_, map) => `class ${map}`),
  pooling: pooling < 0 ? null : explain(network, maps, pooling, 1, 2, 0) };
"""


@needs_node
def test_softmax_is_made_from_all_seven_numbers_and_a_mean_from_all_of_its_map():
    model, face = models.pretrained(), drawn.draw_one(drawn.PROTOTYPES["happy"], 3)
    found = run_node(WINDOWS, {"description": networks.describe(model), "image": face.ravel().tolist()})
    probabilities = model.predict(face[None, ..., None], verbose=0)[0]
    softmax = found["softmax"]
    assert [term["name"] for term in softmax["terms"]] == [f"class {k}" for k in range(7)]
    np.testing.assert_allclose([term["power"] for term in softmax["terms"]], np.exp(found["sums"]), rtol=1e-5)
    np.testing.assert_allclose([term["value"] for term in softmax["terms"]], probabilities, atol=1e-5)
    assert softmax["powers"] == pytest.approx(np.exp(found["sums"]).sum())
    assert (len(found["mean"]["terms"]), found["mean"]["columns"]) == (9, 3)
    assert np.mean([term["value"] for term in found["mean"]["terms"]]) == pytest.approx(found["sums"][3], abs=1e-5)
    assert found["pooling"]["value"] == max(term["value"] for term in found["pooling"]["terms"])
    assert (len(found["pooling"]["terms"]), found["pooling"]["columns"]) == (9, 3)


@needs_node
@pytest.mark.parametrize(
    ("name", "count"), [("mini_xception", 4), ("mobilenet_v2_small", 0), ("lenet", 0)]
)  # shortcuts of layers; those of MobileNetV2 have none
def test_layers_on_a_shortcut_are_known(name, count):
    model = models.build(name)
    described = networks.describe(model)
    found = run_node(WINDOWS, {"description": described, "image": [0] * 48 * 48})["shortcuts"]
    kinds = sorted(described["layers"][number]["kind"] for number in found)
    assert kinds == sorted(["mean pooling", "convolution", "scale and shift"] * count)


def test_it_opens_with_a_face_that_the_network_gets_right_and_a_sum_of_nine():
    made, model = glass_network(), models.pretrained()
    assert made.names[made.face] == "happy"
    scores = model.predict(made.painted()[None, ..., None], verbose=0)[0]
    assert made.class_names[scores.argmax()] == "happy"
    layer = made.network["layers"][made.layer]
    assert (layer["kind"], layer["weights"]["kernel"]["shape"][:3]) == ("convolution", [3, 3, 1])
    np.testing.assert_array_equal(made.painted(), as_array(made.faces)[made.face])


def test_faces_go_over_and_come_back():
    faces = np.stack([drawn.draw_one({}, 1), drawn.draw_one({12: 1.0}, 1)])
    made = glass_network(faces=faces, names=["rest", "smile"])
    np.testing.assert_array_equal(as_array(made.faces), faces)
    np.testing.assert_array_equal(made.painted(), faces[0])
    made.image = to_array(faces[1])  # as the page does after a stroke
    np.testing.assert_array_equal(made.painted(), faces[1])


@pytest.mark.parametrize(("shape", "names"), [((2, 24, 24), ["a", "b"]), ((2, 48, 48), ["a"]), ((0, 48, 48), [])])
def test_faces_that_do_not_fit_are_refused(shape, names):
    with pytest.raises(FerCourseError, match="48"):
        glass_network(faces=np.zeros(shape, np.uint8), names=names)
