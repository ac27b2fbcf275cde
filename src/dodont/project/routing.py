"""Who serves requests: handlers that a call registers, in their own module or in another that routes for their package."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.project import inputs
from dodont.semantic.definitions import FunctionInfo, HandlerInfo, Input, ModuleInfo
from dodont.semantic.heads import class_handler

if TYPE_CHECKING:
    from dodont.project.project import Project

#: Frameworks that register handlers by a call, often far from where they are defined.
_FRAMEWORKS = frozenset({"django", "aiohttp", "starlette", "falcon", "flask", "fastapi", "pyramid", "sanic"})
#: Methods of a registered class that serve requests; Falcon's are `on_get`, `on_get_item`.
_SERVES = pattern(
    r"(?:get|post|put|patch|delete|head|options|dispatch)$|on_(?:get|post|put|patch|delete|head)(?:_\w+)?$"
)
#: Modules that register: `urls.py`, `api_urls.py`, `routes.py`, and where applications are put together.
_ROUTING = pattern(r"urls|^(?:routes|routing|app|main|server|application)(?:\.py)?$")
_DJANGO_PROJECT = frozenset({"urls.py", "wsgi.py"})
#: Lines that may register a handler by a call.
_REGISTERS = pattern(
    r"\.add_(?:url_rule|\w*route|get|post|put|patch|delete|head|options|view)\("
    r"|\.(?:route|get|post|put|patch|delete)\([^()]+\)\("  # `app.get("/orders")(orders)`
)

#: How many directories above a module may route for it.
MAX_LEVELS = 4


class Routing:
    """What is registered in the modules of a project, as far as somebody asked."""

    def __init__(self, project: Project) -> None:
        self._project = project
        # what is registered for the modules of a directory, and what was consulted for that
        self._routes: dict[str, tuple[dict[str, HandlerInfo], frozenset[Input]]] = {}

    def settle(self, module: ModuleInfo) -> None:
        """Interpret what may register handlers before anything else of the module: who serves requests hangs on it."""
        found, module.registrars = module.registrars, []
        for function in found:
            self._project.facts(function)

    def ask(self, function: FunctionInfo) -> None:
        """Make the function a handler where its class or a registration says so."""
        module, owner = function.module, function.owner
        if function.handler is not None or function.name.startswith("__"):
            return
        if owner is not None:
            function.handler = class_handler(self._project.reader(module), owner, function.name)
        if function.handler is None:
            function.handler = _registration(function, module.registered)
        if function.handler is None and not _FRAMEWORKS.isdisjoint(module.roots):
            function.handler = _registration(function, self._routed(module))

    def _routed(self, module: ModuleInfo) -> dict[str, HandlerInfo]:
        """What is registered in the modules that route for a package: beside the module, above it, and in Django's project package."""
        directory = os.path.dirname(module.file)
        project = self._project
        if directory not in self._routes:
            found: dict[str, HandlerInfo] = {}
            self._routes[directory] = found, frozenset()
            with project.consulting() as consulted:
                for path in self._routing(directory):
                    routing = project.load(path)
                    if routing is not None:
                        project.touched.add(routing.summary)
                        self.settle(routing)
                        for target, handler in routing.registered.items():
                            found.setdefault(target, handler)
            self._routes[directory] = found, frozenset(consulted)
        known, inputs_of = self._routes[directory]
        project.touched |= inputs_of
        return known

    def _routing(self, directory: str) -> Iterator[str]:
        """The files that may route for a directory's modules."""
        finder = self._project.finder
        for level in range(MAX_LEVELS):
            self._project.touched.add((inputs.LISTING, self._project.display(directory)))
            for name in sorted(finder.listing(directory)):
                path = os.path.join(directory, name)
                if _ROUTING.search(name) and name.endswith(".py"):
                    yield path
                elif _ROUTING.search(name) and "." not in name:
                    yield from (
                        os.path.join(path, each) for each in sorted(finder.listing(path)) if each.endswith(".py")
                    )
                elif level and "." not in name and finder.listing(path) >= _DJANGO_PROJECT:
                    yield os.path.join(path, "urls.py")
            if directory == finder.boundary:
                break
            directory = os.path.dirname(directory)


def registrars(module: ModuleInfo) -> list[FunctionInfo]:
    """The functions of a module in whose lines a handler may be registered."""
    if not _REGISTERS.search(module.text):
        return []
    lines = [number for number, line in enumerate(module.lines, 1) if _REGISTERS.search(line)]
    return [each for each in module.functions if _within(each, lines)]


def _within(function: FunctionInfo, lines: list[int]) -> bool:
    node = function.node
    return node is not None and any(node.lineno <= line <= (node.end_lineno or 0) for line in lines)


def _registration(function: FunctionInfo, registered: Mapping[str, HandlerInfo]) -> HandlerInfo | None:
    found = registered.get(function.ref)
    if found is None and function.owner is not None and _SERVES.match(function.name):
        found = registered.get(function.owner.ref)
    return found
