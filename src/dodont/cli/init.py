"""``dodont init``: write dodont into what a project uses already."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli import gating
from dodont.cli import options as shared
from dodont.cli.app import CLEAN, FINDINGS, CannotRunError
from dodont.cli.telling import tell
from dodont.output.escaping import printable, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodont.adoption.files import Change
    from dodont.adoption.parts import Told
    from dodont.adoption.project import Project

_AGENTS = ("claude", "copilot", "cursor")
_CI = ("github", "gitlab")
_MARKS = {"done": "write", "there": "there", "left": "leave", "kept": "keep", "by hand": "BY HAND"}


def _several(names: tuple[str, ...]) -> Any:
    def words(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
        found = shared.words_of(values)
        for word in found:
            if word not in names:
                raise CannotRunError(f"--{parameter.name} {word}: choose from {', '.join(names)}")
        return found

    return words


@click.command("init")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--agents",
    multiple=True,
    metavar="NAMES",
    callback=_several(_AGENTS),
    help="Hooks of agents: claude, copilot, cursor.",
)
@click.option("--ci", multiple=True, metavar="NAMES", callback=_several(_CI), help="A pipeline: github, gitlab.")
@click.option("--pre-commit", is_flag=True, help="The hook in .pre-commit-config.yaml.")
@click.option("--vscode", is_flag=True, help="A task and the settings of the flake8 extension in .vscode.")
@click.option("--ruff", is_flag=True, help="Tell ruff that codes of dodont are somebody's: lint.external.")
@click.option("--dry-run", is_flag=True, help="Show what would be written as a diff, and write nothing.")
def command(path: Path, *, dry_run: bool, **options: Any) -> int:
    """Set dodont up in the project that PATH belongs to, by default the current directory.

    Without options it adds itself to what the repository shows it uses (ruff, pre-commit, GitHub, GitLab, VS Code, agents and
    their instruction files) and tells what it left, with the option that adds it. What is in a file stays there, with its
    comments; what the project has decided otherwise is kept. Run again, it changes nothing.

    Exit codes: 0 all is set up, 1 something is to be added by hand, 2 a file can't be read or written: then nothing is.
    """
    from dodont.adoption.files import Unusable
    from dodont.adoption.parts import Bad, set_up
    from dodont.adoption.project import Project

    if not path.is_dir():
        raise CannotRunError(printable(f"{path}: no such directory; check the spelling"))
    wanted = frozenset(
        [
            *options["agents"],
            *options["ci"],
            *(name for name in ("pre-commit", "vscode", "ruff") if options[name.replace("-", "_")]),
        ]
    )
    project = Project(path.absolute().resolve())
    if project.repository is None and (asked := sorted(wanted & {"pre-commit", *_CI})):
        raise CannotRunError(
            f"{printable(str(project.top))}: not in a git repository, which {', '.join(asked)} needs; run `git init` first"
        )
    try:
        with shared.kind_errors():
            told = list(set_up(project, wanted or None))
        changes = list(project.files.changes())
        if not dry_run:
            project.files.write()
    except (Unusable, *Bad) as error:
        raise CannotRunError(printable(f"{error}; nothing was written")) from None
    if dry_run:
        for change in changes:
            sys.stdout.buffer.write(_patch(change, project.top).encode("utf-8", "backslashreplace"))
        sys.stdout.flush()
    _tell(told, project, changes, dry_run=dry_run)
    return FINDINGS if any(each.state == "by hand" for each in told) else CLEAN


def _tell(told: Sequence[Told], project: Project, changes: Sequence[Change], *, dry_run: bool) -> None:
    """What was done, on stdout; beside a diff, on stderr."""
    lines = []
    where = gating.shown(project.top)
    for each in told:
        name = each.what if where == "." or each.state == "left" else f"{where}/{each.what}"
        lines.append(printable(f"{_MARKS[each.state]:7}  {name}: {each.why}"))
        lines += [f"    {line}" for line in each.add.splitlines()]
    count = len(changes)
    files = f"{count} file{'' if count == 1 else 's'}"
    if not changes:
        lines.append("Nothing to write.")
    elif dry_run:
        lines.append(f"Would write {files}.")
    else:
        lines.append(
            f"{files} written. `dodont doctor` looks after it; `dodont baseline create` accepts what is there today."
        )
    if project.repository is None:
        lines.append("Not in a git repository: what is new in a change can't be told.")
    if dry_run:
        tell(lines, mark="")
    else:
        click.echo("\n".join(lines))


def _patch(change: Change, root: Path) -> str:
    name = printable(change.path.relative_to(root).as_posix())
    before = "/dev/null" if change.before is None else f"a/{name}"
    lines = unified_diff(_lines(change.before or ""), _lines(change.after), before, f"b/{name}")
    return "".join(_shown(line) for line in lines)


def _shown(line: str) -> str:
    """A line of a diff in which nothing is obeyed by a terminal; its end stays."""
    end = "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""
    body = visible(line.removesuffix(end) if end else line)
    return body + (end or "\n\\ No newline at end of file\n")


def _lines(text: str) -> list[str]:
    return [part + "\n" for part in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]
