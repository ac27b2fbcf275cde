"""Which names a module imports, and where another import belongs."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from dodont.fixes import CannotFix

if TYPE_CHECKING:
    from dodont.fixes.rewriter import Source

_SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef)


@dataclass(frozen=True, slots=True)
class Binding:
    """An import binds ``local``, so that ``expression`` is ``dotted``; ``certain`` when it surely happens."""

    local: str
    expression: str
    dotted: str
    node: cst.CSTNode
    certain: bool


def dotted_name(node: cst.CSTNode | None) -> str:
    """``a.b.c`` of a name or attribute chain, and "" of anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted_name(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""


def bound_names(scope: cst.CSTNode, source: Source) -> Iterator[tuple[str, cst.CSTNode]]:
    """Every name that ``scope`` itself (not a function or class inside) binds, with the node that does it.

    The variables of comprehensions are not among them. For a module, ``global`` in any function counts.
    """
    if isinstance(scope, (cst.FunctionDef, cst.Lambda)):
        for node in _walk(scope.params, source):
            if isinstance(node, cst.Param):
                yield node.name.value, node
    if isinstance(scope, cst.Module):
        for item in source.walk(scope):
            if isinstance(item, cst.NameItem):
                yield item.name.value, item
        yield from _bound_in(scope, source)
    elif isinstance(scope, _SCOPES):
        yield from _bound_in(scope.body, source)


def _walk(node: cst.CSTNode, source: Source) -> Iterator[cst.CSTNode]:
    """What is below ``node`` in text order, without the insides of functions and classes."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        item = stack.pop()
        yield item
        if item is node or not isinstance(item, _SCOPES):
            stack.extend(reversed(source.children[item]))


def _bound_in(body: cst.CSTNode, source: Source) -> Iterator[tuple[str, cst.CSTNode]]:
    for node in _walk(body, source):
        target: cst.CSTNode | None = None
        match node:
            case cst.FunctionDef() | cst.ClassDef() | cst.TypeAlias():
                target = node.name
            case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign() | cst.For() | cst.NamedExpr():
                target = node.target
            case cst.Del():
                target = node.target
            case cst.AsName() | cst.MatchAs() | cst.MatchStar():
                target = node.name
            case cst.MatchMapping():
                target = node.rest
            case cst.ImportAlias() if node.asname is None:
                yield dotted_name(node.name).partition(".")[0], node
            case cst.NameItem():
                target = node.name
            case _:
                pass
        for name in _targets(target):
            yield name, node


def _targets(target: cst.CSTNode | None) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _targets(element.value)


class Imports:
    """The imports of one module; ``own`` are the project's packages among them."""

    def __init__(self, source: Source, own: Sequence[str] = ()) -> None:
        self.source = source
        self._own = frozenset(own)

    def name_for(self, dotted: str, anchor: cst.CSTNode) -> tuple[str, tuple[int, str] | None]:
        """An expression for ``dotted`` at ``anchor``, and the import to add (offset, text) if it needs one."""
        scopes = self._scopes(anchor)
        usable: list[tuple[int, str]] = []
        for scope in scopes:
            for binding in self._imported(scope):
                rest = _rest(binding.dotted, dotted)
                if rest is None or not self._holds(binding, scope, scopes, anchor):
                    continue
                usable.append((-len(binding.dotted), binding.expression + rest))
        if usable:
            return min(usable)[1], None
        module, _, name = dotted.rpartition(".")
        if not module:
            raise CannotFix(f"{dotted} names no module")
        plain = "." not in module
        local = module if plain else name
        self._refuse_collision(local, module if plain else dotted, scopes, anchor)
        text = f"import {module}" if plain else f"from {module} import {name}"
        place, addition = self._placed(module, text, plain, anchor)
        if place > self.source.region(anchor)[0]:
            raise CannotFix(f"there is no place for `{text}` above the code")
        return (dotted if plain else name), (place, addition)

    def _scopes(self, anchor: cst.CSTNode) -> list[cst.CSTNode]:
        """The scopes a name at ``anchor`` is looked up in, innermost first, the module last."""
        scopes = [self.source.function(anchor)]
        while not isinstance(scopes[-1], cst.Module):
            scopes.append(self.source.function(scopes[-1]))
        return [s for n, s in enumerate(scopes) if n == 0 or not isinstance(s, cst.ClassDef)]

    def _binder(self, name: str, scopes: Sequence[cst.CSTNode]) -> tuple[cst.CSTNode | None, list[cst.CSTNode]]:
        """The scope that ``name`` belongs to and the nodes that bind it there."""
        for scope in scopes:
            nodes = [node for bound, node in bound_names(scope, self.source) if bound == name]
            if nodes and not (scope is not scopes[-1] and all(isinstance(node, cst.NameItem) for node in nodes)):
                return scope, nodes
        return None, []

    def _in_comprehension(self, name: str, anchor: cst.CSTNode) -> bool:
        return any(
            name in _targets(loop.target)
            for _, parent in self.source.above(anchor)
            if isinstance(parent, cst.BaseComp)
            for loop in self.source.walk(parent)
            if isinstance(loop, cst.CompFor)
        )

    def _holds(self, binding: Binding, scope: cst.CSTNode, scopes: Sequence[cst.CSTNode], anchor: cst.CSTNode) -> bool:
        """Whether the name is surely bound to that import, and to nothing else, when the anchor is run."""
        if not binding.certain or self._in_comprehension(binding.local, anchor):
            return False
        owner, nodes = self._binder(binding.local, scopes)
        if owner is not scope or not self._all_import(nodes, _root(binding), scope):
            return False
        before = self.source.region(binding.node)[0] < self.source.region(anchor)[0]
        return before or (isinstance(scope, cst.Module) and scopes[0] is not scope)

    def _all_import(self, nodes: Sequence[cst.CSTNode], root: tuple[str, str], scope: cst.CSTNode) -> bool:
        same = {binding.node for binding in self._imported(scope) if _root(binding) == root}
        return all(node in same or self.source.parents[node] in same for node in nodes)

    def _refuse_collision(self, local: str, dotted: str, scopes: Sequence[cst.CSTNode], anchor: cst.CSTNode) -> None:
        if hasattr(builtins, local) or self._in_comprehension(local, anchor):
            raise CannotFix(f"`{local}` means something else here")
        owner, nodes = self._binder(local, scopes)
        if owner is None:
            return
        if not isinstance(owner, cst.Module) or not self._all_import(nodes, (local, dotted), owner):
            raise CannotFix(f"`{local}` means something else here")

    def _imported(self, scope: cst.CSTNode) -> list[Binding]:
        body = scope if isinstance(scope, cst.Module) else getattr(scope, "body", scope)
        found: list[Binding] = []
        for node in _walk(body, self.source):
            if not isinstance(node, (cst.Import, cst.ImportFrom)) or isinstance(node.names, cst.ImportStar):
                continue
            line = self.source.parents[node]
            certain = self.source.parents.get(line) is body
            prefix = ""
            if isinstance(node, cst.ImportFrom):
                prefix = "." * len(node.relative) + dotted_name(node.module) + "."
            for alias in node.names:
                name = dotted_name(alias.name)
                if alias.asname is not None:
                    local = dotted_name(alias.asname.name)
                    found.append(Binding(local, local, prefix + name, alias, certain))
                elif prefix:
                    found.append(Binding(name, name, prefix + name, alias, certain))
                else:
                    root = name.partition(".")[0]
                    found.append(Binding(root, root, root, alias, certain))
                    if name != root:  # `import a.b` makes `a.b` sure to be there
                        found.append(Binding(root, name, name, alias, certain))
        return found

    def _placed(self, module: str, text: str, plain: bool, anchor: cst.CSTNode) -> tuple[int, str]:
        source, newline = self.source, self.source.newline
        leading = self._leading(anchor)
        imports = [line for line in leading if _is_import(line) and not _is_future(line)]
        group = self._group(module, imports)
        if group:
            return self._sorted(group, module, plain), text + newline
        own = self._kind(module)
        before = [line for line in imports if self._kind_of(line) < own]
        if before:
            return self._line_after(before[-1]), newline + text + newline
        if imports:
            first = imports[0]
            above = self._first_line(first) if first is not source.module.body[0] else self._line_start(first)
            lead = newline if first is not source.module.body[0] and not self._blank_above(above) else ""
            return above, lead + text + newline + newline
        return self._first_import(leading, text)

    def _leading(self, anchor: cst.CSTNode) -> list[cst.CSTNode]:
        """The statements above the first definition and above the anchor's own."""
        found: list[cst.CSTNode] = []
        for statement in self.source.module.body:
            if isinstance(statement, (cst.FunctionDef, cst.ClassDef)) or self.source.inside(anchor, statement):
                break
            found.append(statement)
        return found

    def _group(self, module: str, imports: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
        """The imports that one of ``module`` stands among: the standard library's, or one block."""
        same = [line for line in imports if self._kind_of(line) == self._kind(module)]
        if self._kind(module) == 0 or not same:
            return same
        blocks: list[list[cst.CSTNode]] = []
        for line in same:
            if not blocks or self._blank_above(self._first_line(line)):
                blocks.append([])
            blocks[-1].append(line)
        root = module.partition(".")[0]
        return next((b for b in blocks if any(_module_of(x).partition(".")[0] == root for x in b)), blocks[0])

    def _sorted(self, group: Sequence[cst.CSTNode], module: str, plain: bool) -> int:
        alike = [line for line in group if isinstance(_first(line), cst.Import) is plain]
        if not alike:
            return self._line_start(group[0]) if plain else self._line_after(group[-1])
        for line in alike:
            if _module_of(line).casefold() > module.casefold():
                index = group.index(line)
                if index and not self._blank_above(self._first_line(line)):
                    return self._line_after(group[index - 1])
                return self._line_start(line)
        return self._line_after(alike[-1])

    def _first_import(self, leading: Sequence[cst.CSTNode], text: str) -> tuple[int, str]:
        source, newline = self.source, self.source.newline
        body = source.module.body
        head = [line for n, line in enumerate(leading) if _is_future(line) or (n == 0 and _is_docstring(line))]
        if head:
            place = self._line_after(head[-1])
            follows_blank = not source.text[place:].partition(newline)[0].strip()
            return place, newline + text + newline + ("" if follows_blank else newline)
        first = body[0]
        space = newline * (2 if isinstance(first, (cst.FunctionDef, cst.ClassDef)) else 1)
        return self._line_start(first), text + newline + space

    def _kind(self, module: str) -> int:
        """0 for the standard library, 1 for other packages, 2 for the project's own, 3 for relative imports."""
        if module.startswith("."):
            return 3
        root = module.partition(".")[0]
        return 2 if root in self._own else 0 if root in sys.stdlib_module_names else 1

    def _kind_of(self, line: cst.CSTNode) -> int:
        return self._kind(_module_of(line))

    def _line_start(self, statement: cst.CSTNode) -> int:
        return self.source.starts[self.source.line_of(self.source.region(statement)[0]) - 1]

    def _line_after(self, statement: cst.CSTNode) -> int:
        line = self.source.line_of(self.source.region(statement)[1])
        if line >= len(self.source.starts):
            raise CannotFix("there is no line after the imports")
        return self.source.starts[line]

    def _first_line(self, statement: cst.CSTNode) -> int:
        """The start of the first of the comment lines right above the statement, or of the statement itself."""
        source = self.source
        line = source.line_of(source.region(statement)[0])
        while line > 1 and source.text[source.starts[line - 2] : source.starts[line - 1]].lstrip().startswith("#"):
            line -= 1
        return source.starts[line - 1]

    def _blank_above(self, line_start: int) -> bool:
        source = self.source
        line = source.line_of(line_start)
        return line == 1 or not source.text[source.starts[line - 2] : line_start].strip()


def _rest(bound: str, wanted: str) -> str | None:
    """What to add to an expression for ``bound`` to mean ``wanted``: "", ".sleep", or None when it does not lead there.

    A package does not promise its submodules, so only one step is taken.
    """
    if bound == wanted:
        return ""
    rest = wanted.removeprefix(bound + ".")
    return f".{rest}" if rest != wanted and "." not in rest else None


def _root(binding: Binding) -> tuple[str, str]:
    """What the local name itself is bound to: of ``import a.b`` it is ``a``."""
    return binding.local, binding.local if "." in binding.expression else binding.dotted


def _first(line: cst.CSTNode) -> cst.CSTNode | None:
    return line.body[0] if isinstance(line, cst.SimpleStatementLine) and line.body else None


def _is_import(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and all(
        isinstance(small, (cst.Import, cst.ImportFrom)) for small in line.body
    )


def _is_future(line: cst.CSTNode) -> bool:
    first = _first(line)
    return isinstance(first, cst.ImportFrom) and not first.relative and dotted_name(first.module) == "__future__"


def _is_docstring(line: cst.CSTNode) -> bool:
    first = _first(line)
    return isinstance(first, cst.Expr) and isinstance(first.value, (cst.SimpleString, cst.ConcatenatedString))


def _module_of(line: cst.CSTNode) -> str:
    first = _first(line)
    if isinstance(first, cst.ImportFrom):
        return "." * len(first.relative) + dotted_name(first.module)
    if isinstance(first, cst.Import):
        return dotted_name(first.names[0].name)
    return ""
