"""A comment that silences nothing: of all that a comment names, the engine leaves what turned out to silence no finding."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Pass, Suppression, on


@on(Suppression, rule="unused-suppression")
def check(suppression: Suppression, run: Pass) -> Iterator[Diagnostic]:
    for name, site in suppression.names:
        yield run.report("unused", site, name=name)
