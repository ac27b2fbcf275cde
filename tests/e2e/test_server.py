"""The language server, driven by a real client over stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.e2e.test_cli import ROOT, dodont

FAULT = "import time\n\n\nasync def pause() -> None:\n    time.sleep(1)\n"
CLEAN = FAULT.replace("time.sleep(1)", "return None")
WIDE = "import time\n\n\nasync def pause() -> None:\n    print('𐐀é'); time.sleep(1)\n"

Session = Callable[[LanguageClient, Path], Awaitable[None]]


def run(where: Path, session: Session) -> None:
    """One session of an editor in a workspace."""

    async def main() -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        command = [sys.executable, "-m", "dodont", "server"]
        client: Any = await ClientServerConfig(server_command=command, server_env=environment).start()
        try:
            folder = lsp.WorkspaceFolder(where.as_uri(), "work")
            parameters = lsp.InitializeParams(
                lsp.ClientCapabilities(), root_uri=where.as_uri(), workspace_folders=[folder]
            )
            await client.initialize_session(parameters)
            await asyncio.wait_for(session(client, where), 120)
            await client.shutdown_session()
        except BaseException:
            client._server.kill()
            raise
        finally:
            await client.stop()

    asyncio.run(main())


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.dodont]\n")
    (tmp_path / "a.py").write_text(FAULT)
    (tmp_path / "b.py").write_text(CLEAN)
    return tmp_path


async def told(
    client: LanguageClient, path: Path, wanted: Callable[[list[lsp.Diagnostic]], bool]
) -> list[lsp.Diagnostic]:
    """What the server has published of a file, once that is as wanted."""
    uri = path.as_uri()
    for _ in range(600):
        found = list(client.diagnostics.get(uri, ()))
        if uri in client.diagnostics and wanted(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"published of {path.name}: {client.diagnostics.get(uri)}")


def codes(found: list[lsp.Diagnostic]) -> list[tuple[object, int]]:
    return [(each.code, each.range.start.line) for each in found]


def open_(client: LanguageClient, path: Path, text: str) -> None:
    document = lsp.TextDocumentItem(path.as_uri(), "python", 1, text)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))


def change(client: LanguageClient, path: Path, version: int, text: str) -> None:
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(version, path.as_uri()),
            [lsp.TextDocumentContentChangeWholeDocument(text)],
        )
    )


def test_the_workspace_is_published_as_warnings_without_being_opened(work: Path) -> None:
    async def session(client: LanguageClient, where: Path) -> None:
        (found,) = await told(client, where / "a.py", lambda found: len(found) == 1)
        assert (found.code, found.severity, found.source) == ("ODD702", lsp.DiagnosticSeverity.Warning, "dodont")
        assert found.range == lsp.Range(lsp.Position(4, 4), lsp.Position(4, 17))
        assert "; " in found.message  # what to do is in the message: nothing else reaches an agent
        assert (where / "b.py").as_uri() not in client.diagnostics

    run(work, session)


def test_buffers_count_as_they_are_and_the_last_of_many_edits_wins(work: Path) -> None:
    async def session(client: LanguageClient, where: Path) -> None:
        path = where / "b.py"
        open_(client, path, CLEAN)
        await told(client, path, lambda found: found == [])
        for version in range(2, 30):
            change(client, path, version, FAULT + "\n" * version)
            await asyncio.sleep(0.01)
        change(client, path, 30, "\n\n" + FAULT)
        assert codes(await told(client, path, bool)) == [("ODD702", 6)]
        change(client, path, 31, "def broken(:\n")
        (found,) = await told(client, path, lambda found: codes(found) != [("ODD702", 6)] and len(found) == 1)
        assert (found.code, found.severity) == ("ODD000", lsp.DiagnosticSeverity.Error)
        change(client, path, 32, CLEAN)
        await told(client, path, lambda found: found == [])
        assert path.read_text() == CLEAN

    run(work, session)


def test_columns_are_in_the_editors_units(work: Path) -> None:
    async def session(client: LanguageClient, where: Path) -> None:
        path = where / "wide.py"
        open_(client, path, WIDE)
        (found,) = await told(client, path, bool)
        line = WIDE.splitlines()[4].encode("utf-16-le")
        begin, end = (2 * each.character for each in (found.range.start, found.range.end))
        assert line[begin:end].decode("utf-16-le") == "time.sleep(1)"

    run(work, session)


def test_quick_fixes_repair_and_accept(work: Path) -> None:
    async def session(client: LanguageClient, where: Path) -> None:
        path = where / "a.py"
        open_(client, path, FAULT)
        (found,) = await told(client, path, bool)
        actions: Any = await client.text_document_code_action_async(
            lsp.CodeActionParams(lsp.TextDocumentIdentifier(path.as_uri()), found.range, lsp.CodeActionContext([found]))
        )
        fix, accept = actions
        assert fix.is_preferred
        assert "    await asyncio.sleep(1)\n" in edited(FAULT, fix.edit.changes[path.as_uri()])
        assert accept.title == "Accept ODD702 here, with a reason"
        silenced = edited(FAULT, accept.edit.changes[path.as_uri()])
        assert silenced == FAULT.replace("sleep(1)", "sleep(1)  # dodont: ignore[blocking-call-in-coroutine] reason")
        change(client, path, 2, silenced)
        await told(client, path, lambda found: found == [])

    run(work, session)


def edited(text: str, edits: list[lsp.TextEdit]) -> str:
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        begin = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:begin] + edit.new_text + text[end:]
    return text


def test_hovering_explains(work: Path) -> None:
    async def session(client: LanguageClient, where: Path) -> None:
        path = where / "a.py"
        open_(client, path, FAULT)
        await told(client, path, bool)
        parameters = lsp.HoverParams(lsp.TextDocumentIdentifier(path.as_uri()), lsp.Position(4, 8))
        hover: Any = await client.text_document_hover_async(parameters)
        assert hover.contents.value.startswith("**ODD702 blocking-call-in-coroutine**")
        parameters = lsp.HoverParams(lsp.TextDocumentIdentifier(path.as_uri()), lsp.Position(0, 0))
        assert await client.text_document_hover_async(parameters) is None

    run(work, session)


def test_a_way_through_files_is_told_and_follows_unsaved_changes(work: Path) -> None:
    helper = "import logging\n\n\ndef note(text: str) -> None:\n    logging.info(text)\n"
    (work / "helper.py").write_text(helper)
    (work / "user.py").write_text(
        "from helper import note\n\n\ndef login(password: str) -> None:\n    note(password)\n"
    )

    async def session(client: LanguageClient, where: Path) -> None:
        (found,) = await told(client, where / "user.py", bool)
        related = [
            (Path(each.location.uri).name, each.location.range.start.line) for each in found.related_information or ()
        ]
        assert ("helper.py", 4) in related
        # The helper is changed in its buffer, and nothing is saved: whoever is checked next sees that.
        open_(client, where / "helper.py", helper.replace("    logging.info(text)", "    return None"))
        open_(client, where / "user.py", (where / "user.py").read_text())
        await told(client, where / "user.py", lambda found: found == [])

    run(work, session)


def test_files_that_go_and_come_are_noticed(work: Path) -> None:
    async def session(client: LanguageClient, where: Path) -> None:
        old, new = where / "a.py", where / "moved.py"
        await told(client, old, bool)
        old.rename(new)
        events = [
            lsp.FileEvent(old.as_uri(), lsp.FileChangeType.Deleted),
            lsp.FileEvent(new.as_uri(), lsp.FileChangeType.Created),
        ]
        client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(events))
        await told(client, old, lambda found: found == [])
        assert codes(await told(client, new, bool)) == [("ODD702", 4)]
        (where / "pyproject.toml").write_text('[tool.dodont]\nignore = ["ODD702"]\n')
        client.workspace_did_change_watched_files(
            lsp.DidChangeWatchedFilesParams(
                [lsp.FileEvent((where / "pyproject.toml").as_uri(), lsp.FileChangeType.Changed)]
            )
        )
        await told(client, new, lambda found: found == [])

    run(work, session)


def test_a_wrong_setting_is_said_and_survived(work: Path) -> None:
    (work / "pyproject.toml").write_text("[tool.dodont]\nselct = []\n")

    async def session(client: LanguageClient, where: Path) -> None:
        for _ in range(200):
            if client.messages:
                break
            await asyncio.sleep(0.05)
        assert "unknown key 'selct'; did you mean 'select'?" in client.messages[0].message
        (where / "pyproject.toml").write_text("[tool.dodont]\n")
        event = lsp.FileEvent((where / "pyproject.toml").as_uri(), lsp.FileChangeType.Changed)
        client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        await told(client, where / "a.py", bool)

    run(work, session)


def test_known_findings_stay_hidden(work: Path) -> None:
    assert dodont(work, "baseline", "create").returncode == 0
    (work / "b.py").write_text(FAULT.replace("pause", "wait"))

    async def session(client: LanguageClient, where: Path) -> None:
        await told(client, where / "b.py", bool)
        assert not client.diagnostics.get((where / "a.py").as_uri())

    run(work, session)
