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


def rewrite(call: cst.Call, *, edit: Editor, loads: Sequence[tuple[str, bool]], django: bool, entity: str) -> None:
    """``loads`` lead from the rows of ``entity`` to relationships, each with whether it leads to several rows."""
    function = edit.source.slice(edit.source.function(call))
    if django:
        if not isinstance(call.func, cst.Attribute):
            raise CannotFix("the query does not begin with a manager")
        if any((_NO_PREFETCH if many else _NO_JOIN).search(function) for _, many in loads):
            raise CannotFix("the function asks something of the query that does not go together with loading more")
        for method, several in (("select_related", False), ("prefetch_related", True)):
            names = [dotted.replace(".", "__") for dotted, many in loads if many is several]
            if names:
                _load(edit, call, call.func.value, method, names)
        return
    base: cst.BaseExpression = call
    if isinstance(call.func, cst.Attribute) and dotted_name(call.func.value).endswith(".query"):
        owner, base = dotted_name(call.func.value).removesuffix(".query"), call.func.value
    elif len(call.args) == 1 and not call.args[0].star and dotted_name(call.args[0].value):
        owner = dotted_name(call.args[0].value)
    else:
        raise CannotFix("the query does not begin with the class")
    if owner.rpartition(".")[2] != entity.rpartition(".")[2]:
        raise CannotFix("the class has another name here")
    load = edit.code(edit.name_for("sqlalchemy.orm.selectinload"), call)
    added = ", ".join(f"{load}({owner}.{name})" for name, _ in loads)
    known = _called(edit, base, "options")
    if known is None:
        end = edit.source.outer(base)[1]
        edit.exact(end, end, f".options({added})")
    else:
        end = edit.source.region(known.args[-1].value)[1]
        edit.exact(end, end, f", {added}")


def _load(edit: Editor, call: cst.Call, manager: cst.BaseExpression, method: str, names: Sequence[str]) -> None:
    """Add names to those that the query loads by a method: ``"customer__country"`` in the place of ``"customer"``."""
    known = _called(edit, manager, method)
    given = {
        str(each.value.evaluated_value): each.value
        for each in (known.args if known is not None else ())
        if isinstance(each.value, cst.SimpleString)
    }
    new = [name for name in names if not any(other.startswith(f"{name}__") for other in (*names, *given))]
    if known is None:
        end = edit.source.outer(manager)[1]
        edit.exact(end, end, f".{method}({', '.join(edit.string(name, call) for name in new)})")
        return
    for name in new:
        shorter = next((each for value, each in given.items() if name.startswith(f"{value}__")), None)
        if shorter is not None:
            edit.replace(shorter, edit.string(name, call))
        else:
            end = edit.source.outer(known.args[-1].value)[1]
            edit.exact(end, end, f", {edit.string(name, call)}")


def _called(edit: Editor, base: cst.CSTNode, method: str) -> cst.Call | None:
    """The call of a method, with arguments, in what is built upon a query: ``base.filter(...).select_related("customer")``."""
    parents = edit.source.parents
    while isinstance(attribute := parents[base], cst.Attribute) and isinstance(parents[attribute], cst.Call):
        base = parents[attribute]
        assert isinstance(base, cst.Call)
        if base.func is not attribute:
            return None
        if attribute.attr.value == method and base.args and not any(each.star or each.keyword for each in base.args):
            return base
    return None
