"""The content of a `FileUpload`, in ipywidgets 7 and 8."""

from __future__ import annotations


def contents(value) -> list[bytes]:
    """Return the files that a `FileUpload` holds: a dictionary by name in ipywidgets 7, a tuple in 8."""
    files = value.values() if isinstance(value, dict) else value
    return [bytes(each["content"]) for each in files]


def empty(button) -> None:
    """Make a `FileUpload` forget its files, in the kernel and in the page."""
    if isinstance(button.value, dict):  # ipywidgets 7 makes `value` of these two when the counter changes
        button.metadata, button.data, button._counter = [], [], 0
    else:
        button.value = ()
