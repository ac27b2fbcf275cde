"""Which files a run reads, held against git itself where git has an opinion."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dodont.config import CommandLine, Governing
from dodont.engine import files
from dodont.engine.driver import check
from dodont.engine.files import Files, Found, MissingPath, find, is_generated
from dodont.engine.ignore import Patterns
from dodont.engine.settings import Settings

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def grow(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Make files; a name that ends in a slash is a directory."""
    for name, text in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def names(found: Found, root: Path) -> list[str]:
    return [Path(path).relative_to(root).as_posix() for path in found.files]


def walked(root: Path, **options: object) -> list[str]:
    return names(find([root], Settings(root=root, **options)), root)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------- as git


def git(root: Path, *arguments: str) -> bytes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": str(root / "none")}
    done = subprocess.run(["git", *arguments], cwd=root, env=environment, capture_output=True, check=True)
    return done.stdout


def listed(root: Path) -> list[str]:
    """The Python files that git does not ignore."""
    found = git(root, "ls-files", "-co", "--exclude-standard", "-z").decode("utf-8", "surrogateescape").split("\0")
    return sorted(name for name in found if name.endswith((".py", ".pyi")))


_NAMES = st.sampled_from(["a", "b", "ab", "foo", "ä", "a b", "b ", "[a]", "a*", "x.py", "y.py", "ä.py", "z.pyi"])
_PLACES = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_GLOBS = st.one_of(
    st.sampled_from(
        "foo foo/ /foo foo/** **/foo **/foo/ foo/* /* * ** / /** **/ /**/ a/**/b a/x.py *.py *.p? ?? [ab] [!a]* [^a] [a- []a] [a-]"
        " [[:alpha:]] [[:alpah:]] [[:a] [b-a] [a-b/] x[.]py \\a a\\ \\# \\!a # **foo a**b foo*/x.py ***/x.py a//b */ /*/a ä ?b"
        " a\\/b [\\a] [a-\\b] **/**/b **/foo/** \\[a] [[a]".split()
    ),
    st.sampled_from(["a b", "b ", "b\\ ", "  ", "", "# no", " a"]),
    st.text("ab*?[]!-/\\. x", max_size=6),
)
_LINES = st.lists(st.tuples(st.booleans(), _GLOBS).map(lambda each: "!" * each[0] + each[1]), max_size=5)
_IGNORES = st.dictionaries(
    st.one_of(st.just(""), _PLACES), st.tuples(_LINES, st.sampled_from(["\n", "\r\n"])), max_size=3
)


@needs_git
@settings(max_examples=150)
@given(places=st.lists(_PLACES, min_size=3, max_size=20), ignores=_IGNORES, exclude=_LINES)
def test_what_git_ignores_is_not_walked(
    places: list[str], ignores: dict[str, tuple[list[str], str]], exclude: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        git(root, "init", "-q")
        for place in places:
            try:
                grow(root, {place: ""})
            except OSError:  # a file where a directory would be
                continue
        for place, (lines, end) in ignores.items():
            if (root / place).is_dir():
                grow(root, {f"{place}/.gitignore".lstrip("/"): end.join(lines)})
        grow(root, {".git/info/exclude": "\n".join(exclude)})
        own = Settings(root=root, exclude=(".git/",))
        found = names(find([root], own), root)
        assert found == listed(root)
        reach = Files(own)
        one_by_one = [str(path) for path in root.rglob("*.py*") if path.is_file() and reach.is_found(str(path))]
        assert sorted(one_by_one) == [str(root / name) for name in found]


@needs_git
@pytest.mark.parametrize(
    "data",
    [
        b"# latin \xe4\n\xe4.py\nfoo/\n",
        "ä.py\nfoo/\n".encode(),
        b"\xef\xbb\xbffoo/\r\na.py\r\n",
        b"foo/**\n!foo/keep.py\n",
        b"foo\n!foo/keep.py\n",
        b"*.py\n!foo/\n!foo/keep.py\n",
        b"",
        b"\0\n\xff\nfoo/",
        b"foo/keep.py",
    ],
)
def test_bytes_of_an_ignore_file(tmp_path: Path, data: bytes) -> None:
    git(tmp_path, "init", "-q")
    grow(tmp_path, {"foo/keep.py": "", "foo/b/c.py": "", "a.py": "", "ä.py": "", ".gitignore": data})
    grow(tmp_path, {os.fsdecode(b"\xe4.py"): ""})
    assert walked(tmp_path) == listed(tmp_path)


@needs_git
def test_work_trees_and_submodules_have_their_excludes_elsewhere(tmp_path: Path) -> None:
    main = grow(tmp_path / "main", {"a.py": ""})
    git(main, "init", "-q")
    git(main, "add", "a.py")
    git(main, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x")
    git(main, "worktree", "add", "-q", "../tree")
    grow(main, {".git/info/exclude": "b.py\n"})
    tree = grow(tmp_path / "tree", {"b.py": "", "c.py": ""})
    assert walked(tree) == listed(tree) == ["a.py", "c.py"]
    module = grow(tmp_path / "module", {".git": "gitdir: ../main/.git", "b.py": "", "c.py": ""})
    assert walked(module) == ["c.py"]


def test_ignore_files_count_up_to_the_repository_and_in_it_only(tmp_path: Path) -> None:
    grow(tmp_path, {".gitignore": "*.py\n", "repo/.git/": "", "repo/.gitignore": "/a.py\nsub/b.py\n"})
    root = grow(tmp_path / "repo", {"a.py": "", "sub/a.py": "", "sub/b.py": "", "sub/.gitignore": "c.py"})
    grow(
        root,
        {"sub/c.py": "", "sub/own/.git/": "", "sub/own/c.py": "", "sub/own/.gitignore": "d.py", "sub/own/d.py": ""},
    )
    assert walked(root) == ["sub/a.py", "sub/own/c.py"]
    assert names(find([root / "sub"], Settings(root=root)), root) == ["sub/a.py", "sub/own/c.py"]
    assert walked(root, respect_gitignore=False) == [
        "a.py", "sub/a.py", "sub/b.py", "sub/c.py", "sub/own/c.py", "sub/own/d.py",
    ]  # fmt: skip
    shutil.rmtree(root / ".git")
    assert "a.py" in walked(root)


def test_an_ignored_directory_that_is_named_is_walked(tmp_path: Path) -> None:
    grow(
        tmp_path,
        {".git/": "", ".gitignore": "out/\n*.tmp.py\n", "out/deep/a.py": "", "out/b.tmp.py": "", "build/c/d.py": ""},
    )
    assert walked(tmp_path) == []
    own = Settings(root=tmp_path)
    assert names(find([tmp_path / "out", tmp_path / "build"], own), tmp_path) == ["build/c/d.py", "out/deep/a.py"]


def test_an_ignore_file_that_cannot_be_read_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(tmp_path, {".git/": "", ".gitignore": "a.py", "a.py": ""})

    def refuse(path: str, mode: str) -> None:  # root may read everything
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(files, "open", refuse, raising=False)
    found = find([tmp_path], Settings(root=tmp_path))
    assert names(found, tmp_path) == ["a.py"]
    assert found.notes == (f"{tmp_path}/.gitignore: cannot be read, so nothing is left out by it: Permission denied",)


def test_an_ignore_file_that_is_none(tmp_path: Path) -> None:
    grow(tmp_path, {".git/": "", "real": "a.py", "a.py": "", "sub/.gitignore/": "", "sub/b.py": ""})
    (tmp_path / ".gitignore").symlink_to("real")
    found = find([tmp_path], Settings(root=tmp_path))
    assert (names(found, tmp_path), found.notes) == (["a.py", "sub/b.py"], ())


def test_patterns_made_to_keep_a_matcher_busy(tmp_path: Path) -> None:
    patterns = Patterns(str(tmp_path), ["a*" * 40 + "b", "**/a*/" * 12 + "b", "**/" * 40 + "b"])
    start = time.perf_counter()
    path = "/".join([str(tmp_path), *["a" * 60] * 40, "a" * 250])
    assert patterns.leaves_out(path, "a" * 250, False) is None
    assert time.perf_counter() - start < 1


# ---------------------------------------------------------------------------------------------------------- excludes


def test_default_excludes_and_virtual_environments(tmp_path: Path) -> None:
    grow(tmp_path, {"a.py": "", "b.pyi": "", "c.txt": "", "env/pyvenv.cfg": "", "env/lib/d.py": ""})
    grow(tmp_path, {f"{name}/x.py": "" for name in (".venv", "sub/build", "__pypackages__", "node_modules", ".direnv")})
    assert walked(tmp_path) == ["a.py", "b.pyi"]
    assert walked(tmp_path, exclude=()) == [
        ".direnv/x.py", ".venv/x.py", "__pypackages__/x.py", "a.py", "b.pyi", "node_modules/x.py", "sub/build/x.py",
    ]  # fmt: skip


def test_excludes_are_relative_to_the_root_and_negated_in_order(tmp_path: Path) -> None:
    grow(tmp_path, dict.fromkeys(("gen/a.py", "app/gen/b.py", "app/x_pb2.py", "app/y_pb2.py", "app/deep/c.py"), ""))
    assert walked(tmp_path, extend_exclude=("/gen/", "*_pb2.py", "!y_pb2.py")) == [
        "app/deep/c.py", "app/gen/b.py", "app/y_pb2.py",
    ]  # fmt: skip
    assert walked(tmp_path, extend_exclude=("gen", "app/*.py")) == ["app/deep/c.py"]


def test_excludes_of_the_command_line_are_relative_to_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, dict.fromkeys(("app/a.py", "app/app/b.py", "c.py"), ""))
    monkeypatch.chdir(tmp_path / "app")
    assert walked(tmp_path, exclude_here=("/app/",)) == ["app/a.py", "c.py"]
    assert walked(tmp_path, exclude_here=("a.py",)) == ["app/app/b.py", "c.py"]


def test_named_files_are_checked_unless_excludes_are_forced(tmp_path: Path) -> None:
    grow(tmp_path, dict.fromkeys(("build/deep/a.py", "script", "b.py", ".gitignore", ".git/"), ""))
    given = [tmp_path / name for name in ("build/deep/a.py", "build/deep", "script", "b.py")]
    own = Settings(root=tmp_path, extend_exclude=("script",))
    assert names(find(given, own), tmp_path) == ["b.py", "build/deep/a.py", "script"]
    forced = Settings(root=tmp_path, extend_exclude=("script",), force_exclude=True)
    assert names(find(given, forced), tmp_path) == ["b.py"]


def test_a_project_may_be_called_what_is_excluded_by_default(tmp_path: Path) -> None:
    root = grow(tmp_path / "build", {"pyproject.toml": "[tool.dodont]\n", "a.py": ""})
    forced = Governing(said=CommandLine(force_exclude=True))
    for paths in ([root], [root / "a.py"]):
        assert names(find(paths, forced), root) == ["a.py"]
    assert Files(Governing()).is_found(str(root / "a.py"))
    assert names(find([root], Governing(isolated=True, said=CommandLine(force_exclude=True))), root) == ["a.py"]


def test_what_is_not_there_is_an_error_and_a_broken_link_is_not(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        find([tmp_path / "none.py"], Settings(root=tmp_path))
    (tmp_path / "link.py").symlink_to("nowhere")
    assert walked(tmp_path) == ["link.py"]


def test_links_in_a_circle_are_walked_once(tmp_path: Path) -> None:
    grow(tmp_path, {"a/x.py": ""})
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert walked(tmp_path) == ["a/x.py"]


def test_notebooks_are_noted(tmp_path: Path) -> None:
    given = [grow(tmp_path, {f"{name}.ipynb": "{}"}) / f"{name}.ipynb" for name in "abcd"]
    found = find(given, Settings(root=tmp_path))
    assert found.files == ()
    assert found.notes == (
        f"notebooks are not read, skipped: {', '.join(str(tmp_path / f'{name}.ipynb') for name in 'abc')} and 1 more",
    )


# ----------------------------------------------------------------------------------------------- several configurations


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    return grow(
        tmp_path,
        {
            "pyproject.toml": '[tool.dodont]\nselect = ["ODD2"]\nextend-exclude = ["legacy/", "x.py"]\n',
            "a.py": "",
            "x.py": "",
            "plain/pyproject.toml": "[project]\nname = 'dodont-less'\n",
            "plain/b.py": "",
            "api/dodont.toml": 'select = ["ODD7"]\nextend-exclude = ["/gen/"]\n',
            "api/x.py": "",
            "api/deep/c.py": "",
            "api/gen/d.py": "",
            "api/deep/gen/e.py": "",
            "legacy/dodont.toml": "",
            "legacy/f.py": "",
        },
    )


def groups(found: Found, root: Path) -> dict[str, list[str]]:
    return {
        own.root.relative_to(root).as_posix(): [Path(path).relative_to(root).as_posix() for path in files]
        for own, files in found.groups
    }


def test_the_nearest_configuration_governs_each_file(monorepo: Path) -> None:
    governing = Governing()
    expected = {".": ["a.py", "plain/b.py"], "api": ["api/deep/c.py", "api/deep/gen/e.py", "api/x.py"]}
    assert groups(find([monorepo], governing), monorepo) == expected
    assert governing(str(monorepo / "api" / "deep")).select == ("ODD7",)
    assert governing(str(monorepo / "plain")) is governing(str(monorepo))
    several = [monorepo / "api", monorepo / "api" / "x.py", monorepo / "a.py", monorepo / "plain"]
    for paths in (several, several[::-1]):
        assert groups(find(paths, Governing()), monorepo) == expected
    alone = Governing(config=monorepo / "api" / "dodont.toml")
    assert groups(find([monorepo / "plain"], alone), monorepo) == {"api": ["plain/b.py"]}
    assert len(find([monorepo], Governing(isolated=True)).groups) == 1


def test_what_an_outer_configuration_excludes_is_out_whatever_lies_there(monorepo: Path) -> None:
    given = [monorepo / "legacy" / "f.py", monorepo / "api" / "x.py"]
    assert groups(find(given, Governing()), monorepo) == {"api": ["api/x.py"], "legacy": ["legacy/f.py"]}
    forced = Governing(said=CommandLine(force_exclude=True))
    assert groups(find(given, forced), monorepo) == {"api": ["api/x.py"]}
    reach = Files(Governing())
    found = {name: reach.is_found(str(monorepo / name)) for name in ("legacy/f.py", "api/x.py", "x.py", "api/gen/d.py")}
    assert found == {"legacy/f.py": False, "api/x.py": True, "x.py": False, "api/gen/d.py": False}


def test_who_is_found_in_a_walk_is_told_without_one(tmp_path: Path) -> None:
    grow(tmp_path, {".git/": "", "pyproject.toml": "[tool.dodont]\n", ".gitignore": "/out/\n*.g.py\n!keep.g.py\n"})
    grow(
        tmp_path,
        {
            "sub/.gitignore": "!b.g.py\n",
            "env/pyvenv.cfg": "",
            "sub/dodont.toml": "",
            "open/dodont.toml": "respect-gitignore = false",
        },
    )
    places = [
        "a.py",
        "a.g.py",
        "keep.g.py",
        "out/a.py",
        "out/keep.g.py",
        "sub/b.g.py",
        "sub/c.g.py",
        "env/a.py",
        "build/a.py",
        "open/a.g.py",
    ]
    grow(tmp_path, dict.fromkeys(places, ""))
    reach = Files(Governing())
    by_one = sorted(name for name in places if reach.is_found(str(tmp_path / name)))
    assert (
        by_one == names(find([tmp_path], Governing()), tmp_path) == ["a.py", "keep.g.py", "open/a.g.py", "sub/b.g.py"]
    )


def test_a_repository_without_a_configuration_is_a_project(tmp_path: Path) -> None:
    grow(tmp_path, {"one/.git/": "", "one/app/setup.cfg": "", "one/app/a.py": "", "two/setup.cfg": "", "two/b.py": ""})
    assert groups(find([tmp_path], Governing()), tmp_path) == {".": ["two/b.py"], "one": ["one/app/a.py"]}
    assert groups(find([tmp_path / "one" / "app"], Governing()), tmp_path) == {"one": ["one/app/a.py"]}
    grow(tmp_path, {"three/setup.py": "", "three/forms/setup.py": "", "three/forms/__init__.py": ""})
    assert Governing()(str(tmp_path / "three" / "forms")).root == tmp_path / "three"


# ----------------------------------------------------------------------------------------------------------- generated


@pytest.mark.parametrize(
    "text",
    [
        "# Code generated by sqlc. DO NOT EDIT.\n# versions:\n#   sqlc v1.27.0\nimport x\n",
        "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n# source: a.proto\nx = 1\n",
        '"""Generated protocol buffer code."""\n# Generated by the gRPC Python protocol compiler plugin. DO NOT EDIT!\n',
        '"""\n@generated by mypy-protobuf.  Do not edit manually!\nisort:skip_file\n"""\nimport x\n',
        "#!/usr/bin/env python\n\n# Copyright (c) Meta\n#\n# @generated\nimport x\n",
        "# generated by datamodel-codegen:\n#   filename:  api.json\n",
        "#\n# Autogenerated by Thrift Compiler (0.16.0)\n#\n# DO NOT EDIT UNLESS YOU ARE SURE THAT YOU KNOW WHAT YOU ARE DOING\n",
        "# file generated by setuptools-scm\n# don't change, don't track in version control\n",
        '# coding: utf-8\n\n"""\n    Petstore\n\n    Generated by OpenAPI Generator (https://openapi-generator.tech)\n\n'
        '    Do not edit the class manually.\n"""  # noqa: E501\n',
        "# Form implementation generated from reading ui file 'main.ui'\n#\n# Created by: PyQt5 UI code generator 5.15\n",
        "# Generated from Expr.g4 by ANTLR 4.13.1\nfrom antlr4 import *\n",
        "# Code generated by Microsoft (R) AutoRest Code Generator.\n"
        "# Changes may cause incorrect behavior and will be lost if the code is regenerated.\n",
        "\ufeff# This file was automatically generated by SWIG (https://www.swig.org).\r\n# Version 4.2\r\n",
        "# This file is auto-generated, changes to it will be overwritten.\nx = 1\n",
    ],
)
def test_generated_files_say_so(text: str) -> None:
    assert is_generated(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        "# Generated by Django 4.2 on 2024-01-01 10:00\n\nfrom django.db import migrations\n",
        '"""\nDjango settings for shop project.\n\nGenerated by \'django-admin startproject\' using Django 5.0.\n"""\n',
        '"""Views for automatically generated reports."""\n',
        "# Generated by ChatGPT\nimport os\n",
        "# Generated with cookiecutter, edit as you like\n",
        '"""Report generator. Do not edit the totals by hand."""\n',
        "import x\n# Code generated by sqlc. DO NOT EDIT.\n",
        "x = '# @generated'\n",
        '"""Writes `# Code generated` heads."""\n' + "# more prose\n" * 40 + "# do not edit\n",
        "# mail foo@generated.example\nx = 1\n",
        "from codegen import generated\n\n\n@generated\ndef f(): ...\n",
        '"""Reads files.\n\nThe generated index is kept beside them.\n"""\nDO_NOT = "do not edit"\n',
    ],
)
def test_other_files_do_not(text: str) -> None:
    assert not is_generated(text)


def test_generated_modules_have_no_findings_and_serve_others(tmp_path: Path) -> None:
    body = "import asyncio\n\n\nasync def store(name):\n    asyncio.sleep(1)\n"
    grow(
        tmp_path,
        {"gen.py": "# @generated\n" + body, "use.py": "from gen import store\n\n\nasync def f():\n    store(1)\n"},
    )
    own = Settings(root=tmp_path)
    assert [(each.path, each.span.line) for each in check([tmp_path], own).diagnostics] == [("use.py", 5)]
    assert check([tmp_path / "gen.py"], own).diagnostics == ()
    both = check([tmp_path], Settings(root=tmp_path, include_generated=True)).diagnostics
    assert [(each.path, each.span.line) for each in both] == [("gen.py", 6), ("use.py", 5)]
