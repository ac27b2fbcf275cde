"""A number computed from what was read before, and written back."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Note, Pass, Recomputed, on
from dodont.core.patterns import pattern


@on(Recomputed, rule="lost-update")
def check(update: Recomputed, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration", "script", "settings") or run.is_test():
        return
    if update.rewriting is not None:
        found = run.rewritten(update.rewriting)
        if found is None:
            return
        update = update._replace(holder=found[0], field=found[1])
    if run.locked(update.function) or update.field in _ORDERING or _ATTEMPTS.search(update.field):
        return
    yield run.report(
        "lost",
        update.site,
        function=update.function,
        field=f"{update.holder}.{update.field}",
        related=[Note(update.saved, "is written here")] if update.saved != update.site else [],
        fix=_let_database_add(update, run),
    )


#: What orders rows is set anew for all of them, and nothing that is counted.
_ORDERING = frozenset({"position", "seqno", "sequence", "order", "ordering", "sort_order", "rank", "weight"})

#: Whoever has taken a job counts how often it was tried, or failed; logins are tried by many at once.
_ATTEMPTS = pattern(
    r"^(?!.*(?:login|password|pin|otp|failed_att)).*(?:attempts?|retry|retries|tries|fail(?:ed|ures?)?|errors?)(?:_count(?:er)?)?$"
)


def _let_database_add(update: Recomputed, run: Pass) -> Fix | None:
    if update.given:
        return None
    title = "Let the database compute it"
    saves = run.library_base(update.type, "save")
    if saves == "django.db.models.Model" or update.type.name == "?":
        return run.fix(title, "unsafe", update.site, field=update.field, expression="django.db.models.F")
    if saves:
        return None
    own = update.type.name.removeprefix(f"{run.module.name}.")
    local = own != update.type.name
    model = own if local else run.display(update.type.name)
    return run.fix(title, "unsafe", update.site, field=update.field, model=model, local=local)
