"""All that a rule imports: ``on``, ``Pass``, the events, and what a rule says of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from dodont.core.diagnostic import Applicability, Asked, Diagnostic, Fix, Span, Step, Suspicion
from dodont.core.rule import Rule
from dodont.project.inputs import TEXT, callers, coroutine
from dodont.project.project import Project
from dodont.project.tables import makes_copies, staged
from dodont.semantic.credentials import RANDOM, is_password, shows
from dodont.semantic.definitions import Access, ClassInfo, Durable, FunctionInfo, ModuleInfo, Opening, Waits, Write
from dodont.semantic.demands import kept_as_result, only_handed
from dodont.semantic.events import (
    Call,
    Callee,
    Completed,
    Definition,
    Dropped,
    Entity,
    Event,
    Fetching,
    Flow,
    Held,
    Lazy,
    Migration,
    Password,
    Polled,
    Query,
    Recomputed,
    Repeated,
    Rewriting,
    Route,
    Steps,
    Suppression,
    Unawaited,
    Unpooled,
    Unresolved,
    head_of,
    name_of,
)
from dodont.semantic.objects import has_field, lineage, role_of
from dodont.semantic.origins import Origins, is_checked, is_given_in_code
from dodont.semantic.passwords import entered
from dodont.semantic.repetition import keyed, only_first
from dodont.semantic.rows import debugged, read_by_key
from dodont.semantic.trees import SCOPES, nodes_of, stored, walk
from dodont.semantic.values import PLAIN_TYPES, Hole, Label, Note, Site, Text, Type, Value

if TYPE_CHECKING:  # loaded where there is SQL, or a table is asked for
    from dodont.schema.declared import Declared
    from dodont.schema.tables import Column, Table
    from dodont.sql import Hole as Place
    from dodont.sql import Statement

if TYPE_CHECKING:
    from dodont.schema.gaps import Gap
    from dodont.schema.one_way import OneWay

E = TypeVar("E", bound=tuple[Any, ...])
Found = Diagnostic | Suspicion
Check = Callable[[Any, "Pass"], Iterator[Found]]
#: Decides about a rule's suspicions, given what all files of the run ask of columns, and the rule's options.
Decide = Callable[[Sequence[Suspicion], Sequence[Asked], Mapping[str, Any]], Iterator[Diagnostic]]


class Subscription(NamedTuple):
    event: type
    rule: str
    check: Check


def on(event: type[E], *, rule: str) -> Callable[[Callable[[E, Pass], Iterator[Any]]], Subscription]:
    """Subscribe a rule's function to a kind of event. The module's ``check`` becomes the subscription the engine finds."""

    def subscribe(check: Callable[[E, Pass], Iterator[Any]]) -> Subscription:
        return Subscription(event, rule, check)

    return subscribe


class Decision(NamedTuple):
    rule: str
    decide: Decide


def over(*, rule: str) -> Callable[[Decide], Decision]:
    """Have a rule's function decide about its suspicions when all files of the run are analysed.

    It is given data alone: what it needs of a module, the suspicion has to bring along.
    """

    def subscribe(decide: Decide) -> Decision:
        return Decision(rule, decide)

    return subscribe


_LOOPS: frozenset[type] = frozenset({ast.For, ast.AsyncFor})
_REPEATING = _LOOPS | {ast.While, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp}


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

    @property
    def declared(self) -> Declared:
        """The tables of the project's database as its models declare them."""
        from dodont.schema.declared import declared

        return declared(self.project)

    def sql(self, query: Query) -> Statement | None:
        """What the text of a query says: each hole's place, its stars, its tables; None when it is no SQL. Loads the SQL parser."""
        from dodont.sql import is_sql, read

        parts = sql_parts(query.text)
        # Where the driver does not say which database it is, double quotes mean names, as the standard has it.
        dialect = "postgres" if query.sql.style in ("dollar", None) else None
        return read(parts, dialect) if query.sql.certain or is_sql(parts) else None

    def bound(self, query: Query) -> Iterator[tuple[str, bool, Value]]:
        """The columns that a query puts values into or (then with False) compares with values, and the values."""
        from dodont.sql.columns import columns

        holes, placeholders = columns(sql_parts(query.text))
        for hole, column in zip(query.text.holes, holes, strict=True):
            if column is not None:
                yield column.name, column.stored, hole.value
        given = query.parameters.items if query.parameters is not None else None
        for key, column in placeholders:
            if column is not None and isinstance(given, dict) and key in given:
                yield column.name, column.stored, given[str(key)]
            elif column is not None and isinstance(given, tuple) and isinstance(key, int) and key < len(given):
                yield column.name, column.stored, given[key]

    def rewritten(self, rewriting: Rewriting) -> tuple[str, str] | None:
        """The table and the column that a statement writes back to what another one read of it, where nothing locks the row."""
        from dodont.sql.rewriting import rewritten

        return rewritten(sql_parts(rewriting.text), rewriting.computed, rewriting.others)

    def hashes_passwords(self) -> bool:
        """Whether any code of the project hashes passwords: what a parameter is called says little there."""
        return self.project.hashes_passwords()

    def read_by_key(self, call: Site) -> bool:
        """Whether the function around a query's call reads the rows by the names of columns, and hands them to nobody."""
        return call.path == self.module.path and read_by_key(self.tree, call)

    def debugged(self, call: Site) -> bool:
        """Whether all that the function around a query's call does with the rows is to show them in a log, to a developer."""
        return call.path == self.module.path and debugged(self.tree, call)

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table, where all that the project's code says of them agrees; else none."""
        found = {
            tuple(each.columns) if not any(not part.indexes for part in each.unread) else ()
            for each in self.declared.named_table(table)
        }
        texts = self.project.creating(table)
        if texts:
            from dodont.sql import created

            found |= {created(text, table) for text in texts}
        return found.pop() if len(found) == 1 else ()

    def is_view(self, table: str) -> bool:
        """Whether the project's code creates a view of that name, whose columns are written out there."""
        from dodont.sql import spells_out

        return any(spells_out(text, table) for text in self.project.creating(table))

    def makes_copies(self) -> bool:
        """Whether this module creates a table that is like another, so that whole rows of the one are rows of the other."""
        return makes_copies(self.tree)

    def temporary(self, table: str) -> bool:
        """Whether this module itself makes the table, for a session: a temporary table, a data frame under a table's name."""
        if table not in self.module.text:
            return False
        from dodont.sql import temporary

        return any(found is None or temporary(found, table) for found in staged(self.tree, table))

    def gaps(self) -> list[Gap]:
        """Where the models of this module and the project's migrations say different things."""
        from dodont.schema.gaps import gaps

        return gaps(self.project, self.module)

    def has_migrations(self, definition: Definition) -> bool | None:
        """Whether the project has migrations of the tables that a call creates; None where these are another database's."""
        from dodont.schema.histories import histories

        return histories(self.project).has_migrations_of(definition.holder)

    def changed_tables(self, query: Query) -> list[str]:
        """The tables of the project that the text of a query creates, drops or alters, where migrations are there to do that."""
        from dodont.schema.outside import changed

        return changed(self.project, query)

    def prepares(self, function: FunctionInfo | None) -> bool:
        """Whether the code around brings a new database up to date, or makes one in memory: what it creates no migration must."""
        from dodont.schema.outside import prepares

        return prepares(self.project, self.module, function)

    def one_way(self) -> list[OneWay]:
        """The parts of this module, a migration, that cannot be taken back."""
        from dodont.schema.one_way import parts

        return parts(self.project, self.module)

    def keyed_loop(self, repeated: Repeated) -> Site | None:
        """What the loop goes over by whose elements a call asks the database, where nothing says that it is short."""
        # What a cursor found is fetched from it afterwards, whatever object it is.
        target = repeated.access.target
        fetched = not repeated.access.chain and (
            target == "?.execute" or self.role(Type(target.rpartition(".")[0])) == "cursor"
        )
        loops = [(site, source) for site, source in repeated.loops if not self._gives_sessions(source)]
        return keyed(self._around(repeated.function), repeated.site, loops, must_be_used=not fetched)

    def _gives_sessions(self, source: Value) -> bool:
        """``for session in get_session():``, a generator that gives but one and closes it."""
        args = source.type.args if source.type is not None else ()
        return bool(args) and self.role(args[0]) in ("session", "connection", "engine", "cursor")

    def only_first(self, site: Site, function: FunctionInfo | None) -> bool:
        """Whether the loop around a place in a function ends with the first element that is found."""
        return only_first(self._around(function), site)

    def is_repeated(self, site: Site, function: FunctionInfo | None) -> bool:
        """Whether a place is come to once for each of several elements: not after a loop, nor in a walk of which nobody knows the end,
        ``while node: node = node.parent``."""
        found = False
        for each in nodes_of(self._around(function), _REPEATING):
            match each:
                case ast.For(body=body) | ast.AsyncFor(body=body) | ast.While(body=body):
                    within = body[0].lineno <= site.line <= (body[-1].end_lineno or 0)
                case _:
                    assert isinstance(each, ast.expr)
                    within = each.lineno <= site.line <= (each.end_lineno or 0)
            if within:
                found = not isinstance(each, ast.While)
        return found

    def commits_around(self, site: Site, function: FunctionInfo | None) -> bool:
        """Whether the loop around a place ends transactions, after which a session forgets what it has loaded."""
        loops = [
            each
            for each in nodes_of(self._around(function), _LOOPS)
            if isinstance(each, (ast.For, ast.AsyncFor)) and each.lineno <= site.line <= (each.end_lineno or 0)
        ]
        accesses = self.project.facts(function).accesses if function is not None and loops else ()
        return any(
            access.kind == "commit" and loops[-1].lineno <= access.site.line <= (loops[-1].end_lineno or 0)
            for access in accesses
        )

    def _around(self, function: FunctionInfo | None) -> ast.AST:
        """The function's definition, which is still at hand when its events are told, else the module."""
        node = self.project.body(function) if function is not None else None
        return node or self.tree

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

    def is_coroutine_by_name(self, event: Unresolved) -> bool:
        """Whether all methods of that name in the project are coroutines, and (nearly) all calls of it but this one are awaited,
        some of them on something that is called the same, or what has the method is.

        A single word, as ``close``, may be a method of anything.
        """
        if event.typed or "_" not in event.name.strip("_") or self.module.role == "test" or self.is_test():
            return False
        holder = event.callee.rpartition(".")[0].rpartition(".")[2]
        self.project.touched.add(coroutine(holder, event.name))
        return self.project.coroutines.is_awaited(event.name, holder)

    def is_only_handed(self, event: Unresolved) -> bool:
        """Whether the function gives a coroutine that it keeps in a name to others alone, of which none seems to run it."""
        body = self.project.body(event.function) if event.function is not None else None
        return body is not None and only_handed(body, event.kept)

    def kept_as_result(self, event: Unresolved) -> str:
        """How the function uses a result that it keeps in a name, if no awaitable can be used so."""
        body = self.project.body(event.function) if event.function is not None else None
        return kept_as_result(body, event.kept, event.call.line) if body is not None else ""

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
        called_in_one = self._callers(function)[0]
        # What a framework calls, a caller of that name does not: `delete(self, request)` of a view.
        serves = function.handler is not None or (function.owner is not None and "request" in function.positional[:1])
        if (called_in_one and not serves) or self.project.callers.per_request():
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
        name = function.name
        if function.owner is not None:
            saves = name in ("create", "update") and self.library_base(Type(function.owner.ref), "save")
            name = "serializer.save" if saves and saves.startswith("rest_framework.") else f".{name}"
        path = function.module.path
        self.project.touched.add(callers(name, path))
        if function.owner is not None and self.library_base(Type(function.owner.ref), function.name):
            return False, False  # `save`: whose, no name tells
        return self.project.callers.around(name, self.project.absolute(path))

    def library_base(self, type: Type, method: str) -> str:
        """The nearest of a class's bases that a library defines and that has the method; empty where none has."""
        frame = self.project.reader(self.module)
        bases = lineage(frame, type.name)
        return next((ref for ref, entry in bases if not isinstance(entry, ClassInfo) and method in entry.methods), "")

    def role(self, type: Type | None) -> str | None:
        """What an instance of the type is to a backend (``dodont.models.vocabulary.Role``); the nearest among its bases."""
        return role_of(self.project.reader(self.module), type)

    def overrides(self, function: FunctionInfo) -> bool:
        """Whether a method stands for one of a base class, or may: of some bases nothing is known."""
        owner = function.owner
        if owner is None:
            return False
        for ref, entry in lineage(self.project.reader(self.module), owner.ref):
            if ref != owner.ref and function.name in (
                entry.functions if isinstance(entry, ClassInfo) else entry.methods
            ):
                return True
        return False

    def origin(self, name: str) -> str:
        """The qualified name of what a name of the module stands for; empty for what is no definition and no import."""
        value = self.module.names.get(name)
        return self.display(value.ref) if value is not None and value.ref is not None else ""

    def is_a(self, name: str | None, base: str) -> bool:
        """Whether a class is, or is below, another; both by their qualified names."""
        return name is not None and any(ref == base for ref, _ in lineage(self.project.reader(self.module), name))

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

    def is_call(self, site: Site) -> bool:
        """Whether what stands at a place in the module is a call, and no more."""
        try:
            return isinstance(ast.parse(f"({self._text(site)}\n)", mode="eval").body, ast.Call)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False

    def source(self, site: Site | None) -> str:
        """The code at a place in the project, on one line and cut short; empty where there is none."""
        text = " ".join(self._text(site).split()) if site is not None else ""
        return text if len(text) <= 60 else text[:57] + "..."

    def _text(self, site: Site) -> str:
        module = self.module if site.path == self.module.path else self._module(site.path)
        lines = self.project.lines(module)[site.line - 1 : site.end_line] if module is not None else []
        if not lines:
            return ""
        encoded = [line.encode("utf-8", "surrogatepass") for line in lines]
        encoded[-1] = encoded[-1][: site.end_column]
        encoded[0] = encoded[0][site.column :]
        return b"".join(encoded).decode("utf-8", "replace")

    def source_lines(self, site: Site) -> str:
        """The whole lines of the project around a place: the statement, or the better part of it."""
        module = self.module if site.path == self.module.path else self._module(site.path)
        return (
            "\n".join(self.project.lines(module)[max(site.line - 4, 0) : site.end_line + 4])
            if module is not None
            else ""
        )

    def display(self, ref: str) -> str:
        """A qualified name as a person knows it."""
        return ref.rpartition(":")[2].removeprefix("builtins.").removeprefix("?.")

    def site(self, node: ast.expr) -> Site:
        """The place of a node of this module."""
        return Site(
            self.module.path,
            node.lineno,
            node.col_offset,
            node.end_lineno or node.lineno,
            node.end_col_offset or node.col_offset,
        )

    def span(self, site: Site) -> Span:
        """A place in characters instead of bytes."""
        module = self.module if site.path == self.module.path else self._module(site.path)
        if module is not None and module.wide and site.path != self.module.path:
            self.project.touched.add((TEXT, site.path))
        return span_of(module, site)

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

    def suspect(self, finding: Diagnostic, **about: Any) -> Suspicion:
        """What becomes a finding when ``over`` the whole project the rule so decides. ``about`` is what it needs for that."""
        return Suspicion(finding, about)

    def fix(self, title: str, applicability: Applicability, at: Site, **parameters: Any) -> Fix:
        """The intention to rewrite the node at ``at``; sites among the parameters become regions in characters."""
        plain = {name: self._plain(value) for name, value in parameters.items()}
        finder, file = self.project.finder, self.module.file
        own = sorted(each for each in self.module.roots if finder.has_package(finder.qualify(each, file)))
        return Fix(title, applicability, self.span(at), plain, own)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Site):
            span = self.span(value)
            return [span.line, span.column, span.end_line, span.end_column]
        if isinstance(value, (list, tuple)):
            return [self._plain(each) for each in value]
        return value


def span_of(module: ModuleInfo | None, site: Site) -> Span:
    """A place in a module in characters instead of bytes."""
    wide = module.wide if module is not None else {}
    return Span(
        site.line,
        _characters(wide.get(site.line), site.column),
        site.end_line,
        _characters(wide.get(site.end_line), site.end_column),
    )


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
    "Asked",
    "Call",
    "Callee",
    "Check",
    "Column",
    "Completed",
    "Definition",
    "Diagnostic",
    "Dropped",
    "Durable",
    "Entity",
    "Event",
    "Fetching",
    "Fix",
    "Flow",
    "FunctionInfo",
    "Held",
    "Hole",
    "Label",
    "Lazy",
    "Migration",
    "ModuleInfo",
    "Note",
    "Opening",
    "Pass",
    "Password",
    "Place",
    "Polled",
    "Query",
    "Recomputed",
    "Repeated",
    "Route",
    "Site",
    "Span",
    "Statement",
    "Step",
    "Steps",
    "Subscription",
    "Suppression",
    "Suspicion",
    "Table",
    "Text",
    "Type",
    "Unawaited",
    "Unpooled",
    "Unresolved",
    "Value",
    "Waits",
    "Write",
    "entered",
    "head_of",
    "is_password",
    "name_of",
    "nodes_of",
    "on",
    "over",
    "shows",
    "sql_parts",
    "walk",
]  # fmt: skip
