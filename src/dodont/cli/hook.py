"""``dodont hook``: what coding agents run after an edit and before they stop. One answer that all of them understand."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dodont.cli.app import CLEAN

if TYPE_CHECKING:
    from dodont.output.result import Result

#: Findings, and characters, that an agent is told at once.
MOST, LONGEST = 10, 8000

_EDITS = ("posttooluse", "afterfileedit")
_STOPS = ("stop", "agentstop", "subagentstop")
_PATHS = frozenset({"file_path", "filePath", "path", "file", "filename", "files", "paths"})


@click.command("hook")
@click.option("--event", help="What happened, where the input does not say: PostToolUse or Stop.")
@click.option(
    "--mode",
    type=click.Choice(("advise", "block")),
    default="advise",
    help="After an edit: tell the agent (default), or hold it up until it has reacted.",
)
@click.option("--fix", "fixing", is_flag=True, help="Make the safe repairs in edited files first, and say so.")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.001), default=2.0, help="Seconds after which nothing is said; 2."
)
def command(*, event: str | None, mode: str, fixing: bool, time_limit: float) -> int:
    """Answer the hook of an agent (Claude Code, VS Code, Copilot, Cursor): JSON on stdin, one JSON object on stdout.

    After an edit it tells what is new in the functions that were touched, before the agent stops what is new in the
    whole change. It always exits with 0 and answers `{}` when there is nothing to say.
    """
    said = _Answer()
    clock = threading.Timer(time_limit, said.too_late, (time_limit,))
    clock.daemon = True
    clock.start()
    try:
        answer = _answer(sys.stdin.buffer.read(), event, mode, fixing=fixing)
    except Exception as error:  # an agent that cannot go on because of its linter is worse than one finding less
        click.echo(f"dodont: note: the hook said nothing: {error}", err=True)
        answer = {}
    said.give(answer)
    clock.cancel()
    return CLEAN


class _Answer:
    """One object on stdout, whoever gives it first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = False

    def give(self, answer: dict[str, Any]) -> None:
        with self._lock:
            if not self._given:
                self._given = True
                sys.stdout.write(json.dumps(answer) + "\n")
                sys.stdout.flush()

    def too_late(self, limit: float) -> None:
        self.give({})
        sys.stderr.write(f"dodont: note: the hook said nothing: more than {limit:g} seconds\n")
        sys.stderr.flush()
        os._exit(0)


def _answer(data: bytes, event: str | None, mode: str, *, fixing: bool) -> dict[str, Any]:
    payload = json.loads(data or b"{}")
    if not isinstance(payload, dict):
        raise TypeError("the input is no JSON object")
    named = str(event or payload.get("hook_event_name") or payload.get("hookEventName") or "PostToolUse")
    root = _root(payload)
    if named.lower() in _STOPS:
        if payload.get("stop_hook_active") or payload.get("stopHookActive") or payload.get("loop_count"):
            return {}
        return _stopping(root, payload, named)
    if named.lower() not in _EDITS:
        return {}
    paths = sorted({path for path in _edited(payload) if _is_ours(path, root)})
    if not paths:
        return {}
    repaired = _repaired(paths) if fixing else 0
    result = _new(root, paths)
    if not result.diagnostics and not repaired:
        return {}
    text = _text(result, repaired)
    answer: dict[str, Any] = {
        "additionalContext": text,
        "additional_context": text,
        "hookSpecificOutput": {"hookEventName": named, "additionalContext": text},
    }
    if mode == "block" and result.diagnostics:
        answer |= {"decision": "block", "reason": text}
    return answer


def _stopping(root: Path, payload: dict[str, Any], named: str) -> dict[str, Any]:
    result = _new(root, None)
    if not result.diagnostics:
        return {}
    text = _text(result, 0)
    if _said_before(
        root, str(payload.get("session_id") or payload.get("sessionId") or payload.get("conversation_id")), text
    ):
        return {}
    return {
        "decision": "block",
        "reason": text,
        "hookSpecificOutput": {"hookEventName": named, "decision": "block", "reason": text},
        "followup_message": text,
    }


def _root(payload: dict[str, Any]) -> Path:
    roots = payload.get("workspace_roots") or payload.get("workspaceRoots")
    given = payload.get("cwd") or (roots[0] if isinstance(roots, list) and roots else None)
    return Path(given).absolute() if isinstance(given, str) and given else Path.cwd()


def _edited(payload: dict[str, Any]) -> Iterator[str]:
    """Paths of files, wherever an agent puts them."""
    arguments = payload.get("toolArgs")
    if isinstance(arguments, str):  # JSON within JSON
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = None
    for part in (payload, payload.get("tool_input"), payload.get("toolInput"), arguments):
        if isinstance(part, dict):
            yield from _paths(part)


def _paths(part: dict[str, Any]) -> Iterator[str]:
    for name, value in part.items():
        if name in _PATHS:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str):
                    yield each
                elif isinstance(each, dict):
                    yield from _paths(each)
        elif name == "edits" and isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    yield from _paths(each)


def _is_ours(path: str, root: Path) -> bool:
    if not path.endswith((".py", ".pyi")) or "\0" in path:
        return False
    absolute = Path(os.path.normpath(root / path))
    return absolute.is_relative_to(root) and absolute.is_file()


def _options() -> dict[str, Any]:
    """The options of ``check`` as they are when nobody asks for anything, without the rules about the whole project."""
    from dodont.cli.check import command as check

    said = ["--force-exclude", "--no-project-rules", "--jobs", "1", "--quiet"]
    return check.make_context("dodont hook", said).params


def _new(root: Path, paths: list[str] | None) -> Result:
    """What is new in the files, or in all that changed: against the last commit, and of a whole change against its upstream."""
    from dodont.cli import gating
    from dodont.cli import options as shared
    from dodont.cli.check import run
    from dodont.gate.changes import NoChanges, from_git

    options = _options()
    governing = shared.governing_from(options)
    changes = None
    for base in ("auto", "HEAD") if paths is None else ("HEAD",):
        try:
            changes = from_git(root, base, "function")
            break
        except NoChanges:
            continue
    if paths is None and changes is None:
        raise RuntimeError("no git repository to compare with")
    given = tuple(Path(os.path.normpath(root / path)) for path in paths) if paths is not None else (root,)
    if changes is not None:
        given = tuple(path for path in given if path == root or str(path) in changes.files)
    if not given:
        from dodont.output.result import Result

        return Result((), 0, lambda path: (), root)
    os.chdir(root)
    done = run(given, options, governing, changes=changes, hasty=True)
    assert done is not None
    result, _ = gating.judged(done.result, done.found, options, changes)
    shown = [each for each in result.diagnostics if each.code != "ODD000"]
    return replace(result, diagnostics=shown)


def _repaired(paths: list[str]) -> int:
    """The safe repairs of the files; how many were made."""
    from dodont.cli import options as shared
    from dodont.engine import groups
    from dodont.engine.files import find

    governing = shared.governing_from(_options())
    given = [Path(path).absolute() for path in paths]
    done = groups.fix(find(given, governing), shared.settings_of(str(given[0]), governing), unsafe=False, write=True)
    return sum(each.fixed for _, part in done for each in part.changed)


def _text(result: Result, repaired: int) -> str:
    from dodont.output import agent

    lines = [agent.render(result, most=MOST)] if result.diagnostics else []
    if repaired:
        lines.insert(
            0,
            f"dodont repaired {repaired} finding{'' if repaired == 1 else 's'} in place: read the file again before you edit it.",
        )
    text = "\n".join(lines)
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + "\n..."


def _said_before(root: Path, session: str, text: str) -> bool:
    """Whether the same was said when this session wanted to stop before: then it stops, whatever its agent tells us."""
    from dodont.config import cache_dir_in

    digest = hashlib.blake2b(f"{session}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    directory = cache_dir_in(root)
    note = directory / "stopped"
    try:
        known = note.read_text(encoding="ascii").split() if note.exists() else []
        if digest in known:
            return True
        if directory.is_dir():
            note.write_text("\n".join([*known[-20:], digest]), encoding="ascii")
    except (OSError, ValueError):
        pass
    return False
