"""``order.count += 1`` becomes ``order.count = F("count") + 1`` or ``order.count = Order.count + 1``: the database adds."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor

ANCHOR = (cst.Assign, cst.AugAssign)

_OPERATORS: dict[type[cst.CSTNode], str] = {cst.AddAssign: "+", cst.SubtractAssign: "-"}


def rewrite(
    node: cst.Assign | cst.AugAssign,
    *,
    edit: Editor,
    field: str,
    expression: str = "",
    model: str = "",
    local: bool = False,
) -> None:
    """``expression`` is the qualified name of what stands for a field by its name; else ``model`` is the class that has it,
    ``local`` that the module itself defines it."""
    source = edit.source
    target = node.target if isinstance(node, cst.AugAssign) else node.targets[0].target
    written = source.slice(target)
    _, end = source.region(node)
    function = source.function(node)
    later = [each for each in source.walk(function) if isinstance(each, cst.Attribute) and source.region(each)[0] > end]
    if any(source.slice(each) == written for each in later):
        raise CannotFix("the number is read again, and would not be known")
    if expression:
        stands = f"{source.module.code_for_node(edit.name_for(expression))}({edit.string(field, node)})"
    elif local:
        stands = f"{model}.{field}"
    else:
        stands = f"{source.module.code_for_node(edit.name_for(model))}.{field}"
    if isinstance(node, cst.AugAssign):
        operator = _OPERATORS.get(type(node.operator))
        if operator is None:
            raise CannotFix("the operator is not known")
        value = source.outer_slice(node.value)
        if isinstance(node.value, (cst.BinaryOperation, cst.IfExp, cst.BooleanOperation)) and not node.value.lpar:
            value = f"({value})"
        start, finish = source.region(node)
        edit.patch(start, finish, f"{written} = {stands} {operator} {value}")
        return
    own = [
        each for each in source.walk(node.value) if isinstance(each, cst.Attribute) and source.slice(each) == written
    ]
    if not isinstance(node.value, cst.BinaryOperation) or len(own) != 1 or source.parents[own[0]] is not node.value:
        raise CannotFix("the number is computed in more than one step")
    edit.replace(own[0], stands)
