"""`python -m fer_course.cli` is `fer-course`."""

import sys

from fer_course.cli import main

sys.exit(main())
