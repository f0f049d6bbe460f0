"""Tests of the checks, a module per topic."""
