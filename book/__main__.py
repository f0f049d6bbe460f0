"""`python -m book`: build the book."""

from book.build import main
from fer_course.console import printing

raise SystemExit(printing(main))
