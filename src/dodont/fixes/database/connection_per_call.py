"""What is made on every request is made once: its function is cached, or a cached function is made of the call."""

from __future__ import annotations

import libcst as cst

from dodont.fixes import CannotFix
from dodont.fixes.imports import bound_names, dotted_name
from dodont.fixes.rewriter import Editor

ANCHOR = cst.Call

#: What ends the life of the object.
_CLOSING = frozenset({"close", "aclose", "dispose", "shutdown", "disconnect", "stop", "close_all"})


def rewrite(call: cst.Call, *, edit: Editor, name: str) -> str | None:
    """``name`` is the cached function's, where there is none that gives what the call makes and nothing else."""
    source = edit.source
    function, top = _around(call, edit)
    _refuse_closed(call, function, edit)
    cache = edit.source.module.code_for_node(edit.name_for("functools.cache"))
    if _gives_only(function, call):
        if function.decorators or function.params.children or function.asynchronous is not None:
            raise CannotFix("its function is decorated, a coroutine, or takes parameters")
        start = source.region(function)[0]
        edit.exact(start, start, f"@{cache}{source.newline}{source.indent_at(start)}")
        return None
    scopes = [parent for child, parent in source.above(call) if isinstance(parent, cst.FunctionDef)]
    local = {bound for scope in scopes for bound, _ in bound_names(scope, source)}
    local |= {
        param.name.value for scope in scopes for param in source.walk(scope.params) if isinstance(param, cst.Param)
    }
    if len(scopes) > 1 or any(isinstance(each, cst.Name) and each.value in local for each in source.walk(call)):
        raise CannotFix("what it is made with is known in the function alone")
    if any(isinstance(each, (cst.Await, cst.Yield, cst.NamedExpr)) for each in source.walk(call)):
        raise CannotFix("it is made with what is awaited")
    taken = {each.value for each in source.walk(source.module) if isinstance(each, cst.Name)}
    while name in taken:
        name += "_"
    start = source.region(top)[0]
    if isinstance(top, (cst.FunctionDef, cst.ClassDef)) and top.decorators:
        start = source.region(top.decorators[0])[0]
    if source.indent_at(start):
        raise CannotFix("there is no place for a function above it")
    text, end = source.slice(call), source.newline
    if end in text and not text.endswith(")"):
        raise CannotFix("the call is written on several lines")
    edit.exact(start, start, f"@{cache}{end}def {name}():{end}    return {text}{end}{end}{end}")
    return f"{name}()"


def _around(call: cst.Call, edit: Editor) -> tuple[cst.FunctionDef, cst.CSTNode]:
    """The function around, and the statement of the module that holds it."""
    function: cst.FunctionDef | None = None
    for child, parent in edit.source.above(call):
        if (
            isinstance(parent, (cst.Await, cst.With, cst.Lambda))
            and function is None
            and child is not getattr(parent, "body", None)
        ):
            raise CannotFix("it is awaited or entered where it is made")
        if isinstance(parent, cst.FunctionDef) and function is None:
            function = parent
        if isinstance(parent, cst.Module) and function is not None:
            return function, child
    raise CannotFix("there is no function around the call")


def _gives_only(function: cst.FunctionDef, call: cst.Call) -> bool:
    """``def engine(): return create_engine(URL)``, with a docstring or without."""
    body = [each for each in function.body.body if not _is_docstring(each)]
    match body:
        case [cst.SimpleStatementLine(body=[cst.Return(value=value)])]:
            return value is call
    return False


def _is_docstring(line: cst.CSTNode) -> bool:
    match line:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString())]):
            return True
    return False


def _refuse_closed(call: cst.Call, function: cst.FunctionDef, edit: Editor) -> None:
    """Raise CannotFix where the function closes what it made: others would find it closed."""
    names = {
        dotted_name(target.target)
        for each in edit.source.walk(function)
        if isinstance(each, cst.Assign) and edit.source.inside(call, each.value)
        for target in each.targets
    }
    for each in edit.source.walk(function):
        if isinstance(each, cst.WithItem) and dotted_name(each.item) in names:
            raise CannotFix("the function closes it")
        if isinstance(each, cst.Attribute) and each.attr.value in _CLOSING and dotted_name(each.value) in names:
            raise CannotFix("the function closes it")
