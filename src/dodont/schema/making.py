"""What the code that runs as a class is made gives it: ``__init_subclass__``, a metaclass, a ``declared_attr``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from dodont.schema.django_state import class_of
from dodont.schema.files import Files
from dodont.schema.running import Effects, Left, Run, TooLong
from dodont.schema.values import UNREAD, Local, Made, Method, Ref, is_known
from dodont.semantic.definitions import ClassInfo

_NAME = "__tablename__"
#: What is made from the name of a class is no longer than that, give or take.
MAX_PATTERN = 80
MAX_TEXT = 200


class Making(Effects):
    """A class that is being made: what it is called and has is known, and what is given to it as ``__tablename__`` is kept."""

    def __init__(self, files: Files, info: ClassInfo, above: list[str]) -> None:
        self._run = Run(files, self)
        self._files = files
        self._info = info
        self._above = above
        self._self = Made(info.ref)
        self._given: Any = None  # what the class is given as its table's name

    def returned(self, owner: ClassInfo, method: str) -> str | None:
        """The text that a method gives for the class; None where that is not known."""
        function = self._method(owner.ref, method)
        value = self._execute(function, {_first(function): self._self}) if function is not None else UNREAD
        return value if is_known(value) and value else None

    def assigned_in(self, owner: str, method: str, words: Mapping[str, Any]) -> str:
        """The name of the table that a hook gives the class, which is handed the class's words (``class Line(Base, table="lines")``): empty
        where it gives none, ``?`` where it is not known."""
        function = self._method(owner, method)
        if function is None:
            return ""
        body = dict.fromkeys(self._info.members, UNREAD)
        named = [each.arg for each in function.node.args.args]
        given = dict(zip(named, (self._self, self._info.name, (), body), strict=False))
        if method == "__init_subclass__":
            given = {**words, _first(function): self._self}
        self._given = None
        self._execute(function, given)
        name = self._given if self._given is not None else body.get(_NAME)
        return "" if name is None else name if is_known(name) and name else "?"

    def _method(self, owner: str, name: str) -> Local | None:
        found = class_of(self._files, owner)
        for each in found[1].body if found is not None else ():
            if found is not None and isinstance(each, ast.FunctionDef) and each.name == name:
                return Local(each, found[0], {})
        return None

    def _execute(self, function: Local, given: dict[str, Any]) -> Any:
        self._run.steps = 0
        try:
            return self._run.call(function, [], given, function.file.site(function.node), ast.Name("", ast.Load()))
        except (Left, TooLong, RecursionError):
            return UNREAD

    # Effects

    def attribute(self, made: Made, name: str) -> Any:
        if made is not self._self:
            return Method(made, name)
        if name in ("__name__", "__qualname__"):
            return self._info.name
        if name == "__module__":
            return self._info.module.name.rpartition(":")[2]
        if name == _NAME and self._given is not None:
            return self._given
        if name == "__dict__":
            return dict.fromkeys(self._info.members, UNREAD) | ({_NAME: self._given} if self._given is not None else {})
        for owner in self._above:
            held = self._run.attribute(Ref(owner), name)
            if held is not UNREAD and not isinstance(held, Ref):
                return held
        return UNREAD

    def assigned(self, value: Any, name: str, held: Any) -> None:
        if name == _NAME:
            self._given = held

    def called(self, made: Made) -> Any:
        last = made.of.rpartition(".")[2]
        args = made.args
        if last == "setattr" and len(args) == 3 and args[1] == _NAME:
            self._given = args[2]
        elif last in ("hasattr", "getattr") and args[:1] == (self._self,) and args[1:2] == (_NAME,):
            if last == "hasattr":
                return self._given is not None
            return self._given if self._given is not None else made.get(2, "default", UNREAD)
        elif made.of == "re.compile.sub":
            pattern = made.receiver.receiver if isinstance(made.receiver, Method) else made.receiver
            return _substituted(pattern.get(0, "pattern"), *args[:2]) if isinstance(pattern, Made) else UNREAD
        elif made.of == "re.sub":
            return _substituted(*args[:3])
        elif made.of in _MADE_BY:
            return _MADE_BY[made.of](args[0]) if args and is_known(args[0]) else UNREAD
        return made

    def state(self) -> Any:
        return self._given

    def back(self, state: Any) -> None:
        self._given = state

    def either(self, before: Any, one: Any, other: Any) -> None:
        self._given = one if one is other or (is_known(one) and one == other) else UNREAD


def _first(function: Local) -> str:
    return function.node.args.args[0].arg if function.node.args.args else ""


def _substituted(pattern: Any = UNREAD, put: Any = UNREAD, text: Any = UNREAD, *_: Any) -> Any:
    if (
        not (is_known(pattern) and is_known(put) and is_known(text))
        or len(pattern) > MAX_PATTERN
        or len(text) > MAX_TEXT
    ):
        return UNREAD
    try:
        return re.sub(pattern, put, text)
    except (re.error, RecursionError, IndexError):
        return UNREAD


def _underscored(name: str) -> str:
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", spaced).replace("-", "_").lower()


#: Functions of well-known libraries that names are made with.
_MADE_BY: Mapping[str, Callable[[str], str]] = {"inflection.underscore": _underscored}
