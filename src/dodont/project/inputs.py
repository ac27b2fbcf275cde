"""What is known of a module hangs on other things: each an ``Input`` (kind, name), to which there is an answer at any time.

While the answers stay as they are, so does what was found out from them. Paths in names are as the run displays them.

=============  =========================================  =====================================================
kind           name                                       answer
=============  =========================================  =====================================================
``summary``    a module's path                            digest of all that others may know of it
``text``       a module's path                            digest of its source
``name``       a module's path                            by what name the project knows it
``find``       a qualified name                           the path of the module of that name
``package``    a qualified top-level name                 whether the project has it
``namespace``  a qualified name                           whether it is a directory through which modules are reached
``qualify``    an importing directory, a top-level name   the prefix that absolute imports get there
``listing``    a directory                                digest of its entries' names
``table``      a database table                           digest of what declares it
``overrides``  a class, a protocol's method               the files that may hold classes below it, with their digests
``setting``    a name of Django's settings                the constant that it is
``callers``    a function's name, its module's path       in what surroundings it is called
=============  =========================================  =====================================================
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING

from dodont.semantic.definitions import Input

if TYPE_CHECKING:
    from dodont.project.project import Project

SUMMARY, TEXT, NAME, FIND = "summary", "text", "name", "find"
PACKAGE, NAMESPACE, QUALIFY, LISTING, TABLE = "package", "namespace", "qualify", "listing", "table"
OVERRIDES, SETTING, CALLERS = "overrides", "setting", "callers"

_BETWEEN = ">"


def qualified(module: str, importer: str) -> Input:
    """The question how an absolute import is meant in a file."""
    return QUALIFY, f"{os.path.dirname(importer)}{_BETWEEN}{module.partition('.')[0]}"


def digest(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()


def answer(project: Project, kind: str, name: str) -> str:
    """The answer as it is now, for every kind but ``summary`` and ``text``, which the driver knows. Raises KeyError for others."""
    return _ANSWERS[kind](project, name)


def _name(project: Project, name: str) -> str:
    return project.finder.name_of(project.absolute(name))


def _find(project: Project, name: str) -> str:
    found = project.finder.find(name)
    return project.display(found) if found is not None else ""


def _package(project: Project, name: str) -> str:
    return str(project.finder.has_package(name))


def _namespace(project: Project, name: str) -> str:
    return str(project.finder.is_namespace(name))


def _qualify(project: Project, name: str) -> str:
    directory, _, top = name.rpartition(_BETWEEN)
    return project.finder.qualify(top, os.path.join(project.absolute(directory), "_"))


def _listing(project: Project, name: str) -> str:
    names = [each for each in project.finder.listing(project.absolute(name)) if each.endswith(".py") or "." not in each]
    return digest("\n".join(sorted(names)).encode("utf-8", "surrogateescape"))


def _table(project: Project, name: str) -> str:
    columns, texts = project.tables(name)
    return digest(repr((sorted(columns), sorted(texts))).encode("utf-8", "surrogatepass"))


def overrides(below: str, method: str) -> Input:
    """The question which classes are below one; with ``method`` also which implement the protocol that it is.

    It is answered by the files that may hold such classes: to look into them would mean to read them all again, whatever has changed.
    """
    return OVERRIDES, f"{below}{_BETWEEN}{method}"


def _overrides(project: Project, name: str) -> str:
    below, _, method = name.rpartition(_BETWEEN)
    paths = map(project.display, project.subclasses.candidates(below.rpartition(".")[2], method))
    return digest(
        "\n".join(f"{path} {project.digest(path)}" for path in sorted(paths)).encode("utf-8", "surrogateescape")
    )


def _setting(project: Project, name: str) -> str:
    value = project.settings.constant(name)
    return repr(value.const) if value is not None else ""


def callers(name: str, path: str) -> Input:
    """The question in what surroundings a function is called."""
    return CALLERS, f"{name}{_BETWEEN}{path}"


def _callers(project: Project, name: str) -> str:
    function, _, path = name.partition(_BETWEEN)
    return f"{project.callers.per_request()} {project.callers.around(function, project.absolute(path))}"


_ANSWERS = {
    NAME: _name,
    FIND: _find,
    PACKAGE: _package,
    NAMESPACE: _namespace,
    QUALIFY: _qualify,
    LISTING: _listing,
    TABLE: _table,
    OVERRIDES: _overrides,
    SETTING: _setting,
    CALLERS: _callers,
}
