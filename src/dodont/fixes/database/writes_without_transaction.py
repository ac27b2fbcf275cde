"""The statements from the first write to the last go into ``with transaction.atomic():``; the first commit of two becomes a flush."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor, Source

ANCHOR = cst.Call


def rewrite(call: cst.Call, *, edit: Editor, first: Sequence[int] = (), manager: str = "") -> cst.BaseExpression | None:
    """``manager`` is the qualified name of what makes the transaction, ``first`` the place of the first write; without them the
    call is the commit to be a flush."""
    if not manager:
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "commit":
            raise CannotFix("the commit is called by another name")
        return call.with_changes(func=call.func.with_changes(attr=cst.Name("flush")))
    source = edit.source
    opening, closing = _statements(source, edit.find(first, cst.Call), call)
    start, end = source.starts[source.line_of(source.region(opening)[0]) - 1], source.region(closing)[1]
    step = source.module.default_indent
    block = source.parents[opening]
    tries = (node for node in source.walk(block) if isinstance(node, (cst.Try, cst.TryStar)))
    if any(start <= source.region(node)[0] < end for node in tries):
        raise CannotFix("a handler within the transaction would go on with one that is broken")
    strings = (node for node in source.walk(block) if isinstance(node, (cst.SimpleString, cst.FormattedString)))
    texts = [source.region(node) for node in strings if "\n" in source.slice(node)]
    for line in range(source.line_of(start), source.line_of(end) + 1):
        at = source.starts[line - 1]
        if source.text[at : at + 1] not in ("\n", "\r", ""):
            if any(begin < at < finish for begin, finish in texts):
                raise CannotFix("a text goes over several lines of what would be indented")
            if at != start:
                edit.exact(at, at, step)
    name = source.module.code_for_node(edit.name_for(manager))
    edit.exact(start, start, f"{source.indent_at(start)}with {name}():{source.newline}{step}")
    return None


def _statements(source: Source, first: cst.CSTNode, last: cst.CSTNode) -> tuple[cst.CSTNode, cst.CSTNode]:
    """The statements of the innermost block around both that hold the one and the other."""
    holding = {}
    for child, parent in source.above(last):
        if isinstance(parent, cst.IndentedBlock):
            holding[parent] = child
        if isinstance(parent, cst.FunctionDef):
            if parent.asynchronous is not None:
                raise CannotFix("a coroutine cannot hold such a transaction open")
            break
    for child, parent in source.above(first):
        if isinstance(parent, cst.IndentedBlock) and parent in holding:
            return child, holding[parent]
    raise CannotFix("no block of statements holds both writes")
