"""Build a small convolutional network for grey faces: `build("mini_xception")` gives a Keras model.

============  ===================================================================================
``registry``  `build`, `mini_xception`, `pretrained`, `names`, `describe`, `register`
``networks``  the networks themselves
``lenets``    `lenet_1995`: LeNet of 1995 with one thing changed
``prepare``   pictures and models in the form that this package's functions take
``sampling``  weights that depend on a seed alone, whatever else the process does
``weights``   the weights that ship with the course
============  ===================================================================================

Importing this package does not load Keras; its functions do.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["networks", "sampling", "weights"],
    submod_attrs={
        "lenets": ["lenet_1995"],
        "prepare": ["as_model"],
        "registry": ["build", "describe", "mini_xception", "names", "pretrained", "register", "variant", "variants"],
    },
)
