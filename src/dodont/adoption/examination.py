"""What ``dodont doctor`` looks at: whether dodont sees the code, and whether what runs it does so as it is meant to.

Each examination yields checks; none runs an analysis, and none asks the network. What is wrong with another tool's file is a check's
outcome, not an error of the examination.
"""

from __future__ import annotations

import configparser
import datetime
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from dodont import __version__
from dodont.adoption import toml_text
from dodont.adoption.files import Unusable
from dodont.adoption.parts import Bad, instructions
from dodont.adoption.project import (
    CLAUDE,
    COPILOT,
    CURSOR,
    PRE_COMMIT,
    SETTINGS,
    TASKS,
    Project,
    calls_hook,
    dependencies,
    is_own,
)
from dodont.engine.settings import Settings

State = Literal["ok", "warning", "problem"]


class Check(NamedTuple):
    """One thing that was looked at: how it is, why that matters, and what to do about it."""

    topic: str
    state: State
    what: str
    why: str = ""
    do: str = ""


def examine(project: Project) -> Iterator[Check]:
    """All checks of a project."""
    from dodont.config import ConfigError, load

    settings: Settings | None
    try:
        settings = load(project.home)
    except ConfigError as error:
        settings, trouble = None, str(error)
    yield from _guarded("python", lambda: _python(project))
    if settings is None:
        for line in trouble.splitlines():
            yield Check("configuration", "problem", line, "no run begins until it is put right", "correct the file")
    else:
        at = (
            _shown(project, settings.config)
            if settings.config is not None
            else "none; every setting is the default one"
        )
        yield Check("configuration", "ok", at)
        yield from _guarded("files", lambda: _files(project, settings))
    for topic, examination in _TOPICS:
        yield from _guarded(topic, lambda examination=examination: examination(project, settings))  # type: ignore[misc]


def _guarded(topic: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    try:
        yield from checks()
    except (Unusable, *Bad) as error:
        yield Check(
            topic, "problem", str(error), "neither dodont nor the tool itself can read it", "put the file right"
        )
    except OSError as error:
        yield Check(topic, "problem", f"{error.filename or topic}: {error.strerror or error}")


def _shown(project: Project, path: Path) -> str:
    return path.relative_to(project.top).as_posix() if path.is_relative_to(project.top) else str(path)


# ----------------------------------------------------------------------------------------------------- the code


def _python(project: Project) -> Iterator[Check]:
    own = sys.version_info[:2]
    running = f"{own[0]}.{own[1]}"
    for where, text in _wanted_pythons(project):
        lowest = _lowest(text)
        if lowest is None:
            continue
        least = f"{lowest[0]}.{lowest[1]}"
        if lowest > own:
            yield Check(
                "python", "problem", f"dodont runs on Python {running}, and {where} asks for {text}",
                f"a file in syntax that is newer than {running} cannot be judged",
                f"install dodont with Python {least} or newer",
            )  # fmt: skip
        else:
            yield Check("python", "ok", f"dodont runs on Python {running}; {where} asks for {text}")
        return
    yield Check("python", "ok", f"dodont runs on Python {running}; the project does not say what it needs")


def _wanted_pythons(project: Project) -> Iterator[tuple[str, str]]:
    path = project.home / "pyproject.toml"
    if project.files.text(path) is not None:
        content = project.read_toml(path)
        for key in (("project", "requires-python"), ("tool", "poetry", "dependencies", "python")):
            found = toml_text.at(content, key)
            if isinstance(found, str):
                yield f"{'.'.join(key)} in {_shown(project, path)}", found
    version = project.files.text(project.home / ".python-version")
    if version is not None and version.split():
        yield ".python-version", f"=={version.split()[0]}"


def _lowest(text: str) -> tuple[int, int] | None:
    """The lowest Python that a requirement admits."""
    found = [
        (int(major), int(minor or 0)) for major, minor in re.findall(r"(?:>=|~=|==|\^|~|>)\s*(\d+)(?:\.(\d+))?", text)
    ]
    return max(found, default=None)


def _files(project: Project, settings: Settings) -> Iterator[Check]:
    from dodont.config import ConfigError, Governing
    from dodont.engine.files import Files
    from dodont.output.applies import spoken
    from dodont.output.result import SourceLines
    from dodont.project.roles import role_by_path

    try:
        found = Files(Governing()).find([project.home])
    except ConfigError as error:
        yield Check("configuration", "problem", str(error), "it governs a part of the project", "correct the file")
        return
    paths = [path for _, files in found.groups for path in files]
    if not paths:
        yield Check(
            "files", "problem", "no Python files to check", "there is nothing that findings could be in",
            "see `exclude` and .gitignore; `dodont check --show-files` lists what is read",
        )  # fmt: skip
        return
    for _, message in found.troubles:
        yield Check("files", "warning", message)
    roles = [
        role_by_path(os.path.relpath(path, each.root).replace(os.sep, "/"), each.roles)
        for each, files in found.groups
        for path in files
    ]
    tests = roles.count("test")
    yield Check(
        "files", "ok", f"{len(paths)} Python files, {tests} of them tests, {roles.count('migration')} migrations"
    )
    if tests == len(roles):
        yield Check(
            "roles", "warning", "every file counts as a test", "most rules are silent in tests",
            "say what the files are in [tool.dodont.roles], or configure dodont nearer to them",
        )  # fmt: skip
    lines = SourceLines(settings.root)
    words = spoken("".join(lines(path)) for path in paths)
    if words.requests:
        yield Check("roles", "ok", f"request handlers may be there: {', '.join(sorted(words.requests))}")
    else:
        yield Check(
            "roles", "warning", "no file imports a framework that serves requests",
            "the rules on request handlers have nothing to look at",
            "nothing, if there is none; else see what is excluded, or tell dodont of the framework in [tool.dodont.models]",
        )  # fmt: skip
    if words.database:
        yield Check("roles", "ok", f"databases are spoken to: {', '.join(sorted(words.database))}")
    else:
        yield Check(
            "roles", "warning", "no file imports a library for databases", "the rules on SQL and queries have nothing to look at",
            "nothing, if there is none; else tell dodont of the library in [tool.dodont.models]",
        )  # fmt: skip


# -------------------------------------------------------------------------------------------------- other linters


def _flake8(project: Project, settings: Settings | None) -> Iterator[Check]:
    found = [each for each in importlib.metadata.entry_points(group="flake8.extension") if each.name == "ODD"]
    if not found:
        yield Check(
            "flake8", "problem", "dodont is not installed as a plugin in this environment", "flake8 does not see it here",
            f"{sys.executable} -m pip install dodont",
        )  # fmt: skip
    else:
        yield Check("flake8", "ok", "the plugin is registered in this environment")
    elsewhere = shutil.which("flake8")
    if elsewhere is not None and Path(elsewhere).parent.resolve() != Path(sys.executable).parent.resolve():
        yield Check(
            "flake8", "warning", f"`flake8` on the PATH is {elsewhere}, of another environment than dodont's",
            "it sees the plugin only if dodont is installed there, too", "`flake8 --version` lists the plugins it sees",
        )  # fmt: skip
    file = _flake8_file(project)
    if file is None:
        return
    name = _shown(project, file)
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(project.files.text(file) or "")
    except configparser.Error as error:
        yield Check("flake8", "problem", f"{name}: {error}", "flake8 cannot read it", "put the file right")
        return
    words = {key: _words(parser.get("flake8", key, fallback="")) for key in _FLAKE8_LISTS}
    yield from _flake8_selection(name, words, settings)
    for line in parser.get(
        "flake8", "per-file-ignores", fallback=parser.get("flake8", "per_file_ignores", fallback="")
    ).splitlines():
        glob, _, codes = line.partition(":")
        if own := [code for code in _words(codes) if code.startswith("ODD") or "ODD".startswith(code)]:
            yield Check(
                "flake8", "ok", f"{name}: {glob.strip()} has no findings of {', '.join(own)} (per-file-ignores)"
            )


_FLAKE8_LISTS = ("select", "extend-select", "ignore", "extend-ignore", "extend_select", "extend_ignore")


def _flake8_selection(name: str, words: dict[str, list[str]], settings: Settings | None) -> Iterator[Check]:
    from dodont.engine import catalogue
    from dodont.engine.selection import select

    rules = catalogue.rules()
    running = select(rules, settings) if settings is not None else frozenset(rules)
    codes = sorted(rule.code for rule in rules.values() if rule.name in running)
    selected = [*words["select"], *words["extend-select"], *words["extend_select"]]
    ignored = [*words["ignore"], *words["extend-ignore"], *words["extend_ignore"]]

    def longest(code: str, prefixes: Sequence[str]) -> int:
        return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)

    left_out = [
        code
        for code in codes
        if (words["select"] and longest(code, selected) < 0)
        or (longest(code, ignored) >= 0 and longest(code, ignored) >= longest(code, selected))
    ]
    if left_out and len(left_out) == len(codes):
        by = "select" if words["select"] and all(longest(code, selected) < 0 for code in codes) else "ignore"
        yield Check(
            "flake8", "problem", f"{name}: `{by}` leaves out every code of dodont", "flake8 runs the plugin and tells nothing",
            "extend-select = ODD" if by == "select" else "take ODD out of `ignore`",
        )  # fmt: skip
    elif left_out:
        yield Check(
            "flake8", "warning", f"{name}: left out are {', '.join(left_out)}",
            "dodont's own command tells them, flake8 does not", "say the same in [tool.dodont]: `extend-ignore`",
        )  # fmt: skip
    else:
        yield Check("flake8", "ok", f"{name} leaves no code of dodont out")


def _flake8_file(project: Project) -> Path | None:
    for folder in dict.fromkeys((project.home, project.top)):
        for name in ("setup.cfg", "tox.ini", ".flake8"):
            text = project.files.text(folder / name)
            if text is not None and re.search(r"^\[flake8\]", text, re.M):
                return folder / name
    return None


def _words(text: str) -> list[str]:
    lines = (re.sub(r"(?:^|\s)#.*", "", line) for line in text.splitlines())
    return [word for word in re.split(r"[,\s]+", " ".join(lines)) if word]


def _ruff(project: Project, settings: Settings | None) -> Iterator[Check]:
    path = project.ruff()
    if path is None:
        return
    content, name = project.read_toml(path), _shown(project, path)
    table = ("tool", "ruff") if path.name == "pyproject.toml" else ()

    def listed(key: str) -> list[str]:
        found = [toml_text.at(content, (*table, *inner, key)) for inner in (("lint",), ())]
        return [word for words in found if isinstance(words, list) for word in words if isinstance(word, str)]

    external = [word for word in listed("external") if "ODD".startswith(word) or word.startswith("ODD")]
    if "ODD" in external:
        yield Check("ruff", "ok", f"{name}: `external` has ODD")
        return
    deleting = [
        word
        for word in (*listed("select"), *listed("extend-select"))
        if word == "ALL" or (word.startswith("RUF") and ("RUF100".startswith(word) or "RUF102".startswith(word)))
    ]
    if deleting:
        yield Check(
            "ruff", "problem", f"{name}: {', '.join(deleting)} is selected, and `external` lacks ODD",
            "`ruff check --fix` deletes `# noqa: ODD...`, and what was accepted comes back", "dodont init --ruff",
        )  # fmt: skip
    else:
        yield Check(
            "ruff", "warning", f"{name}: `external` lacks ODD",
            "once RUF100 or RUF102 is selected, `ruff check --fix` deletes `# noqa: ODD...`", "dodont init --ruff",
        )  # fmt: skip


# ------------------------------------------------------------------------------------------- what runs it by itself


def _pre_commit(project: Project, settings: Settings | None) -> Iterator[Check]:
    if project.text(PRE_COMMIT) is None:
        return
    hooks = project.hooks()
    own = [(repository, name, hook) for repository, name, hook in hooks if is_own(hook, name)]
    if not own:
        yield Check("pre-commit", "warning", f"{PRE_COMMIT} does not run dodont", "", "dodont init --pre-commit")
    for repository, name, hook in own:
        pins = [each.partition("==")[2] for each in dependencies(hook) if re.match(r"dodont\s*(\[.*\])?==", each)]
        revision = project.revision(repository).removeprefix("v") if repository not in ("local", "meta") else ""
        version = pins[0] if pins else revision if name != "flake8" else ""
        if not version:
            if name == "flake8" or repository == "local":
                yield Check(
                    "pre-commit", "warning", f"{PRE_COMMIT}: {name} does not pin dodont",
                    "its environment is built once, so machines differ", f"dodont=={__version__}",
                )  # fmt: skip
        elif version == __version__:
            yield Check("pre-commit", "ok", f"{PRE_COMMIT}: {name} runs dodont {version}")
        elif re.fullmatch(r"\d+(\.\d+)*\w*", version):
            yield Check(
                "pre-commit", "warning", f"{PRE_COMMIT}: {name} runs dodont {version}, and this is {__version__}",
                "a commit is judged otherwise than a check by hand", "install or pin the same version",
            )  # fmt: skip
        else:
            yield Check("pre-commit", "ok", f"{PRE_COMMIT}: {name} runs dodont at {version}")
    for _, name, hook in hooks:
        if name == "yesqa" and not any(each.startswith("dodont") for each in dependencies(hook)):
            yield Check(
                "yesqa", "problem", f"{PRE_COMMIT}: yesqa does not know dodont",
                "it deletes `# noqa: ODD...`, as flake8 without the plugin has no use for it",
                f"additional_dependencies: [dodont=={__version__}]",
            )  # fmt: skip
    if own and project.repository is not None:
        place = _git(project.top, "rev-parse", "--git-path", "hooks/pre-commit")
        if place and not (project.top / place).exists():
            yield Check(
                "pre-commit", "warning", "not installed in this clone", "commits are not checked", "pre-commit install"
            )


def _agents(project: Project, settings: Settings | None) -> Iterator[Check]:
    calls = False
    for path, folder, option in (
        (CLAUDE, ".claude", "claude"),
        (CURSOR, ".cursor", "cursor"),
        (COPILOT, "", "copilot"),
    ):
        if project.text(path) is None and not (folder and project.exists(folder)):
            continue
        if calls_hook(project.read_json(path)):
            calls = True
            yield Check("agents", "ok", f"{path.as_posix()} calls `dodont hook`")
        else:
            yield Check(
                "agents", "warning", f"{path.as_posix()} does not call `dodont hook`",
                "the agent hears of its findings late, or never", f"dodont init --agents {option}",
            )  # fmt: skip
    if calls and shutil.which("dodont") is None:
        yield Check(
            "agents", "warning", "there is no `dodont` on the PATH", "the hooks of agents call it by that name",
            "start the agent where dodont's environment is active, or name the full path in the hook",
        )  # fmt: skip
    if settings is None:
        return
    from dodont.agentfile.block import BEGIN, BadBlock, block, synced
    from dodont.engine import catalogue
    from dodont.engine.selection import select

    rules = catalogue.rules()
    running = select(rules, settings)
    content = block(rule for rule in rules.values() if rule.name in running)
    for path in instructions(project):
        text, name = project.text(path) or "", path.as_posix()
        if BEGIN not in text:
            yield Check(
                "agents", "warning", f"{name} does not say which rules run", "", f"dodont agent-file sync {name}"
            )
            continue
        try:
            fresh = synced(text, content) == text
        except BadBlock as error:
            yield Check("agents", "problem", f"{name} {error}")
            continue
        if fresh:
            yield Check("agents", "ok", f"{name} says which rules run")
        else:
            yield Check(
                "agents", "warning", f"{name} says that other rules run than do", "the configuration has changed since",
                f"dodont agent-file sync {name}",
            )  # fmt: skip


def _vscode(project: Project, settings: Settings | None) -> Iterator[Check]:
    if not project.exists(".vscode"):
        return
    tasks, options = project.read_json(TASKS), project.read_json(SETTINGS)
    if "dodont" in str(tasks):
        yield Check("vscode", "ok", f"{TASKS.as_posix()} has a task for dodont")
    else:
        yield Check(
            "vscode", "warning", f"{TASKS.as_posix()} has no task for dodont",
            "the Problems panel shows findings of open files at most", "dodont init --vscode",
        )  # fmt: skip
    strategy = options.get("flake8.importStrategy") if isinstance(options, dict) else None
    if strategy == "fromEnvironment":
        yield Check("vscode", "ok", f"{SETTINGS.as_posix()}: the flake8 extension uses the environment's flake8")
    else:
        yield Check(
            "vscode", "warning", f"{SETTINGS.as_posix()}: flake8.importStrategy is not fromEnvironment",
            "the flake8 extension brings a flake8 of its own, which does not see dodont", "dodont init --vscode",
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------ what dodont keeps


def _cache(project: Project, settings: Settings | None) -> Iterator[Check]:
    from dodont.config import cache_dir_of

    if settings is None:
        return
    directory = cache_dir_of(settings)
    if directory is None:
        yield Check("cache", "ok", "off: DODONT_NO_CACHE is set")
        return
    name = _shown(project, directory)
    there = next(each for each in (directory, *directory.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Check(
            "cache", "warning", f"{name} cannot be written", "every run begins anew",
            "name another directory in DODONT_CACHE_DIR, or say DODONT_NO_CACHE=1",
        )  # fmt: skip
        return
    if not directory.is_dir():
        yield Check("cache", "ok", f"{name}: none yet")
        return
    size = sum(entry.stat().st_size for entry in directory.iterdir() if entry.is_file())
    yield Check("cache", "ok", f"{name}: {size / 1e6:.1f} MB")
    if project.repository is not None and directory.is_relative_to(project.top):
        inside = str(directory / "modules.sqlite3")
        if _git_status(project.top, "check-ignore", "-q", "--", inside) == 1:
            yield Check(
                "cache", "warning", f"git does not ignore {name}", "it would be committed",
                f"add `{directory.name}/` to .gitignore, or run `dodont clean`",
            )  # fmt: skip


def _baseline(project: Project, settings: Settings | None) -> Iterator[Check]:
    from dodont.gate.baseline import BadBaseline, location, read

    at = location(settings) if settings is not None else None
    if at is None:
        return
    name = _shown(project, at)
    try:
        entries = read(at)
    except BadBaseline as error:
        yield Check("baseline", "problem", str(error), "no run gives an answer until it can be read")
        return
    count = sum(entry.count for entry in entries)
    yield Check("baseline", "ok", f"{name}: {count} finding{'' if count == 1 else 's'}")
    gone = sorted({entry.path for entry in entries if not (at.parent / entry.path).exists()})
    if gone:
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        yield Check(
            "baseline", "warning", f"{name}: there is no {', '.join(gone[:3])}{more}", "what was known there may hide a new finding",
            "dodont baseline update",
        )  # fmt: skip
    expired = [entry for entry in entries if entry.is_expired(datetime.date.today())]
    if expired:
        yield Check(
            "baseline", "warning", f"{name}: {len(expired)} {'entry has' if len(expired) == 1 else 'entries have'} expired",
            "what they stood for is told again", "repair it, or give it another end; `dodont baseline prune` drops them",
        )  # fmt: skip


def _git_there(project: Project, settings: Settings | None) -> Iterator[Check]:
    why = "what is new in a change cannot be told: --diff-base, the hooks of agents"
    if shutil.which("git") is None:
        yield Check("git", "warning", "there is no git on the PATH", why, "install git")
    elif project.repository is None:
        yield Check("git", "warning", "not in a git repository", why, "git init")
    elif _git(project.top, "rev-parse", "--is-shallow-repository") == "true":
        yield Check(
            "git", "warning", "the clone is shallow", "the commit that a branch left may not be there, so --diff-base may fail",
            "git fetch --unshallow; in a pipeline `fetch-depth: 0` or `GIT_DEPTH: 0`",
        )  # fmt: skip
    else:
        yield Check("git", "ok", "a repository with its history")


def _extras(project: Project, settings: Settings | None) -> Iterator[Check]:
    for extra, module, purpose in (("report", "jinja2", "the HTML report"), ("lsp", "pygls", "dodont server")):
        if importlib.util.find_spec(module) is not None:
            yield Check("extras", "ok", f"{extra} is installed: {purpose}")
        else:
            yield Check(
                "extras", "ok", f"{extra} is not installed: {purpose} needs it", "", f"pip install 'dodont[{extra}]'"
            )


_TOPICS: tuple[tuple[str, Callable[[Project, Settings | None], Iterator[Check]]], ...] = (
    ("flake8", _flake8),
    ("ruff", _ruff),
    ("pre-commit", _pre_commit),
    ("agents", _agents),
    ("vscode", _vscode),
    ("baseline", _baseline),
    ("cache", _cache),
    ("git", _git_there),
    ("extras", _extras),
)


def _git(directory: Path, *arguments: str) -> str:
    """What git answers; nothing where it fails."""
    done = _run_git(directory, *arguments)
    return done.stdout.decode("utf-8", "replace").strip() if done is not None and done.returncode == 0 else ""


def _git_status(directory: Path, *arguments: str) -> int | None:
    done = _run_git(directory, *arguments)
    return done.returncode if done is not None else None


def _run_git(directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(
            ["git", *arguments], cwd=directory, capture_output=True, timeout=10, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
