"""A comment that silences a finding and does not say why."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Pass, Suppression, on


@on(Suppression, rule="suppression-without-reason")
def check(suppression: Suppression, run: Pass) -> Iterator[Diagnostic]:
    if not suppression.reason:
        names = ", ".join(f"`{name}`" for name, _ in suppression.names)
        yield run.report("unexplained", suppression.site, names=names)
