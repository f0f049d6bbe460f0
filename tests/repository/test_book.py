"""The book: answers are folded, widgets stand still, links work, and nothing is loaded from a network.

The slow part builds it all, from what an earlier build has kept, and reads it in Chromium.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from browsing import barriers
from bs4 import BeautifulSoup
from repository import ROOT

sys.path.insert(0, str(ROOT))

from book import build, executing, notebooks, pages
from fer_course.authoring.notebooks import read as read_notebook
from fer_course.course import RESULT_TYPE
from fer_course.course.cells import is_solution
from fer_course.errors import LessonError

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
GITHUB = "https://github.com/somebody/fer_course"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def code(name: str, source: str, **metadata):
    return nbformat.v4.new_code_cell(source, id=name, metadata=metadata)


def solved(*cells):
    """A small notebook as it stands in solutions/: a title, then these cells."""
    title = nbformat.v4.new_markdown_cell("# A title\n\nAnd what it is about.", id="title")
    notebook = nbformat.v4.new_notebook(cells=[title, *cells])
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def save(notebook, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook))
    return path


# -------------------------------------------------------------------------------------------------- folded answers


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_page_shows_the_stub_of_the_lesson_and_folds_the_answer(path):
    page = notebooks.prepare(path, read_notebook(path))
    nbformat.validate(page)
    cells = {cell.id: cell for cell in page.cells}
    solution = {cell.id: cell for cell in read_notebook(path).cells}
    lesson = {cell.id: cell for cell in nbformat.read(ROOT / "lessons" / path.name, as_version=4).cells}
    exercises = [name for name, cell in solution.items() if is_solution(cell)]
    assert exercises
    for name in exercises:
        assert cells[name].source == lesson[name].source
        answer = cells[name + notebooks.ANSWER]
        assert "hide-input" in answer.metadata["tags"]
        assert ast.dump(ast.parse(answer.source)) == ast.dump(ast.parse(solution[name].source))
    assert [name for name in cells if name in solution] == list(solution)
    folded = [cell.id for cell in page.cells if "hide-input" in cell.metadata.get("tags", [])]
    assert folded == [name + notebooks.ANSWER for name in exercises]
    assert "SOLUTION" not in nbformat.writes(page)


def test_the_outputs_stand_below_the_answer_and_not_below_the_stub():
    cell = code("add", "def add():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION", tags=["model"])
    cell.outputs = [nbformat.v4.new_output("stream", text="seen")]
    stub, answer = notebooks.folded(cell, "def add():\n    raise NotImplementedError")
    assert (stub.outputs, answer.outputs) == ([], cell.outputs)
    assert (stub.metadata["tags"], answer.metadata["tags"]) == (["model"], ["model", "hide-input"])
    assert answer.source == "def add():\n    return 1"


def test_what_papermill_added_is_not_shown(tmp_path):
    path = save(solved(code("load", "1 + 1")), tmp_path / "02-x.ipynb")
    executed = solved(code("injected-parameters", "out = 'somewhere'"), code("load", "1 + 1"))
    executed.cells[2].outputs = [nbformat.v4.new_output("stream", text="2")]
    page = notebooks.prepare(path, executed)
    assert [cell.id for cell in page.cells] == ["title", "launch", "load"]
    assert page.cells[2].outputs[0].text == "2"


def test_a_bar_that_moved_in_place_is_shown_as_it_ended(tmp_path):
    path = save(solved(code("load", "1")), tmp_path / "02-x.ipynb")
    executed = solved(code("load", "1"))
    executed.cells[1].outputs = [nbformat.v4.new_output("stream", text=text) for text in ("10 %", "\r90 %", "\rdone\n")]
    assert [output.text for output in notebooks.prepare(path, executed).cells[2].outputs] == ["done\n"]


# -------------------------------------------------------------------------------------------------------- widgets


def shown(box) -> str:
    """What the book shows of a widget, made from its state as a saved notebook holds it."""
    from ipywidgets import embed

    state = json.loads(json.dumps(embed.dependency_state([box], drop_defaults=False)))
    view = {"model_id": box.model_id, "version_major": 2, "version_minor": 0}
    output = nbformat.v4.new_output("display_data", {notebooks.VIEW: view, "text/plain": "VBox(children=())"})
    still = notebooks.still(output, state)
    assert not [kind for kind in still.data if "widget" in kind]
    assert "VBox" not in still.data["text/plain"]
    return still.data["text/html"]


def test_a_widget_stands_still_with_its_first_picture_and_what_could_be_moved():
    import numpy as np

    from fer_course.widgets import Choice, Slider, explore

    picture = np.zeros((4, 4), dtype=np.uint8)
    controls = {
        "size": Slider(1, 9, 3, 2, "side <px>"),
        "share": Slider(0.0, 1.0, 0.25),
        "kind": Choice(["a & b", "c"]),
    }
    html = shown(explore(lambda **_: picture, alt='what "one" sees', **controls))
    assert "<b>side &lt;px&gt;</b>: 3 (1 to 9)" in html
    assert "<b>share</b>: 0.25 (0 to 1)" in html
    assert "<b>kind</b>: a &amp; b (of a &amp; b, c)" in html
    assert html.count("<img ") == html.count('alt="what &quot;one&quot; sees"') == 1


def test_the_kernel_and_the_camera_panel_stand_still_too(tiny_model):
    from fer_course.widgets import camera_panel, drag_kernel

    kernel = shown(drag_kernel(lambda kernel: "<p>drawn</p>", {"nothing": [[0, 0, 0], [0, 1, 0], [0, 0, 0]]}, alt="x"))
    assert kernel.count("<li>") == 10
    assert "<b>[1, 1]</b>: 1 (-5 to 5)" in kernel
    assert "<p>drawn</p>" in kernel
    panel = shown(camera_panel(tiny_model()))
    assert "Your own face only." in panel
    assert "<b>drawn face: person</b>: 1 (0 to 40)" in panel
    assert "<b>photograph of yourself</b>: a button" in panel
    assert "View(" not in panel


def test_what_only_machines_read_is_left_out():
    output = nbformat.v4.new_output("display_data", {"text/plain": "61 %", RESULT_TYPE: {"numbers": {}}})
    assert notebooks.still(output, {}).data == {"text/plain": "61 %"}


# ---------------------------------------------------------------------------------------------------- launch links


def test_a_lesson_links_to_the_learners_notebook():
    line = notebooks.launch_line("02-x.ipynb", GITHUB).source
    addresses = re.findall(r'href="([^"]+)"', line)
    assert [urlsplit(address).hostname for address in addresses] == [
        None, "colab.research.google.com", "mybinder.org", "kaggle.com",
    ]  # fmt: skip
    assert all("lessons/02-x.ipynb" in unquote(address) for address in addresses[1:])
    assert "solutions" not in line


def test_without_a_repository_the_links_are_left_out_with_a_note():
    line = notebooks.launch_line("02-x.ipynb", "").source
    assert re.findall(r'href="([^"]+)"', line) == ["../notebooks/02-x.ipynb"]
    assert notebooks.NO_REPOSITORY in line


# ----------------------------------------------------------------------------------------------------------- pages

KNOWN = {"README.md", "docs/map.md", "docs/glossary.md", "lessons/00-start-here.ipynb"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("README.md", "[map](docs/map.md)", "[map](docs/map.md)"),
        ("README.md", "[00](lessons/00-start-here.ipynb)", "[00](lessons/00-start-here.ipynb)"),
        ("README.md", "[below](#limits-and-ethics)", "[below](#limits-and-ethics)"),
        ("docs/map.md", "[words](glossary.md#top)", "[words](glossary.md#top)"),
        ("docs/map.md", "[start](../README.md)", "[start](../index.md)"),
        ("docs/map.md", "[law](../README.md#limits-and-ethics)", "[law](../index.md#limits-and-ethics)"),
        ("README.md", "[MIT](LICENSE) and `[x](LICENSE)`", "MIT and `[x](LICENSE)`"),
        ("README.md", "```\n[x](LICENSE)\n```\n[docs/](docs/)", "```\n[x](LICENSE)\n```\ndocs/"),
        ("README.md", "[paper](https://example.org/a.pdf)", "[paper](https://example.org/a.pdf)"),
        ("README.md", "![faces](docs/drawn-faces.png)", "![faces](docs/drawn-faces.png)"),
        ("README.md", "[nowhere](docs/no-such.md)", "[nowhere](docs/no-such.md)"),
        ("lessons/00-start-here.ipynb", "[words](../docs/glossary.md)", "[words](../docs/glossary.md)"),
    ],
)  # fmt: skip
def test_links_are_mended(name, text, expected):
    assert pages.mend(text, name, ROOT, KNOWN) == expected


def test_what_is_not_in_the_book_is_linked_to_the_repository():
    assert pages.mend("[MIT](LICENSE)", "README.md", ROOT, KNOWN, GITHUB) == f"[MIT]({GITHUB}/blob/main/LICENSE)"


def test_readme_is_the_first_page():
    made = pages.pages(ROOT, [])
    assert "README.md" not in made
    assert made["index.md"].startswith((ROOT / "README.md").read_text(encoding="utf-8").split("\n")[0])
    assert "make course" in made["index.md"]


def test_the_front_page_leads_first_to_the_network():
    soup = BeautifulSoup(pages.pages(ROOT, [])["index.md"], "html.parser")
    assert (soup.a["href"], soup.a.get_text()) == ("live.html", "Try the network on your own face")


def test_the_networks_page_lies_beside_the_front_page(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "BUILT", tmp_path)
    build.write_sources([], [], "")
    page = (tmp_path / "extra" / pages.LIVE).read_text(encoding="utf-8")
    assert "<title>What a small network sees</title>" in page
    assert len(page) < 450_000


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Slide a kernel: the standard one\n\nText: x", "# 02 · Slide a kernel\n\n*The standard one*\n\nText: x"),
        ("# Start here", "# 02 · Start here"),
    ],
)
def test_a_title_is_short_and_has_its_number(source, expected):
    assert notebooks.titled(source, "02") == expected


def test_every_lesson_has_its_number_in_its_title():
    path = next(path for path in SOLUTIONS if path.stem.startswith("02"))
    made = notebooks.prepare(path, nbformat.read(path, as_version=4))
    assert made.cells[0].source.startswith("# 02 · ")


def test_the_map_leads_to_every_lesson_by_the_names_of_readme():
    lesson = re.compile(r"\[(\d\d) ([^\]]+)\]\(\.\./lessons/([\w-]+)\.ipynb\)")
    found = lesson.findall((ROOT / "docs" / "map.md").read_text(encoding="utf-8"))
    names = pages.lesson_names((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {stem: f"{number} · {name}" for number, name, stem in found} == names
    assert len(found) == len(SOLUTIONS)


def test_every_page_is_in_the_contents():
    names = [path.stem for path in SOLUTIONS]
    made = pages.pages(ROOT, names)
    reference = {name for name in made if name.startswith("reference/")} - {"reference/index.md"}
    listed = set(re.findall(r"(?m)^(?:.+ <)?([\w/.-]+\.md|lessons/[\w-]+)>?$", made["index.md"]))
    assert listed >= {f"lessons/{name}" for name in names}
    notes = {name for name in made if name.startswith("docs/instructors/")} - {"docs/instructors/index.md"}
    assert set(made) - notes - reference - listed == {"index.md"}
    assert "10 · Train it <lessons/10-train-it>" in made["index.md"]
    assert made["docs/instructors/index.md"].count(".md\n") == len(notes) == len(names) + 1


@pytest.mark.parametrize("name", ["BENCHMARKS.md", "docs/new.md"])
def test_a_text_that_is_added_becomes_a_page(tmp_path, name):
    (tmp_path / "docs").mkdir()
    shutil.copyfile(ROOT / "README.md", tmp_path / "README.md")
    assert name not in pages.pages(tmp_path, [])
    (tmp_path / name).write_text("# Measured\n")
    made = pages.pages(tmp_path, [])
    assert made[name] == "# Measured\n"
    assert f"\n{name}\n" in made["index.md"]


def test_a_folder_is_filled_with_what_changed(tmp_path):
    assert build.fill(tmp_path, {"a.md": b"1", "b/c.md": b"2"}) == []
    os.utime(tmp_path / "a.md", (1, 1))
    assert build.fill(tmp_path, {"a.md": b"1", "d.md": b"3"}) == [tmp_path / "b" / "c.md"]
    assert (tmp_path / "a.md").stat().st_mtime == 1
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a.md", "d.md"]


# ------------------------------------------------------------------------------------------------------- executing

ASK = "import os\nprint(os.environ['FER_COURSE_DATA'])"
PARAMETERS = code("parameters", 'out: str = ""  # where to write', tags=["parameters"])


def test_a_notebook_is_executed_once_and_on_drawn_faces(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_COURSE_DATA", "photographs.csv")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    executing.on_drawn_faces()
    path = save(solved(PARAMETERS, code("ask", ASK)), tmp_path / "02-x.ipynb")
    first = executing.executed(path, tmp_path / "kept", "1", "x")
    outputs = {cell.id: cell.get("outputs") for cell in first.cells}
    assert outputs["ask"][0].text == "drawn\n"
    assert [entry.name for entry in (tmp_path / "kept").glob("*.ipynb")] == ["02-x.ipynb"]
    monkeypatch.setattr(executing, "execute", lambda *_: pytest.fail("executed again"))
    notebook = solved(PARAMETERS, code("ask", ASK))
    notebook.cells[0].source += " Better said."
    again = executing.executed(save(notebook, path), tmp_path / "kept", "1", "x")
    assert nbformat.writes(again) == nbformat.writes(first)


def test_changed_code_or_surroundings_are_executed_anew(tmp_path, monkeypatch):
    calls = []

    def run(path, fresh, work, settings, label):
        calls.append(label)
        shutil.copyfile(path, fresh)

    monkeypatch.setattr(executing, "execute", run)
    path = save(solved(PARAMETERS, code("ask", "1")), tmp_path / "02-x.ipynb")
    for fingerprint, label in (("1", "first"), ("1", "kept"), ("2", "surroundings"), ("2", "kept")):
        executing.executed(path, tmp_path / "kept", fingerprint, label)
    save(solved(PARAMETERS, code("ask", "2")), path)
    executing.executed(path, tmp_path / "kept", "2", "code")
    assert calls == ["first", "surroundings", "code"]


def test_an_interrupted_build_keeps_what_was_done(tmp_path, monkeypatch):
    def interrupted(path, fresh, *_):
        fresh.write_text("{half")
        raise KeyboardInterrupt

    monkeypatch.setattr(executing, "execute", interrupted)
    path = save(solved(PARAMETERS), tmp_path / "02-x.ipynb")
    save(solved(), tmp_path / "kept" / "01-x.ipynb")
    with pytest.raises(KeyboardInterrupt):
        executing.executed(path, tmp_path / "kept", "1", "x")
    assert (tmp_path / "kept" / "01-x.ipynb").is_file()
    assert not (tmp_path / "kept" / "02-x.ipynb").exists()
    monkeypatch.setattr(build, "build", lambda _: interrupted(path, tmp_path / "half"))
    assert build.main([]) == 130


def test_a_lesson_that_fails_is_named_with_its_cell(tmp_path):
    path = save(solved(PARAMETERS, code("load", "1"), code("divide", "x = 1\nx / 0")), tmp_path / "02-x.ipynb")
    with pytest.raises(LessonError, match=r"(?s)02-x.*x / 0.*ZeroDivisionError.*in cell 'divide' of .*02-x\.ipynb"):
        executing.executed(path, tmp_path / "kept", "1", "x")
    assert not (tmp_path / "kept" / "02-x.ipynb").exists()


def test_surroundings_are_the_package_and_the_locked_versions(tmp_path):
    for name, content in {"locks/course.txt": "a==1", "fer_course/a.py": "1", "fer_course/w/b.npz": "2"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    before = {executing.surroundings(tmp_path)}
    for name in ("locks/course.txt", "fer_course/a.py", "fer_course/w/b.npz", "fer_course/new.py"):
        (tmp_path / name).write_text("changed")
        before.add(executing.surroundings(tmp_path))
    assert len(before) == 5
    (tmp_path / "fer_course" / "__pycache__").mkdir()
    (tmp_path / "fer_course" / "__pycache__" / "a.pyc").write_text("x")
    (tmp_path / "README.md").write_text("x")
    assert executing.surroundings(tmp_path) in before


# ------------------------------------------------------------------------------------------- what is loaded from where

ASSETS = re.compile(r"https?://[^\s\"'`)<>]+?\.(?:m?js|css|woff2?|ttf|otf|png|svg|jpe?g|gif|ico|json|wasm)\b")
DELIVERY = re.compile(r"jsdelivr|unpkg|cdnjs|googleapis|gstatic|use\.fontawesome")
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
           "object": "data", "use": "href", "image": "href"}  # fmt: skip


class Loads(HTMLParser):
    """Collects what a page loads by itself, its links, ids, pictures without words, and its styles."""

    def __init__(self, text: str):
        super().__init__()
        self.loaded, self.links, self.ids, self.silent, self.styles = [], [], set(), [], []
        self.within = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.within = tag
        self.ids.add(values.get("id"))
        self.styles.append(values.get("style") or "")
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "link":
            self.loaded.append(values.get("href") or "")
        self.loaded += [values[name] for name in (LOADING.get(tag), "srcset", "poster") if name and values.get(name)]
        if tag == "img" and not (values.get("alt") or "").strip():
            self.silent.append(values.get("src"))

    def handle_data(self, data):
        if self.within == "style":
            self.styles.append(data)


def is_external(address: str) -> bool:
    return bool(re.match(r"(?:[a-z]+:)?//", address.strip(), re.IGNORECASE))


def external_in_page(text: str) -> list[str]:
    page = Loads(text)
    return [each for each in page.loaded if is_external(each)] + external_in_styles("\n".join(page.styles))


def external_in_styles(text: str) -> list[str]:
    text = re.sub(r"(?s)/\*.*?\*/", "", text)
    found = re.findall(r"url\(\s*[\"']?([^\"')]+)", text) + re.findall(r"@import\s+[\"']([^\"']+)", text)
    return [address for address in found if is_external(address)]


def external_in_script(text: str) -> list[str]:
    return [match[0] for pattern in (ASSETS, DELIVERY) for match in pattern.finditer(text)]


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (external_in_page, '<script src="https://a.org/b.js"></script>'),
        (external_in_page, '<link rel="stylesheet" href="//a.org/b.css">'),
        (external_in_page, '<img alt="x" src="http://a.org/b.png">'),
        (external_in_page, '<p style="background: url(https://a.org/b.png)">'),
        (external_in_page, "<style>@import 'https://a.org/b.css';</style>"),
        (external_in_styles, "@font-face { src: url('https://a.org/b.woff2') }"),
        (external_in_script, 'import("https://a.org/b.mjs")'),
        (external_in_script, 'src = "https://cdn.jsdelivr.net/npm/x"'),
    ],
)
def test_what_comes_from_elsewhere_is_found(find, text):
    assert find(text)


def test_what_comes_from_the_book_is_fine():
    assert not external_in_page(
        '<a href="https://a.org"></a><img alt="x" src="data:image/png;base64,eA=="><script src="a.js">'
    )
    assert not external_in_styles("/* url(https://a.org/b.png) */ a { background: url(b.png) }")
    assert not external_in_script("// see https://a.org/manual\nvar space = 'http://www.w3.org/2000/svg'")


def test_formulas_are_drawn_without_a_script(tmp_path):
    from sphinx.application import Sphinx

    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# Title\n\n$x_1^2$\n\n$$\\frac{1}{C} + \\frac{1}{k^2}$$\n")
    settings = {"extensions": ["myst_nb", "book.rendering"], "myst_enable_extensions": ["dollarmath"],
                "html_math_renderer": "mathml", "nb_execution_mode": "off"}  # fmt: skip
    sphinx = Sphinx(
        source, None, tmp_path / "html", tmp_path / "trees", "html", settings, status=None, warningiserror=True
    )
    sphinx.build()
    page = (tmp_path / "html" / "index.html").read_text()
    assert page.count("<math") == 2
    assert "<mfrac>" in page
    assert not external_in_page(page)


# ------------------------------------------------------------------------------------------------------ the whole book


def run_build() -> str:
    """Build the book as `make book` does, with photographs named that are not to be looked at; return what it says."""
    environment = os.environ | {"FER_COURSE_DATA": str(ROOT / "no-such-photographs.csv")}
    done = subprocess.run([sys.executable, "-m", "book"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built book; what an earlier build has executed is not executed again."""
    run_build()
    return build.BUILT / "html"


@pytest.fixture(scope="session")
def read(site) -> dict[Path, str]:
    found = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]  # the theme's templates
    return {path: path.read_text(encoding="utf-8") for path in found}


@pytest.mark.slow
def test_a_second_build_executes_nothing(site):
    assert run_build().count("kept from before") == len(SOLUTIONS)


@pytest.mark.slow
def test_no_page_loads_anything_from_a_network(site, read):
    found = {path.name: external_in_page(text) for path, text in read.items()}
    found |= {path.name: external_in_styles(path.read_text(encoding="utf-8")) for path in site.rglob("*.css")}
    found |= {path.name: external_in_script(path.read_text(encoding="utf-8")) for path in site.rglob("*.js")}
    assert len(found) > 40
    assert not {name: what for name, what in found.items() if what}


@pytest.mark.slow
def test_every_link_within_the_book_leads_somewhere(site, read):
    parsed = {path: Loads(text) for path, text in read.items()}
    broken = []
    for path, page in parsed.items():
        for link in page.links + page.loaded:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            target = target / "index.html" if target.is_dir() else target
            there = target.is_file() and (
                not address.fragment or target not in parsed or unquote(address.fragment) in parsed[target].ids
            )
            broken += [] if there else [f"{path.name}: {link}"]
    assert not broken


@pytest.mark.slow
def test_every_picture_has_words(read):
    assert not {path.name: page.silent for path, text in read.items() if (page := Loads(text)).silent}


@pytest.mark.slow
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_lesson_has_its_answers_in_folds_and_its_figures(site, path):
    text = (site / "lessons" / f"{path.stem}.html").read_text(encoding="utf-8")
    cells = read_notebook(path).cells
    exercises = [cell for cell in cells if is_solution(cell)]
    assert text.count("Show an answer") == text.count("Hide the answer") == len(exercises)
    assert text.count("hide above-input") == len(exercises)
    assert text.count("<strong>Right</strong>") >= len(exercises)
    assert (
        text.count('class="fer-light"') >= sum("show(" in cell.source for cell in cells if cell.cell_type == "code") / 2
    )
    assert "SOLUTION" not in text
    assert "VBox(" not in text
    assert (site / "notebooks" / path.name).read_bytes() == (ROOT / "lessons" / path.name).read_bytes()


@pytest.mark.slow
def test_nothing_of_this_machine_is_printed(read):
    private = [str(ROOT), os.path.expanduser("~") + os.sep, sys.prefix]
    found = [(path.name, each) for path, text in read.items() for each in private if each in text]
    assert not found


# --------------------------------------------------------------------------------------------------------- in a browser

#: Where to leave screenshots, for somebody to look at; nowhere if it is empty.
PICTURES = os.environ.get("FER_COURSE_SCREENSHOTS", "")
PAGES = ["index.html", "lessons/00-start-here.html", "lessons/05-space-and-channels-apart.html",
         "lessons/11-read-the-results.html", "docs/glossary.html", "docs/map.html", "docs/live.html", "MODEL_CARD.html",
         "search.html?q=padding"]  # fmt: skip
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (on Debian: apt install chromium)")


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (extra dev)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(request, chromium):
    """A page of one theme that can reach nothing but files; `page.requests` and `page.complaints` are what went wrong."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page = context.new_page()
    page.theme, page.requests, page.complaints = request.param, [], []

    def stop(route):
        page.requests.append(route.request.url)
        route.abort()

    context.route(re.compile(r"^(?!file:|data:|blob:)"), stop)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("requestfailed", lambda request: page.complaints.append(f"failed: {request.url[:200]}"))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield page
    context.close()


def open_page(page, site: Path, name: str) -> None:
    path, _, query = name.partition("?")
    page.goto(f"{(site / path).as_uri()}{'?' if query else ''}{query}")
    if PICTURES:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"book-{Path(path).stem}-{page.theme}.png", full_page=True)


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
def test_pages_open_without_a_network_and_without_complaint(site, page):
    for name in PAGES:
        open_page(page, site, name)
        assert page.evaluate("document.documentElement.dataset.theme") == page.theme
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)"), name
    page.locator("#search-results li").first.wait_for()  # on the last of them
    assert (page.requests, page.complaints) == ([], [])


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
def test_pages_can_be_used_by_everybody(site, page):
    found = {}
    for name in PAGES:
        open_page(page, site, name)
        found[name] = barriers(page)
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
def test_an_answer_unfolds_and_its_lesson_is_left_for_the_next(site, page):
    open_page(page, site, "lessons/00-start-here.html")
    answer = page.get_by_text("return face[:, ::-1]", exact=False).first
    assert page.get_by_text("raise NotImplementedError").first.is_visible()
    assert not answer.is_visible()
    page.get_by_text("Show an answer").first.click()
    assert answer.is_visible()
    page.locator("a.right-next").click()
    page.wait_for_load_state()
    assert page.url.endswith("lessons/01-meet-the-faces.html")
    assert (page.requests, page.complaints) == ([], [])
