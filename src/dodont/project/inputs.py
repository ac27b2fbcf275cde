"""What is known of a module hangs on other things: each an ``Input`` (kind, name), to which there is an answer at any time.

While the answers stay as they are, so does what was found out from them. Paths in names are as the run displays them.

=============  =========================================  =====================================================
kind           name                                       answer
=============  =========================================  =====================================================
``summary``    a module's path                            digest of all that others may know of it
``text``       a module's path                            digest of its source
``name``       a module's path                            by what name the project knows it, and whether it has a stub
``find``       a qualified name                           the path of the module of that name
``package``    a qualified top-level name                 whether the project has it
``namespace``  a qualified name                           whether it is a directory through which modules are reached
``qualify``    an importing directory, a top-level name   the prefix that absolute imports get there
``listing``    a directory                                digest of its entries' names
``table``      a database table                           the files that may declare or change it, with their digests
``models``     a word                                     the files that may declare tables and mention it, likewise
``overrides``  a class, a protocol's method               the files that may hold classes below it, with their digests
``related``    an attribute's name                        the files that may give a class one of that name, with their digests
``setting``    a name of Django's settings                the constant that it is
``hashing``    none                                       whether any code but tests hashes passwords
``migrations`` a directory of Django's migrations         the files in it, with their digests
``alembic``    nothing, or ``*``                           the files of all environments, ``*`` with their digests
``callers``    a function's name, its module's path       in what surroundings it is called
``coroutine``  what has a method, the method's name       whether its calls are awaited, and it is always a coroutine
=============  =========================================  =====================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

from dodont.semantic.definitions import Input

if TYPE_CHECKING:
    from dodont.project.project import Project

SUMMARY, TEXT, NAME, FIND = "summary", "text", "name", "find"
PACKAGE, NAMESPACE, QUALIFY, LISTING, TABLE = "package", "namespace", "qualify", "listing", "table"
OVERRIDES, RELATED, SETTING, HASHING, MODELS = "overrides", "related", "setting", "hashing", "models"
MIGRATIONS, ALEMBIC = "migrations", "alembic"
CALLERS = "callers"
COROUTINE = "coroutine"

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
    path = project.absolute(name)
    return project.finder.name_of(path) + (" with a stub" if project.finder.stub_of(path) is not None else "")


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
    return _files(project, {*project.declarations.tabled(name), *project.declarations.changing(name)})


def _models(project: Project, name: str) -> str:
    return _files(project, project.declarations.models(name))


def _files(project: Project, paths: Iterable[str]) -> str:
    """Files with their digests."""
    shown = sorted(map(project.display, paths))
    return digest("\n".join(f"{path} {project.digest(path)}" for path in shown).encode("utf-8", "surrogateescape"))


def overrides(below: str, method: str) -> Input:
    """The question which classes are below one; with ``method`` also which implement the protocol that it is.

    It is answered by the files that may hold such classes: to look into them would mean to read them all again, whatever has changed.
    """
    return OVERRIDES, f"{below}{_BETWEEN}{method}"


def _overrides(project: Project, name: str) -> str:
    below, _, method = name.rpartition(_BETWEEN)
    return _files(project, project.subclasses.candidates(below.rpartition(".")[2], method))


def _migrations(project: Project, name: str) -> str:
    directory = project.absolute(name)
    names = [each for each in project.finder.listing(directory) if each.endswith(".py")]
    return _files(project, [os.path.join(directory, each) for each in names])


def _alembic(project: Project, name: str) -> str:
    paths = [path for each in project.environments for path in (each.script, *each.revisions) if path is not None]
    shown = "\n".join(map(project.display, paths))
    return _files(project, paths) if name else digest(shown.encode("utf-8", "surrogateescape"))


def _related(project: Project, name: str) -> str:
    return _files(project, project.related_names.candidates(name))


def _setting(project: Project, name: str) -> str:
    value = project.settings.constant(name)
    return repr(value.const) if value is not None else ""


def _hashing(project: Project, name: str) -> str:
    return str(project.hashes_passwords())


def callers(name: str, path: str) -> Input:
    """The question in what surroundings a function is called."""
    return CALLERS, f"{name}{_BETWEEN}{path}"


def _callers(project: Project, name: str) -> str:
    function, _, path = name.partition(_BETWEEN)
    return f"{project.callers.per_request()} {project.callers.around(function, project.absolute(path))}"


def coroutine(holder: str, method: str) -> Input:
    """The question whether a method of something by that name is a coroutine throughout the project."""
    return COROUTINE, f"{holder}{_BETWEEN}{method}"


def _coroutine(project: Project, name: str) -> str:
    holder, _, method = name.partition(_BETWEEN)
    return str(project.coroutines.is_awaited(method, holder))


_ANSWERS = {
    NAME: _name,
    FIND: _find,
    PACKAGE: _package,
    NAMESPACE: _namespace,
    QUALIFY: _qualify,
    LISTING: _listing,
    TABLE: _table,
    OVERRIDES: _overrides,
    RELATED: _related,
    SETTING: _setting,
    HASHING: _hashing,
    MIGRATIONS: _migrations,
    ALEMBIC: _alembic,
    MODELS: _models,
    CALLERS: _callers,
    COROUTINE: _coroutine,
}
