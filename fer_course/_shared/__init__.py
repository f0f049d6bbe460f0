"""Helpers for several rooms, not for use outside this package: files, processes, executors, settings, install advice."""
