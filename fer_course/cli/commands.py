"""What the modules of commands share."""

from __future__ import annotations

import argparse

#: How commands describe an argument that names lessons.
LESSONS = "07, 7 or 10-train-it; none: all of them"
#: How commands describe an argument that names faces.
FACES = "file or folder with FER2013, or the word drawn"


def add_command(commands, name: str, function, text: str) -> argparse.ArgumentParser:
    """Add a command to a group; it calls `function(options)`, whose return value is the exit status (None: 0)."""
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(command=function)
    return command
