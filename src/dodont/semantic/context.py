"""What stands around a name that alone does not settle whether it holds a credential, such as ``token``.

Asked only of what would be reported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.semantic.credentials import (
    about_directory,
    about_key_pair,
    about_push,
    about_sign_in,
    denotes,
    hashes_token,
    is_access_key,
    names_hash,
    opens_database,
    vague,
)
from dodont.semantic.definitions import ClassInfo
from dodont.semantic.objects import lineage, speaks_of_sign_in
from dodont.semantic.trees import last_name, nodes_of, walk
from dodont.semantic.values import Type

if TYPE_CHECKING:
    from dodont.semantic.frame import Frame

#: Who has a credential, as a name of its own: a ``user_id`` may stand beside anything.
_OWNERS = frozenset("user current_user username login email".split())

#: Where one comes from, in a statement that uses it: any handler has a ``request``.
_SOURCES = frozenset("request config settings conf env".split())

#: Words of what is made with a credential, in the name of what is called with it: ``Github(token)`` says nothing.
_OPENED = ("client", "bot", "api", "connect", "session")

#: The same of the class at hand: a ``ShopClient`` has a token to call the shop with.
_CALLERS = ("client", "api", "bot", "webhook", "connector")


def attested(frame: Frame, name: str, leaf: ast.expr | None = None) -> bool:
    """Whether ``name`` means a credential where the frame is: by what it is used with, whose it is, and where that stands."""
    if is_access_key(name):
        return not any(about_key_pair(each) for each in frame.once(_everything))
    if opens_database(name):
        return _WITHOUT_PASSWORD.search(frame.module.text) is None
    if not vague(name) or "." in name:  # an object that shows a field was asked about itself
        return True
    spoken = frame.once(_spoken, name)
    if any(hashes_token(each) for each in (*spoken, *frame.module.names)):
        return False  # it may well be the hash of one
    if any(about_push(each) for each in spoken):
        return False
    if name.lower().endswith("pwd") and any(about_directory(each) for each in frame.once(_everything)):
        return False
    return any(
        each in _OWNERS or each in _SOURCES or (about_sign_in(each) and not denotes(each)) for each in spoken
    ) or any(speaks_of_sign_in(info) for info in _holders(frame, leaf))


#: What is reached without a password in its address.
_WITHOUT_PASSWORD = pattern(r"sqlite|firebase", re.I)


def _everything(frame: Frame) -> frozenset[str]:
    """The names and short texts of the function, and what it and what holds it are called."""
    function = frame.function
    if function is None:
        return frozenset()
    return frozenset((function.ref, *(_words(function.node, "") if function.node is not None else ())))


def may_be_credential(frame: Frame, name: str) -> bool:
    """Whether a parameter named so may be given a credential by callers who know it for one."""
    return not any(hashes_token(each) for each in frame.once(_spoken, name))


def is_hash(frame: Frame, name: str) -> bool:
    """Whether the module gives the same attribute or key a name that says hash: ``key_hash = row["api_key"]``."""
    name = name.rpartition(".")[2]
    module = frame.module
    if module.hashes is None:
        found = map(_called_hash, nodes_of(frame.world.tree(module), _NAMING))
        module.hashes = frozenset(each for each in found if isinstance(each, str))
    return name in module.hashes


_NAMING: frozenset[type] = frozenset({ast.Assign, ast.AnnAssign, ast.keyword})


def _called_hash(node: ast.AST) -> object:
    """The attribute or key that a statement or argument reads into a name that says hash."""
    match node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
            called = last_name(target)
        case ast.keyword(arg=str(called), value=value):
            pass
        case _:
            return None
    if not names_hash(called):
        return None
    match value:
        case ast.Attribute(attr=held) | ast.Subscript(slice=ast.Constant(value=held)):
            return held
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=held), *_]):
            return held
    return None


def _holders(frame: Frame, leaf: ast.expr | None) -> Iterator[ClassInfo]:
    """The classes of the project whose attribute it is."""
    type: Type | None = None
    if isinstance(leaf, ast.Attribute):
        type = frame.quiet(leaf.value).type
    for _, entry in lineage(frame, type.name) if type is not None else ():
        if isinstance(entry, ClassInfo):
            yield entry


def _spoken(frame: Frame, name: str) -> frozenset[str]:
    return frozenset(_around(frame, name))


def _around(frame: Frame, name: str) -> Iterator[str]:
    """Names and short texts around: of the module, class, function and parameters, and in statements that use ``name``."""
    function = frame.function
    yield from frame.module.name.split(".")
    if function is None:
        body: ast.AST = frame.world.tree(frame.module)
    else:
        yield function.name
        if function.owner is not None:
            yield function.owner.name
            if any(word in function.owner.name.lower() for word in _CALLERS):
                yield "login"
        yield from function.named - _SOURCES
        if function.node is None:
            return
        body = function.node
    for statement in walk(body):
        if isinstance(statement, ast.stmt) and not isinstance(
            statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ):
            parts = [each for each in ast.iter_child_nodes(statement) if not isinstance(each, ast.stmt)]
            said = [word for part in parts for word in _words(part, name)]
            if any(word.lstrip("_") == name.lstrip("_") for word in said):  # `self._token = token`
                yield from said


def _words(node: ast.AST, name: str) -> Iterator[str]:
    """The names and short texts of an expression; of what is called with ``name`` also what it opens."""
    for each in walk(node, _STATEMENTS):
        match each:
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.keyword(arg=str(text)):
                yield text
            case ast.Constant(value=str(text)) if len(text) < 200:
                yield text
            case ast.Call(func=ast.Name(id=text) | ast.Attribute(attr=text)):
                if any(word in text.lower() for word in _OPENED) and any(
                    isinstance(given, ast.Name) and given.id == name
                    for given in (*each.args, *(word.value for word in each.keywords))
                ):
                    yield "login"


_STATEMENTS = frozenset({ast.ExceptHandler, ast.match_case, ast.Lambda})
