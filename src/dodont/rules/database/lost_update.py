"""A number computed from what was read before, and written back."""

from __future__ import annotations

from collections.abc import Iterator

from dodont.analysis import Diagnostic, Fix, Note, Pass, Recomputed, on


@on(Recomputed, rule="lost-update")
def check(update: Recomputed, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role in ("test", "migration", "script", "settings") or run.is_test():
        return
    if run.locked(update.function):
        return
    yield run.report(
        "lost",
        update.site,
        function=update.function,
        field=f"{update.holder}.{update.field}",
        related=[Note(update.saved, "is written here")],
        fix=_let_database_add(update, run),
    )


def _let_database_add(update: Recomputed, run: Pass) -> Fix | None:
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
