"""Where Alembic's migrations stand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from dodont.project.source import Unreadable

if TYPE_CHECKING:
    from dodont.project.project import Project


class Environment(NamedTuple):
    """A directory with Alembic's ``env.py``, which is ``script``, and the Python files below it, revisions among them.

    ``script`` is None where somebody else hands revisions to Alembic, as plugins' are.
    """

    directory: str
    script: str | None
    revisions: tuple[str, ...]


def environments(project: Project) -> list[Environment]:
    """The environments of a project. An ``env.py`` is one beside a template for revisions or a directory with them."""
    finder = project.finder
    found: list[Environment] = []
    paths = finder.python_files()
    others: dict[str, list[str]] = {}
    for path in paths:
        directory, name = os.path.split(path)
        if name == "env.py" and not {"script.py.mako", "versions"}.isdisjoint(finder.listing(directory)):
            below = tuple(each for each in paths if each.startswith(directory + os.sep) and each != path)
            if below:
                found.append(Environment(directory, path, below))
        elif os.path.basename(directory) in ("migrations", "versions") and name != "__init__.py":
            others.setdefault(directory, []).append(path)
    known = tuple(each.directory + os.sep for each in found)
    for directory, files in others.items():
        if not (directory + os.sep).startswith(known) and _is_revision(project, files[0]):
            found.append(Environment(directory, None, tuple(files)))
    return found


def _is_revision(project: Project, path: str) -> bool:
    try:
        return b"down_revision" in project.bytes_of(path)
    except (OSError, Unreadable):
        return False
