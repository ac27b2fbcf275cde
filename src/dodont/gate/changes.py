"""What is new in the code: the lines a diff adds, by git or as a patch, and which findings touch them."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from dodont.core.diagnostic import Diagnostic, Span

Scope = Literal["line", "function", "file"]
SCOPES: tuple[str, ...] = get_args(Scope)

#: How a pipeline says what a merge request goes into: the variable, and what to make of its value.
_PIPELINES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("CI_MERGE_REQUEST_DIFF_BASE_SHA", str),  # GitLab
    ("GITHUB_BASE_REF", "origin/{}".format),
    ("SYSTEM_PULLREQUEST_TARGETBRANCH", lambda ref: f"origin/{ref.removeprefix('refs/heads/')}"),  # Azure
    ("BITBUCKET_PR_DESTINATION_COMMIT", str),
    ("BITBUCKET_PR_DESTINATION_BRANCH", "origin/{}".format),
)


class NoChanges(Exception):  # noqa: N818
    """What has changed cannot be told; the message says why, and the command that repairs it."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a diff does to a file: ``added`` lines, and ``cut``, the lines after which some were taken out. ``whole``: all is new."""

    added: frozenset[int] = frozenset()
    cut: frozenset[int] = frozenset()
    whole: bool = False

    def meets(self, first: int, last: int, *, cuts: bool) -> bool:
        """Whether anything of the lines was added or changed; with ``cuts`` also whether any between them was taken out."""
        if self.whole or any(first <= line <= last for line in self.added):
            return True
        return cuts and any(first <= line < last for line in self.cut)


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that a diff touches, by absolute path. ``base`` is what it is told against, for people."""

    files: Mapping[str, Touched]
    base: str
    scope: Scope = "function"
    _extents: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def is_new(self, diagnostic: Diagnostic, root: Path, source: Callable[[str], Sequence[str]]) -> bool:
        """Whether a finding stands in, or comes about by, what was added or changed."""
        touched = self._at(root / diagnostic.path)
        if touched is None:
            return False
        span = diagnostic.span
        if self.scope == "file" or touched.meets(span.line, max(span.line, _last(span)), cuts=False):
            return True
        if self.scope == "line":
            return False
        if any(
            (step := self._at(root / each.path)) is not None
            and step.meets(each.span.line, _last(each.span), cuts=False)
            for each in diagnostic.flow
        ):
            return True
        first, last = self._around(diagnostic, source)
        return touched.meets(first, last, cuts=True)

    def _at(self, path: Path) -> Touched | None:
        return self.files.get(os.path.abspath(path))  # noqa: PTH100

    def _around(self, diagnostic: Diagnostic, source: Callable[[str], Sequence[str]]) -> tuple[int, int]:
        """The lines of the innermost function around a finding, decorators included, or of the statement outside of functions."""
        if diagnostic.path not in self._extents:
            self._extents[diagnostic.path] = list(_extents("".join(source(diagnostic.path))))
        line = diagnostic.span.line
        around = [each for each in self._extents[diagnostic.path] if each[0] <= line <= each[1]]
        return min(around, key=lambda each: each[1] - each[0], default=(line, _last(diagnostic.span)))


def _last(span: Span) -> int:
    return span.end_line - (span.end_column == 0 and span.end_line > span.line)


def _extents(text: str) -> Iterator[tuple[int, int]]:
    """The lines of functions, and of the statements of modules and classes that are neither functions nor classes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min((each.lineno for each in node.decorator_list), default=node.lineno)
            yield min(first, node.lineno), node.end_lineno or node.lineno
        elif isinstance(node, ast.Module | ast.ClassDef):
            for each in node.body:
                if not isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    yield each.lineno, each.end_lineno or each.lineno


def from_patch(data: bytes, root: Path, name: str, scope: Scope) -> Changes:
    """What a unified diff touches, its paths relative to ``root``. Raises NoChanges."""
    return Changes(_parsed(data, root, name), name, scope)


def from_git(directory: Path, base: str, scope: Scope) -> Changes:
    """What the working tree has that the point where it left ``base`` has not: commits, changes, untracked files.

    ``auto`` is the base that a pipeline names, else the branch's upstream. Raises NoChanges.
    """
    git = _Git(directory)
    if base == "auto":
        base = _pipeline_base() or git.upstream()
    common = git.merge_base(base)
    patch = git.run(
        "diff", "--unified=0", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules",
        "--src-prefix=a/", "--dst-prefix=b/", common, "--",
    )  # fmt: skip
    files = dict(_parsed(patch, git.root, f"git diff {base}"))
    for name in git.run("ls-files", "--others", "--exclude-standard", "-z").split(b"\0"):
        if name:
            files[str(git.root / os.fsdecode(name))] = Touched(whole=True)
    return Changes(files, base, scope)


def _pipeline_base() -> str | None:
    return next((made(value) for name, made in _PIPELINES if (value := os.environ.get(name))), None)


class _Git:
    """The repository around a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.root = directory
        self.root = Path(os.fsdecode(self.run("rev-parse", "--show-toplevel").rstrip(b"\r\n")))

    def run(self, *arguments: str) -> bytes:
        done = self._done(*arguments)
        if done.returncode:
            raise NoChanges(self._trouble(done.stderr))
        return done.stdout

    def _done(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        command = ["git", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", *arguments]
        try:
            return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, check=False)
        except FileNotFoundError:
            raise NoChanges("git is not installed, or not on PATH; give the diff itself with --diff FILE") from None

    def _trouble(self, stderr: bytes) -> str:
        said = os.fsdecode(stderr).strip().splitlines()
        first = next((line for line in said if line), "git failed")
        if "not a git repository" in first:
            return f"{self._directory}: no git repository; run it in one, or give the diff itself with --diff FILE"
        if "dubious ownership" in first:
            return (
                f"{self._directory}: git does not trust the repository: {said[-1].strip() if len(said) > 1 else first}"
            )
        return f"git: {first.removeprefix('fatal: ')}"

    def upstream(self) -> str:
        done = self._done("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
        if done.returncode:
            names = ", ".join(name for name, _ in _PIPELINES)
            raise NoChanges(
                "--diff-base auto: no pipeline names a base and the branch has no upstream; name the base, for example "
                f"`--diff-base origin/main` (looked for {names})"
            )
        return os.fsdecode(done.stdout.strip())

    def merge_base(self, base: str) -> str:
        """The commit where the current one left ``base``. Raises NoChanges with the command that brings what is missing."""
        if base.startswith("-"):
            raise NoChanges(f"--diff-base {base}: no revision begins with a dash")
        if self._done("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}").returncode:
            raise NoChanges("the repository has no commit yet; commit first, or leave --diff-base away")
        known = self._done("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
        if known.returncode:
            raise NoChanges(f"--diff-base {base}: git knows no such commit; {self._fetch(base)}")
        commit = os.fsdecode(known.stdout.strip())
        done = self._done("merge-base", commit, "HEAD")
        if done.returncode:
            if self._is_shallow():
                raise NoChanges(
                    f"--diff-base {base}: the clone is shallow and ends before the branch left it; run "
                    "`git fetch --unshallow` first (GitHub: `fetch-depth: 0`, GitLab: `GIT_DEPTH: 0`)"
                )
            raise NoChanges(f"--diff-base {base}: has no commit in common with HEAD; name the branch it came from")
        return os.fsdecode(done.stdout.strip())

    def _is_shallow(self) -> bool:
        return self._done("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def _fetch(self, base: str) -> str:
        remote, slash, branch = base.partition("/")
        remotes = os.fsdecode(self._done("remote").stdout).split()
        depth = " --unshallow" if self._is_shallow() else ""
        if slash and remote in remotes:
            return f"run `git fetch{depth} {remote} +refs/heads/{branch}:refs/remotes/{remote}/{branch}` first"
        if remotes:
            return f"run `git fetch{depth} {remotes[0]} {base}` first, or check the spelling"
        return "check the spelling"


def _parsed(data: bytes, root: Path, name: str) -> dict[str, Touched]:
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    text = data.decode("utf-8", "surrogateescape")
    if text.strip() and "@@" not in text and "diff --git " not in text and "--- " not in text:
        raise NoChanges(f"{name}: no unified diff; make it with `git diff --unified=0 BASE`")
    try:
        patch = PatchSet(io.StringIO(text, newline="\n"))
    except UnidiffParseError as error:
        raise NoChanges(f"{name}: no unified diff: {error}; make it with `git diff --unified=0 BASE`") from None
    files: dict[str, Touched] = {}
    for file in patch:
        path = _unquoted(file.target_file)
        if path == "/dev/null":
            continue
        added: set[int] = set()
        cut: set[int] = set()
        for hunk in file:
            line = hunk.target_start - (hunk.target_length > 0)  # the last line told so far
            for each in hunk:
                if each.is_added:
                    line += 1
                    added.add(line)
                elif each.is_context:
                    line += 1
                elif each.is_removed:
                    cut.add(line)
        shown = path.removeprefix("b/")
        files[os.path.abspath(root / shown)] = Touched(frozenset(added), frozenset(cut))  # noqa: PTH100
    return files


_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


def _unquoted(name: str) -> str:
    """A file's name as git writes it: in quotes with C's escapes where a character asks for it."""
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name
    found = bytearray()
    rest = name[1:-1]
    while rest:
        if rest[0] == "\\" and rest[1:2] in _ESCAPES:
            found.append(_ESCAPES[rest[1]])
            rest = rest[2:]
        elif rest[0] == "\\" and rest[1:4].isdigit():
            found.append(int(rest[1:4], 8) & 0xFF)
            rest = rest[4:]
        else:
            found += rest[0].encode("utf-8", "surrogateescape")
            rest = rest[1:]
    return found.decode("utf-8", "surrogateescape")
