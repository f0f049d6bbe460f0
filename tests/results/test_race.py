"""The recorded race of lesson 05: every size in every pass, and ratios of layers that ran side by side."""

from itertools import product

from fer_course import results
from fer_course.results import race


def test_every_pass_visits_every_size_once():
    record = results.load("race")
    visited = sorted((each["pass"], each["size"], each["channels"]) for each in record["races"])
    passes = 1 + max(each["pass"] for each in record["races"])
    assert visited == sorted(product(range(passes), (3, 5, 7), (8, 16, 32, 64, 128)))
    assert passes >= 3
    assert record["command"] == "python benchmarks/race.py"
    assert record["note"]


def test_a_ratio_compares_two_layers_of_the_same_pass():
    first = next(each for each in results.load("race")["races"] if each["size"] == 5 and each["channels"] == 32)
    ratio = first["seconds"]["standard"] / first["seconds"]["separable"]
    assert race.times_faster(5)[32][first["pass"]] == ratio
    assert race.seconds("depthwise", 5)[32][first["pass"]] == first["seconds"]["depthwise"]
