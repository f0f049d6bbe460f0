"""The parameters of notebooks: where their values come from, and whether they have the right types."""

from __future__ import annotations

import contextlib
import decimal
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from fer_course._shared.extras import require
from fer_course._shared.files import read_yaml
from fer_course._shared.values import is_number, is_whole
from fer_course.course.lessons import find_folder
from fer_course.errors import DataError, LessonError, shown

#: The parameters that every notebook of the course has, in this order.
PARAMETERS = ("data", "faces", "recipe", "seed", "out")

Value = str | int | float | bool


class _Kind(NamedTuple):
    """A type that a notebook can declare for a parameter, and that is not text.

    Attributes:
        words: what an error calls it.
        fits: tells whether a value from a file or a call has this type.
        pattern: what its values look like on the command line.
        read: turns such text into a value.

    """

    words: str
    fits: Callable[[object], bool]
    pattern: str
    read: Callable[[str], Value]


#: In the order in which they are tried if a notebook declares no type.
_KINDS = {
    "bool": _Kind(
        "true or false",
        lambda value: isinstance(value, bool),
        r"(?i:true|false)",
        lambda text: text.lower() == "true",
    ),
    "int": _Kind("a whole number", is_whole, r"[+-]?[0-9]{1,1000}", int),
    "float": _Kind("a number", is_number, r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", float),
}


def read_profile(profile: str | Path) -> dict:
    """Return the parameters of a profile: `cpu`, `gpu`, `paper`, or the path of a YAML file.

    Raises:
        LessonError: if there is no such profile, or the file is not a mapping of names to values.

    """
    path = Path(profile)
    if path.suffix not in (".yaml", ".yml"):
        have = {each.stem: each for each in sorted(find_folder("profiles").glob("*.yaml"))}
        if str(profile) not in have:
            raise LessonError(f"There is no profile {str(profile)!r}; there are: {', '.join(have)}, or a .yaml file.")
        path = have[str(profile)]
    if not path.is_file():
        raise LessonError(f"There is no profile file {path}.")
    content = read_yaml(path, LessonError)
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise LessonError(f"{path} should hold lines like `recipe: minutes`; found {shown(content)}.")
    return content


def parse_values(chosen: list[Path], texts: Mapping[str, str]) -> dict[str, Value]:
    """Return the values of parameters from a command line, each read as the type that the notebooks declare.

    Args:
        chosen: the notebooks that get the values.
        texts: name -> text.

    Raises:
        LessonError: if a text is not a value of its type; says what to type.

    """
    values: dict[str, Value] = {}
    if not texts:
        return values  # reading notebooks takes time
    for notebook in chosen:
        declared = declared_parameters(notebook)
        for name, text in texts.items():
            values[name] = parse_value(name, text, declared.get(name, "None"))
    return values


def parse_value(name: str, text: str, declared: str) -> Value:
    """Return the text for the parameter `name` as the type that a notebook declares.

    A `str` is the text itself, an `int` a whole number in decimal digits, a `float` a decimal number, a `bool` true or false.
    If no type is declared, the value is the first of bool, int, float and str that fits.

    Raises:
        LessonError: if the text is not of that type; says what to type.

    Example:
        >>> parse_value("seed", "7", "int")
        7
        >>> parse_value("recipe", "minutes", "str")
        'minutes'

    """
    for name_of_kind, kind in _KINDS.items():
        if declared in (name_of_kind, "None") and re.fullmatch(kind.pattern, text.strip()):
            value = kind.read(text.strip())
            if value not in (math.inf, -math.inf):  # 1e999
                return value
    if declared not in _KINDS:
        return text
    raise LessonError(
        f"The parameter {name!r} takes {_KINDS[declared].words}; found {shown(text)}. {_suggest_text(text, declared)}"
    )


def _suggest_text(text: str, declared: str) -> str:
    """Return what to type instead of a text that is not of the declared type."""
    if declared == "bool":
        return "Type true or false."
    with contextlib.suppress(decimal.InvalidOperation, OverflowError):
        number = decimal.Decimal(_with_point(text))
        if declared == "float" and math.isfinite(float(number)):
            return f"Type {float(number)!r}."
        if number.is_finite() and abs(number) < 10**100 and number == int(number):
            return f"Type {int(number)}."
    return f"Type {'a number such as 0.001' if declared == 'float' else 'a number such as 300'}."


def _with_point(text: str) -> str:
    """Replace a decimal comma by a point. 1,000 stays as it is: it could mean one or a thousand."""
    return text if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", text.strip()) else text.strip().replace(",", ".")


def declared_parameters(notebook: str | Path) -> dict[str, str]:
    """Return a notebook's parameters, name -> type (`str`, `int`, … or `None` if not annotated), in their order."""
    require("papermill", "running lessons")
    from papermill import inspect_notebook

    found = inspect_notebook(escape_braces(notebook))
    return {name: parameter["inferred_type_name"] for name, parameter in found.items()}


def check_parameters(notebook: str | Path, parameters: dict, where: str) -> None:
    """Check that a notebook has these parameters, with values of the right types. (papermill itself only warns.)

    Args:
        notebook: path of a notebook with a cell tagged `parameters`.
        parameters: name -> value.
        where: where the values come from, for the message.

    Raises:
        LessonError: if a name is unknown (lists the right ones) or a value has the wrong type.

    """
    declared = declared_parameters(notebook) if parameters else {}
    for name, value in parameters.items():
        if name not in declared:
            have = ", ".join(declared) or "none"
            raise LessonError(
                f"{Path(notebook).stem} has no parameter {name!r} (from {where}); its parameters are: {have}."
            )
        problem = _type_problem(value, declared[name])
        if problem:
            raise LessonError(f"The parameter {name!r} of {Path(notebook).stem} {problem} (from {where}).")


def _type_problem(value, declared: str) -> str | None:
    """Return what is wrong with a value for a parameter annotated `declared`; None if nothing is."""
    kind = _KINDS.get(declared)
    found = f"takes {declared}; found {shown(value)}, which is {type(value).__name__}"
    if declared == "str" and not isinstance(value, str):
        return f'{found}. Write it in quotes, "like this"'
    if kind is None or kind.fits(value):  # values of other annotations are not checked
        return None
    if isinstance(value, str) and declared in ("int", "float"):
        with contextlib.suppress(ValueError):
            return f"{found}. YAML reads {value} as text: write {_yaml_number(value, declared)}"
    return f"{found}. Write {kind.words}"


def _yaml_number(text: str, declared: str) -> str:
    """Return a number as YAML 1.1 reads one: `1e-3` becomes `1.0e-3`; raise ValueError if the text is not a number."""
    number = float(text)
    if declared == "int" and number.is_integer():
        return str(int(number))
    digits, exponent, power = text.strip().lower().partition("e")
    if not exponent:
        return f"{text} without quotes"
    sign = "" if power.startswith(("+", "-")) else "+"
    return f"{digits}{'' if '.' in digits else '.0'}e{sign}{power}"


def merge_settings(
    chosen: list[Path],
    profile: str | Path | None,
    parameters: dict | None,
    data: str | Path | None,
    typed: Mapping[str, str] | None = None,
) -> dict:
    """Merge profile, parameters, typed parameters and data: later ones win. Each is checked against every chosen notebook."""
    sources: list[tuple[dict, str]] = [
        (read_profile(profile) if profile is not None else {}, f"profile {profile}"),
        (parameters or {}, "the parameters given"),
        (parse_values(chosen, typed or {}), "the command line"),
        ({"data": os.fspath(data)} if data is not None else {}, "data"),
    ]
    merged: dict = {}
    for values, where in sources:
        for notebook in chosen:
            check_parameters(notebook, values, where)
        merged.update(values)
    if merged.get("data"):
        merged["data"] = _absolute_data(merged["data"])
    if merged.get("out"):
        merged["out"] = str(Path(merged["out"]).expanduser().resolve())
    return merged


def _absolute_data(data: str) -> str:
    """Return an absolute path, because each notebook is executed in its own folder; `drawn` means the drawn faces."""
    path = Path(data).expanduser()
    if path.exists():
        return str(path.resolve())
    if data == "drawn":
        return data
    raise DataError(f"There is no file or folder {path.absolute()} with faces. Give a path that exists, or `drawn`.")


def escape_braces(path: str | Path) -> str:
    """Return a path for papermill, which would replace names in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")
