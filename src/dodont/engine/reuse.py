"""Which findings of earlier runs still hold.

A module's findings, and what others may know of it, are made from its source and from its inputs (``project.inputs``): what it
asked of other modules and of the file system. As long as each answer stays, so do they. A module whose source changed is
analysed again; when the digest of its summary stays as it was, that is all, else whoever consulted it is analysed, too, and so on.

Modules that were only read in part, as far as somebody asked, have no digest. Who consulted one hangs on its text, and on all that
it consulted in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dodont.core.diagnostic import Asked, Diagnostic, Fix, Span, Step, Suspicion
from dodont.engine.cache import Cache, Row
from dodont.project import inputs
from dodont.project.summary import read
from dodont.semantic.definitions import Input

if TYPE_CHECKING:
    from dodont.engine.analyst import Batch
    from dodont.project.project import Project

#: Rows written in one transaction, while a run goes on.
BATCH = 100

Inputs = Mapping[str, Mapping[str, str]]  # kind to name to answer


class Reuse:
    """What is known of the modules of one project, before a run and after it. Paths are as the run displays them."""

    def __init__(self, project: Project, cache: Cache) -> None:
        self._project = project  # of which nothing is known: it answers where modules are
        self._cache = cache
        self._rows: dict[str, Row | None] = {}
        self._inputs: dict[str, Inputs] = {}
        self._answers: dict[Input, str] = {}
        self._digests: dict[str, str | None] = {}  # of the modules this run analysed
        self._made: dict[str, Row] = {}  # of the modules this run analysed, without their inputs
        self._unwritten: list[tuple[Row, str | None]] = []  # rows with their summaries
        self._consulted: dict[str, frozenset[Input]] = {}
        self._partial: dict[str, frozenset[Input]] = {}  # the same of modules that were read on the way
        self._rebuilt: set[str] = set()  # known from their summaries alone
        self._users: dict[str, set[str]] = {}  # who consulted a module, by the rows read so far
        self._seen: set[str] = set()  # the modules whose rows were held against what is now
        self._wanted: set[str] = set()
        self._wave: set[str] = set()  # the modules that are being analysed
        self._first = True
        self._moved: set[str] = set()  # those that may say something else than their rows do
        self._stale: set[str] = set()  # those that have to be analysed, and are not yet

    # Before

    def stale(self, paths: Iterable[str]) -> list[str]:
        """Those of the modules, and of those they hang on, that have to be analysed in any case: the first wave.

        In the first wave all others are taken to say what they said, although some may hang on what is analysed in it. Mostly
        that says the same as before in the end.
        """
        self._wanted.update(paths)
        return self._outdated(paths)

    def _outdated(self, paths: Iterable[str]) -> list[str]:
        pending = [path for path in dict.fromkeys(paths) if path not in self._seen]
        found: dict[str, None] = {}
        behind: list[tuple[str, str, str]] = []  # a module, one that it consulted, and what that said then
        while pending:
            self._seen.update(pending)
            self._read([path for path in pending if path not in self._rows])
            following: dict[str, None] = {}
            for path in pending:
                if not self._holds(path):
                    found[path] = None
                for each, digest in self._inputs.get(path, {}).get(inputs.SUMMARY, {}).items():
                    self._users.setdefault(each, set()).add(path)
                    following[each] = None
                    behind.append((path, each, digest))
            pending = [each for each in following if each not in self._seen]
        # A run over some files analysed one that others consulted, and left these as they were.
        found.update((path, None) for path, each, digest in behind if self._says_otherwise(each, digest))
        return list(found)

    def _says_otherwise(self, path: str, digest: str) -> bool:
        """Whether a module is known to say something else by now. One without a row is analysed first."""
        if path in self._digests:
            return self._digests[path] != digest
        row = self._rows.get(path)
        return row is not None and row.digest != digest

    def _look(self, path: str) -> None:
        """Read the row of a module that comes into play during a wave. What is outdated then is not analysed any more."""
        if path not in self._seen:
            self._stale.update(self._outdated([path]))
            if self._stale:
                self._settle()

    def _hanging_on(self, paths: Iterable[str]) -> set[str]:
        """Whoever consulted one of the modules, and so on; a module itself only where it consulted itself through others."""
        found: set[str] = set()
        pending = list(paths)
        while pending:
            for user in self._users.get(pending.pop(), ()):
                if user not in found:
                    found.add(user)
                    pending.append(user)
        return found

    def holds(self, path: str) -> bool:
        """Whether what an earlier run found in a module holds in any case."""
        self._look(path)
        return self._rows[path] is not None and path not in self._moved

    def summary(self, path: str) -> dict[str, Any] | None:
        """What others may know of a module, as an earlier run wrote it down; None when it may not hold any more."""
        if path in self._digests:
            self._flush()
            text = self._cache.summaries([path]).get(path)
        else:
            self._look(path)
            held = path not in self._moved and path not in self._wave
            text = self._cache.summaries([path]).get(path) if held else None
        try:
            return read(text) if text is not None else None
        except ValueError:
            return None

    def begin(self, wave: Iterable[str], moved: Iterable[str] = ()) -> None:
        """The modules of a wave are going to be analysed."""
        self._wave = set(wave)
        self._moved.update(moved)

    @property
    def moved(self) -> frozenset[str]:
        return frozenset(self._moved)

    def following(self) -> list[str]:
        """The next wave: those that consulted a module which turned out to say something else than it did."""
        changed = {
            path for path in self._wave if (row := self._rows[path]) is None or row.digest != self._digests[path]
        }
        again: set[str] = set()
        if self._first:
            # What they hang on was taken to say what it said, and hangs on something that says something else.
            again = self._wave & self._hanging_on(self._rebuilt & self._hanging_on(changed))
            self._first = False
        for path in again:
            del self._digests[path]
            self._made.pop(path, None)
        found = again | {
            user
            for path in changed
            for user in self._users.get(path, ())
            if user not in self._digests and self._recorded(user, path) != self._digests.get(path)
        }
        self._stale |= found
        self._settle()
        open_ends = {path for path in self._wanted if path not in self._digests}
        return sorted(path for path in found if path in open_ends or not open_ends.isdisjoint(self._hanging_on([path])))

    def _recorded(self, user: str, path: str) -> str | None:
        return self._inputs.get(user, {}).get(inputs.SUMMARY, {}).get(path)

    def _settle(self) -> None:
        """Those that hang on nothing but what was analysed say what they said."""
        self._moved = self._hanging_on(self._stale) | self._stale

    def held(self) -> dict[str, str]:
        """The summaries, as JSON, of all modules come across so far that say what they said."""
        return self._cache.summaries(self._seen - self._moved - self._wave)

    def _read(self, paths: list[str]) -> None:
        rows = self._cache.rows(paths)
        for path in paths:
            row = rows.get(path)
            self._rows[path] = row
            if row is not None:
                try:
                    self._inputs[path] = _read_inputs(row.inputs)
                except ValueError:
                    self._rows[path] = None

    def _holds(self, path: str) -> bool:
        """Whether the row of a module is as good as new, if only the modules it consulted still say the same."""
        row = self._rows[path]
        if row is None or row.source != self._project.digest(path):
            return False
        try:
            return all(
                self._answer(kind, name) == answer
                for kind, answers in self._inputs[path].items()
                if kind != inputs.SUMMARY
                for name, answer in answers.items()
            )
        except KeyError:
            return False

    def _answer(self, kind: str, name: str) -> str:
        if kind == inputs.TEXT:
            return self._project.digest(name)
        known = self._answers.get((kind, name))
        if known is None:
            known = self._answers[kind, name] = inputs.answer(self._project, kind, name)
        return known

    @property
    def remembered(self) -> int:
        return len(self._rows)

    def findings(self, path: str) -> list[Diagnostic]:
        """What an earlier run found in a module that holds."""
        return [_diagnostic(path, each) for each in self._found(path)[0]]

    def evidence(self, path: str) -> tuple[list[Suspicion], list[Asked]]:
        """What rules decide about in the end, of a module that holds."""
        _, suspicions, asked = self._found(path)
        return (
            [Suspicion(_diagnostic(path, finding), about) for finding, about in suspicions],
            [
                Asked(
                    entity, column, how, Step(where, Span(*at), text), constant, query and (query[0], Span(*query[1]))
                )
                for entity, column, how, (where, at, text), constant, query in asked
            ],
        )

    def _found(self, path: str) -> Any:
        row = self._rows[path]
        assert row is not None
        return json.loads(row.findings)

    # After

    def analysed(self, batch: Batch) -> None:
        """Note what came of some of the wave's files."""
        for analysis in batch.analyses:
            path = analysis.path
            self._digests[path] = analysis.digest
            self._stale.discard(path)
            self._consulted[path] = analysis.consulted
            if analysis.kept:
                findings = json.dumps(
                    [
                        [_plain(each) for each in analysis.findings],
                        [[_plain(each.finding), dict(each.about)] for each in analysis.suspicions],
                        [_asked(each) for each in analysis.asked],
                    ],
                    separators=(",", ":"),
                )
                row = self._made[path] = Row(path, analysis.source, analysis.digest, "", findings)
                self._unwritten.append((row, analysis.summary))
            else:
                self._cache.forget([path])
            for kind, name in analysis.consulted:
                if kind == inputs.SUMMARY:
                    self._users.setdefault(name, set()).add(path)
        for path, consulted in batch.partial.items():
            self._partial[path] = self._partial.get(path, frozenset()) | consulted
        self._rebuilt |= batch.rebuilt
        self._answers.update(batch.answers)
        if len(self._unwritten) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        """Write summaries, which are long. The inputs of a row are known when all is analysed; without, it says nothing."""
        self._cache.write(self._unwritten)
        self._unwritten.clear()

    def gone(self, path: str) -> None:
        """A module that is no more."""
        self._digests[path] = None
        self._stale.discard(path)
        self._cache.forget([path])

    def save(self) -> None:
        """Write what is known of the modules that were analysed."""
        self._settle()
        self._flush()
        rows = []
        for path, row in self._made.items():
            with suppress(KeyError, OSError):
                rows.append(row._replace(inputs=json.dumps(self._told(path), separators=(",", ":"))))
        self._cache.complete(rows)

    def close(self) -> None:
        self._cache.close()

    def _told(self, path: str) -> dict[str, dict[str, str]]:
        """The inputs of a module, with their answers."""
        found: dict[str, dict[str, str]] = {}
        pending: list[Input] = list(self._consulted[path])
        seen: set[Input] = {(inputs.SUMMARY, path), (inputs.TEXT, path)}
        while pending:
            each = pending.pop()
            if each in seen:
                continue
            seen.add(each)
            kind, name = each
            if kind == inputs.SUMMARY:
                digest = self._digest(name)
                if digest is None:
                    pending.append((inputs.TEXT, name))
                    pending += self._parts(name)
                    continue
                answer = digest
            else:
                answer = self._answer(kind, name)
            found.setdefault(kind, {})[name] = answer
        return found

    def _digest(self, path: str) -> str | None:
        if path in self._digests:
            return self._digests[path]
        self._look(path)
        row = self._rows[path]
        return row.digest if row is not None and path not in self._moved else None

    def _parts(self, path: str) -> Iterable[Input]:
        """What a module consulted that has no digest."""
        return self._consulted.get(path, self._partial.get(path, ()))


def _read_inputs(text: str) -> Inputs:
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise ValueError("no inputs")
    return found


def _plain(found: Diagnostic) -> list[Any]:
    fix = found.fix
    return [
        found.rule,
        found.code,
        _span(found.span),
        found.message,
        found.help,
        found.severity,
        found.symbol,
        [_step(each) for each in found.flow],
        [_step(each) for each in found.related],
        [fix.title, fix.applicability, _span(fix.anchor), dict(fix.parameters), [*fix.own]]
        if fix is not None
        else None,
    ]


def _asked(each: Asked) -> list[Any]:
    query = [each.query[0], _span(each.query[1])] if each.query is not None else None
    return [each.entity, each.column, each.how, _step(each.at), each.constant, query]


def _span(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column]


def _step(step: Step) -> list[Any]:
    return [step.path, _span(step.span), step.text]


def _diagnostic(path: str, plain: list[Any]) -> Diagnostic:
    rule, code, span, message, remedy, severity, symbol, flow, related, fix = plain
    return Diagnostic(
        rule,
        code,
        path,
        Span(*span),
        message,
        remedy,
        severity,
        symbol,
        tuple(Step(where, Span(*at), text) for where, at, text in flow),
        tuple(Step(where, Span(*at), text) for where, at, text in related),
        Fix(fix[0], fix[1], Span(*fix[2]), fix[3], fix[4]) if fix is not None else None,
    )
