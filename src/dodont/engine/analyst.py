"""Analyses files: from a path to the findings in it, and to what others may know of the module. One project, one process."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dodont.analysis import span_of
from dodont.core.diagnostic import Asked, Diagnostic, Step, Suspicion
from dodont.core.rule import INTERNAL_CODE
from dodont.engine import catalogue, selection
from dodont.engine.dispatch import Dispatcher, internal
from dodont.engine.settings import Settings
from dodont.models.library import Library
from dodont.project import inputs
from dodont.project.finder import Finder
from dodont.project.plain import NotPlain
from dodont.project.project import Project
from dodont.project.readings import Readings
from dodont.project.roles import role_by_path
from dodont.project.source import Source
from dodont.project.summary import written
from dodont.semantic.definitions import FunctionInfo, Input, ModuleInfo
from dodont.semantic.events import Entity, Event, Migration

#: Interpretation descends with the code it reads. Python's own parser must not run under a limit much higher than this.
RECURSION_LIMIT = 5000


class Analysis(NamedTuple):
    """What was found out about one file, as plain data that travels between processes. ``path`` is as the run displays it.

    ``findings`` are before selection by file and before comments that silence. ``kept`` is false where dodont itself failed:
    nothing of that is kept for later runs. ``suspicions`` and ``asked`` are what rules decide about when all files are analysed.
    ``source`` is the digest of the file's bytes; ``digest`` that of the summary, which is
    JSON; the last two are None where there is none. ``consulted`` are the module's inputs.
    """

    path: str
    findings: tuple[Diagnostic, ...]
    kept: bool = False
    source: str = ""
    digest: str | None = None
    summary: str | None = None
    consulted: frozenset[Input] = frozenset()
    suspicions: tuple[Suspicion, ...] = ()
    asked: tuple[Asked, ...] = ()


class Analyst:
    """What is known of one project while its files are analysed, each module interpreted once.

    ``readings`` give the files, ``listings`` the directories where there is no disk to look at. With ``keep``
    analyses have what later runs need. ``memory`` has summaries of earlier runs, by path. ``every_file``: nobody says beforehand
    which files will be asked for.
    """

    def __init__(
        self, settings: Settings, root: Path, *, readings: Readings | None = None,
        listings: Mapping[str, frozenset[str]] | None = None, keep: bool = False,
        memory: Callable[[str], dict[str, Any] | None] | None = None, every_file: bool = False,
    ) -> None:  # fmt: skip
        rules = catalogue.rules()
        chosen = [rules[name] for name in selection.select(rules, settings)]
        self._dispatcher = Dispatcher(chosen, settings.rule_options)
        self._keep = keep
        self._every_file = every_file
        self._wanted: set[str] = set()
        self.project = Project(
            root,
            Finder(root, tuple(Path(os.path.normpath(root / part)) for part in settings.src if part), listings),
            Library(settings.models or None),
            base=settings.root,
            roles=settings.roles,
            readings=readings,
            listener=self._hear,
            heard=self._dispatcher.heard,
            memory=memory,
        )

    def _hear(self, module: ModuleInfo, function: FunctionInfo | None, events: list[Event]) -> None:
        if self._every_file or module.file in self._wanted:
            self._dispatcher.hear(self.project, module, function, events)

    def files(self, paths: Sequence[str]) -> Iterator[Analysis]:
        """Each file once; modules pulled in on the way come soonest, so that syntax trees do not pile up."""
        self._wanted.update(paths)
        own = set(paths)
        pending = list(reversed(paths))
        seen = len(self.project.loaded)
        while pending:
            path = pending.pop()
            if path not in own:
                continue
            own.discard(path)
            yield self.file(path)
            loaded = self.project.loaded
            pending += [each for each in loaded[seen:] if each in own]
            seen = len(loaded)

    def file(self, path: str, source: Source | None = None) -> Analysis:
        self._wanted.add(path)
        project = self.project
        shown = project.display(path)
        module = None if project.skim(path, source) else project.load(path, source)
        if module is not None:
            project.complete(module)
            self._tell_entities(module)
            failures = [internal(shown, message) for message in project.failures.pop(path, ())]
            found = (*self._dispatcher.take(shown), *failures)
        else:
            trouble = project.troubles.get(path)
            found = () if trouble is None else (internal(shown, trouble.message, trouble.line, trouble.column),)
        suspicions = tuple(self._dispatcher.suspicions(shown))
        asked = self._asked(module) if module is not None else ()
        consulted = set(module.consulted) if module is not None else set()
        if Migration in self._dispatcher.heard and (module is not None or not found):
            found = (*found, *self._migration(path, module, consulted))
        if not self._keep or (module is not None and any(each.code == INTERNAL_CODE for each in found)):
            return Analysis(shown, found, suspicions=suspicions, asked=asked)
        digest, summary = _summary(module)
        return Analysis(
            shown, found, True, project.digest(shown), digest, summary, frozenset(consulted), suspicions, asked
        )

    def _tell_entities(self, module: ModuleInfo) -> None:
        """Tell rules of the mapped classes of a module, now that all that they are made from is read."""
        if Entity not in self._dispatcher.heard or module.role in _ELSEWHERE or not self.project.may_declare(module):
            return
        from dodont.schema.declared import declared

        with self.project.noting(module.consulted):
            found = declared(self.project).entities(module)
        for info in found:
            if info.site is not None:
                self.project.tell(module, Entity(info.ref, info.site))

    def _asked(self, module: ModuleInfo) -> tuple[Asked, ...]:
        """What the module's queries ask of columns, where a rule wants to know."""
        if Entity not in self._dispatcher.heard or module.role in _ELSEWHERE:
            return ()
        return tuple(
            Asked(
                use.entity,
                use.column,
                use.how,
                Step(use.site.path, span_of(module, use.site), _TOLD.get(use.how, "taken for a list here")),
                use.constant,
                (use.query.path, span_of(module, use.query)) if use.query is not None else None,
            )
            for use in module.uses
        )

    def _migration(self, path: str, module: ModuleInfo | None, consulted: set[Input]) -> list[Diagnostic]:
        """What rules say of a migration, which is not interpreted."""
        project = self.project
        shown = project.display(path)
        if role_by_path(shown, project.roles) != "migration":
            return []
        consulted.add((inputs.NAME, shown))
        if module is None:
            module = ModuleInfo(
                project.finder.name_of(path), shown, text=project.text(path), role="migration", file=path
            )
        with project.noting(consulted):
            self._dispatcher.hear(project, module, None, [Migration()])
        return self._dispatcher.take(shown)


def _summary(module: ModuleInfo | None) -> tuple[str | None, str | None]:
    """The digest of a module's summary and the summary itself, as far as there are such."""
    if module is None or any(each.facts is None for each in module.functions):
        return None, None
    try:
        return written(module)
    except (NotPlain, RecursionError):
        return None, None


#: Roles of files whose queries are not what the database is made for.
_ELSEWHERE = frozenset({"test", "migration", "script"})

#: What a use of a column is in a person's words.
_TOLD = {
    "equal": "filtered by here", "least": "filtered by here", "most": "filtered by here", "range": "filtered by here",
    "join": "joined here", "order": "ordered by here",
}  # fmt: skip


class Batch(NamedTuple):
    """What came of some files. ``partial`` has the inputs of modules that were read on the way and are no part of the wave,
    ``rebuilt`` those known from their summaries, ``answers`` those that are dear to ask again."""

    analyses: tuple[Analysis, ...]
    partial: Mapping[str, frozenset[Input]] = {}
    rebuilt: frozenset[str] = frozenset()
    answers: Mapping[Input, str] = {}


def batch_of(analyst: Analyst, analyses: Sequence[Analysis], wave: frozenset[str]) -> Batch:
    """Analyses with what else the analyst has to tell."""
    project = analyst.project
    modules = {
        module.path: frozenset(module.consulted)
        for module in project.by_path.values()
        if module is not None and module.path not in wave and module.file not in project.rebuilt
    }
    consulted = {each for found in (*(each.consulted for each in analyses), *modules.values()) for each in found}
    answers = {each: inputs.answer(project, *each) for each in consulted if each[0] in (inputs.TABLE, inputs.MODELS)}
    return Batch(tuple(analyses), modules, frozenset(map(project.display, project.rebuilt)), answers)


_lock = threading.Lock()
_interpreting = 0
_before = (0, False)


@contextmanager
def interpreting() -> Iterator[None]:
    """Room to descend, and no cycle collector: syntax trees have no cycles, and walking them over and over costs a third.

    Both hold for the process; threads that interpret at the same time share them.
    """
    global _interpreting, _before
    with _lock:
        if not _interpreting:
            _before = sys.getrecursionlimit(), gc.isenabled()
            sys.setrecursionlimit(max(_before[0], RECURSION_LIMIT))
            gc.disable()
        _interpreting += 1
    try:
        yield
    finally:
        with _lock:
            _interpreting -= 1
            if not _interpreting:
                sys.setrecursionlimit(_before[0])
                if _before[1]:
                    gc.enable()


def listings_of(files: Mapping[str, bytes]) -> dict[str, frozenset[str]]:
    """The directories of a set of files, by what is in them."""
    found: dict[str, set[str]] = {}
    for path in files:
        directory, name = os.path.split(path)
        while name and name not in found.setdefault(directory, set()):
            found[directory].add(name)
            directory, name = os.path.split(directory)
    return {directory: frozenset(names) for directory, names in found.items()}
