"""A request handler that talks to the database itself."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from dodont.analysis import Access, Diagnostic, Note, Pass, Route, Site, Type, on, walk
from dodont.handlers.probes import is_probe

VERBS = {"read": "reads", "write": "writes", "build": "queries"}
#: Alone, a lookup that answers 404 by itself is part of the routing, and reading again what was set closes what a service did.
#: So does a commit, which is not counted at all; nor is `SELECT 1`, which asks for nothing stored.
HARMLESS = ("_or_404", ".refresh", ".refresh_from_db", ".arefresh_from_db")


@on(Route, rule="database-access-in-controller")
def check(route: Route, run: Pass) -> Iterator[Diagnostic]:
    if run.module.role == "test" or is_probe(route.function.name) or route.function.site is None:
        return
    kinds = ("write",) if run.options["allow-reads"] else ("read", "write", "build")
    own = [access for access in route.accesses if access.kind in kinds and is_own(access, run)]
    if any(_of_queryset(access, run) for access in own):
        generic = _generic(route, run)
        own = [access for access in own if access not in generic or not _of_queryset(access, run)]
    ran = [access for access in own if access.kind != "build"]
    if not own or (ran and all(access.target.endswith(HARMLESS) for access in ran)):
        return
    verbs = dict.fromkeys(VERBS[access.kind] for access in ran or own)
    yield run.report(
        "access",
        route.head,
        function=route.function,
        handler=route.function.name,
        does=" and ".join(verbs),
        related=[Note(access.site, _story(access, run)) for access in _outermost(own)],
    )


def is_own(access: Access, run: Pass) -> bool:
    """Whether the handler does it, or a private function of its module in its place; not a form, serializer or view."""
    if run.role(Type(access.target.rpartition(".")[0])) in ("schema", "view"):
        return False
    functions = (run.project.function(ref) for ref in access.chain)
    return all(each is not None and each.module is run.module and each.name.startswith("_") for each in functions)


def _of_queryset(access: Access, run: Pass) -> bool:
    """Not a session, which may be left open to be injected: `session: AsyncSession`."""
    return run.role(Type(access.target.rpartition(".")[0])) == "queryset"


def _generic(route: Route, run: Pass) -> set[Access]:
    """What a generic view does with what its subclasses fill in: of `queryset = None` it does not know whose rows they are."""
    blank = run.project.left_open(route.function.owner) if route.function.owner is not None else ()
    if not blank:
        return set()
    local: set[str] = set()  # `chosen = self.queryset.filter(pk__in=numbers)`
    found: set[Access] = set()
    for node in walk(route.node):
        if isinstance(node, ast.Assign) and _is_part(node.value, blank, local):
            local.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Call) and id(node) in route.calls and _is_part(node, blank, local):
            found.update(route.calls[id(node)].accesses)
    return found


def _is_part(node: ast.expr, attributes: Collection[str], local: Collection[str]) -> bool:
    """Whether a chain such as `self.queryset.filter(...).first()` begins with one of the attributes or names."""
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return node.attr in attributes
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in local


def _outermost(accesses: list[Access]) -> list[Access]:
    """In the order written, of a query the call that runs it: `session.scalars(select(Order))`, `Order.objects.filter().first()`."""
    shown: list[Access] = []
    for access in sorted(
        accesses,
        key=lambda access: (access.site.line, access.site.column, -access.site.end_line, -access.site.end_column),
    ):
        if shown and _contains(shown[-1].site, access.site):
            if shown[-1].kind == "build" and access.kind != "build":
                shown[-1] = access
            continue
        shown.append(access)
    return shown


def _contains(outer: Site, inner: Site) -> bool:
    return (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _story(access: Access, run: Pass) -> str:
    verb, code = VERBS[access.kind], run.source(access.site)
    if not access.chain:
        return f"{verb} with `{code}`"
    return f"`{code}` {verb} with `{run.display(access.target)}()`"
