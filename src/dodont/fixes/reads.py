"""Which columns a function reads from the rows a query gives, where every use of the rows is in sight."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.imports import bound_names
from dodont.fixes.rewriter import Editor

_ROW = frozenset({"fetchone", "fetchrow", "fetch_one", "first", "one", "one_or_none"})
_ROWS = frozenset({"fetchall", "fetchmany", "fetch", "fetch_all", "all", "mappings", "iterate"})
_RUNS = frozenset({"execute", "exec", "query"})


def columns_read(sink: cst.Call, edit: Editor) -> tuple[str, ...]:
    """The keys by which ``row["name"]`` and ``row.name`` read the rows of ``sink``, in the order of the code."""
    scope = edit.source.function(sink)
    if not isinstance(scope, cst.FunctionDef):
        raise CannotFix("not all that is read from the rows is in sight")
    reading = _Reading(scope, edit)
    reading.result(sink, rows=_method(sink) not in _ROW)
    if not reading.keys:
        raise CannotFix("no columns are known")
    return tuple(sorted(reading.keys, key=lambda key: reading.keys[key]))


class _Reading:
    def __init__(self, scope: cst.FunctionDef, edit: Editor) -> None:
        self.scope, self.edit, self.source = scope, edit, edit.source
        self.keys: dict[str, int] = {}
        self._seen: set[str] = set()

    def result(self, node: cst.CSTNode, *, rows: bool) -> None:
        """What becomes of the value of an expression that is the rows, or one row."""
        parent = self.source.parents[node]
        match parent:
            case cst.Await():
                self.result(parent, rows=rows)
            case cst.Attribute() if isinstance(call := self.source.parents[parent], cst.Call) and call.func is parent:
                self._called(parent.attr.value, call, rows=rows)
            case cst.Attribute() if not rows:
                self._key(parent.attr.value, parent)
            case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
                self._item(parent, index, rows=rows)
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                self._name(name, rows=rows)
            case cst.NamedExpr(target=cst.Name(value=name)):
                self._name(name, rows=rows)
                self._tested(parent)
            case cst.For(target=cst.Name(value=name)) | cst.CompFor(target=cst.Name(value=name)) if rows:
                self._name(name, rows=False)
            case cst.Arg() if rows and isinstance(call := self.source.parents[parent], cst.Call):
                if _method(call) == "list":
                    self.result(call, rows=True)
                elif _method(call) not in ("len", "bool"):
                    raise self._unseen()
            case cst.Expr():
                self._of_cursor(node)
            case _:
                self._tested(node)

    def _called(self, method: str, call: cst.Call, *, rows: bool) -> None:
        if rows and method in _ROW | _ROWS:
            self.result(call, rows=method not in _ROW)
        elif not rows and method == "get" and call.args and isinstance(key := call.args[0].value, cst.SimpleString):
            self._key(str(key.evaluated_value), call)
        else:
            raise self._unseen()

    def _item(self, node: cst.Subscript, index: cst.BaseExpression, *, rows: bool) -> None:
        if rows and isinstance(index, cst.Integer):
            self.result(node, rows=False)
        elif not rows and isinstance(index, cst.SimpleString):
            self._key(str(index.evaluated_value), node)
        else:
            raise self._unseen()

    def _key(self, name: str, node: cst.CSTNode) -> None:
        self.keys.setdefault(name, self.source.region(node)[0])

    def _name(self, name: str, *, rows: bool) -> None:
        """Follow a variable that holds the rows, bound nowhere else."""
        if name in self._seen:
            raise self._unseen()
        self._seen.add(name)
        if sum(bound == name for bound, _ in bound_names(self.scope, self.source)) > 1:
            raise self._unseen()
        for node in self._reads(name):
            self.result(node, rows=rows)

    def _reads(self, name: str) -> Iterator[cst.Name]:
        for node in self.source.walk(self.scope):
            if not isinstance(node, cst.Name) or node.value != name:
                continue
            parent = self.source.parents[node]
            bound = (
                isinstance(parent, (cst.AssignTarget, cst.For, cst.CompFor, cst.NamedExpr)) and parent.target is node
            )
            label = (
                (isinstance(parent, cst.Attribute) and parent.attr is node)
                or (isinstance(parent, cst.Arg) and parent.keyword is node)
                or (isinstance(parent, cst.Param) and parent.name is node)
            )
            if not bound and not label:
                yield node

    def _of_cursor(self, node: cst.CSTNode) -> None:
        """``cursor.execute(…)`` as a statement: the rows are fetched from the cursor, which runs nothing else."""
        call = node.expression if isinstance(node, cst.Await) else node
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            raise self._unseen()
        if not isinstance(call.func.value, cst.Name) or _method(call) not in _RUNS:
            raise self._unseen()
        runs = 0
        for read in self._reads(call.func.value.value):
            parent = self.source.parents[read]
            method = parent.attr.value if isinstance(parent, cst.Attribute) else ""
            if method.startswith(tuple(_RUNS)):
                runs += 1
            elif method in _ROW | _ROWS:
                self.result(self.source.parents[parent], rows=method not in _ROW)
            elif isinstance(parent, (cst.For, cst.CompFor)):
                self.result(read, rows=True)
            elif method != "close":
                raise self._unseen()
        if runs != 1:
            raise self._unseen()

    def _tested(self, node: cst.CSTNode) -> None:
        """Only whether there is a row is asked."""
        match parent := self.source.parents[node]:
            case cst.If() | cst.While() | cst.IfExp() if parent.test is node:
                return
            case cst.UnaryOperation(operator=cst.Not()):
                return
            case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot())]) if (
                parent.left is node
            ):
                return
        raise self._unseen()

    def _unseen(self) -> CannotFix:
        return CannotFix("not all that is read from the rows is in sight")


def _method(call: cst.Call) -> str:
    match call.func:
        case cst.Attribute(attr=cst.Name(value=name)) | cst.Name(value=name):
            return name
    return ""
