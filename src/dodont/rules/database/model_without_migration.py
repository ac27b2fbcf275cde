"""A model that says something else of its table than all migrations together."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Completed, Diagnostic, Pass, on


@on(Completed, rule="model-without-migration")
def check(_: Completed, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role or not run.project.may_declare(run.module):
        return
    for gap in run.gaps():
        yield run.report(
            gap.kind, gap.site, related=gap.related, model=gap.model, column=gap.column, said=gap.said, made=gap.made
        )
