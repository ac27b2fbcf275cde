"""All that others may know of a module, as plain data: what is kept on disk, and what its digest is made from.

Places of definitions are kept, and left out of the digest, for nobody tells them; those on the way of a value are part of it. So is
left out which columns the module's queries use (``ModuleInfo.uses``): nothing that is found out of another module hangs on it.
"""

from __future__ import annotations

import ast
import json
from typing import Any

from dodont.core.patterns import pattern
from dodont.models.library import knows_top
from dodont.project.inputs import digest
from dodont.project.plain import plain, restored
from dodont.semantic.credentials import credential
from dodont.semantic.definitions import ClassInfo, FunctionInfo, ModuleInfo, World
from dodont.semantic.frame import Imported
from dodont.semantic.values import Site

Plain = dict[str, Any]


def written(module: ModuleInfo) -> tuple[str, str | None]:
    """The digest of the summary of a module that is complete, and the summary as JSON, None where a credential would stand in it.
    Raises NotPlain and RecursionError."""
    told, sites = _told(module)
    text = json.dumps(told, separators=(",", ":"))
    if _holds_secret(module):
        return digest(text.encode()), None
    # What its functions give may be of a library that another module imports.
    spoken_of = {name for name in set(_LIBRARY.findall(text)) if knows_top(name.partition(".")[0])}
    required = sorted({*module.required, *spoken_of})
    rest = (sites, required, plain(tuple(module.uses)))
    return digest(text.encode()), f"[{text},{','.join(json.dumps(each, separators=(',', ':')) for each in rest)}]"


def read(text: str) -> Plain:
    """The summary that was written. Raises ValueError."""
    told, sites, required, uses = json.loads(text)
    return {**told, "sites": sites, "required": required, "uses": uses}


def _told(module: ModuleInfo) -> tuple[Plain, list[Any]]:
    """What others may know of a module, and where its definitions stand."""
    functions = sorted(module.functions, key=lambda each: (each.site, each.ref))
    places = {id(each): index for index, each in enumerate(functions)}
    lines = module.lines
    told: Plain = {
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
    }
    return told, [each.site or () for each in module.classes] + [each.site or () for each in functions]


#: Types and definitions with a dotted name.
_LIBRARY = pattern(r'"(?:Type|ref)","([A-Za-z_]\w*\.[\w.]+)"')


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
        "variables": info.variables,
        "arguments": plain(info.arguments),
        "decorators": plain(info.decorators),
        "opaque": info.opaque,
        "keywords": sorted(info.keywords),
    }


_FLAGS = ("is_async", "is_generator", "is_stub", "is_abstract", "opaque", "made", "handed")


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
        "kept": plain(info.kept),
        "wrapped_by": plain(info.wrapped_by),
        "facts": plain(info.facts),
    }


def _holds_secret(module: ModuleInfo) -> bool:
    """Whether a credential stands in what would be kept on disk: ``PASSWORD = "..."``."""
    held = [module.names, *(each.members for each in module.classes)]
    for function in module.functions:
        if function.facts is not None:
            held += [function.facts.stores, {function.name: function.facts.returns}]
    return any(
        credential(name) and value.const.__class__ in (str, bytes) for names in held for name, value in names.items()
    )


def segment(lines: list[str], node: ast.expr) -> str:
    """The source of an annotation, on one line."""
    if isinstance(node, ast.Constant):
        return repr(node.value)  # a stub's is not in these lines
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    if first == last and lines[first].isascii():
        return lines[first][node.col_offset : node.end_col_offset]
    return ast.unparse(node)


def rebuilt(world: World, module: ModuleInfo, summary: Plain) -> None:
    """Fill a module in from its summary, as if it had been read. Raises NotPlain, KeyError, TypeError, ValueError, IndexError."""
    sites = iter(summary["sites"])
    module.is_package = summary["is_package"]
    module.has_async = summary["has_async"]
    module.role = summary["role"]
    module.stars = summary["stars"]
    module.imports = set(summary["imports"])
    module.uses = dict.fromkeys(restored(summary["uses"]))
    module.roots = {name.partition(".")[0] for name in module.imports}
    module.registered = {name: restored(each) for name, each in summary["registered"].items()}
    module.names.update((name, restored(value)) for name, value in summary["names"].items())
    for each in summary["classes"]:
        info = ClassInfo(
            each["ref"],
            each["name"],
            module,
            bases=tuple(each["bases"]),
            base_types=restored(each["base_types"]),
            members={name: restored(value) for name, value in each["members"].items()},
            annotations={name: ast.Constant(text) for name, text in each["annotations"].items()},
            hidden=frozenset(each["hidden"]),
            variables=tuple(each["variables"]),
            arguments=restored(each["arguments"]),
            decorators=restored(each["decorators"]),
            opaque=each["opaque"],
            keywords=frozenset(each["keywords"]),
            site=_site(next(sites)),
        )
        module.classes.append(info)
        world.classes[info.ref] = info
    owners = {info.ref: info for info in module.classes}
    for each in summary["functions"]:
        parameters = [(name, ast.Constant(text) if text is not None else None) for name, text in each["parameters"]]
        flags: dict[str, Any] = dict.fromkeys(each["flags"], True)
        function = FunctionInfo(
            each["ref"],
            each["name"],
            module,
            None,
            owner=owners[each["owner"]] if each["owner"] is not None else None,
            **flags,
            kind=each["kind"],
            decorators=restored(each["decorators"]),
            manager=each["manager"],
            parameters=tuple(ast.arg(name, annotation) for name, annotation in parameters),
            positional=tuple(each["positional"]),
            named=frozenset(name for name, _ in parameters),
            variadic=each["variadic"],
            keywords=each["keywords"],
            site=_site(next(sites)),
            handler=restored(each["handler"]),
            kept=restored(each["kept"]),
            wrapped_by=restored(each["wrapped_by"]),
            remembered=each["facts"],
        )
        module.functions.append(function)
        if not function.ref.endswith("@setter"):
            world.functions[function.ref] = function
    for info, each in zip(module.classes, summary["classes"], strict=True):
        info.functions = {name: module.functions[index] for name, index in each["functions"].items()}


def _site(numbers: list[Any]) -> Site | None:
    return Site(*numbers) if numbers else None
