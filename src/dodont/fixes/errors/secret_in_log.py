"""A secret on its way to a log becomes ``"***"``, or ``***`` in the text of an f-string."""

from __future__ import annotations

import re

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.rewriter import Editor
from dodont.fixes.text import Char, Hole, Literal, Piece, Text, read

ANCHOR = cst.BaseExpression

MASK = "***"
_CONVERSION = re.compile(r"%(?:\((\w*)\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)", re.S)


def rewrite(secret: cst.BaseExpression, *, edit: Editor) -> str | None:
    parent = edit.parent(secret)
    match parent:
        case cst.FormattedStringExpression():
            _mask_hole(secret, parent, edit)
            return None
        case cst.Arg():
            if parent.star:
                raise CannotFix("the arguments are unpacked")
            _check_argument(secret, parent, edit)
        case cst.DictElement():
            if parent.value is not secret:
                raise CannotFix("the secret is a key")
            _check_dict(parent, edit)
        case cst.Element():
            _check_element(parent, edit)
        case cst.BinaryOperation(operator=cst.Add()):
            other = parent.left if parent.right is secret else parent.right
            if _is_bytes(other):
                return edit.string(MASK, secret, "b")
        case cst.BinaryOperation(operator=cst.Modulo()) if parent.right is secret:
            _check_conversion(parent.left, 0)
        case cst.IfExp() | cst.BooleanOperation() | cst.Assign() | cst.AnnAssign() | cst.Return():
            pass
        case _:
            raise CannotFix("the secret is part of an expression that would break")
    return edit.string(MASK, secret)


def _mask_hole(secret: cst.BaseExpression, hole: cst.FormattedStringExpression, edit: Editor) -> None:
    string = edit.parent(hole)
    if not isinstance(string, cst.FormattedString):
        raise CannotFix("the secret is a format")
    literal = Literal(edit.source, string)
    for n, part in enumerate(literal.parts):
        if isinstance(part, Hole) and part.node is secret:
            before = literal.parts[n - 1]
            assert isinstance(before, Text)
            label = edit.source.slice(hole)[1:].partition("=")[0] + "=" if hole.equal is not None else ""
            before.chars += [Char(c, c) for c in label + MASK]
            part.removed = True
    edit.exact(literal.start, literal.end, literal.render())


def _check_argument(secret: cst.BaseExpression, arg: cst.Arg, edit: Editor) -> None:
    """The mask must suit the conversion that formats the argument, as logging does and ``.format``."""
    call = edit.parent(arg)
    if not isinstance(call, cst.Call):
        raise CannotFix("the secret is a base class")
    if isinstance(call.func, cst.Attribute) and call.func.attr.value == "format":
        piece: Piece = read(edit.source, call)
        for hole in (item for item in piece.items() if isinstance(item, Hole)):
            if hole.node is secret and re.search(r"[.\[:]", hole.source):
                raise CannotFix("the secret is formatted in a way the mask is not")
        return
    if arg.keyword is not None:
        return
    positional = [a for a in call.args if a.keyword is None]
    index = positional.index(arg)
    for n, other in enumerate(positional[:index]):
        if _conversions(other.value):
            _check_conversion(other.value, index - n - 1)
            return


def _check_element(element: cst.Element, edit: Editor) -> None:
    holder = edit.parent(element)
    operation = edit.parent(holder)
    if isinstance(operation, cst.BinaryOperation) and isinstance(operation.operator, cst.Modulo):
        assert isinstance(holder, (cst.Tuple, cst.List, cst.Set))
        _check_conversion(operation.left, list(holder.elements).index(element))
    elif isinstance(holder, cst.Tuple) and isinstance(operation, (cst.Assign, cst.For, cst.Subscript)):
        raise CannotFix("the secret is part of an expression that would break")


def _check_dict(element: cst.DictElement, edit: Editor) -> None:
    """``"%(p)s" % {"p": p}``, and the same as a logging call's only argument."""
    holder = edit.parent(element)
    key = element.key.evaluated_value if isinstance(element.key, cst.SimpleString) else None
    above = edit.parent(holder)
    text: cst.BaseExpression | None = None
    if isinstance(above, cst.BinaryOperation) and isinstance(above.operator, cst.Modulo):
        text = above.left
    elif isinstance(above, cst.Arg) and above.keyword is None:
        call = edit.parent(above)
        if isinstance(call, cst.Call) and call.args[0] is not above:
            text = call.args[0].value
    if text is not None:
        for name, kind in _conversions(text):
            if name == key and kind not in "sra":
                raise CannotFix(f"the secret is formatted by %{kind}")


def _check_conversion(text: cst.BaseExpression, index: int) -> None:
    found = _conversions(text)
    if index < len(found) and found[index][1] not in "sra":
        raise CannotFix(f"the secret is formatted by %{found[index][1]}")


def _conversions(text: cst.BaseExpression) -> list[tuple[str | None, str]]:
    """(name, kind) of each ``%`` conversion that takes a value, where the text is in sight."""
    if isinstance(text, cst.BinaryOperation) and isinstance(text.operator, cst.Add):
        return _conversions(text.left) + _conversions(text.right)
    value = text.evaluated_value if isinstance(text, (cst.SimpleString, cst.ConcatenatedString)) else None
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    found: list[tuple[str | None, str]] = []
    for match in _CONVERSION.finditer(value or ""):
        found += [(None, "d")] * ((match[2], match[3]).count("*"))
        if match[4] != "%":
            found.append((match[1], match[4]))
    return found


def _is_bytes(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.BinaryOperation):
        return _is_bytes(node.left) or _is_bytes(node.right)
    return isinstance(node, cst.SimpleString) and "b" in node.prefix.lower()
