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
