"""Additions to a YAML text: whole lines, so that what is there stays as it is, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml


class BadYaml(Exception):  # noqa: N818
    """The text is no YAML; the message says where and why."""


class Unfit(Exception):  # noqa: N818
    """The text has a shape that lines can't be added to; the message says which."""


def documents(text: str) -> list[yaml.Node]:
    """The documents of a text, as nodes: whatever tags they have, nothing is made of them. Raises BadYaml."""
    try:
        return [each for each in yaml.compose_all(text, Loader=yaml.SafeLoader) if each is not None]
    except RecursionError:
        raise BadYaml("nested too deeply") from None
    except yaml.YAMLError as error:
        raise BadYaml(_why(error)) from None


def child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """What a mapping has under a key."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if getattr(name, "value", None) == key), None)


def items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def scalar(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def keys(node: yaml.Node | None) -> list[str]:
    return [scalar(name) for name, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def with_item(text: str, key: str, template: str) -> str:
    """The text with the template's only item of the list ``key`` added to the text's list of that name. Raises BadYaml and Unfit."""
    found = documents(text)
    if not found:
        return with_block(text, template)
    if len(found) > 1:
        raise Unfit("it holds several documents")
    if not isinstance(found[0], yaml.MappingNode) or found[0].flow_style:
        raise Unfit("it is no mapping over several lines")
    listed = child(found[0], key)
    if listed is None:
        return with_block(text, template)
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not listed.value:
        raise Unfit(f"`{key}` is no list over several lines")
    lines = text.splitlines(keepends=True)
    column = listed.start_mark.column
    place = _behind(lines, listed.value[-1], column)
    inner = listed.value[0].start_mark.column - column
    item = [line[2:] for line in template.splitlines()[1:]]  # without `repos:`, and from the dash on
    first, *following = item
    entry = [f"{' ' * column}-{' ' * (inner - 1)}{first[2:]}"]
    entry += [f"{' ' * (column + inner)}{line[2:]}" for line in following]
    end = "\r\n" if "\r\n" in text else "\n"
    if place and not lines[place - 1].endswith(("\n", "\r")):
        lines[place - 1] += end
    new = "".join([*lines[:place], *(line + end for line in entry), *lines[place:]])
    return _checked(text, new, _events(template)[5:-4])


def with_block(text: str, block: str) -> str:
    """The text with more keys at its end. Raises BadYaml and Unfit."""
    found = documents(text)
    end = "\r\n" if "\r\n" in text else "\n"
    if found and (not isinstance(found[-1], yaml.MappingNode) or found[-1].flow_style):
        raise Unfit("it is no mapping over several lines")
    before = text if not text or text.endswith(("\n", "\r")) else text + end
    gap = end if found else ""
    new = before + gap + block.replace("\n", end)
    if not found:
        documents(new)
        return new
    return _checked(text, new, _events(block)[3:-3])


def _behind(lines: list[str], node: yaml.Node, column: int) -> int:
    """The number of lines up to the end of an item, with comments that stand in it."""
    place = _last_line(node) + 1
    ahead = place
    while ahead < len(lines):
        stripped = lines[ahead].strip()
        if stripped.startswith("#") and len(lines[ahead]) - len(lines[ahead].lstrip()) > column:
            place = ahead + 1
        elif stripped:
            break
        ahead += 1
    return place


def _last_line(node: yaml.Node) -> int:
    """The last line on which something of a node stands, from 0. What a block collection says of its end is where the next begins."""
    seen: set[int] = set()
    last, pending = node.start_mark.line, [node]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if not isinstance(each, yaml.CollectionNode) or each.flow_style:
            last = max(
                last, each.end_mark.line - (each.end_mark.column == 0 and each.end_mark.line > each.start_mark.line)
            )
        elif isinstance(each, yaml.MappingNode):
            pending += [part for pair in each.value for part in pair]
        else:
            pending += each.value
    return last


def _checked(old: str, new: str, added: list[Any]) -> str:
    """The new text, if it says what the old one says and what was added, and nothing else."""
    before, after = _events(old), _events(new)
    at = next((index for index, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before))
    # Where the added events begin like what follows, they are found a little later.
    for begin in range(max(at - len(added), 0), at + 1):
        end = begin + len(added)
        if after[:begin] == before[:begin] and after[begin:end] == added and after[end:] == before[begin:]:
            return new
    raise Unfit("its form is an unusual one")


def _events(text: str) -> list[Any]:
    try:
        return [_plain(event) for event in yaml.parse(text, Loader=yaml.SafeLoader)]
    except (yaml.YAMLError, RecursionError) as error:
        raise BadYaml(_why(error) if isinstance(error, yaml.YAMLError) else "nested too deeply") from None


def _plain(event: Any) -> tuple[Any, ...]:
    names: Iterable[str] = ("anchor", "tag", "value", "explicit")
    return type(event).__name__, *(getattr(event, name, None) for name in names)


def _why(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "no valid YAML"
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)
