"""A migration that cannot be taken back, and does not say so."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Migration, Pass, on


@on(Migration, rule="irreversible-migration")
def check(_: Migration, run: Pass) -> Iterator[Diagnostic]:
    for part in run.one_way():
        yield run.report(part.kind, part.site)
