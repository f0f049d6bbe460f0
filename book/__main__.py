"""`python -m book`: build the book."""

from book.build import main

raise SystemExit(main())
