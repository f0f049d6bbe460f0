"""`python -m book`: build the book."""

from book.build import main
from fer_course.cli.console import printing

raise SystemExit(printing(main))
