"""YAML as people mean it: repeated keys are refused, and numbers that the standard reads differently from how they look."""

from __future__ import annotations

import re

import yaml

#: Whole numbers that YAML 1.1 does not read as decimal digits: 010 is 8, 1:30 is 90.
_OTHERWISE = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?)")


class Misread(ValueError):
    """A file has a key twice, or a number that YAML reads differently from how it looks; names the line."""


class _Loader(yaml.SafeLoader):
    """Plain numbers, words, lists and mappings, without repeated keys."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    seen: dict = {}
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        name, line = key.value, key.start_mark.line + 1
        if isinstance(name, str) and name in seen:
            raise Misread(f"{name} occurs in line {seen[name]} and again in line {line}. Leave one out.")
        seen[name if isinstance(name, str) else id(key)] = line
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


def _number(loader: _Loader, node: yaml.ScalarNode):
    text, value = node.value, _READ[node.tag](loader, node)
    if _OTHERWISE.fullmatch(text) and not (":" not in text and int(text) == value):  # 07 is 7
        sign, digits = "-" if text.startswith("-") else "", text.lstrip("+-0") or "0"
        instead = f"Write {sign}{digits}, or" if digits.isdigit() else "Write"
        line = node.start_mark.line + 1
        raise Misread(
            f'line {line}: YAML does not read {text} the way it looks. {instead} "{text}" with quotes for a word.'
        )
    return value


_READ = {tag: yaml.SafeLoader.yaml_constructors[tag] for tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")}
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
for _tag in _READ:
    _Loader.add_constructor(_tag, _number)


def load(text: str) -> object:
    """Return what YAML text holds.

    Raises:
        yaml.YAMLError: if it is not YAML.
        Misread: if a mapping has a key twice, or a number would be read differently from how it looks.

    """
    return yaml.load(text, _Loader)
