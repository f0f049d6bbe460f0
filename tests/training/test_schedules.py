"""The schedules do what Keras' own callbacks do, computed anew from the history."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fer_course.training.schedules import OF_STEPS, epochs_without_improvement, linear, one_cycle, plateau

# Steps of a third of the tolerance make near misses likely. Keras compares in float32, without subnormal numbers.
near = st.integers(0, 40).map(lambda k: float(np.float32(1 + k * 3.7e-5)))
losses_lists = st.lists(st.one_of(st.floats(0, 10, width=32, allow_subnormal=False), near), min_size=1, max_size=40)


class Stub:
    """As much of a model as Keras' callbacks touch."""

    def __init__(self, rate: float = 0.01):
        self.stop_training = False
        self.optimizer = type("Optimizer", (), {"learning_rate": keras.Variable(rate, dtype="float32")})()


@given(losses_lists, st.integers(1, 6), st.sampled_from([0.1, 0.5, 0.9]))
def test_plateau_agrees_with_keras(losses, patience, factor):
    callback = keras.callbacks.ReduceLROnPlateau("val_loss", factor=factor, patience=patience)
    callback.set_model(Stub(0.01))
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        rate = float(np.asarray(callback.model.optimizer.learning_rate))
        assert plateau(losses[: epoch + 1], 0.01, factor, patience) == pytest.approx(rate, rel=1e-5)


@given(losses_lists, st.integers(1, 6))
def test_patience_agrees_with_keras(losses, patience):
    callback = keras.callbacks.EarlyStopping("val_loss", patience=patience)
    callback.set_model(Stub())
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        assert (epochs_without_improvement(losses[: epoch + 1]) >= patience) == callback.model.stop_training
        if callback.model.stop_training:
            break


@given(losses_lists)
def test_the_lowest_loss_lies_as_far_back_as_said(losses):
    waited = epochs_without_improvement(losses)
    assert losses[len(losses) - 1 - waited] == min(losses)
    assert losses.index(min(losses)) == len(losses) - 1 - waited


def test_before_the_first_epoch():
    assert epochs_without_improvement([]) == 0
    assert plateau([], 0.01, 0.1, 3) == 0.01


def test_a_loss_that_is_no_number_is_no_improvement():
    assert epochs_without_improvement([1.0, math.nan, math.nan]) == 2
    assert plateau([1.0, math.nan, math.nan], 0.01, 0.1, 2) == pytest.approx(0.001)


@pytest.mark.parametrize("schedule", OF_STEPS.values())
@given(steps=st.integers(4, 300), peak=st.floats(1e-4, 1.0), warmup=st.floats(0.0, 0.9))
def test_it_goes_up_once_and_down_once(schedule, steps, peak, warmup):
    rates = np.array([schedule(step, steps, peak, warmup) for step in range(steps)])
    top = warmup * steps
    assert (np.diff(rates[: math.floor(top) + 1]) > 0).all()
    assert (np.diff(rates[math.ceil(top) :]) < 0).all()
    assert rates.max() <= peak * (1 + 1e-12)
    assert rates.min() > 0
    assume(warmup * steps >= 1)
    assert rates[0] == pytest.approx(peak / 25)


@pytest.mark.parametrize(("steps", "warmup"), [(400, 0.25), (2000, 0.3), (1000, 0.5)])
def test_one_cycle_meets_its_corners(steps, warmup):
    assert one_cycle(0, steps, 0.01, warmup) == pytest.approx(0.01 / 25)
    assert one_cycle(round(warmup * steps), steps, 0.01, warmup) == pytest.approx(0.01)
    assert one_cycle(steps - 1, steps, 0.01, warmup) < 0.01 * 0.002
    half_way_up = (one_cycle(0, steps, 0.01, warmup) + 0.01) / 2
    assert one_cycle(round(warmup * steps / 2), steps, 0.01, warmup) == pytest.approx(half_way_up, rel=1e-6)


@pytest.mark.parametrize(("steps", "warmup"), [(400, 0.25), (2000, 0.3), (1000, 0.5)])
def test_linear_is_two_straight_lines(steps, warmup):
    """Keras' own `PolynomialDecay` of power 1, once for each line."""
    import keras

    top, peak = round(warmup * steps), 0.01
    up = keras.optimizers.schedules.PolynomialDecay(peak / 25, top, peak)
    down = keras.optimizers.schedules.PolynomialDecay(peak, steps - top, 0.0)
    for step in range(0, steps, 7):
        line = up(step) if step < top else down(step - top)
        assert linear(step, steps, peak, warmup) == pytest.approx(float(line), rel=1e-5)


@pytest.mark.parametrize("schedule", OF_STEPS.values())
def test_without_warmup_it_starts_at_the_peak(schedule):
    assert schedule(0, 50, 0.02, 0.0) == pytest.approx(0.02)


@pytest.mark.parametrize("schedule", OF_STEPS.values())
def test_of_a_single_step_it_is_a_learning_rate(schedule):
    assert 0 < schedule(0, 1, 0.01, 0.25) <= 0.01
