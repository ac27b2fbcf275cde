"""What a run is asked to do: a plain, validated value that every front end makes and the engine reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

OutputFormat = Literal[
    "agent",
    "azure",
    "concise",
    "full",
    "github",
    "gitlab",
    "html",
    "json",
    "jsonl",
    "junit",
    "markdown",
    "rdjson",
    "sarif",
]
OUTPUT_FORMATS: tuple[str, ...] = get_args(OutputFormat)

FailOn = Literal["error", "warning"]

#: What a file can be told to be in ``[tool.dodont.roles]``.
ROLES = ("controller", "service", "repository", "test", "migration", "script", "settings")

#: Files that may hold the settings of their directory and what lies below.
CONFIG_FILES = ("dodont.toml", ".dodont.toml", "pyproject.toml")

#: Directories that hold nobody's own code, as gitignore patterns.
DEFAULT_EXCLUDE = (
    ".bzr/",
    ".direnv/",
    ".dodont_cache/",
    ".eggs/",
    ".git/",
    ".git-rewrite/",
    ".hg/",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".nox/",
    ".pants.d/",
    ".pyenv/",
    ".pytest_cache/",
    ".pytype/",
    ".ruff_cache/",
    ".svn/",
    ".tox/",
    ".venv/",
    ".vscode/",
    "__pycache__/",
    "__pypackages__/",
    "_build/",
    "buck-out/",
    "build/",
    "dist/",
    "node_modules/",
    "site-packages/",
    "venv/",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the files that one configuration governs.

    ``root`` is absolute, ``config`` the file that governs, if any. Globs (gitignore-style), source roots and reported paths
    are relative to the root. Selection words are explained in ``dodont.engine.selection``; an empty ``select`` means every
    stable rule. ``rule_options`` holds what was set for a rule (by its name), not the defaults, which stand in the rule's card.
    """

    root: Path
    config: Path | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    exclude_here: tuple[str, ...] = ()  # what the command line excludes, from the current directory
    src: tuple[str, ...] = ("", "src")
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    rule_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fail_on: FailOn = "warning"
    output_format: OutputFormat = "full"
    baseline: str | None = None  # the file of known findings, relative to the root
    budget: Mapping[str, int] = field(default_factory=dict)  # how many findings of a kind are allowed
    force_exclude: bool = False
    respect_gitignore: bool = True
    include_generated: bool = False
    project_rules: bool = True
