"""The parameters of notebooks: where their values come from, and whether they fit."""

from __future__ import annotations

import contextlib
import decimal
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path

from fer_course._shared.extras import require
from fer_course._shared.files import read_yaml
from fer_course.course.lessons import find_folder
from fer_course.errors import DataError, LessonError, shown

#: The parameters that every notebook of the course has, in this order.
PARAMETERS = ("data", "faces", "recipe", "seed", "out")


#: How a value is typed on the command line: for each type what it looks like, and how it is read.
_TYPED = {
    "bool": (r"(?i:true|false)", lambda text: text.lower() == "true"),
    "int": (r"[+-]?[0-9]{1,1000}", int),
    "float": (r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", float),
}
#: What an error says to write in a YAML file.
_WRITTEN = {"str": 'it in quotes, "like this"', "int": "a whole number", "float": "a number", "bool": "true or false"}
#: What an error calls the types.
_KINDS = {"bool": "true or false", "int": "a whole number", "float": "a number"}
_TYPES = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


def read_profile(profile: str | Path) -> dict:
    """Return the parameters of a profile: `cpu`, `gpu`, `paper`, or the path of a YAML file.

    Raises:
        LessonError: if there is no such profile, or the file is not a mapping of names to values.

    """
    path = Path(profile)
    if path.suffix not in (".yaml", ".yml"):
        have = {found.stem: found for found in sorted(find_folder("profiles").glob("*.yaml"))}
        if str(profile) not in have:
            raise LessonError(f"There is no profile {str(profile)!r}; there are: {', '.join(have)}, or a .yaml file.")
        path = have[str(profile)]
    if not path.is_file():
        raise LessonError(f"There is no profile file {path}.")
    content = read_yaml(path, LessonError)
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise LessonError(f"{path} should hold lines like `recipe: minutes`; found {shown(content)}.")
    return content


def typed_values(chosen: list[Path], texts: Mapping[str, str]) -> dict[str, str | int | float | bool]:
    """Return the values of parameters that were typed on a command line, each read by the type that the notebooks declare.

    Args:
        chosen: the notebooks that get them.
        texts: names, and what was typed.

    Raises:
        LessonError: if a name is unknown, or a text is no value of its type; says what to type.

    """
    values = {}
    for notebook in chosen if texts else []:
        declared = declared_parameters(notebook)
        for name, text in texts.items():
            values[name] = parse_value(name, text, declared.get(name, "None"))
    return values


def parse_value(name: str, text: str, declared: str) -> str | int | float | bool:
    """Return what was typed for the parameter `name` as the type that a notebook declares.

    A `str` is the text itself, an `int` a whole number in decimal digits, a `float` a decimal number, a `bool` true or false.
    Where no type is declared, it is the first of bool, int, float and str that fits.

    Raises:
        LessonError: if it is none of that type; says what to type.

    """
    for kind, (pattern, read) in _TYPED.items():
        if declared in (kind, "None") and re.fullmatch(pattern, text.strip()):
            value = read(text.strip())
            if value not in (math.inf, -math.inf):  # 1e999
                return value
    if declared not in _TYPED:
        return text
    raise LessonError(
        f"The parameter {name!r} takes {_KINDS[declared]}; found {shown(text)}. {_type_instead(text, declared)}"
    )


def _type_instead(text: str, declared: str) -> str:
    """Say what to type for a value that was typed in another way."""
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
    """Write a decimal comma as a point; 1,000 stays as it is, because nobody knows whether it is one or a thousand."""
    return text if re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", text.strip()) else text.strip().replace(",", ".")


def declared_parameters(notebook: str | Path) -> dict[str, str]:
    """Return name and type (`str`, `int`, … or `None` if not annotated) of a notebook's parameters, in their order."""
    require("papermill", "running lessons")
    from papermill import inspect_notebook

    found = inspect_notebook(escaped(notebook))
    return {name: parameter["inferred_type_name"] for name, parameter in found.items()}


def check_parameters(notebook: str | Path, parameters: dict, where: str) -> None:
    """Check that a notebook has these parameters, with values of the right types. (papermill alone only warns.)

    Args:
        notebook: path of a notebook with a cell tagged `parameters`.
        parameters: names and values to be set.
        where: where they come from, for the message.

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
    """Say what is wrong with a value for a parameter annotated `declared`; None if nothing is."""
    allowed = _TYPES.get(declared)
    if allowed is None or (isinstance(value, allowed) and (declared == "bool" or not isinstance(value, bool))):
        return None
    found = f"takes {declared}; found {shown(value)}, which is {type(value).__name__}"
    if isinstance(value, str) and declared in ("int", "float"):
        with contextlib.suppress(ValueError):
            return f"{found}. YAML reads {value} as text: write {_yaml_number(value, declared)}"
    return f"{found}. Write {_WRITTEN[declared]}"


def _yaml_number(text: str, declared: str) -> str:
    """Write a number such that YAML 1.1 sees one: `1e-3` becomes `1.0e-3`; raises ValueError if it is none."""
    number = float(text)
    if declared == "int" and number.is_integer():
        return str(int(number))
    digits, exponent, power = text.strip().lower().partition("e")
    if not exponent:
        return f"{text} without quotes"
    sign = "" if power.startswith(("+", "-")) else "+"
    return f"{digits}{'' if '.' in digits else '.0'}e{sign}{power}"


def merged_settings(chosen: list[Path], profile, parameters: dict | None, data, typed: Mapping[str, str] = {}) -> dict:
    """Merge profile, single parameters, typed ones and data (the later ones win), checked against every chosen notebook."""
    sources = [(read_profile(profile), f"profile {profile}")] if profile is not None else []
    sources.append((dict(parameters or {}), "the parameters given"))
    sources.append((typed_values(chosen, typed), "the command line"))
    sources.append(({} if data is None else {"data": os.fspath(data)}, "data"))
    merged = {}
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
    """Return an absolute path, because notebooks run in a folder of their own; `drawn` means the drawn faces."""
    path = Path(data).expanduser()
    if path.exists():
        return str(path.resolve())
    if data == "drawn":
        return data
    raise DataError(f"There is no file or folder {path.absolute()} with faces. Give a path that exists, or `drawn`.")


def escaped(path: str | Path) -> str:
    """Return a path as papermill wants it: it fills in what stands in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")
