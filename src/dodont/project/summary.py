"""All that others may know of a module, as plain data: what is kept on disk, and what its digest is made from.

Places of definitions are kept, and left out of the digest, for nobody tells them; those on the way of a value are part of it.
"""

from __future__ import annotations

import ast
import json
from typing import Any

from dodont.project.inputs import digest
from dodont.project.plain import plain
from dodont.semantic.credentials import credential
from dodont.semantic.definitions import ClassInfo, FunctionInfo, ModuleInfo
from dodont.semantic.frame import Imported

Plain = dict[str, Any]


def summarized(module: ModuleInfo) -> Plain:
    """The summary of a module that is complete. Raises NotPlain."""
    functions = sorted(module.functions, key=lambda each: (each.site, each.ref))
    places = {id(each): index for index, each in enumerate(functions)}
    lines = module.lines
    return {
        "name": module.name,
        "role": module.role,
        "is_package": module.is_package,
        "has_async": module.has_async,
        "stars": module.stars,
        "imports": sorted(module.imports),
        "names": {
            name: plain(Imported(ref=module.followed[name][0]) if name in module.followed else value)
            for name, value in module.names.items()
        },
        "registered": {name: plain(module.registered[name]) for name in sorted(module.registered)},
        "classes": [_class(each, places, lines) for each in module.classes],
        "functions": [_function(each, lines) for each in functions],
        "sites": [list(each.site or ()) for each in module.classes] + [list(each.site or ()) for each in functions],
    }


def _class(info: ClassInfo, places: dict[int, int], lines: list[str]) -> Plain:
    return {
        "ref": info.ref,
        "name": info.name,
        "bases": info.bases,
        "base_types": plain(info.base_types),
        "members": {name: plain(info.members.get(name)) for name in [*info.members]},
        "functions": {name: places[id(each)] for name, each in info.functions.items() if id(each) in places},
        "annotations": {name: segment(lines, node) for name, node in info.annotations.items()},
        "hidden": sorted(info.hidden),
        "decorators": plain(info.decorators),
        "opaque": info.opaque,
        "keywords": sorted(info.keywords),
    }


_FLAGS = ("is_async", "is_generator", "is_stub", "opaque")


def _function(info: FunctionInfo, lines: list[str]) -> Plain:
    return {
        "ref": info.ref,
        "name": info.name,
        "owner": info.owner.ref if info.owner is not None else None,
        "kind": info.kind,
        "flags": [name for name in _FLAGS if getattr(info, name)],
        "manager": info.manager,
        "decorators": plain(info.decorators),
        "parameters": [
            [each.arg, segment(lines, each.annotation) if each.annotation is not None else None]
            for each in info.parameters
        ],
        "positional": info.positional,
        "variadic": info.variadic,
        "keywords": info.keywords,
        "handler": plain(info.handler),
        "kept": info.kept,
        "facts": plain(info.facts),
    }


def holds_secret(summary: Plain) -> bool:
    """Whether a credential stands in what would be kept on disk: ``PASSWORD = "..."``."""
    held = [summary["names"], *(each["members"] for each in summary["classes"])]
    held += [
        {pair[0]: pair[1] for pair in each["facts"][-1][1:]}
        for each in summary["functions"]
        if each["facts"] is not None
    ]
    return any(
        credential(name) and value.__class__ is list and "const" in value
        for names in held
        for name, value in names.items()
    )


def digest_of(summary: Plain) -> str:
    told = {name: part for name, part in summary.items() if name != "sites"}
    return digest(json.dumps(told, separators=(",", ":")).encode())


def segment(lines: list[str], node: ast.expr) -> str:
    """The source of an annotation, on one line."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    if first == last and lines[first].isascii():
        return lines[first][node.col_offset : node.end_col_offset]
    return ast.unparse(node)
