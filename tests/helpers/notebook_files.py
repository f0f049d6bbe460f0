"""Small notebooks, written for tests that execute them."""

from pathlib import Path

import nbformat

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FIVE = """data: str = ""  # faces
faces: int = 4000  # how many
recipe: str = "quick"  # which
seed: int = 0  # chance
out: str = ""  # where
rate: float = 0.1  # how fast
loud: bool = False  # whether"""


def write_notebook(path: Path, *sources: str, title: str = "A lesson", parameters: str = FIVE) -> Path:
    cells = [nbformat.v4.new_markdown_cell(f"# {title}", id="title")]
    cells.append(nbformat.v4.new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}))
    cells += [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), path)
    return path
