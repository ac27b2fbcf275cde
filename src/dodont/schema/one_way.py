"""What of a migration cannot be taken back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from dodont.project.project import Project
from dodont.schema.alembic_operations import CHANGING
from dodont.schema.django_migrations import operations_of
from dodont.schema.files import File, Files
from dodont.schema.histories import histories
from dodont.schema.running import Effects, Run, TooLong
from dodont.schema.values import Local, Made
from dodont.semantic.definitions import ModuleInfo, says_nothing
from dodont.semantic.values import Site


class OneWay(NamedTuple):
    """``kind`` is ``downgrade`` (it does nothing), ``python`` or ``sql`` (an operation without its reverse)."""

    kind: str
    site: Site


#: ``# one-way: the old column is gone``
_SAID = re.compile(
    r"\b(?:irreversibl[ey]|not reversible|one[- ]way|(?:cannot|can't|can not|not be) (?:be )?(?:reversed|reverted|undone|downgraded)"
    r"|(?:no|not|n't) (?:need to |possible to |support(?:ed)? )?(?:downgrad|revers|revert|undo)\w*|down ?grades? (?:is|are) not)\b",
    re.I,
)


def parts(project: Project, module: ModuleInfo) -> list[OneWay]:
    """The parts of a migration that cannot be taken back, unless its author says that this is so."""
    if not any(word in module.text for word in ("RunPython", "RunSQL", "def downgrade")) or _SAID.search(module.text):
        return []
    files = histories(project).files
    file = files.file(module.file)
    files.forget(module.file)
    if file is None:
        return []
    try:
        return list(_alembic(files, file) if "down_revision" in file.bound else _django(files, file))
    except (TooLong, RecursionError):
        return []


def _django(files: Files, file: File) -> Iterator[OneWay]:
    pending: list[Any] = [operations_of(files, file)]
    while pending:
        each = pending.pop(0)
        if isinstance(each, (list, tuple)):
            pending += each
        if not isinstance(each, Made) or each.site is None or not each.of.startswith("django.db.migrations."):
            continue
        kind = each.of.rpartition(".")[2]
        if kind == "RunPython" and each.get(1, "reverse_code") is None:
            yield OneWay("python", each.site)
        elif kind == "RunSQL" and each.get(1, "reverse_sql") is None:
            yield OneWay("sql", each.site)
        elif kind == "SeparateDatabaseAndState":
            pending.append(each.get(0, "database_operations"))


def _alembic(files: Files, file: File) -> Iterator[OneWay]:
    down = next((each for each in file.bound.get("downgrade", ()) if isinstance(each, ast.FunctionDef)), None)
    if down is None or not says_nothing(down.body) or isinstance(down.body[-1], ast.Raise):
        return
    seen = _Seen()
    run = Run(files, seen)
    upgrade = run.name("upgrade", file) if "upgrade" in file.bound else None
    if isinstance(upgrade, Local):
        run.function(upgrade)
    if seen.changes:
        site = file.site(down)
        end = down.col_offset + len("def downgrade")
        yield OneWay("downgrade", Site(site.path, site.line, site.column, site.line, end))


class _Seen(Effects):
    """Whether anything changes the schema."""

    def __init__(self) -> None:
        self.changes = False

    def called(self, made: Made) -> Any:
        if made.of.startswith("alembic.op.") and made.of.rpartition(".")[2] in CHANGING:
            self.changes = True
        return made
