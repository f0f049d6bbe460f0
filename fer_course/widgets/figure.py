"""Figures that live: one JavaScript module each, the same in a notebook and in a page without a kernel.

A figure is a class with traits and a module `figures/<name>.js`, which exports `render({ model, el })` as anywidget asks for.
Python hands over the data once; everything that follows a drag is computed in the page. What the learner chose is a trait again,
so Python can read it. In a notebook with a kernel anywidget runs the module. Elsewhere `host.js` does, from the HTML that every
figure also displays. Where neither can run, a still picture with alternative text is shown.
"""

from __future__ import annotations

import hashlib
import html
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from fer_course._shared import scripts
from fer_course.plots import picture

try:
    from anywidget import AnyWidget as _Widget
except ImportError:  # as on Colab, until it is installed: the figure lives, but Python can't read what was chosen

    class _Widget(traitlets.HasTraits):  # type: ignore[no-redef]
        pass


_MODULES = Path(__file__).with_name("figures")
#: A trait with a longer text than this stands once in a page, however many figures have it.
_SHARED = 20_000


class Figure(_Widget):
    """A living figure: a subclass has a docstring, traits made by `handed`, `module`, and a method `still`."""

    #: The name of its module in the folder figures, without `.js`.
    module: ClassVar[str]

    def __init_subclass__(cls, **options) -> None:
        if "module" in vars(cls):  # not in the class that ipywidgets makes of it to add traits
            cls._esm = scripts.bundle(_MODULES / f"{cls.module}.js")
        super().__init_subclass__(**options)

    def still(self) -> tuple[Any, str]:
        """Return the figure as a matplotlib `Figure` of its present state, and its alternative text."""
        raise NotImplementedError

    def chosen(self) -> dict[str, Any]:
        """Return the traits that are handed over, as they are now: name -> value that JSON can hold."""
        return {name: getattr(self, name) for name in self.trait_names(figure=True)}

    def twin(self) -> dict[str, str]:
        """Return the still picture as HTML with its alternative text, and as the plain text that a terminal shows."""
        return picture(*self.still())

    def as_html(self) -> str:
        """Return the figure as HTML that lives in a page of its own: a still picture, its data, and its module."""
        return as_html(self.module, self.chosen(), self.twin()["text/html"])

    def _repr_mimebundle_(self, **options) -> tuple[dict, dict]:
        twin = self.twin()
        texts = {**twin, "text/html": as_html(self.module, self.chosen(), twin["text/html"])}
        if not hasattr(super(), "_repr_mimebundle_"):
            return texts, {}
        shown = super()._repr_mimebundle_(**options)
        data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        return {**data, **texts}, metadata


def handed(trait: traitlets.TraitType) -> Any:
    """Mark a trait as part of what the page gets, and gives back."""
    return trait.tag(sync=True, figure=True)


def as_html(module: str, traits: dict[str, Any], still: str) -> str:
    """Return the HTML of a figure for a page without a kernel.

    Args:
        module: the name of its module.
        traits: its traits, as JSON can hold them.
        still: HTML of the still picture, with its alternative text.

    """
    shared, own = _apart(traits)
    parts = [f'<script type="application/json" id="{key}">{text}</script>' for key, text in shared.items()]
    parts.append(
        f'<div data-fer-figure="{html.escape(module, quote=True)}"><div class="fer-still">{still}</div>'
        f'<script type="application/json" class="fer-traits">{scripts.to_json(own)}</script></div>'
    )
    parts.append(f'<script type="module">{script(module)}</script>')
    return "\n".join(parts)


def script(module: str) -> str:
    """Return the text of a figure's module, joined with the host, that brings all figures of its name in a page to life."""
    host = scripts.bundle(scripts.LIBRARY / "host.js")
    text = scripts.bundle(_MODULES / f"{module}.js").replace("export default { render };", "")
    return f"{host}\n{text}\nmountAll({module!r}, {{ render }});"


def _apart(traits: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return large traits as JSON texts, named by their content, and all traits, with these names in their place."""
    shared, own = {}, {}
    for name, value in traits.items():
        text = scripts.to_json(value)
        own[name] = value
        if len(text) > _SHARED:
            key = f"fer-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
            shared[key], own[name] = text, {"shared": key}
    return shared, own
