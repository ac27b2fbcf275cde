"""What kind of file a module is, where rules make a difference: test, migration, script, settings."""

from __future__ import annotations

import ast
from collections.abc import Mapping

_TEST_DIRECTORIES = frozenset(
    {"test", "tests", "testing", "conftest", "e2e", "unittests", "test_utils", "testutils", "benchmarks"}
)


def role_of(path: str, tree: ast.Module, declared: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """``test``, ``migration``, ``script``, ``settings`` or nothing. ``path`` is relative to the project, with forward slashes.

    ``declared`` maps a role to gitignore-style patterns; it comes first.
    """
    role = role_by_path(path, declared)
    return "script" if not role and any(_is_main_guard(statement) for statement in tree.body[-3:]) else role


def role_by_path(path: str, declared: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The role a file has by where it is and what it is called."""
    for role, patterns in (declared or {}).items():
        if _matches(path, patterns):
            return role
    *directories, file = path.split("/")
    stem = file.removesuffix(".py")
    if (
        stem.startswith("test_")
        or stem.endswith("_test")
        or stem in ("conftest", "tests")
        or _TEST_DIRECTORIES & set(directories)
    ):
        return "test"
    if (
        "migrations" in (*directories, stem)
        or stem.endswith("_migrations")
        or "versions" in directories
        or "alembic" in directories
        or "south_migrations" in directories
    ):
        return "migration"
    if (
        stem == "manage"
        or stem == "setup"
        or ("management" in directories and "commands" in directories)
        or "scripts" in directories
        or "bin" in directories
        or "cli" in directories
        or stem == "cli"
    ):
        return "script"
    if stem in ("settings", "config", "conf") or "settings" in directories:
        return "settings"
    return ""


def _is_main_guard(node: ast.stmt) -> bool:
    match node:
        case ast.If(
            test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")])
        ):
            return True
    return False


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns).match_file(path)
