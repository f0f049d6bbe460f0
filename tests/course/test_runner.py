"""Running notebooks: what a run leaves behind, what it says about failures, and what it refuses before it starts."""

import base64
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from notebook_files import KERNEL, write_notebook

import fer_course
from fer_course import course
from fer_course._shared import extras, files
from fer_course.course import copies, execution, parameters, results, run_folders, runner
from fer_course.course.pages import lesson_page
from fer_course.errors import BusyError, DataError, LessonError

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one PNG pixel
)


def shown_alt(page: str) -> list[str]:
    """The alt texts of a page's figures, by a parser that the runner does not use."""
    from bs4 import BeautifulSoup

    return [image["alt"] for image in BeautifulSoup(page, "html.parser").find_all("img")]


# ---------------------------------------------------------------------------------------- one run, looked at closely


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """Three tiny notebooks: one that reports and draws, one that fails, one after it. Returns (folder, status, text)."""
    base = tmp_path_factory.mktemp("a {run}")  # braces: papermill fills in what stands in braces of a path
    source, out = base / "solutions", base / "out"
    (base / "faces").mkdir()
    write_notebook(
        source / "00-first.ipynb",
        "from fer_course.course import report\nreport('only a start', accuracy=0.1, n=7)",
        f"""from IPython.display import HTML, Image, display
import base64
svg = f'src="data:image/svg+xml;base64,{{base64.b64encode(b"<svg/>").decode()}}"'
display(HTML(f'<img class="fer-light" alt="sharp" {{svg}}><img class="fer-dark" hidden alt="sharp" {{svg}}>'))
display(HTML('<p>x</p><img alt="five &lt;faces&gt; &amp; more" src="data:image/png;base64,{PIXEL}">'))
display(Image(base64.b64decode('{PIXEL}')), metadata={{'image/png': {{'alt': 'a plain one'}}}})""",
        "from pathlib import Path\nPath('scratch.txt').write_text('x')\nblob = bytearray(b'x' * 300_000_000)",
        "import os\nprint([data, faces, recipe, seed, out, os.getcwd()])\nreport('accuracy 61.2 %', accuracy=0.612)",
        title="First <of> all",
    )
    write_notebook(source / "01-second.ipynb", "\n".join(f"x{n} = {n}" for n in range(30)) + "\nraise KeyError('gone')")
    write_notebook(source / "02-third.ipynb", "print('reached', rate)")
    profile = base / "some.yaml"
    profile.write_text("faces: 0\nseed: 5\nrate: 1.0e-3\n")
    text = base / "text"
    with text.open("w") as stream:
        kept, sys.stdout = sys.stdout, stream
        try:
            status = course.run(
                profile=profile, data=os.path.relpath(base / "faces"), parameters={"seed": 9}, out=out, source=source
            )
        finally:
            sys.stdout = kept
    return out, status, text.read_text()


def lesson(folder: Path, name: str) -> dict:
    metrics = json.loads((folder / "metrics.json").read_text())
    return next(record for record in metrics["lessons"] if record["lesson"] == name)


def test_a_failing_lesson_fails_the_run_but_not_the_others(a_run):
    folder, status, _ = a_run
    assert status == 1
    assert [lesson(folder, name)["status"] for name in ("00-first", "01-second", "02-third")] == [
        "done",
        "failed",
        "done",
    ]
    assert "reached 0.001" in (folder / "02-third.ipynb").read_text()


def test_every_lesson_is_there_as_notebook_and_as_page(a_run):
    folder, _, _ = a_run
    for name in ("00-first", "01-second", "02-third"):
        executed = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        assert any(cell.get("outputs") for cell in executed.cells)
        assert "<h1" in (folder / f"{name}.html").read_text()


def test_the_last_report_is_the_key_result_and_all_numbers_are_kept(a_run):
    record = lesson(a_run[0], "00-first")
    assert record["results"] == ["only a start", "accuracy 61.2 %"]
    assert record["numbers"] == {"accuracy": 0.612, "n": 7}


def test_figures_of_all_kinds_are_written_with_their_alt_texts(a_run):
    folder, _, _ = a_run
    figures = lesson(folder, "00-first")["figures"]
    assert figures == [
        {"file": "figures/00-1.svg", "alt": "sharp", "dark": "figures/00-1-dark.svg"},
        {"file": "figures/00-2.png", "alt": "five <faces> & more"},
        {"file": "figures/00-3.png", "alt": "a plain one"},
    ]
    assert (folder / figures[0]["file"]).read_bytes() == (folder / figures[0]["dark"]).read_bytes() == b"<svg/>"
    for figure in figures[1:]:
        assert (folder / figure["file"]).read_bytes() == base64.b64decode(PIXEL)


def test_parameters_come_from_profile_then_by_hand_then_data(a_run):
    folder, _, _ = a_run
    printed = next(
        output["text"] for cell in nbformat.read(folder / "00-first.ipynb", 4).cells for output in cell.get("outputs", [])
        if output.get("text", "").startswith("[")
    )  # fmt: skip
    work = str(folder / "00-first")
    assert printed.strip() == str([str(folder.parent / "faces"), 0, "quick", 9, work, work])


def test_notebooks_write_into_their_own_folder(a_run):
    folder, _, _ = a_run
    assert (folder / "00-first" / "scratch.txt").is_file()
    assert sorted(path.name for path in (folder.parent / "solutions").iterdir()) == [
        "00-first.ipynb",
        "01-second.ipynb",
        "02-third.ipynb",
    ]


def test_memory_includes_the_kernel(a_run):
    folder, _, _ = a_run
    first, third = (lesson(folder, name)["peak_memory_mb"] for name in ("00-first", "02-third"))
    assert first > third + 200  # its kernel held 300 MB, 02's did not


def test_what_a_kernel_writes_below_python_does_not_reach_the_terminal(tmp_path, capfd):
    with execution._log(tmp_path / "a.log") as terminal:
        subprocess.run([sys.executable, "-c", "import os; os.write(2, b'from below')"], check=True)
        terminal.write("the bar")
    os.write(2, b" and after")
    assert capfd.readouterr().err == "the bar and after"
    assert (tmp_path / "a.log").read_text() == "from below"
    with execution._log(tmp_path / "b.log"):
        pass
    assert not (tmp_path / "b.log").exists()


def test_the_failing_cell_and_its_error_are_printed_shortly(a_run):
    folder, _, text = a_run
    assert "FAILED  01-second in cell 4" in text  # title, parameters, injected parameters, the cell
    assert "x0 = 0" in text
    assert "x29" not in text
    assert "KeyError: 'gone'" in text
    assert lesson(folder, "01-second")["error"]["name"] == "KeyError"


def test_the_table_has_a_row_for_each_lesson(a_run):
    folder, _, text = a_run
    printed = text[text.index("lesson  ") :].splitlines()
    assert re.split(r"  +", printed[0]) == ["lesson", "seconds", "peak MB", "key result"]
    assert re.match(r"00-first +\d+ +[\d,]+  accuracy 61.2 %$", printed[2])
    assert re.match(r"01-second +\d+ +[\d,]+  FAILED  KeyError: 'gone'$", printed[3])
    assert str(folder / "index.html") in text


def test_the_index_links_all_shows_alt_texts_and_needs_no_network(a_run):
    folder, _, _ = a_run
    page = (folder / "index.html").read_text()
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "html.parser")
    links = [link["href"] for link in soup.find_all("a")] + [image["src"] for image in soup.find_all("img")]
    links += [source["srcset"] for source in soup.find_all("source")]
    assert {"00-first.html", "01-second.ipynb", "metrics.json", "figures/00-2.png", "figures/00-1-dark.svg"} <= set(
        links
    )
    assert all((folder / link).is_file() for link in links)
    assert shown_alt(page) == ["sharp", "five <faces> & more", "a plain one"]
    assert "http" not in page
    assert "First <of> all" in soup.get_text()  # shown, not taken for a tag
    assert "KeyError" in soup.find("pre").get_text()


def test_a_run_does_not_write_into_a_folder_that_is_in_use(a_run):
    with pytest.raises(LessonError, match="new or empty folder"):
        course.run(out=a_run[0], source=a_run[0].parent / "solutions")


# ------------------------------------------------------------------------------------------------- a lesson's page

REMOTE = re.compile(
    r"""(src|srcset)\s*=\s*["']?\s*(https?:)?//|import\s*\(|@import|url\(["']?(https?:)?//|<link\b[^>]*//|\bcdnjs|unpkg"""
)
WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "IntSlider(value=7)"}
STATE = {"state": {"a": {"model_name": "IntSliderModel"}}, "version_major": 2, "version_minor": 0}


def page_of(source: str = "1", *outputs) -> str:
    cells = [nbformat.v4.new_markdown_cell(source), nbformat.v4.new_code_cell("1", outputs=list(outputs))]
    widgets = {"application/vnd.jupyter.widget-state+json": STATE}
    return lesson_page(nbformat.v4.new_notebook(cells=cells, metadata={**KERNEL, "widgets": widgets}), "A lesson")


def test_the_pages_of_a_run_load_nothing_from_the_network(a_run):
    pages = sorted(a_run[0].glob("*.html"))
    assert [page.name for page in pages] == ["00-first.html", "01-second.html", "02-third.html", "index.html"]
    for page in pages:
        assert not REMOTE.search(page.read_text())


def test_a_page_with_formulas_widgets_and_diagrams_loads_nothing_from_the_network():
    widget = nbformat.v4.new_output("display_data", WIDGET)
    diagram = nbformat.v4.new_output("display_data", {"text/vnd.mermaid": "graph LR; a --> b"})
    page = page_of("$x^2$ and [a link](https://example.org)", widget, diagram)
    assert not REMOTE.search(page)
    assert "<script" not in page
    assert "x^2" in page
    assert 'href="https://example.org"' in page  # a link is followed by the reader, not by the page
    assert "IntSlider(value=7)" in page


def test_nbconvert_itself_would_load_scripts():
    """Else the test above could not fail."""
    from nbconvert import HTMLExporter

    assert REMOTE.search(HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(metadata=KERNEL))[0])


def test_a_progress_bar_is_shown_as_it_ended():
    texts = ["epoch 1/2\repo", "ch 2/2\rready\n", "next line\r\n"]
    page = page_of("1", *(nbformat.v4.new_output("stream", name="stdout", text=text) for text in texts))
    assert "epoch" not in page
    assert "ready\nnext line" in page.replace("\r", "")


# -------------------------------------------------------------------------------------------- stopping and resuming


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_resume_does_the_rest(tmp_path):
    source, out = tmp_path / "solutions", tmp_path / "out"
    counted = f"from pathlib import Path\nPath(r'{tmp_path}/00').open('a').write('x')"
    write_notebook(source / "00-first.ipynb", counted)
    waiting = f"import time\nfrom pathlib import Path\nif not Path(r'{tmp_path}/go').exists():\n"
    waiting += f"    Path(r'{tmp_path}/asleep').touch()\n    time.sleep(300)\nprint(seed)"
    write_notebook(source / "01-second.ipynb", waiting)
    command = f"from fer_course import course; exit(course.run(source={str(source)!r}, out={str(out)!r}, "
    command += "parameters={'seed': 4}))"
    process = subprocess.Popen(
        [sys.executable, "-c", command], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        while not (tmp_path / "asleep").exists():
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate()
    finally:
        process.kill()
    assert process.returncode == 130
    assert re.search(r"^01-second .*STOPPED", printed, re.MULTILINE)
    assert [record["status"] for record in json.loads((out / "metrics.json").read_text())["lessons"]] == [
        "done",
        "stopped",
    ]
    (tmp_path / "go").touch()
    assert course.run(resume=True, out=out) == 0
    assert (tmp_path / "00").read_text() == "x"  # the lesson that was done did not run again
    assert json.loads((out / "metrics.json").read_text())["finished"] is True
    assert '"4\\n"' in (out / "01-second.ipynb").read_text()  # with the settings of the run that was stopped
    with pytest.raises(LessonError, match="no unfinished run"):
        course.run(resume=True, out=out)


def test_resume_takes_the_newest_unfinished_run(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folders, "checkout", lambda: None)
    monkeypatch.chdir(tmp_path)
    for stamp, finished in [("2026-01-01-000000", False), ("2026-02-01-000000", False), ("2026-03-01-000000", True)]:
        (tmp_path / "runs" / stamp).mkdir(parents=True)
        plan = {"finished": finished, "lessons": [], "parameters": {}, "profile": None, "started": stamp}
        (tmp_path / "runs" / stamp / "metrics.json").write_text(json.dumps(plan))
    (tmp_path / "runs" / "2026-04-01-000000").mkdir()
    (tmp_path / "runs" / "2026-04-01-000000" / "metrics.json").write_text(
        '{"finished": fal'
    )  # a broken file is passed by
    assert course.run(resume=True) == 0
    finished = {
        path.parent.name: json.loads(path.read_text())["finished"] for path in tmp_path.glob("runs/2026-0[123]*/*.json")
    }
    assert finished == {"2026-01-01-000000": False, "2026-02-01-000000": True, "2026-03-01-000000": True}


def test_a_run_that_another_process_goes_on_with_is_left_to_it(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    plan = {"finished": False, "lessons": [], "parameters": {}, "profile": None, "started": "2026-01-01-000000"}
    (tmp_path / "metrics.json").write_text(json.dumps(plan))
    with files.exclusive(tmp_path), pytest.raises(BusyError, match="writing to"):
        course.run(resume=True, out=tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text()) == plan
    assert course.run(resume=True, out=tmp_path) == 0


def test_resume_keeps_its_settings(tmp_path):
    with pytest.raises(LessonError, match="keeps its own lessons and settings"):
        course.run(resume=True, profile="gpu", out=tmp_path)


def test_two_runs_in_one_second_get_two_folders(tmp_path):
    folders = {run_folders.new_folder(tmp_path, None) for _ in range(4)}
    assert len(folders) == 4
    assert all(folder.parent == tmp_path.resolve() for folder in folders)


def test_metrics_are_written_after_each_lesson(tmp_path, monkeypatch):
    seen = []

    def execute(notebook, executed, work, metrics, label, line):
        path = tmp_path / "out" / "metrics.json"
        seen.append([record["status"] for record in json.loads(path.read_text())["lessons"]])
        return None

    monkeypatch.setattr(runner, "execute", execute)
    for name in ("00-a", "01-b"):
        write_notebook(tmp_path / "solutions" / f"{name}.ipynb")
    assert course.run(source=tmp_path / "solutions", out=tmp_path / "out") == 0
    # What is being executed would be called stopped if the power failed now.
    assert seen == [["stopped", "waiting"], ["done", "stopped"]]


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory):
    """Five notebooks, two at a time: the first waits for the second, the third fails, the fourth kills what executes it."""
    base = tmp_path_factory.mktemp("jobs")
    source = base / "solutions"
    meet = "import time\nfrom pathlib import Path\n"
    write_notebook(
        source / "00-first.ipynb",
        meet
        + f"end = time.time() + 60\nwhile not Path(r'{base}/here').exists():\n    assert time.time() < end\n    time.sleep(0.1)",
        "from fer_course.course import report\nreport('met', n=1)",
    )
    write_notebook(
        source / "01-second.ipynb",
        meet + f"Path(r'{base}/here').touch()",
        "import sys\nprint('noise', file=sys.stderr)",
    )
    write_notebook(source / "02-third.ipynb", "1 / 0")
    write_notebook(
        source / "03-fourth.ipynb",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(60)",
    )
    write_notebook(
        source / "04-fifth.ipynb",
        f"import os\nfrom pathlib import Path\nPath(r'{base}/shared').write_text(os.environ['FER_COURSE_SHARED_RUNS'])",
    )
    command = (
        f"from fer_course import course; exit(course.run(source={str(source)!r}, out={str(base / 'out')!r}, jobs=2))"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=200)
    return base / "out", done


@pytest.mark.slow
def test_lessons_run_side_by_side_and_fail_alone(side_by_side):
    folder, done = side_by_side
    assert done.returncode == 1
    names = ("00-first", "01-second", "02-third", "03-fourth", "04-fifth")
    assert [lesson(folder, name)["status"] for name in names] == ["done", "done", "failed", "failed", "done"]
    assert lesson(folder, "00-first")["results"] == ["met"]
    assert lesson(folder, "02-third")["error"]["name"] == "ZeroDivisionError"
    assert "not enough memory" in lesson(folder, "03-fourth")["error"]["message"]
    assert all(lesson(folder, name)["peak_memory_mb"] > 30 for name in names if name != "03-fourth")
    assert all((folder / f"{name}.html").is_file() for name in names if name != "03-fourth")
    assert [each["lesson"] for each in json.loads((folder / "metrics.json").read_text())["lessons"]] == list(names)


@pytest.mark.slow
def test_side_by_side_nothing_is_left_and_nothing_else_is_said(side_by_side):
    _, done = side_by_side
    assert not [line for line in done.stderr.splitlines() if re.search("Traceback|Warning|noise", line)], done.stderr
    assert len(re.findall(r"^(?:done|FAILED) ", done.stdout, re.MULTILINE)) == 5


def test_side_by_side_the_longest_lessons_begin_first():
    recorded = {each["lesson"]: each["seconds"] for each in fer_course.results.load("planning")["lessons"]}
    assert recorded["10-train-it"] > recorded["04-plan-a-network"] > recorded["00-start-here"]
    names = ["00-start-here", "my-own", "04-plan-a-network", "another-one", "10-train-it", "01-meet-the-faces"]
    assert runner.longest_first([0, 1, 2, 3, 4], names) == [1, 3, 4, 2, 0]
    everything = sorted(recorded)
    times = [recorded[everything[index]] for index in runner.longest_first(list(range(len(everything))), everything)]
    assert times == sorted(times, reverse=True)


@pytest.mark.slow
def test_side_by_side_lessons_share_trainings_in_a_folder_that_is_removed(side_by_side):
    folder, _ = side_by_side
    shared = Path((folder.parent / "shared").read_text())
    assert shared.parent == folder.resolve()
    assert not shared.exists()


def test_one_after_the_other_each_lesson_trains_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("FER_COURSE_SHARED_RUNS", raising=False)
    with runner._shared_runs(tmp_path, 1):
        assert "FER_COURSE_SHARED_RUNS" not in os.environ
    with runner._shared_runs(tmp_path, 2):
        assert Path(os.environ["FER_COURSE_SHARED_RUNS"]).parent == tmp_path.resolve()
    assert "FER_COURSE_SHARED_RUNS" not in os.environ


@pytest.mark.slow
def test_ctrl_c_ends_lessons_side_by_side_and_keeps_what_they_did(tmp_path):
    source, out = tmp_path / "solutions", tmp_path / "out"
    for name in ("00-first", "01-second"):
        asleep = f"import time\nfrom pathlib import Path\nPath(r'{tmp_path}/{name}').touch()\n"
        write_notebook(
            source / f"{name}.ipynb",
            "print('kept')",
            f"{asleep}if not Path(r'{tmp_path}/go').exists(): time.sleep(300)",
        )
    write_notebook(source / "02-third.ipynb", "1")
    command = f"from fer_course import course; exit(course.run(source={str(source)!r}, out={str(out)!r}, jobs=2))"
    process = subprocess.Popen(
        [sys.executable, "-c", command], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        while not ((tmp_path / "00-first").exists() and (tmp_path / "01-second").exists()):
            assert process.poll() is None
            time.sleep(0.1)
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    statuses = [record["status"] for record in json.loads((out / "metrics.json").read_text())["lessons"]]
    assert statuses == ["stopped", "stopped", "waiting"]
    assert "kept" in (out / "00-first.html").read_text()
    (tmp_path / "go").touch()
    assert course.run(resume=True, out=out) == 0


def test_as_many_lessons_at_a_time_as_cores_and_memory_allow(monkeypatch):
    for cores, free, jobs in ((1, 9e9, 1), (2, 9e9, 2), (8, 9e9, 4), (8, 3e9, 1), (2, 1e9, 1)):
        monkeypatch.setattr(runner, "processors", lambda cores=cores: cores)
        monkeypatch.setattr(runner, "free_memory", lambda free=free: int(free))
        assert course.most_jobs() == jobs


def test_a_lesson_that_can_not_be_read_fails_alone(tmp_path, monkeypatch, capsys):
    write_notebook(tmp_path / "solutions" / "00-a.ipynb")
    (tmp_path / "solutions" / "01-b.ipynb").write_text("not a notebook")
    monkeypatch.setattr(runner, "extract", lambda *arguments: {})
    assert course.run(source=tmp_path / "solutions", out=tmp_path / "out", lessons=["1"]) == 1
    assert "FAILED  01-b" in capsys.readouterr().out


# ------------------------------------------------------------------------------- what is refused before anything runs


@pytest.fixture
def tiny(tmp_path):
    return write_notebook(tmp_path / "solutions" / "10-train-it.ipynb", "print('never run')")


def refused(tiny, match, error=LessonError, **settings):
    out = tiny.parent.parent / "out"
    with pytest.raises(error, match=match):
        course.run(source=tiny.parent, out=out, **settings)
    assert not out.exists()


def test_an_unknown_lesson_lists_the_right_ones(tiny):
    refused(tiny, "no lesson '8'; there are: 10-train-it", lessons=["8"])


def test_an_unknown_profile_lists_the_right_ones(tiny):
    refused(tiny, "no profile 'tpu'; there are: cpu, gpu, paper", profile="tpu")


def test_an_unknown_parameter_lists_the_right_ones(tiny):
    refused(
        tiny,
        r"10-train-it has no parameter 'epochs' \(from the parameters given\).*data, faces, recipe, seed, out",
        parameters={"epochs": 3},
    )


def test_the_profile_is_named_when_its_parameter_is_unknown(tiny, tmp_path):
    (tmp_path / "mine.yaml").write_text("epochs: 3")
    refused(tiny, "no parameter 'epochs' .from profile .*mine.yaml", profile=tmp_path / "mine.yaml")


def test_yaml_that_reads_a_number_as_text_is_explained(tiny, tmp_path):
    (tmp_path / "mine.yaml").write_text("rate: 1e-3")
    refused(tiny, r"takes float; found '1e-3'.*write 1\.0e-3", profile=tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", "three"), ("seed", 1.5), ("seed", True), ("recipe", 3), ("recipe", None), ("loud", 1), ("rate", "fast")],
)
def test_a_value_of_the_wrong_type_is_refused(tiny, name, value):
    refused(tiny, f"'{name}' of 10-train-it takes (int|str|bool|float); found", parameters={name: value})


def test_whole_numbers_are_fine_where_a_float_is_declared(tiny):
    assert course.check_parameters(tiny, {"rate": 1, "seed": 3, "loud": True, "recipe": "x"}, "here") is None


@pytest.mark.parametrize("content", ["- a\n- b", "just text", "", "a: [1", "3: x"])
def test_a_profile_that_is_no_mapping_of_names_is_refused(tiny, tmp_path, content):
    (tmp_path / "mine.yaml").write_text(content)
    refused(tiny, "mine.yaml", profile=tmp_path / "mine.yaml")


def test_data_that_does_not_exist_is_refused_once_not_twelve_times(tiny):
    refused(tiny, "no file or folder .*nowhere", error=DataError, data="nowhere")


def test_a_folder_without_notebooks_is_refused(tmp_path):
    with pytest.raises(LessonError, match="no notebooks"):
        course.run(source=tmp_path)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_number_that_is_suggested_is_one_to_yaml(value):
    text = repr(value)
    loaded = yaml.safe_load(text)
    if isinstance(loaded, str):  # YAML's trap: it has an exponent but no point or no sign
        suggested = yaml.safe_load(parameters._yaml_number(text, "float"))
        assert isinstance(suggested, float)
        assert suggested == value


@given(
    st.one_of(st.integers(), st.floats(), st.booleans(), st.text(), st.none()),
    st.sampled_from(["int", "float", "str", "bool"]),
)
def test_types_are_those_that_python_would_accept(value, declared):
    right = type(value).__name__ == declared or (declared == "float" and type(value) is int)
    assert (parameters._type_problem(value, declared) is None) == right


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ("int", "3", 3), ("int", "010", 10), ("int", "-7", -7), ("int", "+7", 7), ("int", " 5 ", 5),
        ("float", "0.5", 0.5), ("float", "1e-3", 1e-3), ("float", "3", 3.0), ("float", ".5", 0.5), ("float", "010", 10.0),
        ("bool", "true", True), ("bool", "False", False),
        ("str", "2013", "2013"), ("str", "yes", "yes"), ("str", "no", "no"), ("str", "on", "on"), ("str", "null", "null"),
        ("str", "~", "~"), ("str", "12:30", "12:30"), ("str", "0x10", "0x10"), ("str", "1e3", "1e3"), ("str", "true", "true"),
        ("str", "", ""), ("str", "[1, 2", "[1, 2"), ("str", "2024-01-02", "2024-01-02"), ("str", " a", " a"), ("str", "#1", "#1"),
        ("str", "a: b", "a: b"), ("str", "'quoted'", "'quoted'"), ("str", "- x", "- x"), ("str", "!!int 3", "!!int 3"),
        ("None", "010", 10), ("None", "0.5", 0.5), ("None", "true", True), ("None", "minutes", "minutes"), ("None", "yes", "yes"),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_by_the_declared_type(declared, text, value):
    parsed = course.parse_value("name", text, declared)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("declared", "text", "advice"),
    [
        ("int", "1_000", "Type 1000."), ("int", "1e3", "Type 1000."), ("int", "0x10", "Type a number such as 300."),
        ("int", "12:30", "Type a number such as 300."), ("int", "3.0", "Type 3."), ("int", "2.5", "Type a number such as 300."),
        ("int", "", "Type a number such as 300."), ("int", "null", "Type a number such as 300."),
        ("int", "٣", "Type 3."), ("int", "1,000", "Type a number such as 300."), ("int", "1e30", "Type 1" + "0" * 30 + "."),
        ("float", "1,000", "Type a number such as 0.001."), ("float", "0,001", "Type 0.001."),
        ("int", "inf", "Type a number such as 300."), ("int", "9" * 5000, "Type"),
        ("float", "0,5", "Type 0.5."), ("float", "1_0.5", "Type 10.5."), ("float", "nan", "Type a number such as 0.001."),
        ("float", "fast", "Type a number such as 0.001."), ("float", "1e999", "Type a number such as 0.001."),
        ("bool", "yes", "Type true or false."), ("bool", "1", "Type true or false."), ("bool", "on", "Type true or false."),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_refused_with_what_to_type(declared, text, advice):
    with pytest.raises(LessonError, match=r"^The parameter 'name' takes ") as refusal:
        course.parse_value("name", text, declared)
    assert advice in str(refusal.value)
    typed = re.search(r"Type ([-\d.e]+?)\.$", str(refusal.value))
    if typed:  # the advice can be followed
        assert math.isfinite(course.parse_value("name", typed[1], declared))


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_what_python_writes_is_read_back(value):
    assert course.parse_value("name", str(value), type(value).__name__) == value


@given(st.text())
def test_a_text_is_always_itself(text):
    assert course.parse_value("name", text, "str") == text


def test_typed_parameters_reach_the_notebook_by_its_own_types(tmp_path):
    source = tmp_path / "solutions"
    write_notebook(source / "00-first.ipynb", "print([recipe, seed, rate, loud])")
    typed = {"recipe": "2013", "seed": "010", "rate": "1e-3", "loud": "true"}
    assert course.run(source=source, out=tmp_path / "out", typed=typed) == 0
    assert "['2013', 10, 0.001, True]" in (tmp_path / "out" / "00-first.ipynb").read_text()


def test_typed_parameters_are_checked_before_anything_runs(tiny):
    refused(tiny, "'seed' takes a whole number; found '1_000'. Type 1000.", typed={"seed": "1_000"})
    refused(tiny, r"no parameter 'epochs' \(from the command line\)", typed={"epochs": "3"})
    refused(tiny, "no file or folder .*2013", error=DataError, typed={"data": "2013"})


@pytest.mark.parametrize(
    ("line", "advice", "mended"),
    [
        ("data: 2013", "Write it in quotes", 'recipe: "2013"'), ("recipe: no", "Write it in quotes", 'recipe: "no"'),
        ("recipe: null", "Write it in quotes", 'recipe: "null"'),
        ("recipe: 12:30", 'Write "12:30" with quotes', 'recipe: "12:30"'),
        ("seed: 1.5", "Write a whole number", "seed: 1"), ("loud: 1", "Write true or false", "loud: true"),
        ("rate: true", "Write a number", "rate: 1.0"), ("seed: three", "Write a whole number", "seed: 3"),
    ],
)  # fmt: skip
def test_advice_about_a_profile_can_be_followed_in_yaml(tiny, tmp_path, line, advice, mended):
    file = tmp_path / "mine.yaml"
    file.write_text(line)
    refused(tiny, advice, profile=file)
    file.write_text(mended)
    assert parameters.merge_settings([tiny], file, None, None)


# ------------------------------------------------------------------------------------------------ choosing lessons

COURSE = [
    Path(f"{name}.ipynb")
    for name in ("00-start-here", "01-meet-the-faces", "05-space-and-channels-apart", "14-beat-the-paper")
]


@pytest.mark.parametrize("name", ["05", "5", 5, "05-space-and-channels-apart", "05-space-and-channels-apart.ipynb"])
def test_a_lesson_has_four_names(name):
    assert course.choose(COURSE, [name]) == [COURSE[2]]


def test_lessons_run_in_the_order_of_the_course_once_each():
    assert course.choose(COURSE, ["14", "0", "00", "05-space-and-channels-apart"]) == [COURSE[0], COURSE[2], COURSE[3]]


@pytest.mark.parametrize("everything", [None, []])
def test_none_asked_for_means_all(everything):
    assert course.choose(COURSE, everything) == COURSE


@pytest.mark.parametrize("name", ["1-meet", "train", "70", "", "-1"])
def test_half_a_name_is_not_guessed(name):
    with pytest.raises(
        LessonError, match="00-start-here, 01-meet-the-faces, 05-space-and-channels-apart, 14-beat-the-paper"
    ):
        course.choose(COURSE, [name])


# ------------------------------------------------------------------------------------------------------- reporting


def test_report_prints_where_there_is_no_notebook(capsys):
    course.report("accuracy 61.2 %", accuracy=0.612)
    assert capsys.readouterr().out == "accuracy 61.2 %\n"


def test_report_works_without_ipython(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    course.report("fine", n=1)
    assert capsys.readouterr().out == "fine\n"


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(3), np.array(2.0), 1, 0.25, True])
def test_numbers_become_plain_ones(value):
    plain = results._plain_number("x", value)
    assert json.loads(json.dumps(plain)) == float(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float64("-inf")])
def test_numbers_that_json_lacks_become_null(value):
    assert results._plain_number("x", value) is None


@pytest.mark.parametrize("value", ["0.5", None, np.arange(3), [1], 1j])
def test_report_takes_single_numbers(value):
    with pytest.raises(LessonError, match="takes single numbers; found accuracy="):
        course.report("x", accuracy=value)


def test_importing_course_loads_nothing_heavy():
    code = "import sys, fer_course.course; print([m for m in ('keras', 'papermill', 'nbclient', 'nbformat', 'IPython') "
    code += "if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# ------------------------------------------------------------------------------------------------- a learner's copies


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of lessons, as in a checkout or a wheel."""
    lessons = tmp_path / "shipped"
    (lessons / "images").mkdir(parents=True)
    (lessons / ".ipynb_checkpoints").mkdir()
    for name in ("00-a.ipynb", "01-b.ipynb", "images/c.svg", ".ipynb_checkpoints/00-a.ipynb"):
        (lessons / name).write_text(f"shipped {name}")
    monkeypatch.setattr(copies, "find_folder", lambda kind: lessons)
    return lessons


def test_start_copies_what_is_missing_and_leaves_the_rest(shipped, tmp_path, capsys):
    mine = tmp_path / "my-lessons"
    assert course.start(mine) == [mine / "00-a.ipynb", mine / "01-b.ipynb", mine / "images/c.svg"]
    assert not (mine / ".ipynb_checkpoints").exists()
    (mine / "00-a.ipynb").write_text("my work")
    (mine / "01-b.ipynb").unlink()
    capsys.readouterr()
    assert course.start(mine) == [mine / "01-b.ipynb"]
    assert (mine / "00-a.ipynb").read_text() == "my work"
    assert (mine / "01-b.ipynb").read_text() == "shipped 01-b.ipynb"
    copied, left = capsys.readouterr().out.splitlines()
    assert re.match("Copied to .*my-lessons: 01-b.ipynb", copied)
    assert re.match("Left as they are in .*my-lessons: 00-a.ipynb, ", left)


def test_start_refuses_a_file(shipped, tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(LessonError, match="is a file"):
        course.start(tmp_path / "taken")


def installed(tmp_path, monkeypatch, *kinds):
    """Pretend that the package was installed from a wheel that carries these folders."""
    package = tmp_path / "site-packages" / "fer_course"
    for kind in kinds:
        (package / kind).mkdir(parents=True)
    (package.parent / "solutions").mkdir(parents=True)  # somebody else's
    monkeypatch.setattr(fer_course, "__file__", str(package / "__init__.py"))
    monkeypatch.chdir(package.parent)
    return package


def test_a_wheel_has_lessons_and_profiles_but_no_solutions(tmp_path, monkeypatch):
    package = installed(tmp_path, monkeypatch, "lessons", "profiles")
    assert course.find_folder("lessons") == package / "lessons"
    assert course.find_folder("profiles") == package / "profiles"
    with pytest.raises(LessonError, match="only in the course's repository"):
        course.run()


def test_in_a_clone_its_solutions_are_found_though_the_package_is_installed_apart_from_it(tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, "lessons", "profiles")
    clone = tmp_path / "clone"
    (clone / "solutions").mkdir(parents=True)
    (clone / "docs").mkdir()
    monkeypatch.chdir(clone / "docs")
    (clone / "pyproject.toml").write_text('[project]\nname = "another"\n')
    with pytest.raises(LessonError, match="only in the course's repository"):
        course.find_folder("solutions")
    (clone / "pyproject.toml").write_text('[project]\nname = "fer_course"\n')
    assert course.find_folder("solutions") == clone / "solutions"


def test_a_broken_installation_says_so(tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, "profiles")
    with pytest.raises(LessonError, match="no folder lessons/"):
        course.start(tmp_path / "mine")


def test_an_empty_course_says_how_to_build_it(tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, "lessons")
    with pytest.raises(LessonError, match="fer-course release"):
        course.start(tmp_path / "mine")


def test_a_missing_extra_is_named(monkeypatch, tiny):
    monkeypatch.setitem(sys.modules, "papermill", None)
    refused(tiny, re.escape(extras.advice("lab")))
