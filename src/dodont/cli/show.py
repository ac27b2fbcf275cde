"""What a check would do: which files it would read, by which settings, and what it takes each of them for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli.app import CLEAN
from dodont.cli.telling import tell
from dodont.engine.files import NOTEBOOK, MissingPath, is_generated

if TYPE_CHECKING:
    from dodont.config import Governed, Governing
    from dodont.engine.files import Found
    from dodont.engine.settings import Settings

_HEAD_BYTES = 20_000


#: Values that are told in other words.
_NO_KEYS = ("root", "config", "exclude_here", "project_rules")


def show_files(found: Found) -> int:
    """List the files whose findings would be told, as seen from the current directory."""
    listed = sorted((path, settings.include_generated) for settings, files in found.groups for path in files)
    for path, include_generated in listed:
        if include_generated or not _is_generated(path):
            click.echo(_seen(path))
    tell(found.notes)
    tell(f"{_seen(path)}: {message}" for path, message in found.troubles)
    return CLEAN


def show_settings(paths: Sequence[Path], governing: Governing) -> int:
    """For each path its settings with their origins; for a file its role and the functions that serve requests, too."""
    for number, path in enumerate(paths):
        absolute = os.path.abspath(path)  # noqa: PTH100
        is_directory = os.path.isdir(absolute)  # noqa: PTH112
        if not os.path.lexists(absolute):
            raise MissingPath(path)
        governed = governing.governed(absolute if is_directory else os.path.dirname(absolute))  # noqa: PTH120
        if number:
            click.echo()
        click.echo(_seen(absolute))
        for line in (*_settings(governed), *(() if is_directory else _file(absolute, governed.settings, governing))):
            click.echo(f"  {line}")
    return CLEAN


def _settings(governed: Governed) -> Iterator[str]:
    settings = governed.settings
    yield f"configuration: {_seen(str(settings.config)) if settings.config else 'none'}"
    yield f"root: {_seen(str(settings.root))}"
    values: dict[str, Any] = {
        each.name: getattr(settings, each.name) for each in fields(settings) if each.name not in _NO_KEYS
    }
    told = {"rules" if name == "rule_options" else name.replace("_", "-"): value for name, value in values.items()}
    told["per-file-ignores"] = dict(settings.per_file_ignores)
    for key, value in (*told.items(), *governed.others.items()):
        origins = ", ".join(map(_place, governed.origins.get(key, ()))) or "default"
        yield f"{key} = {_toml(value)}  ({origins})"
    if settings.exclude_here:
        yield f"--exclude = {_toml(settings.exclude_here)}  (command line, relative to {Path.cwd()})"
    if not settings.project_rules:
        yield "--no-project-rules  (command line)"


def _file(path: str, settings: Settings, governing: Governing) -> Iterator[str]:
    from dodont.engine.analyst import interpreting
    from dodont.engine.driver import Run
    from dodont.engine.files import Files

    if path.endswith(NOTEBOOK):
        yield "left out: notebooks are not read"
        return
    files = Files(governing)
    if files.is_excluded(path):
        yield "left out: " + ("by the settings" if settings.force_exclude else "in directories, by the settings")
    elif not files.is_found(path):
        yield "left out: in directories, since git ignores it or it lies in a virtual environment"
    elif _is_generated(path) and not settings.include_generated:
        yield "left out: its findings, since it says that a program wrote it"
    with interpreting():
        project = Run(settings).project
        module = project.load(path)
        if module is None:
            trouble = project.troubles[path]
            yield f"cannot be analysed: {trouble.message} (line {trouble.line})"
            return
        yield f"role: {_role(module.path, module.role, settings)}"
        index = 0
        while index < len(module.functions):  # bodies bring more functions
            project.facts(module.functions[index])
            index += 1
    served = [
        (
            each.site.line,
            each.ref.removeprefix(f"{module.name}."),
            each.handler.by.rpartition(":")[2].removeprefix("?."),
        )
        for each in module.functions
        if each.handler is not None and each.site is not None
    ]
    for line, name, by in sorted(served):
        yield f"{_seen(path)}:{line} {name}: request handler by {by}"


def _role(path: str, role: str, settings: Settings) -> str:
    """The role of a file and what gave it, found by asking about the parts of its path one by one."""
    from dodont.project.roles import role_by_path

    if not role:
        return "nothing special"
    for glob in settings.roles.get(role, ()):
        if role_by_path(path, {role: (glob,)}) == role and role_by_path(path) != role:
            return f"{role}, declared in roles by {glob!r}"
    *directories, name = path.split("/")
    if role_by_path(path, settings.roles) != role:
        return f'{role}, since it has `if __name__ == "__main__"`'
    if role_by_path(name) == role:
        return f"{role}, by its name {name}"
    for directory in directories:
        if role_by_path(f"{directory}/x.py") == role:
            return f"{role}, by the directory {directory}/"
    return f"{role}, by its path"


def _is_generated(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return is_generated(file.read(_HEAD_BYTES).decode("utf-8", "replace"))
    except OSError:
        return False


def _seen(path: str) -> str:
    """A path as seen from the current directory; in full when it does not lie below it."""
    absolute, current = Path(path), Path.cwd()
    return (absolute.relative_to(current) if absolute.is_relative_to(current) else absolute).as_posix()


def _place(origin: str) -> str:
    path, colon, line = origin.rpartition(":")
    return f"{_seen(path)}:{line}" if colon else origin


def _toml(value: Any) -> str:
    """A value as a configuration file has it, on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
