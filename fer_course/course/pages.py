"""HTML pages of executed lessons: one for each lesson, and an index. They need no network."""

from __future__ import annotations

import html

from fer_course._shared import scripts
from fer_course.course.records import Figure, LessonRecord, RunRecord
from fer_course.course.summary import key_result

#: nbconvert's page without the blocks that load scripts (require.js, MathJax, widgets, Mermaid) from the network, and
#: without the widgets' state, which only those scripts could read. It is as dark as the browser: figures look for the
#: attribute of its body (`plots.display`). On paper it is light.
_TEMPLATE = """{% extends 'index.html.j2' %}
{% block notebook_css %}
{{ super() }}
{{ resources.include_css('static/theme-dark.css') | replace('<style', '<style media="screen and (prefers-color-scheme: dark)"') }}
<style>
:root { color-scheme: light dark; }
body.jp-Notebook { background: var(--jp-layout-color0); color: var(--jp-content-font-color1); overflow-wrap: anywhere; }
/* What nbconvert's own colours leave too pale to read: 4.5 to 1 or more on the ground of code (WCAG 1.4.3). */
.jp-Cell .jp-InputPrompt, .jp-Cell .jp-OutputPrompt { color: #6a6a6a !important; opacity: 1 !important; }
.highlight .c1 { color: #2b6a6a; } .highlight .mi, .highlight .mf { color: #007300; } .highlight .ow { color: #8a00d4; }
@media screen and (prefers-color-scheme: dark) {
  .jp-Cell .jp-InputPrompt, .jp-Cell .jp-OutputPrompt { color: #a8a8a8 !important; }
  .highlight .c1 { color: #78b8b8; } .highlight .mi, .highlight .mf { color: #66bb6a; } .highlight .ow { color: #cf94ff; }
}
@media (max-width: 40rem) {
  .jp-Notebook { padding: 0 .5rem; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  .jp-Cell, .jp-OutputArea-output { overflow-x: auto; }
}
</style>
{% endblock %}
{% block body_header %}
<body class="jp-Notebook" data-follows-scheme>
<main>
{% endblock %}
{% block html_head_js %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block footer %}</html>{% endblock %}
"""


def lesson_page(notebook, title: str) -> str:
    """Return a notebook as one HTML page that loads nothing: it contains the figures; formulas stay TeX source."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    # Without a kernel a widget does nothing, so its text is shown instead; a figure lives by its HTML.
    # Of a progress bar, only the last state is shown.
    shown = [kind for kind in HTMLExporter().config.NbConvertBase.display_data_priority if "widget" not in kind]
    config = Config(NbConvertBase={"display_data_priority": shown}, CoalesceStreamsPreprocessor={"enabled": True})
    exporter = HTMLExporter(config=config, template_name="lab", raw_template=_TEMPLATE)
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    return scripts.once(page)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fer_course: a run of {started}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ background: Canvas; color: CanvasText; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8886; vertical-align: top; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
figure {{ margin: 1.5rem 0; }}
img {{ max-width: 100%; }}
img[src$=".png"] {{ background: white; }}
figcaption {{ font-size: .9rem; opacity: .85; }}
pre {{ overflow-x: auto; padding: .6rem; border: 1px solid #8886; }}
@media (max-width: 40rem) {{
  /* A row becomes a block of three lines: name and status, numbers, result. */
  thead {{ display: none; }}
  table, tbody {{ display: block; }}
  tr {{ display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .5rem 0; border-bottom: 1px solid #8886; }}
  td {{ border: 0; padding: 0; }}
  td:first-child, td:last-child {{ flex: 1 0 100%; overflow-wrap: anywhere; }}
  td[data-unit]:not(:empty)::after {{ content: " " attr(data-unit); }}
}}
</style>
</head>
<body>
<h1>A run of the course</h1>
<p>{about}</p>
<table>
<thead><tr><th>Lesson</th><th>Status</th><th>Seconds</th><th>Peak MB</th><th>Key result</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p>Peak MB is the resident memory of the notebook's kernel and of the processes that it starts. All numbers:
<a href="metrics.json">metrics.json</a>.</p>
{sections}
</body>
</html>
"""


def index_page(metrics: RunRecord) -> str:
    """Return `index.html`: the table of lessons, links to every notebook, and all figures. It needs no network."""
    given = ", ".join(f"{name} = {value}" for name, value in metrics["parameters"].items())
    about = f"Started {metrics['started']}, profile {metrics['profile'] or 'quick (the notebooks’ own values)'}"
    about += f", {given}." if given else "."
    return _PAGE.format(
        started=html.escape(metrics["started"]),
        about=html.escape(about),
        rows="\n".join(_index_row(record) for record in metrics["lessons"]),
        sections="\n".join(_index_section(record) for record in metrics["lessons"]),
    )


def _index_row(record: LessonRecord) -> str:
    name = html.escape(record["lesson"])
    seconds = f"{record['seconds']:.0f}" if "seconds" in record else ""
    memory = f"{record['peak_memory_mb']:,}" if "peak_memory_mb" in record else ""
    # A lesson without a title was not executed, so it has no pages to link to.
    links = f'<a href="{name}.html">{name}</a> (<a href="{name}.ipynb">notebook</a>)' if "title" in record else name
    return (
        f'<tr><td>{links}</td><td>{record["status"]}</td><td class="number" data-unit="s">{seconds}</td>'
        f'<td class="number" data-unit="MB">{memory}</td><td>{html.escape(key_result(record))}</td></tr>'
    )


def _dark_source(figure: Figure) -> str:
    """Return what lets a browser that prefers dark pages take the figure's other file."""
    if "dark" not in figure:
        return ""
    return f'<source media="(prefers-color-scheme: dark)" srcset="{html.escape(figure["dark"])}">'


def _index_section(record: LessonRecord) -> str:
    """Return a lesson's part of the page: its error if it failed, and its figures with their descriptions."""
    parts = []
    if record.get("error"):
        error = record["error"]
        text = f"{error.get('source', '')}\n\n{error['name']}: {error['message']}".strip()
        parts.append(f"<pre>{html.escape(text)}</pre>")
    for figure in record.get("figures", []):
        alt = html.escape(figure["alt"])
        parts.append(
            f'<figure><picture>{_dark_source(figure)}<img loading="lazy" src="{html.escape(figure["file"])}" alt="{alt}">'
            f"</picture><figcaption>{alt}</figcaption></figure>"
        )
    if not parts:
        return ""
    return "\n".join([f"<h2>{html.escape(record.get('title', record['lesson']))}</h2>", *parts])
