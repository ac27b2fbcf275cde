"""All modules of one project as far as they were asked for, and the facts of their functions, settled over recursion."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from dodont.core.patterns import pattern
from dodont.models.library import Library
from dodont.project import inputs
from dodont.project.callers import Callers
from dodont.project.comments import suppressions
from dodont.project.coroutines import Coroutines
from dodont.project.django import DjangoSettings
from dodont.project.environments import Environment, environments
from dodont.project.finder import MAX_FILES, Finder
from dodont.project.outlines import Outline, outline
from dodont.project.plain import restored
from dodont.project.readings import Readings
from dodont.project.related import Related
from dodont.project.roles import role_by_path, role_of
from dodont.project.routing import Routing, registrars
from dodont.project.source import Source, Unreadable, check_syntax, decode, displayed, parse
from dodont.project.subclasses import Subclasses
from dodont.project.summary import rebuilt
from dodont.project.tables import Declarations, may_declare
from dodont.semantic.definitions import (
    ClassInfo,
    Endless,
    Facts,
    FunctionInfo,
    FunctionNode,
    Input,
    ModuleInfo,
    World,
)
from dodont.semantic.events import EVERY, Completed, Entity, Event
from dodont.semantic.expressions import EVALUATORS
from dodont.semantic.frame import Frame, Imported
from dodont.semantic.functions import Outcome, interpret, module_frame
from dodont.semantic.objects import lineage
from dodont.semantic.statements import run
from dodont.semantic.trees import dotted, functions_around, walk
from dodont.semantic.values import UNSETTLED, Relation, Type, Value

#: How deep functions may ask for each other's facts before the answer is Unknown.
MAX_DEPTH = 120
#: Syntax trees that are kept for those who ask of the same file again: of the modules read last.
MAX_TREES = 16
#: Likewise of what is left of them without the bodies of functions.
MAX_OUTLINES = 500
#: How many dots a name may have; one with more comes of imports that lead to themselves.
MAX_DOTS = 40
#: How often a circle of functions is run until its facts stay as they are.
MAX_ROUNDS = 3

ENDLESS = "takes too many steps to be analysed; the rest of the file was left out"

#: Let failures through, to see where they come from.
DEBUG = bool(os.environ.get("DODONT_DEBUG"))

_GLOBAL = pattern(r"^[ \t\f]+global[ \t]+([\w, ]+)", re.M)

#: What hashing passwords is called.
_HASHES = pattern(
    rb"bcrypt|argon2|passlib|pbkdf2|scrypt|hashpw|password_?hash|hashed_?p|generate_password"
    rb"|(?:hash|encrypt|make|encode|set)\w*_?(?:password|passwd|pwd|pw\b)",
    re.I,
)

_Definition = TypeVar("_Definition", FunctionInfo, ClassInfo)

Listener = Callable[[ModuleInfo, FunctionInfo | None, list[Event]], None]


class Project(World):
    """One run's knowledge. ``listener`` hears the events of every body interpreted, once each: of the kinds ``heard`` all, of others
    those that cost nothing. Paths are shown from ``base``.
    """

    def __init__(
        self,
        root: Path,
        finder: Finder,
        library: Library,
        *,
        base: Path,
        roles: Mapping[str, tuple[str, ...]] | None = None,
        readings: Readings | None = None,
        listener: Listener | None = None,
        heard: frozenset[type] = EVERY,
        memory: Callable[[str], dict[str, Any] | None] | None = None,
    ) -> None:
        self.root = root
        self.finder = finder
        self.library = library
        self.base = os.path.join(os.path.abspath(base), "")
        self.roles = roles or {}
        self.readings = readings or Readings()
        self.listener = listener
        self.heard = heard
        self.memory = memory  # the summaries of modules, by their paths, that an earlier run made and that still hold
        self.rebuilt: set[str] = set()  # the files of modules made from such
        self.modules: dict[str, ModuleInfo] = {}
        self.by_path: dict[str, ModuleInfo | None] = {}
        self.loaded: list[str] = []  # the paths of `by_path`, in the order they were asked for
        self.classes: dict[str, ClassInfo] = {}
        self.functions: dict[str, FunctionInfo] = {}
        self.denoted: dict[str, tuple[int, Value]] = {}
        self.lineages: dict[str, tuple[int, tuple[tuple[str, Any], ...], frozenset[Input]]] = {}
        self.guarded: dict[tuple[str, str], tuple[bool, frozenset[Input]]] = {}
        self.slots: dict[tuple[str, str], tuple[int, Any, frozenset[Input]]] = {}
        self.targets: dict[str, tuple[int, Any]] = {}
        self.touched: set[Input] = set()
        self.loading = 0
        self.troubles: dict[str, Unreadable] = {}
        self.failures: dict[str, list[str]] = {}  # bodies that could not be interpreted, by file
        self._resolved: dict[str, tuple[Value | None, frozenset[Input]]] = {}
        self._resolving: set[str] = set()
        self._absent: set[str] = set()  # definitions that modules were looked for on their account
        self._missed: set[str] = set()  # names that the search at hand did not find
        self._searching = 0  # how many names the search at hand is looking for
        self._stack: list[FunctionInfo] = []
        self._depth: dict[FunctionInfo, int] = {}
        self._lowest = MAX_DEPTH * 100
        self._provisional: list[tuple[int, FunctionInfo, Outcome, int]] = []
        self._waiting: dict[FunctionInfo, tuple[Outcome, int]] = {}
        self._readers: dict[ModuleInfo | ClassInfo, Frame] = {}
        self._declarations: Declarations | None = None
        self._hashes: bool | None = None
        self._application: list[str] | None = None
        self._environments: list[Environment] | None = None
        self.above: dict[type, Any] = {}  # what the layers above this one know of the project, each by its class
        self._split: tuple[ModuleInfo | None, list[str]] = (None, [])  # the module read last, in lines
        self._awaits: dict[ModuleInfo, dict[tuple[str, str], tuple[int, int]]] = {}
        self._trees: dict[str, ast.Module] = {}  # the last ones that were read
        self._at_hand: tuple[str, ast.Module | None] = "", None  # that of the module whose bodies are interpreted
        self._outlines: dict[str, Outline] = {}
        self._may_declare: dict[str, bool] = {}
        self.parsed: set[str] = set()  # files that are known to parse, beside the modules
        self.digests: dict[str, str] = {}  # of the bytes of files
        self._methods: dict[ModuleInfo, dict[str, set[bool]]] = {}
        self.routing = Routing(self)
        self.settings = DjangoSettings(self)
        self.subclasses = Subclasses(self)
        self.related_names = Related(self)
        self.callers = Callers(self)
        self.coroutines = Coroutines(self)

    def display(self, path: str) -> str:
        """How the run names a file, from ``base``."""
        return displayed(path, self.base)

    def absolute(self, shown: str) -> str:
        """The path of a file or directory by the name the run gives it."""
        return os.path.normpath(os.path.join(self.base, shown))

    # Modules

    def load(self, path: str, source: Source | None = None) -> ModuleInfo | None:
        """The module in a file, its top level interpreted; None when it cannot be read (see ``troubles``)."""
        if path in self.by_path:
            return self.by_path[path]
        self.by_path[path] = None
        self.loaded.append(path)
        if source is None:
            remembered = self._remembered(path)
            if remembered is not None:
                return remembered
            try:
                source = parse(self._read(path))
            except Unreadable as trouble:
                self.troubles[path] = trouble
                return None
        module = ModuleInfo(
            name=self.finder.name_of(path),
            path=self.display(path),
            is_package=path.endswith("__init__.py"),
            text=source.text,
            has_async=_has_async(source.text),
            yields=_lines_with("yield", source.text),
        )
        module.summary = inputs.SUMMARY, module.path
        module.role = role_of(module.path, source.tree, self.roles)
        module.file = path
        self.by_path[path] = module
        self.modules[module.name] = module
        module.rebound = _rebound(source.text)
        frame = module_frame(self, self.library, module)
        self.loading += 1
        search = self._missed, self._searching
        self._missed, self._searching = set(), 0  # what is read now may have what was missed
        outer, self.touched = self.touched, module.consulted
        self.touched.add((inputs.NAME, module.path))
        try:
            run(frame, self._declared(path, source.tree).body)
        except RecursionError:
            if self.loading > 1 or self._stack:  # asked for in the depth of other code; by itself it has more room
                self._forget(path, module)
                return None
            self._fail(module, "expressions are nested too deeply to be analysed")
        except Endless:
            self._fail(module, ENDLESS)
        except Exception as error:
            self._fail(module, f"could not be analysed ({type(error).__name__}: {error}); please report it")
        finally:
            self.loading -= 1
            self._missed, self._searching = search
            self.touched = outer
        if frame.env is not module.names:
            module.names.update(frame.env)
        for name in module.rebound:
            if name in module.names:
                known = module.names[name]
                module.names[name] = Value(known.type if known.const is not None else None, known.ref)
        module.registrars = registrars(module)
        self._keep_tree(path, source.tree)
        if Entity in self.heard and self.may_declare(module):  # somebody is going to ask what it declares
            self._keep_outline(path, source.tree)
        self._tell(module, None, list(frame.events.values()))
        return module

    def _declared(self, path: str, tree: ast.Module) -> ast.Module:
        """The module with what the stub beside it declares."""
        stub = self.finder.stub_of(path)
        if stub is None:
            return tree
        self.touched.add((inputs.TEXT, self.display(stub)))
        try:
            declared = parse(self._read(stub)).tree
        except Unreadable:  # which is told of the stub itself
            return tree
        from dodont.project.stubs import merged

        return merged(tree, declared)

    def _forget(self, path: str, module: ModuleInfo) -> None:
        """Take back that the module was loaded."""
        del self.by_path[path]
        self.loaded.remove(path)
        del self.modules[module.name]

    def _remembered(self, path: str) -> ModuleInfo | None:
        """The module as an earlier run knew it, if that still holds."""
        summary = self.memory(self.display(path)) if self.memory is not None else None
        if summary is None:
            return None
        module = ModuleInfo(name=summary["name"], path=self.display(path), text=self.text(path))
        module.file = path
        module.summary = inputs.SUMMARY, module.path
        try:
            rebuilt(self, module, summary)
        except (ValueError, LookupError, TypeError):
            return None
        for name in summary["required"]:
            self.library.require(name)
        self.by_path[path] = module
        self.modules[module.name] = module
        self.rebuilt.add(path)
        return module

    def skim(self, path: str, source: Source | None = None) -> bool:
        """Whether no rule can have anything to say of a file, which is checked for its syntax then (see ``troubles``).

        Stubs, and tests and migrations without coroutines, are read only where other code imports them.
        """
        is_stub = path.endswith(".pyi")
        if path in self.by_path or not (is_stub or role_by_path(self.display(path), self.roles) in _QUIET):
            return False
        try:
            text = source.text if source is not None else self._read(path)
            if not is_stub and _has_async(text):
                return False
            if source is None and path not in self.parsed:
                check_syntax(text)
        except Unreadable as trouble:
            self.troubles[path] = trouble
        return True

    def _read(self, path: str) -> str:
        """The text of a file. Raises Unreadable."""
        try:
            data = self.bytes_of(path)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or error}") from None
        self.digests[path] = inputs.digest(data)
        return decode(data)

    def application_files(self) -> list[str]:
        """The project's files but its tests and migrations, for indices of them all; none where there are too many to see them all."""
        if self._application is None:
            paths = self.finder.python_files()
            self._application = [
                path
                for path in (paths if len(paths) < MAX_FILES else ())
                if role_by_path(self.display(path), self.roles) not in ("test", "migration")
            ]
        return self._application

    def bytes_of(self, path: str) -> bytes:
        """What a file holds. Raises OSError and Unreadable."""
        return self.readings.bytes_of(path)

    def text(self, path: str) -> str:
        """The text of a file; empty when it cannot be read any more."""
        try:
            return self._read(path)
        except Unreadable:
            return ""

    def digest(self, shown: str) -> str:
        """The digest of a file's bytes: of those that were read by this run, if it was. Empty when it cannot be read."""
        path = self.absolute(shown)
        known = self.digests.get(path)
        if known is None:
            try:
                known = self.digests[path] = self.readings.digest(path)
            except (OSError, Unreadable):
                known = self.digests[path] = ""
        return known

    def _fail(self, module: ModuleInfo, message: str) -> None:
        if DEBUG:
            raise
        failures = self.failures.setdefault(module.file, [])
        if message not in failures:
            failures.append(message)

    def _interpret(self, function: FunctionInfo) -> Outcome | None:
        """Interpret a body; one that defeats the interpretation costs a line, and its facts are Unknown.

        None when there is no room for it below the functions that ask.
        """
        try:
            return interpret(self, self.library, function)
        except RecursionError:
            if len(self._stack) > 1 or self.loading:
                return None
            self._fail(function.module, f"`{function.name}` is nested too deeply to be analysed")
        except Endless:
            self._fail(function.module, ENDLESS)
        except Exception as error:
            self._fail(
                function.module,
                f"`{function.name}` could not be analysed ({type(error).__name__}: {error}); please report it",
            )
        return Outcome(Facts(), [])

    def _tell(self, module: ModuleInfo, function: FunctionInfo | None, events: list[Event]) -> None:
        if self.listener is not None and events:
            with self.noting(module.consulted):
                self.listener(module, function, events)

    def tell(self, module: ModuleInfo, event: Event) -> None:
        """Tell whoever listens of something about a module as a whole."""
        self._tell(module, None, [event])

    def may_declare(self, module: ModuleInfo) -> bool:
        """Whether the module's text says that it may have classes that are mapped to tables."""
        known = self._may_declare.get(module.file)
        if known is None:
            data = module.text.encode("utf-8", "surrogatepass") if module.classes else b""
            known = self._may_declare[module.file] = may_declare(module.path, data)
        return known

    def creates_index(self, table: str, column: str) -> bool:
        """Whether code that sets the database up, a migration or an SQL text, may create an index that begins with a column."""
        self.touched.add((inputs.TABLE, table))
        return self.declarations.indexes(table, column)

    def complete(self, module: ModuleInfo) -> None:
        """Interpret every body of the module that nobody asked for yet, where rules may have something to say of it."""
        if module.role not in _QUIET:
            self._tell(module, None, [*suppressions(module)])
        self._at_hand = module.file, self._trees.get(module.file)
        index = 0
        while index < len(module.functions) and (module.role not in _QUIET or module.has_async):
            self.facts(module.functions[index])
            index += 1
        self._tell(module, None, [Completed(module)])

    def frame(self, module: ModuleInfo, owner: ClassInfo | None = None) -> Frame:
        frame = Frame(self, self.library, module, EVALUATORS, None, owner)
        if owner is None:
            frame.env = module.names
        return frame

    def reader(self, module: ModuleInfo, owner: ClassInfo | None = None) -> Frame:
        key = owner or module
        found = self._readers.get(key)
        if found is None:
            found = self._readers[key] = self.frame(module, owner)
            found.silent = True
        return found

    # Names

    def resolve(self, name: str) -> Value | None:
        known = self._resolved.get(name)
        if known is not None:
            if known[1]:
                self.touched |= known[1]
            return known[0]
        # `from app.client import client` in app/__init__.py, with no app/client.py: `app.client` leads to `app.client.client`.
        if name in self._resolving or name in self._missed or name.count(".") > MAX_DOTS:
            return None
        self._resolving.add(name)
        self._searching += 1
        try:
            with self.consulting() as consulted:
                value = self._resolve(name)
        finally:
            self._resolving.discard(name)
            self._searching -= 1
        # Modules that import all of each other, `from a import *`: a name is looked for in each of them once. Where one has it not,
        # another that is being searched may have, and the first through it: nothing is settled before the search is over.
        if not self._searching:
            self._missed.clear()
        elif value is None:
            self._missed.add(name)
        if not (self._may_say_more(value) if value is not None else self._searching or self.may_come(name)):
            self._resolved[name] = value, frozenset(consulted)
        return value

    def _may_say_more(self, value: Value) -> bool:
        """Whether all that is known is a name that a module being read may define: ``from shop.models import Order`` in a package
        that ``shop.models`` imports."""
        if value.__class__ is Imported:
            return True
        ref = value.ref
        return value.type is None and ref is not None and ref not in self.functions and self.may_come(ref)

    def overriding(self, function: FunctionInfo, below: ClassInfo) -> tuple[FunctionInfo, ...]:
        with self.noting(set()):
            found = self.subclasses.overriding(below, function.name)
        structural = function.name if "typing.Protocol" in below.bases else ""
        self.touched.add(inputs.overrides(below.ref, structural))
        self.touched.update(each.module.summary for each in found)
        return found

    def related(self, owner: str, name: str) -> Relation | None:
        if not name.startswith("_"):
            self.touched.add((inputs.RELATED, name))
            with self.noting(set()):
                found = self.related_names.find(owner, name)
            return self._told(found)
        return None

    def _told(self, found: Relation | None) -> Relation | None:
        if found is not None and found.entity in self.classes:
            self.touched.add(self.classes[found.entity].module.summary)
        return found

    def related_to_any(self, name: str, holder: str) -> Relation | None:
        self.touched.add((inputs.RELATED, name))
        with self.noting(set()):
            found = self.related_names.only(name, holder)
        return self._told(found)

    def entity(self, name: str) -> str | None:
        self.touched.add((inputs.RELATED, name))
        with self.noting(set()):
            found = self.related_names.entity(name)
        if found is not None and found in self.classes:
            self.touched.add(self.classes[found].module.summary)
        return found

    def reader_of(self, owner: str) -> Frame:
        """A frame in which a class of the project is read; any other reads what is no class of its."""
        info = self.class_named(owner)
        return self.reader(info.module if info is not None else next(iter(self.modules.values())))

    def starred(self, module: str, name: str) -> Value | None:
        found = self.resolve(f"{module}.{name}")
        own = self.modules.get(module) if found is not None else None
        if own is None:
            return found
        offered = own.names.get("__all__")
        names = offered.items if offered is not None else None
        if isinstance(names, tuple) and all(each.const.__class__ is str for each in names):
            return found if any(each.const == name for each in names) else None
        return found if offered is not None or not name.startswith("_") else None

    def setting(self, name: str) -> Value | None:
        with self.noting(set()):
            found = self.settings.constant(name)
        self.touched.add((inputs.SETTING, name))
        return found

    def function(self, ref: str) -> FunctionInfo | None:
        return self._definition(self.functions, ref)

    def class_named(self, ref: str) -> ClassInfo | None:
        return self._definition(self.classes, ref)

    def _definition(self, known: Mapping[str, _Definition], ref: str) -> _Definition | None:
        found = known.get(ref)
        if found is None and self.rebuilt and self._brought(ref):
            found = known.get(ref)
        if found is not None:
            self.touched.add(found.module.summary)
        return found

    def _brought(self, ref: str) -> bool:
        """Whether the module that defines a name is read now: a value of one that is known from its summary may denote what is
        defined in another that nobody has asked for, as after ``ACTIONS = {"send": mail.send}``."""
        if ref in self._absent or not self.finder.has_package(ref):
            return False
        self._absent.add(ref)  # asked once
        prefix, colon, dotted = ref.rpartition(":")
        parts = dotted.split(".")
        return any(self._module(prefix + colon + ".".join(parts[:end])) for end in range(len(parts) - 1, 0, -1))

    def may_come(self, name: str) -> bool:
        return self.loading > 0 and self.finder.has_package(name)

    def _resolve(self, name: str) -> Value | None:
        if self.class_named(name) is not None:
            return Value(Type("type", (Type(name),)), ref=name)
        if self.function(name) is not None:
            return Value(ref=name)
        known = self.modules.get(name)
        if known is not None:
            self.touched.add((inputs.FIND, name))
            return Value(Type("module"), ref=name)
        prefix, colon, dotted = name.rpartition(":")
        parts = dotted.split(".")
        self.touched.add((inputs.PACKAGE, f"{prefix}{colon}{parts[0]}"))
        if not self.finder.has_package(name):
            return None
        for end in range(len(parts), 0, -1):
            module = self._module(prefix + colon + ".".join(parts[:end]))
            if module is None:
                continue
            if end == len(parts):
                return Value(Type("module"), ref=module.name)
            return self._member(module, parts[end:])
        self.touched.add((inputs.NAMESPACE, name))
        if self.finder.is_namespace(name) and not self.library.knows_root(dotted):
            return Value(Type("module"), ref=name)
        return None

    def _module(self, name: str) -> ModuleInfo | None:
        self.touched.add((inputs.FIND, name))
        known = self.modules.get(name)
        if known is not None:
            return known
        path = self.finder.find(name)
        if path is None:
            return None
        found = self.load(path)
        if found is None:  # broken, or being read
            self.touched.add((inputs.TEXT, self.display(path)))
        return found

    def qualify(self, module: str, importer: ModuleInfo) -> str:
        self.touched.add(inputs.qualified(module, importer.path))
        return self.finder.qualify(module, importer.file)

    def _member(self, module: ModuleInfo, parts: list[str]) -> Value | None:
        self.touched.add(module.summary)
        value = module.names.get(parts[0])
        if parts[0] in module.followed:
            self.touched |= module.followed[parts[0]][1]
        if value is None:
            for star in reversed(module.stars):
                value = self.starred(star, parts[0])
                if value is not None:
                    break
                if self.library.get(f"{star}.{parts[0]}") is not None:
                    value = Value(ref=self.library.canonical(f"{star}.{parts[0]}"))
                    break
        if value is None:
            return None
        if value.__class__ is Imported:
            value = self.reader(module).denote(value.ref or "")
        for index, part in enumerate(parts[1:], 1):
            if value is None or value.ref is None:
                return None
            info = self.class_named(value.ref)
            if info is None:
                if f"{value.ref}.".startswith(f"{module.name}.{parts[0]}."):
                    return None  # `from package.lost import lost` in the package: the name leads below itself
                return self.resolve(".".join((value.ref, *parts[index:])))
            function = info.functions.get(part)
            value = Value(ref=function.ref) if function is not None else info.members.get(part)
        return value

    # Questions of rules

    def is_enum(self, name: str) -> bool:
        """Whether the project's class of that name is an enumeration."""
        pending, seen = [name], set()
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            if current.startswith("enum.") or current in (
                "django.db.models.TextChoices",
                "django.db.models.IntegerChoices",
            ):
                return True
            if current in self.classes:
                pending += self.classes[current].bases
        return False

    def left_open(self, info: ClassInfo) -> set[str]:
        """The attributes a class leaves to its subclasses: ``queryset = None``, ``queryset: QuerySet``."""
        found: dict[str, bool] = {}
        for _, entry in lineage(self.reader(info.module), info.ref):
            if isinstance(entry, ClassInfo):
                for name in (*entry.members, *entry.annotations):
                    value = entry.members.get(name)
                    found.setdefault(name, value is None or value.const is None)
        return {name for name, is_open in found.items() if is_open}

    def has_coroutine_method(self, module: ModuleInfo, name: str) -> bool:
        """Whether a class the module defines or imports has a coroutine of that name, and none has something else of it."""
        known = self._methods.get(module)
        if known is None:
            known = self._methods[module] = self._methods_at_hand(module)
        return known.get(name) == {True}

    def _methods_at_hand(self, module: ModuleInfo) -> dict[str, set[bool]]:
        """The methods of the classes a module defines or imports, by name, and whether they are coroutines."""
        frame = self.reader(module)
        kinds: dict[str, set[bool]] = {}
        for value in list(module.names.values()):
            if value.__class__ is Imported:
                value = frame.denote(value.ref or "")
            known = self.modules.get(value.ref or "")
            if known is not None:
                self.touched.add(known.summary)
            info = self.class_named(value.ref or "")
            for each in known.classes if known is not None else [info] if info is not None else []:
                for name, function in each.functions.items():
                    kinds.setdefault(name, set()).add(function.is_coroutine)
        return kinds

    def source(self, dotted: str, importer: ModuleInfo) -> tuple[str, str] | None:
        """The path and text of the module that ``importer`` means by a dotted name; None when it is none of the project's."""
        name = self.qualify(dotted, importer)
        self.touched.add((inputs.FIND, name))
        path = self.finder.find(name)
        if path is None:
            return None
        self.touched.add((inputs.TEXT, self.display(path)))
        try:
            return path, decode(self.bytes_of(path))
        except (OSError, Unreadable):
            return None

    def lines(self, module: ModuleInfo) -> list[str]:
        """The module's lines; those of the module asked for last are kept."""
        self.touched.add((inputs.TEXT, module.path))
        if self._split[0] is not module:
            self._split = (module, module.lines)
        return self._split[1]

    def body(self, function: FunctionInfo) -> FunctionNode | None:
        if function.node is not None or function.site is None:
            return function.node
        around = functions_around(self.tree(function.module), function.site.line)
        return next((each for each in around if (each.lineno, each.name) == (function.site.line, function.name)), None)

    def text_of(self, module: ModuleInfo) -> str:
        self.touched.add((inputs.TEXT, module.path))
        return module.text

    def tree(self, module: ModuleInfo) -> ast.Module:
        self.touched.add((inputs.TEXT, module.path))
        path, tree = self._at_hand
        if path != module.file or tree is None:
            tree = self._trees.get(module.file)
        if tree is None:
            try:
                tree = parse(module.text).tree
            except Unreadable:  # too deep to be parsed from down here
                tree = ast.Module([], [])
            self._keep_tree(module.file, tree)
        return tree

    def _keep_tree(self, path: str, tree: ast.Module) -> None:
        if len(self._trees) >= MAX_TREES:
            del self._trees[next(iter(self._trees))]
        self._trees[path] = tree

    def outline(self, module: ModuleInfo) -> Outline:
        self.touched.add((inputs.TEXT, module.path))
        found = self._outlines.get(module.file)
        return found if found is not None else self._keep_outline(module.file, self.tree(module))

    def _keep_outline(self, path: str, tree: ast.Module) -> Outline:
        if len(self._outlines) >= MAX_OUTLINES:
            self._outlines.clear()
        found = self._outlines[path] = outline(tree)
        return found

    def awaits(self, module: ModuleInfo) -> Mapping[tuple[str, str], tuple[int, int]]:
        """How many calls of a dotted name, as written in a class (or in none), the module awaits, and how many it does not."""
        found = self._awaits.get(module)
        if found is None:
            found = self._awaits[module] = {}
            nodes = [*walk(self.tree(module))]
            awaited = {id(each.value) for each in nodes if isinstance(each, ast.Await)}
            inside = {id(each): node.name for node in nodes if isinstance(node, ast.ClassDef) for each in walk(node)}
            for each in nodes:
                if isinstance(each, ast.Call) and (name := dotted(each.func)):
                    key = inside.get(id(each), "") if name.startswith(("self.", "cls.")) else "", name
                    yes, no = found.get(key, (0, 0))
                    found[key] = (yes + 1, no) if id(each) in awaited else (yes, no + 1)
        return found

    def method(self, class_name: str, name: str, importer: ModuleInfo) -> FunctionInfo | None:
        """A method by its class's dotted name as ``importer`` sees it, found through the bases."""
        frame = self.reader(importer)
        qualified = self.qualify(class_name, importer)
        entries = (entry for _, entry in lineage(frame, qualified) if isinstance(entry, ClassInfo))
        return next((entry.functions[name] for entry in entries if name in entry.functions), None)

    @property
    def environments(self) -> list[Environment]:
        """Where Alembic's migrations stand."""
        if self._environments is None:
            self._environments = environments(self)
        return self._environments

    @property
    def declarations(self) -> Declarations:
        """Which files may say what the tables of the database are like."""
        if self._declarations is None:
            self._declarations = Declarations(
                self._contents(), lambda path: role_by_path(self.display(path), self.roles) in _QUIET
            )
        return self._declarations

    def models(self, word: str = "") -> list[ModuleInfo]:
        """The modules that may declare mapped classes and tables, and mention ``word``; tests and migrations left out."""
        self.touched.add((inputs.MODELS, word))
        return self._read_of(self.declarations.models(word))

    def tabled(self, table: str) -> list[ModuleInfo]:
        """The modules that may declare the table."""
        self.touched.add((inputs.TABLE, table))
        return self._read_of(self.declarations.tabled(table))

    def creating(self, table: str) -> set[str]:
        """The texts that create or alter tables and views, and mention this one."""
        self.touched.add((inputs.TABLE, table))
        return self.declarations.texts(table)

    def _read_of(self, paths: list[str]) -> list[ModuleInfo]:
        with self.noting(set()):  # what the files say is asked for by who reads them
            found = [self.load(path) for path in paths]
        return [each for each in found if each is not None]

    def hashes_passwords(self) -> bool:
        """Whether any code of the project but its tests hashes passwords, by what that is called: asked of what would be reported."""
        self.touched.add((inputs.HASHING, ""))
        if self._hashes is None:
            self._hashes = any(
                _HASHES.search(data) is not None and role_by_path(self.display(path), self.roles) != "test"
                for path, data in self._contents()
            )
        return self._hashes

    def _contents(self) -> Iterator[tuple[str, bytes]]:
        for path in self.finder.python_files():
            try:
                yield path, self.bytes_of(path)
            except (OSError, Unreadable):
                continue

    # Facts

    def facts(self, function: FunctionInfo) -> Facts:
        self.touched.add(function.module.summary)
        if function.facts is not None:
            return function.facts
        if function.remembered is not None:
            function.facts, function.remembered = restored(function.remembered), None
            return self.facts(function)
        depth = self._depth.get(function)
        if depth is not None:
            self._lowest = min(self._lowest, depth)
            return function.assumed or Facts(UNSETTLED)
        waiting = self._waiting.get(function)
        if waiting is not None:
            self._lowest = min(self._lowest, waiting[1])
            return waiting[0].facts
        if function.module.registrars:
            self.routing.settle(function.module)
            return self.facts(function)  # known by now, or part of a circle that is not settled yet
        if function.node is None or len(self._stack) >= MAX_DEPTH:
            return Facts()
        return self._settle(function)

    def _settle(self, function: FunctionInfo) -> Facts:
        """Interpret a function; one that calls itself, directly or around a circle, until its facts stay as they are."""
        depth = len(self._stack)
        outer = self._lowest
        first = len(self._provisional)
        self._stack.append(function)
        self._depth[function] = depth
        caller, self.touched = self.touched, function.module.consulted
        try:
            if function.module.role not in _QUIET:
                self.routing.ask(function)
            for attempt in range(MAX_ROUNDS):
                self._lowest = depth + 1
                outcome = self._interpret(function)
                lowest = self._lowest
                if outcome is None:
                    break
                if lowest > depth or lowest < depth:
                    break
                if function.assumed is not None and function.assumed.outline() == outcome.facts.outline():
                    break
                if function.assumed is None and outcome.facts.outline() == Facts().outline():
                    break
                function.assumed = outcome.facts
                if attempt < MAX_ROUNDS - 1:
                    self._drop(first)
        finally:
            self.touched = caller
            self._stack.pop()
            del self._depth[function]
        if outcome is None:  # whoever asks for it first, with nothing around, gets an answer
            self._drop(first)
            self._lowest = outer
            function.assumed = None
            return Facts()
        self._lowest = min(outer, lowest)
        if lowest < depth:
            self._provisional.append((depth, function, outcome, lowest))
            self._waiting[function] = (outcome, lowest)
            return outcome.facts
        self._lowest = outer
        for _, member, result, _ in self._provisional[first:]:
            del self._waiting[member]
            self._finish(member, result)
        del self._provisional[first:]
        self._finish(function, outcome)
        return outcome.facts

    def _drop(self, first: int) -> None:
        for _, member, _, _ in self._provisional[first:]:
            del self._waiting[member]
        del self._provisional[first:]

    def _finish(self, function: FunctionInfo, outcome: Outcome) -> None:
        function.facts = outcome.facts
        function.assumed = None
        self._tell(function.module, function, outcome.events)
        function.node = function.closure = function.inner = None


#: Roles of files of which rules hear nothing but coroutines.
_QUIET = frozenset({"test", "migration"})


def _has_async(text: str) -> bool:
    return "async " in text


def _rebound(text: str) -> frozenset[str]:
    """Names that some function declares ``global``."""
    if "global " not in text:
        return frozenset()
    return frozenset(name.strip() for found in _GLOBAL.finditer(text) for name in found[1].split(","))


def _lines_with(word: str, text: str) -> list[int]:
    """The numbers of the lines a word stands in."""
    if word not in text:
        return []
    return [number for number, line in enumerate(text.split("\n"), 1) if word in line]
