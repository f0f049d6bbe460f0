"""Tests of the checks, a module per topic; this file gives them a package, so that tests/test_faces.py may have a namesake."""
