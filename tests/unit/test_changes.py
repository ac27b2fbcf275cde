"""Which findings touch what a diff adds, and what is said when the diff cannot be made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dodont.core.diagnostic import Diagnostic, Span, Step
from dodont.gate.changes import Changes, NoChanges, Scope, Touched, from_git, from_patch
from tests import nobody

CODE = """\
import os


@route
def first():
    a = 1
    return a


class Kept:
    LIMIT = 5

    def second(self):
        b = 2
        return b


TOP = (
    1,
)
"""


def finding(line: int, end: int | None = None, flow: tuple[int, ...] = ()) -> Diagnostic:
    steps = tuple(Step("code.py", Span(each, 0, each, 1), "…") for each in flow)
    return Diagnostic("r", "ODD201", "code.py", Span(line, 4, end or line, 9), "…", flow=steps)


@pytest.mark.parametrize(
    ("scope", "added", "cut", "line", "new"),
    [
        ("line", {6}, set(), 6, True),
        ("line", {6}, set(), 7, False),
        ("line", set(), {6}, 6, False),  # taking lines out changes none
        ("function", {6}, set(), 7, True),
        ("function", {4}, set(), 7, True),  # its decorator
        ("function", {3}, set(), 7, False),
        ("function", set(), {6}, 7, True),
        ("function", set(), {7}, 7, False),  # after its last line
        ("function", {14}, set(), 7, False),
        ("function", {11}, set(), 14, False),  # the class around a method is not the method
        ("function", {19}, set(), 18, True),  # a statement of the module
        ("function", {1}, set(), 18, False),
        ("file", {1}, set(), 18, True),
    ],
)
def test_scopes(scope: Scope, added: set[int], cut: set[int], line: int, new: bool) -> None:
    touched = Touched(frozenset(added), frozenset(cut))
    changes = Changes({"/p/code.py": touched}, "main", scope)
    assert changes.is_new(finding(line), Path("/p"), lambda path: CODE.splitlines(True)) is new


def test_what_its_way_leads_through_is_new_too() -> None:
    changes = Changes({"/p/code.py": Touched(frozenset({6}))}, "main")
    lines = CODE.splitlines(True)
    assert changes.is_new(finding(14, flow=(6,)), Path("/p"), lambda path: lines)
    assert not changes.is_new(finding(14, flow=(1,)), Path("/p"), lambda path: lines)


def test_a_file_nobody_touched_has_nothing_new() -> None:
    assert not Changes({}, "main", "file").is_new(finding(1), Path("/p"), lambda path: [])


PATCH = b"""\
diff --git a/code.py b/code.py
--- a/code.py
+++ b/code.py
@@ -1,5 +1,5 @@
 import os
-old
+new
 x
-gone
 y
+last
diff --git a/added.py b/added.py
new file mode 100644
--- /dev/null
+++ b/added.py
@@ -0,0 +1 @@
+x = 1
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x = 1
diff --git "a/we\\"ird\\nn\\303\\251.py" "b/we\\"ird\\nn\\303\\251.py"
--- "a/we\\"ird\\nn\\303\\251.py"
+++ "b/we\\"ird\\nn\\303\\251.py"
@@ -1,0 +2 @@ a
+b
"""


def test_a_patch_is_read(tmp_path: Path) -> None:
    files = from_patch(PATCH, tmp_path, "--diff -", "line").files
    named = {os.path.relpath(path, tmp_path): touched for path, touched in files.items()}
    assert named == {
        "code.py": Touched(frozenset({2, 5}), frozenset({1, 3})),
        "added.py": Touched(frozenset({1})),
        'we"ird\nn\xe9.py': Touched(frozenset({2})),
    }


@pytest.mark.parametrize("data", [b"what is this\n", b"--- a\n+++ b\n@@ -1,5 +1,9 @@\n x\n"])
def test_what_is_no_patch_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NoChanges, match=r"no unified diff.*git diff"):
        from_patch(data, tmp_path, "--diff x", "line")


def test_no_change_is_no_finding(tmp_path: Path) -> None:
    assert from_patch(b"", tmp_path, "--diff -", "line").files == {}


# ------------------------------------------------------------------------------------------------------ git itself

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """git in ``tmp_path/work``, with nobody's settings."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in nobody.GIT.items():
        monkeypatch.setenv(name, value)
    work = tmp_path / "work"
    work.mkdir()

    def git(*arguments: str, cwd: Path = work) -> str:
        return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    (work / "a.py").write_text("one\ntwo\nthree\n")
    (work / "b.py").write_text("".join(f"line {number}\n" for number in range(20)))
    git("add", "-A")
    git("commit", "-qm", "first")
    return git


def test_git_tells_commits_changes_renames_and_untracked_files(git: Git, tmp_path: Path) -> None:
    work = tmp_path / "work"
    git("checkout", "-qb", "topic")
    git("mv", "b.py", "c.py")
    (work / "c.py").write_text((work / "c.py").read_text() + "more\n")
    git("commit", "-qam", "moved")
    (work / "a.py").write_text("one\nTWO\nthree\n")
    (work / "new file.py").write_text("x\n")
    # Others' settings change nothing.
    git("config", "diff.noprefix", "true")
    git("config", "color.diff", "always")
    git("config", "diff.external", "false")
    git("checkout", "-q", "main")
    (work / "d.py").write_text("what main has since\n")
    git("add", "d.py")
    git("commit", "-qm", "second")
    git("checkout", "-q", "topic")
    found = {os.path.relpath(path, work): touched for path, touched in from_git(work, "main", "line").files.items()}
    assert found == {
        "a.py": Touched(frozenset({2}), frozenset({1})),
        "c.py": Touched(frozenset({21})),
        "new file.py": Touched(whole=True),
    }


def test_a_pipeline_names_the_base(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    with pytest.raises(NoChanges, match=r"no pipeline names a base.*--diff-base origin/main"):
        from_git(work, "auto", "line")
    first = git("rev-parse", "HEAD")
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", first)
    assert from_git(work, "auto", "line").base == first
    monkeypatch.delenv("CI_MERGE_REQUEST_DIFF_BASE_SHA")
    git("update-ref", "refs/remotes/origin/main", first)
    for name, value in (("GITHUB_BASE_REF", "main"), ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")):
        with monkeypatch.context() as context:
            context.setenv(name, value)
            assert from_git(work, "auto", "line").base == "origin/main"


def test_a_shallow_clone_is_told_what_to_fetch(git: Git, tmp_path: Path) -> None:
    work, clone = tmp_path / "work", tmp_path / "clone"
    git("checkout", "-qb", "topic")
    (work / "a.py").write_text("changed\n")
    git("commit", "-qam", "second")
    git("clone", "-q", "--depth=1", "--branch=topic", f"file://{work}", str(clone))
    with pytest.raises(NoChanges) as missing:
        from_git(clone, "origin/main", "line")
    command = str(missing.value).partition("run `git ")[2].partition("`")[0].split()
    git(*command, cwd=clone)  # the command that it names repairs it
    assert {Path(path).name for path in from_git(clone, "origin/main", "line").files} == {"a.py"}


def test_a_base_beyond_the_end_of_a_shallow_clone(git: Git, tmp_path: Path) -> None:
    work, clone = tmp_path / "work", tmp_path / "clone"
    git("checkout", "-qb", "topic")
    (work / "a.py").write_text("changed\n")
    git("commit", "-qam", "second")
    git("clone", "-q", "--depth=1", "--no-single-branch", "--branch=topic", f"file://{work}", str(clone))
    with pytest.raises(NoChanges, match=r"shallow.*git fetch --unshallow"):
        from_git(clone, "origin/main", "line")
    git("fetch", "-q", "--unshallow", cwd=clone)
    assert len(from_git(clone, "origin/main", "line").files) == 1


@pytest.mark.parametrize(
    ("base", "complaint"),
    [("nonsense", "git knows no such commit; check the spelling"), ("--output=x", "no revision begins with a dash")],
)
def test_an_unknown_base(git: Git, tmp_path: Path, base: str, complaint: str) -> None:
    with pytest.raises(NoChanges, match=complaint):
        from_git(tmp_path / "work", base, "line")


def test_no_repository_and_no_commit(git: Git, tmp_path: Path) -> None:
    with pytest.raises(NoChanges, match="no git repository"):
        from_git(tmp_path, "main", "line")
    empty = tmp_path / "empty"
    empty.mkdir()
    git("init", "-q", cwd=empty)
    with pytest.raises(NoChanges, match="no commit yet"):
        from_git(empty, "main", "line")
