"""Where the repository is: for the tests that read the notebooks, documents and settings of the course."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
