"""A Sphinx extension: formulas as MathML, which browsers draw themselves without MathJax, and folds that say what is in them."""

from __future__ import annotations

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput

from fer_course._shared import scripts


def setup(app) -> dict:
    """Register the renderer `mathml`, and how a folded cell is opened."""
    app.setup_extension("myst_nb")
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.add_node(HideCodeCellNode, override=True, html=(_open_fold, depart_HideCellInput))
    app.connect("html-page-context", _name_folds, priority=900)  # after the theme
    app.connect("html-page-context", _keep_scripts_once)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _name_folds(app, page, template, context, doctree) -> None:
    """Give the folds of the list of pages a name: the theme's hold an arrow alone, of which a screen reader says nothing."""
    made = context.get("generate_toctree_html")
    if made is not None:
        arrow = '<summary><span class="toctree-toggle"'
        named = arrow.replace("<summary>", '<summary aria-label="Show or hide its pages">')
        context["generate_toctree_html"] = lambda *arguments, **options: str(made(*arguments, **options)).replace(
            arrow, named
        )


def _keep_scripts_once(app, page, template, context, doctree) -> None:
    """Let figures of one page share the network and the script that each of them brings along."""
    if "body" in context:
        context["body"] = scripts.once(context["body"])


def _inline(translator, node) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator, node) -> None:
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def _open_fold(translator, node) -> None:
    """Open a fold as myst-nb does, but let a screen reader say its words instead of "Toggle hidden content"."""
    before = len(translator.body)
    visit_HideCellInput(translator, node)
    opened = "".join(translator.body[before:])
    translator.body[before:] = [opened.replace(' aria-label="Toggle hidden content"', "")]
