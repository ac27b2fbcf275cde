"""``Order.objects.filter(...)`` becomes ``Order.objects.select_related("customer").filter(...)``, ``select(Order)`` becomes
``select(Order).options(selectinload(Order.customer))``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.imports import dotted_name
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Call

#: What does not go together with `select_related`, and with `prefetch_related`.
_NO_JOIN = re.compile(r"\.(?:only|defer|select_for_update|union|intersection|difference|raw)\(")
_NO_PREFETCH = re.compile(r"\.(?:iterator|aiterator|union|intersection|difference|raw)\(")


def rewrite(call: cst.Call, *, edit: Editor, names: Sequence[str], django: bool, many: bool, entity: str) -> None:
    """``names`` lead from the rows of ``entity`` to the relationship; ``many``: one of them to several rows."""
    function = edit.source.slice(edit.source.function(call))
    if django:
        if not isinstance(call.func, cst.Attribute):
            raise CannotFix("the query does not begin with a manager")
        if (_NO_PREFETCH if many else _NO_JOIN).search(function):
            raise CannotFix("the function asks something of the query that does not go together with loading more")
        method = "prefetch_related" if many else "select_related"
        end = edit.source.outer(call.func.value)[1]
        edit.exact(end, end, f".{method}({edit.string('__'.join(names), call)})")
        return
    if isinstance(call.func, cst.Attribute) and dotted_name(call.func.value).endswith(".query"):
        owner, end = dotted_name(call.func.value).removesuffix(".query"), edit.source.outer(call.func.value)[1]
    elif len(call.args) == 1 and not call.args[0].star and dotted_name(call.args[0].value):
        owner, end = dotted_name(call.args[0].value), edit.source.outer(call)[1]
    else:
        raise CannotFix("the query does not begin with the class")
    if owner.rpartition(".")[2] != entity.rpartition(".")[2]:
        raise CannotFix("the class has another name here")
    load = edit.code(edit.name_for("sqlalchemy.orm.selectinload"), call)
    edit.exact(end, end, f".options({load}({owner}.{names[0]}))")
