"""From an import to a file, by looking; nothing is ever imported.

A package directory is looked for from where the importing file's own top-level package stands, then in the configured source
roots, then in the directories above up to the project's boundary, so that a monorepo's services each find their own ``app``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dodont.models.library import knows_top

_BOUNDARIES = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "manage.py", "tox.ini")

MAX_LEVELS = 12
MAX_FILES = 5000

_VENDORED = frozenset({"node_modules", "site-packages", "venv", "__pycache__", "build", "dist"})


class Finder:
    """Finds modules below ``boundary``; ``src`` are source roots, absolute.

    ``listings`` are the directories there are, by what is in them, where there is no disk to look at.
    """

    def __init__(
        self, boundary: Path, src: tuple[Path, ...] = (), listings: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self.boundary = str(boundary)
        self._elsewhere = listings
        self._src = tuple(str(path) for path in src if (path.is_dir() if listings is None else str(path) in listings))
        self._listings: dict[str, frozenset[str]] = {}
        self._roots: dict[str, tuple[str, ...]] = {}
        self._inside: dict[str, str] = {}  # what stands before names below a root that is a package itself
        self._prefixes: dict[str, str] = {}
        self._qualified: dict[tuple[str, str], str] = {}
        self._packages: dict[str, bool] = {}
        self._files: list[str] | None = None
        self._found: dict[str, str | None] = {}
        self._tops: dict[tuple[str, str], str | None] = {}

    def listing(self, directory: str) -> frozenset[str]:
        known = self._listings.get(directory)
        if known is None and self._elsewhere is not None:
            return self._elsewhere.get(directory, frozenset())
        if known is None:
            try:
                known = frozenset(os.listdir(directory))
            except OSError:
                known = frozenset()
            self._listings[directory] = known
        return known

    def root_of(self, path: str) -> str:
        """The directory from which the file's own dotted name counts: above the last package, or a source root."""
        directory = os.path.dirname(path)
        levels = 0
        while "__init__.py" in self.listing(directory) and levels < MAX_LEVELS:
            directory, levels = os.path.dirname(directory), levels + 1
        if levels == 0:
            inside = [root for root in (*self._src, self.boundary) if _within(directory, root)]
            if inside:
                return max(inside, key=len)
        else:
            # A package below directories that are no packages: namespace parts up to a source root are not told apart.
            return directory
        return directory

    def name_of(self, path: str) -> str:
        """The module's identity: its dotted name, after the source root where that is not the project's own."""
        root = self.root_of(path)
        parts = path[len(root) :].strip(os.sep).removesuffix(".py").removesuffix(".pyi").split(os.sep)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        return self._prefix(root) + ".".join(parts)

    def _prefix(self, root: str) -> str:
        known = self._prefixes.get(root)
        if known is None:
            own = root in (self.boundary, *self._src)
            known = self._prefixes[root] = (
                "" if own else os.path.relpath(root, self.boundary).replace(os.sep, "/") + ":"
            )
        return known

    def roots_for(self, path: str) -> tuple[str, ...]:
        """Where absolute imports of a file are looked for, in order."""
        directory = os.path.dirname(path)
        known = self._roots.get(directory)
        if known is None:
            root = self.root_of(path)
            found = [*self._managed(directory, root), root, *self._src]
            if "__init__.py" not in self.listing(directory):
                found.insert(0, directory)
            current = root
            for _ in range(MAX_LEVELS):
                if not _within(current, self.boundary):
                    break
                found.append(current)
                current = os.path.dirname(current)
            known = self._roots[directory] = tuple(dict.fromkeys(found))
        return known

    def _managed(self, directory: str, root: str) -> Iterator[str]:
        """The packages around a file that hold ``manage.py``, from where Python imports when it is run."""
        while directory != root and len(directory) > len(root):
            if "manage.py" in self.listing(directory):
                self._inside[directory] = self.name_of(os.path.join(directory, "__init__.py")) + "."
                yield directory
            directory = os.path.dirname(directory)

    def qualify(self, module: str, importer: str) -> str:
        """An absolute import as seen from a file, as a name of this project; as it stands when it leads out of it."""
        key = (os.path.dirname(importer), module.partition(".")[0])
        known = self._qualified.get(key)
        if known is None:
            root = next((root for root in self.roots_for(importer) if self._has_top(root, key[1])), None)
            known = self._qualified[key] = (self._inside.get(root) or self._prefix(root)) if root is not None else ""
        return known + module

    def find(self, name: str) -> str | None:
        """The file of a qualified name: a module, a package's ``__init__``, or None."""
        found = self._found.get(name, "")
        if found == "":
            places = next(self._places(name), None)
            found = self._below(os.path.join(places[0], places[1]), places[2]) if places is not None else None
            self._found[name] = found
        return found

    def stub_of(self, path: str) -> str | None:
        """The stub that stands beside a module."""
        directory, name = os.path.split(path)
        return f"{path}i" if name.endswith(".py") and f"{name}i" in self.listing(directory) else None

    def is_namespace(self, name: str) -> bool:
        """Whether the name is a directory without a file of its own, through which deeper modules are reached."""
        for root, top, rest in self._places(name):
            return bool(self.listing(os.path.join(root, top, *rest.split(".")) if rest else os.path.join(root, top)))
        return False

    def has_package(self, name: str) -> bool:
        """Whether the project has the top-level package or module of a qualified name."""
        prefix, colon, dotted = name.rpartition(":")
        top = prefix + colon + dotted.partition(".")[0]
        known = self._packages.get(top)
        if known is None:
            known = self._packages[top] = next(self._places(top), None) is not None
        return known

    def python_files(self) -> list[str]:
        """Every Python file below the boundary, sorted; at most ``MAX_FILES``, hidden and vendored directories left out."""
        if self._files is None:
            self._files = []
            pending = [self.boundary]
            while pending and len(self._files) <= MAX_FILES:
                files, below = self._entries(pending.pop())
                self._files += files
                pending += reversed(below)
        return self._files[:MAX_FILES]

    def _entries(self, directory: str) -> tuple[list[str], list[str]]:
        """The Python files in a directory, and the directories to look into, sorted."""
        if self._elsewhere is None:
            return _scanned(directory)
        paths = [os.path.join(directory, name) for name in sorted(self.listing(directory)) if _is_looked_at(name)]
        return [each for each in paths if each.endswith(".py")], [each for each in paths if each in self._elsewhere]

    def _places(self, name: str) -> Iterator[tuple[str, str, str]]:
        prefix, colon, dotted = name.rpartition(":")
        top, _, rest = dotted.partition(".")
        roots = (os.path.normpath(os.path.join(self.boundary, prefix)),) if colon else (self.boundary, *self._src)
        for root in roots:
            if self._has_top(root, top):
                yield root, top, rest

    def _has_top(self, root: str, top: str) -> bool:
        key = (root, top)
        if key not in self._tops:
            names = self.listing(root)
            found: str | None = None
            if top in sys.stdlib_module_names:
                found = None
            elif f"{top}.py" in names:
                found = top
            elif top in names:
                inner = self.listing(os.path.join(root, top))
                if "__init__.py" in inner or self._is_namespace(os.path.join(root, top), inner):
                    found = top
            self._tops[key] = found
        return self._tops[key] is not None

    def _is_namespace(self, directory: str, names: frozenset[str]) -> bool:
        """A directory without ``__init__.py`` that holds Python, itself or one level down.

        One level down plain modules do, unless a library has that name: ``redis/scripts/dump.py`` makes no package ``redis``.
        """
        if any(name.endswith(".py") for name in names):
            return True
        inner = [self.listing(os.path.join(directory, name)) for name in names if "." not in name]
        if any("__init__.py" in each for each in inner):
            return True
        return not knows_top(os.path.basename(directory)) and any(
            name.endswith(".py") for each in inner for name in each
        )

    def _below(self, base: str, rest: str) -> str | None:
        for part in rest.split(".") if rest else ():
            base = os.path.join(base, part)
        directory, last = os.path.split(base)
        names = self.listing(directory)
        if last in names and "__init__.py" in self.listing(base):
            return os.path.join(base, "__init__.py")
        if f"{last}.py" in names:
            return base + ".py"
        return base + ".pyi" if f"{last}.pyi" in names else None  # all there is of a compiled module


def _is_looked_at(name: str) -> bool:
    return not name.startswith(".") and name not in _VENDORED


def _scanned(directory: str) -> tuple[list[str], list[str]]:
    files, below = [], []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(".py"):
                    files.append(entry.path)
                elif _is_looked_at(name) and entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
    except OSError:
        pass
    return sorted(files), sorted(below)


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def boundary_of(path: Path) -> Path:
    """The nearest directory above ``path`` that looks like a project's root; the file's own top directory when none does."""
    start = path if path.is_dir() else path.parent
    for directory in (start, *start.parents):
        if any((directory / name).exists() for name in _BOUNDARIES):
            return directory
    directory = start
    while (directory / "__init__.py").exists() and directory.parent != directory:
        directory = directory.parent
    return directory
