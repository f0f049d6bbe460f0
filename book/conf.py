"""How Sphinx renders the prepared pages in book/_build/source; `make book` calls it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import fer_course
from fer_course.authoring import hosting_links

project = "fer_course"
author = "The fer_course authors"
project_copyright = "The fer_course authors; code MIT, text and figures CC BY 4.0"
repository = hosting_links.repository()
version = release = fer_course.__version__
language = "en"

extensions = ["myst_nb", "sphinx_copybutton", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "book.rendering"]
exclude_patterns = []

# The notebooks have been executed; nothing is loaded from a network, neither MathJax nor require.js nor widgets.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
nb_code_prompt_show = "Show an answer"
nb_code_prompt_hide = "Hide the answer"
highlight_language = "none"  # commands and folders in the texts; notebooks say that theirs is Python
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # a lesson may go from a title straight to an exercise

# The API reference: docstrings say `code` with one backtick, as in Markdown.
default_role = "literal"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "sphinx_book_theme"
html_title = "fer_course"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_extra_path = ["_build/extra"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which browsers refuse to pages opened from a disk
html_last_updated_fmt = None
html_use_index = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": False,
    "use_issues_button": False,
    "show_toc_level": 2,
    "icon_links": [{"name": "Repository", "url": repository, "icon": "fa-solid fa-code-branch"}] if repository else [],
}
copybutton_exclude = ".linenos, .gp"
