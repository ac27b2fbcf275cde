"""The statements from the first write to the last go into ``with transaction.atomic():``; all commits but the last become flushes."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor, Source

ANCHOR = cst.Call
_LEAVING = (cst.Return, cst.Break, cst.Continue, cst.Yield)


def rewrite(
    call: cst.Call,
    *,
    edit: Editor,
    first: Sequence[int] = (),
    manager: str = "",
    commits: Sequence[Sequence[int]] = (),
    last: Sequence[int] = (),
) -> cst.BaseExpression | None:
    """``manager`` is the qualified name of what makes the transaction, ``first`` the place of the first write; without them the
    call is the first of the commits to be a flush, ``commits`` are the places of the others, and ``last`` that of the one that stays."""
    if not manager:
        flushed = [call, *(edit.find(each, cst.Call) for each in commits)]
        start, end = edit.source.region(call)[1], edit.source.region(edit.find(last, cst.Call))[0]
        leaving = (node for node in edit.source.walk(edit.source.function(call)) if isinstance(node, _LEAVING))
        if any(start <= edit.source.region(node)[0] < end for node in leaving):
            raise CannotFix("between the two commits the function may be left")
        for each in flushed:
            if not isinstance(each, cst.Call) or not isinstance(each.func, cst.Attribute):
                raise CannotFix("the commit is called by another name")
            if each.func.attr.value != "commit":
                raise CannotFix("the commit is called by another name")
            edit.replace(each.func.attr, "flush")
        return None
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
