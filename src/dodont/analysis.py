"""All that a rule imports: ``on``, ``Pass``, the events, and what a rule says of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dodont.core.diagnostic import Applicability, Diagnostic, Fix, Span, Step
from dodont.core.rule import Rule
from dodont.project.inputs import TEXT, callers
from dodont.project.project import Project
from dodont.project.tables import makes_copies, staged
from dodont.semantic.credentials import RANDOM, shows
from dodont.semantic.definitions import Access, ClassInfo, Durable, FunctionInfo, ModuleInfo, Waits, Write
from dodont.semantic.events import (
    Call,
    Callee,
    Event,
    Flow,
    Query,
    Recomputed,
    Route,
    Steps,
    Suppression,
    Unawaited,
    Unresolved,
)
from dodont.semantic.objects import has_field, lineage, role_of
from dodont.semantic.origins import Origins, is_checked, is_given_in_code
from dodont.semantic.rows import debugged, read_by_key
from dodont.semantic.trees import SCOPES, nodes_of, stored, walk
from dodont.semantic.values import PLAIN_TYPES, Hole, Label, Note, Site, Text, Type, Value
from dodont.sql import Hole as Place
from dodont.sql import Statement

E = TypeVar("E", bound=tuple[Any, ...])
Check = Callable[[Any, "Pass"], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Subscription:
    event: type
    rule: str
    check: Check


def on(event: type[E], *, rule: str) -> Callable[[Callable[[E, Pass], Iterator[Diagnostic]]], Subscription]:
    """Subscribe a rule's function to a kind of event. The module's ``check`` becomes the subscription the engine finds."""

    def subscribe(check: Callable[[E, Pass], Iterator[Diagnostic]]) -> Subscription:
        return Subscription(event, rule, check)

    return subscribe


class Pass:
    """One rule's run over one module: the only argument of a rule beside the event."""

    __slots__ = ("module", "options", "project", "rule")

    def __init__(self, rule: Rule, options: Mapping[str, Any], module: ModuleInfo, project: Project) -> None:
        self.rule = rule
        self.options = {**rule.options, **options}
        self.module = module
        self.project = project

    @property
    def tree(self) -> ast.Module:
        """The module's syntax tree, made anew: for questions asked only of what would otherwise be reported."""
        return self.project.tree(self.module)

    def sql(self, query: Query) -> Statement | None:
        """What the text of a query says: each hole's place, its stars, its tables; None when it is no SQL. Loads the SQL parser."""
        from dodont.sql import is_sql, read

        parts = sql_parts(query.text)
        # Where the driver does not say which database it is, double quotes mean names, as the standard has it.
        dialect = "postgres" if query.sql.style in ("dollar", None) else None
        return read(parts, dialect) if query.sql.certain or is_sql(parts) else None

    def read_by_key(self, call: Site) -> bool:
        """Whether the function around a query's call reads the rows by the names of columns, and hands them to nobody."""
        return call.path == self.module.path and read_by_key(self.tree, call)

    def debugged(self, call: Site) -> bool:
        """Whether all that the function around a query's call does with the rows is to show them in a log, to a developer."""
        return call.path == self.module.path and debugged(self.tree, call)

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table, where all that the project's code says of them agrees; else none."""
        declared, texts = self.project.tables(table)
        found = set(declared)
        if texts:
            from dodont.sql import created

            found |= {created(text, table) for text in texts}
        return found.pop() if len(found) == 1 else ()

    def is_view(self, table: str) -> bool:
        """Whether the project's code creates a view of that name, whose columns are written out there."""
        from dodont.sql import spells_out

        return any(spells_out(text, table) for text in self.project.tables(table)[1])

    def makes_copies(self) -> bool:
        """Whether this module creates a table that is like another, so that whole rows of the one are rows of the other."""
        return makes_copies(self.tree)

    def temporary(self, table: str) -> bool:
        """Whether this module itself makes the table, for a session: a temporary table, a data frame under a table's name."""
        if table not in self.module.text:
            return False
        from dodont.sql import temporary

        return any(found is None or temporary(found, table) for found in staged(self.tree, table))

    def coroutine_method(self, call: Site, name: str) -> FunctionInfo | None:
        """The coroutine that a call of the method ``name`` on an unknown object calls, when a class this module knows has one of
        that name, none has another kind, and astroid is sure that the object is of such a class."""
        if not self.project.has_coroutine_method(self.module, name):
            return None
        from dodont.inference import receiver_class

        found = receiver_class(
            self.display(self.module.name), self.module.file, self.module.text, call.line, call.column,
            lambda dotted: self.project.source(dotted, self.module),
        )  # fmt: skip
        method = self.project.method(found, name, self.module) if found is not None else None
        return method if method is not None and method.is_coroutine else None

    def awaited_elsewhere(self, callee: str, function: FunctionInfo | None) -> bool:
        """Whether the module awaits calls of ``callee``, as written, and leaves the one in question alone without ``await``.

        What ``self.pool`` is in one class says nothing of another's.
        """
        if callee not in self.module.awaited:
            return False
        name = ""
        if callee.startswith(("self.", "cls.")):
            while function is not None and function.owner is None:
                function = self.project.functions.get(function.ref.rpartition(".")[0])
            name = function.owner.name if function is not None and function.owner is not None else ""
        awaited, other = self.project.awaits(self.module).get((name, callee), (0, 0))
        if awaited == 0 or other != 1:
            return False
        return callee not in stored(self.tree)  # `self.check = check`: what is given may be of either kind

    def harmless(self, value: Value) -> bool:
        """Whether nothing a client sends can be in the value's text: written in the code, a number, a member of an enum."""
        if value.literal:
            return True
        if value.type is None:
            # `from library.constants import TABLE`, where the library is not at hand
            return value.ref is not None and value.ref.rpartition(".")[2].isupper()
        name = value.type.name
        return name in PLAIN_TYPES or name == "LiteralString" or self.project.is_enum(name)

    def given_in_code(self, function: FunctionInfo | None, value: Value) -> bool:
        """Whether a value is (an item of) a parameter of a private function that the module only calls, each time with constants."""
        parameter = next((label.what for label in value.labels if label.kind in ("parameter", "part")), None)
        if parameter is None:
            return False
        while function is not None and parameter not in function.named:
            # A closure's: the function around has it.
            function = self.project.functions.get(function.ref.rpartition(".")[0])
        return function is not None and is_given_in_code(self.tree, function, parameter)

    def checked(self, hole: Hole) -> bool:
        """Whether a value in a text was handed to something called ``validate`` or ``check`` before, which raises if it must."""
        name = self.source(hole.site)
        return hole.site is not None and hole.site.path == self.module.path and is_checked(self.tree, hole.site, name)

    def origins(self, hole: Hole) -> Origins | None:
        """What the code around a value says of where it comes from; None where it is not put in by this module."""
        if hole.site is None or hole.site.path != self.module.path:
            return None
        return Origins(self.tree, hole.site, self._is_own)

    def _is_own(self, dotted: str) -> bool:
        root, dot, rest = dotted.partition(".")
        value = self.module.names.get(root)
        found = self.project.resolve(f"{value.ref}{dot}{rest}") if value is not None and value.ref is not None else None
        return found is not None and (found.ref in self.project.functions or found.ref in self.project.classes)

    def is_test(self) -> bool:
        """Whether the module is there for tests, whatever it is called."""
        return not self.module.imports.isdisjoint(("unittest", "unittest.mock", "django.test", "pytest"))

    def in_transaction(self, function: FunctionInfo) -> bool:
        """Whether the function is called within a transaction, by name or by a base of its class, or every request is one."""
        if self._callers(function)[0] or self.project.callers.per_request():
            return True
        wrappers = (self.project.function(ref) for ref, _ in function.wrapped_by)
        if any(each is not None and self._speaks_of_atomic(each) for each in wrappers):
            return True
        bases = lineage(self.project.reader(self.module), function.owner.ref) if function.owner is not None else ()
        return any(
            self._speaks_of_atomic(each)
            for ref, each in bases
            if isinstance(each, ClassInfo) and each is not function.owner
        )

    def _speaks_of_atomic(self, info: ClassInfo | FunctionInfo) -> bool:
        self.project.touched.add((TEXT, info.module.path))
        lines = self.project.lines(info.module)
        return info.site is not None and any(
            "atomic" in line for line in lines[info.site.line - 1 : info.site.end_line]
        )

    def locked(self, function: FunctionInfo) -> bool:
        """Whether the function is called by one that locks rows."""
        return self._callers(function)[1]

    def _callers(self, function: FunctionInfo) -> tuple[bool, bool]:
        if function.owner is not None and self.library_base(Type(function.owner.ref), function.name):
            return False, False  # `save`: whose, no name tells
        path = function.module.path
        self.project.touched.add(callers(function.name, path))
        return self.project.callers.around(function.name, self.project.absolute(path))

    def library_base(self, type: Type, method: str) -> str:
        """The nearest of a class's bases that a library defines and that has the method; empty where none has."""
        frame = self.project.reader(self.module)
        bases = lineage(frame, type.name)
        return next((ref for ref, entry in bases if not isinstance(entry, ClassInfo) and method in entry.methods), "")

    def role(self, type: Type | None) -> str | None:
        """What an instance of the type is to a backend (``dodont.models.vocabulary.Role``); the nearest among its bases."""
        return role_of(self.project.reader(self.module), type)

    def has_field(self, value: Value | None, name: str) -> bool:
        """Whether what is set as the value's attribute may be stored with it."""
        return value is None or has_field(self.project.reader(self.module), value.type, name)

    def read_by(self, value: Value | None, name: str) -> frozenset[str]:
        """The attributes that a property of an object reads: ``confirmed_at`` for ``return self.confirmed_at is not None``."""
        type = value.type if value is not None else None
        for _, entry in lineage(self.project.reader(self.module), type.name) if type is not None else ():
            function = entry.functions.get(name) if isinstance(entry, ClassInfo) else None
            if function is not None:
                body = self.project.body(function) if function.kind == "property" else None
                return frozenset(
                    each.attr
                    for each in (walk(body) if body is not None else ())
                    if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "self"
                )
        return frozenset()

    def serves(self) -> bool:
        """Whether the module imports what a server needs: a framework, a log, a database, a network's client, coroutines."""
        return any(self.project.library.serves(each) for each in self.module.imports)

    def line(self, site: Site) -> str:
        """The last line of a place in the module, with its comment."""
        return self.project.lines(self.module)[site.end_line - 1]

    def source(self, site: Site | None) -> str:
        """The code at a place in the project, on one line and cut short; empty where there is none."""
        if site is None:
            return ""
        module = self.module if site.path == self.module.path else self._module(site.path)
        if module is None:
            return ""
        lines = self.project.lines(module)[site.line - 1 : site.end_line]
        if not lines:
            return ""
        encoded = [line.encode("utf-8", "surrogatepass") for line in lines]
        encoded[-1] = encoded[-1][: site.end_column]
        encoded[0] = encoded[0][site.column :]
        text = " ".join(b"".join(encoded).decode("utf-8", "replace").split())
        return text if len(text) <= 60 else text[:57] + "..."

    def display(self, ref: str) -> str:
        """A qualified name as a person knows it."""
        return ref.rpartition(":")[2].removeprefix("builtins.").removeprefix("?.")

    def span(self, site: Site) -> Span:
        """A place in characters instead of bytes."""
        module = self.module if site.path == self.module.path else self._module(site.path)
        wide = module.wide if module is not None else {}
        if wide and site.path != self.module.path:
            self.project.touched.add((TEXT, site.path))
        return Span(
            site.line,
            _characters(wide.get(site.line), site.column),
            site.end_line,
            _characters(wide.get(site.end_line), site.end_column),
        )

    def _module(self, path: str) -> ModuleInfo | None:
        return next((module for module in self.project.modules.values() if module.path == path), None)

    def steps(self, notes: Iterable[Note]) -> tuple[Step, ...]:
        return tuple(Step(note.site.path, self.span(note.site), note.text) for note in notes)

    def report(
        self,
        message: str,
        at: Site,
        *,
        function: FunctionInfo | None = None,
        flow: Iterable[Note] = (),
        related: Iterable[Note] = (),
        fix: Fix | None = None,
        error: bool = False,
        **arguments: str,
    ) -> Diagnostic:
        """A finding at ``at``. ``message`` names one of the card's messages, ``arguments`` fill it."""
        return Diagnostic(
            rule=self.rule.name,
            code=self.rule.code,
            path=self.module.path,
            span=self.span(at),
            message=self.rule.messages[message].format_map(arguments),
            help=self.rule.remedy,
            severity="error" if error else "warning",
            symbol=self.display(function.ref) if function is not None else self.display(self.module.name),
            flow=self.steps(flow),
            related=self.steps(related),
            fix=fix,
        )

    def fix(self, title: str, applicability: Applicability, at: Site, **parameters: Any) -> Fix:
        """The intention to rewrite the node at ``at``; sites among the parameters become regions in characters."""
        return Fix(
            title, applicability, self.span(at), {name: self._plain(value) for name, value in parameters.items()}
        )

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Site):
            span = self.span(value)
            return [span.line, span.column, span.end_line, span.end_column]
        if isinstance(value, (list, tuple)):
            return [self._plain(each) for each in value]
        return value


def sql_parts(text: Text) -> tuple[str | None, ...]:
    """A text as the SQL reader takes it: holes are None, constants in holes are their text."""
    return tuple(part if isinstance(part, str) else None for part in text.parts)


def _characters(line: str | None, column: int) -> int:
    return column if line is None else len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))


__all__ = [
    "RANDOM",
    "SCOPES",
    "Access",
    "Applicability",
    "Call",
    "Callee",
    "Check",
    "Diagnostic",
    "Durable",
    "Event",
    "Fix",
    "Flow",
    "FunctionInfo",
    "Hole",
    "Label",
    "ModuleInfo",
    "Note",
    "Pass",
    "Place",
    "Query",
    "Recomputed",
    "Route",
    "Site",
    "Span",
    "Statement",
    "Step",
    "Steps",
    "Subscription",
    "Suppression",
    "Text",
    "Type",
    "Unawaited",
    "Unresolved",
    "Value",
    "Waits",
    "Write",
    "nodes_of",
    "on",
    "shows",
    "sql_parts",
    "walk",
]  # fmt: skip
