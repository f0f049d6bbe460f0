"""The changed steps of Keras on TensorFlow: traced once, and otherwise what Keras itself computes, takes and says."""

import numpy as np
import pytest

from fer_course.quiet import keras

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow's steps are changed")

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.integers(0, 256, (24, 24, 24, 1), dtype=np.uint8), RNG.integers(0, 7, 24)


@pytest.fixture
def as_keras_does(monkeypatch):
    """A call that takes back how networks are built before their first step, until the end of the test."""
    return lambda: monkeypatch.delattr(keras.Model, "_maybe_symbolic_build")


@pytest.fixture
def traced(monkeypatch):
    """The names of the steps that were traced since the test began."""
    names = []

    def counted(name):
        step = getattr(keras.Model, name)
        return lambda model, data: (names.append(name), step(model, data))[1]

    for name in ("train_step", "test_step"):
        monkeypatch.setattr(keras.Model, name, counted(name))
    return names


def compiled(**options):
    """A small network with normalisation, and with dropout, which samples in each step."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            layers.Conv2D(4, 3, strides=4),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(7, activation="softmax"),
        ]
    )
    usual = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(**usual | options)
    return model


CALLS = {
    "fit": lambda model: model.fit(IMAGES, LABELS, batch_size=8, epochs=2, verbose=0),
    "fit with classes weighted": lambda model: model.fit(
        IMAGES, LABELS, batch_size=8, verbose=0, class_weight={label: 1.0 + label for label in range(7)}
    ),
    "train_on_batch": lambda model: [model.train_on_batch(IMAGES, LABELS) for _ in range(3)],
}


@pytest.mark.parametrize("name", CALLS)
def test_a_step_of_a_learners_own_training_is_traced_once(name, traced):
    CALLS[name](compiled())
    assert traced == ["train_step"]


def test_keras_itself_traces_it_twice(traced, as_keras_does):
    as_keras_does()
    CALLS["fit"](compiled())
    assert traced == ["train_step"] * 2, "then fer_course/_shared/tensorflow_steps.py has nothing left to do"


def test_evaluation_and_validation_are_traced_once(traced):
    compiled().evaluate(IMAGES, LABELS, verbose=0)
    compiled().fit(IMAGES, LABELS, verbose=0, validation_split=0.25)
    assert traced == ["test_step", "train_step", "test_step"]


@pytest.mark.parametrize("options", [{}, {"metrics": []}, {"optimizer": "sgd"}], ids=str)
def test_what_is_learned_is_what_keras_learns(options, as_keras_does):
    def learned():
        model = compiled(**options)
        losses = model.fit(IMAGES, LABELS, batch_size=8, epochs=2, verbose=0, shuffle=True).history
        return losses, model.get_weights()

    losses, weights = learned()
    as_keras_does()
    others, other_weights = learned()
    assert losses == others
    for ours, theirs in zip(weights, other_weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_iterator_loses_no_batch(as_keras_does):
    def steps():
        given = ((IMAGES[i : i + 8], LABELS[i : i + 8]) for i in range(0, 24, 8))
        model = compiled()
        model.fit(given, verbose=0, steps_per_epoch=3)
        return int(model.optimizer.iterations)

    ours = steps()
    as_keras_does()
    assert ours == steps() == 3


@pytest.mark.parametrize(
    ("images", "labels"),
    [(IMAGES[:, :20], LABELS), (IMAGES, np.zeros((24, 3), int)), (IMAGES, keras.utils.to_categorical(LABELS, 7))],
    ids=["pictures too small", "labels of three columns", "labels one-hot"],
)
def test_what_does_not_fit_gets_the_error_that_keras_gives(images, labels, as_keras_does):
    def message():
        with pytest.raises(Exception) as error:  # noqa: PT011  (whatever it is)
            compiled().fit(images, labels, verbose=0)
        return type(error.value), str(error.value).splitlines()[0]

    ours = message()
    as_keras_does()
    assert ours == message()


def test_a_network_without_an_input_trains(as_keras_does):
    def losses():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(7, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model.fit(IMAGES / 255, LABELS, verbose=0).history

    ours = losses()
    as_keras_does()
    assert ours == losses()
