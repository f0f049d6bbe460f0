"""The stages of a training: first, if the recipe says so, epochs with smaller pictures; then those with pictures of full size.

A network that ends in a global average, as mini-Xception does, takes pictures of any size with the same weights. An epoch at 32
pixels costs less than half of one at 48. Source: Tan and Le 2021, "EfficientNetV2: smaller models and faster training",
arXiv:2104.00298, section 4.2 (progressive learning).
"""

from __future__ import annotations

from fer_course.errors import RunError
from fer_course.quiet import keras
from fer_course.recipes import Recipe


def stages(model: keras.Model, recipe: Recipe) -> list[tuple[keras.Model, int]]:
    """Return for each stage the network to train, and the epoch with which the stage ends; the last one is the model itself.

    The weights and the optimiser's state go from one stage to the next by the checkpoint.

    Raises:
        RunError: if there are early epochs, and the network's weights depend on the size of its pictures.

    """
    early = [(smaller(model, recipe.early_size), recipe.early_epochs)] if recipe.early_epochs else []
    return [*early, (model, recipe.epochs)]


def smaller(model: keras.Model, size: int) -> keras.Model:
    """Return a copy of a network, with the same weights, that takes pictures (N, size, size, 1).

    Raises:
        RunError: if its weights depend on the size of the pictures, as those of a dense layer after `Flatten` do.

    """
    copy = keras.models.clone_model(model, input_tensors=keras.Input((size, size, 1), name="pixels"))
    if [weight.shape for weight in copy.weights] != [weight.shape for weight in model.weights]:
        raise RunError(
            f"Early epochs with pictures of {size} pixels need a network that takes any size. {model.name} has other weights "
            f"at {model.input_shape[1]} pixels. Choose a recipe with early 0, or a network that ends in a global average."
        )
    copy.set_weights(model.get_weights())
    return copy


class HandOver(keras.callbacks.Callback):
    """Gives the weights of the network that is trained to the one that is kept, after each epoch and before it is saved.

    Args:
        trained: the network of this stage.
        kept: the network that the run is about.

    """

    def __init__(self, trained: keras.Model, kept: keras.Model):
        super().__init__()
        self.trained, self.kept = trained, kept

    def on_epoch_end(self, epoch, logs=None):
        """Copy the weights, if the two are not the same network."""
        if self.trained is not self.kept:
            self.kept.set_weights(self.trained.get_weights())
