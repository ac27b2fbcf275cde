"""The protocol: what editors tell the server and what it tells them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import PositionCodec

from dodont import __version__
from dodont.config import ConfigError
from dodont.core.diagnostic import Diagnostic, Span, Step
from dodont.core.rule import INTERNAL_CODE
from dodont.output.escaping import printable
from dodont.server.checking import Workspace, page

T = TypeVar("T")

#: Seconds without a key pressed before a buffer is checked, and without a file saved before the workspace is.
TYPING, SAVING = 0.2, 1.0

#: Interpretation descends with the code it reads, and a thread's stack is small.
_STACK = 256 * 1024 * 1024

_SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


class Server(LanguageServer):
    """One for an editor. Checks happen in a thread of their own, one after the other; the latest state of a buffer counts."""

    def __init__(self) -> None:
        super().__init__("dodont", __version__)
        self.checked = Workspace(())
        self.found: dict[str, tuple[Diagnostic, ...]] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._running: set[asyncio.Task[Any]] = set()
        previous = threading.stack_size(_STACK)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="dodont")
        self._worker.submit(lambda: None).result()
        threading.stack_size(previous)

    async def work(self, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, task)

    def later(self, name: str, delay: float, start: Callable[[], Any]) -> None:
        """Start something once nobody has asked for it again for a while."""
        waiting = self._waiting.pop(name, None)
        if waiting is not None:
            waiting.cancel()
        loop = asyncio.get_running_loop()

        def begin() -> None:
            self._waiting.pop(name, None)
            task = loop.create_task(start())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        self._waiting[name] = loop.call_later(delay, begin)

    async def check(self, paths: Iterable[str]) -> None:
        """Check files, and publish what is found in them."""
        wanted = [path for path in paths if self.checked.is_ours(path)]
        before = {path: self.checked.open.get(path) for path in wanted}
        found = await self._tried(lambda: self.checked.check(wanted))
        for path, diagnostics in (found or {}).items():
            if self.checked.open.get(path) == before.get(path, self.checked.open.get(path)):
                self.publish(path, diagnostics)

    async def check_workspace(self) -> None:
        files = await self._tried(self.checked.files)
        if files is None:
            return
        for path in self.found.keys() - {*files, *self.checked.open}:
            self.publish(path, ())
        await self.check(files)

    async def _tried(self, task: Callable[[], T]) -> T | None:
        """What work gives; None where it cannot be done, which the editor is told."""
        try:
            return await self.work(task)
        except ConfigError as error:
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"dodont: {error}"))
        except Exception as error:
            self.window_log_message(
                lsp.LogMessageParams(lsp.MessageType.Error, f"dodont: {type(error).__name__}: {error}")
            )
        return None

    def publish(self, path: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        if not diagnostics and not self.found.get(path) and path not in self.checked.open:
            return
        self.found[path] = diagnostics
        uri = uris.from_fs_path(path)
        if uri is None:
            return
        document = self.workspace.text_documents.get(uri)
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(
                uri,
                [self.shown(path, each) for each in diagnostics],
                document.version if document is not None else None,
            )
        )

    def shown(self, path: str, diagnostic: Diagnostic) -> lsp.Diagnostic:
        return lsp.Diagnostic(
            self.range(path, diagnostic.span),
            printable(f"{diagnostic.message}; {diagnostic.help}" if diagnostic.help else diagnostic.message),
            _SEVERITIES[diagnostic.severity],
            code=diagnostic.code,
            source="dodont",
            related_information=[
                self._related(path, diagnostic, step) for step in (*diagnostic.flow, *diagnostic.related)
            ]
            or None,
        )

    def _related(self, path: str, diagnostic: Diagnostic, step: Step) -> lsp.DiagnosticRelatedInformation:
        # Paths of a finding are relative to the same root, which is what is left of its own.
        root = path[: -len(diagnostic.path)] if path.endswith(diagnostic.path) else ""
        there = os.path.normpath(os.path.join(root, step.path))  # noqa: PTH118
        where = lsp.Location(uris.from_fs_path(there) or "", self.range(there, step.span))
        return lsp.DiagnosticRelatedInformation(where, printable(step.text))

    def range(self, path: str, span: Span) -> lsp.Range:
        """A span in the editor's units; ours are characters."""
        lines = self.checked.text(path).splitlines(keepends=True)
        codec: PositionCodec = self.workspace.position_codec
        return lsp.Range(
            _position(codec, lines, span.line - 1, span.column),
            _position(codec, lines, span.end_line - 1, span.end_column),
        )


def _position(codec: PositionCodec, lines: list[str], line: int, column: int) -> lsp.Position:
    before = lines[line][:column] if line < len(lines) else ""
    return lsp.Position(line, codec.client_num_units(before))


def _path(uri: str) -> str:
    return os.path.abspath(uris.to_fs_path(uri) or "")  # noqa: PTH100


def serve() -> Server:
    """A server that knows its features, not started."""
    server = Server()

    @server.feature(lsp.INITIALIZE)
    def initialize(params: lsp.InitializeParams) -> None:
        folders = [each.uri for each in params.workspace_folders or ()] or [params.root_uri or ""]
        server.checked = Workspace(Path(_path(each)) for each in folders if each)

    @server.feature(lsp.INITIALIZED)
    async def initialized(params: lsp.InitializedParams) -> None:
        server.later("workspace", 0.0, server.check_workspace)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        path = _path(params.text_document.uri)
        server.checked.open[path] = params.text_document.text
        server.later(path, 0.0, lambda: server.check([path]))

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        path = _path(params.text_document.uri)
        server.checked.open[path] = server.workspace.get_text_document(params.text_document.uri).source
        server.later(path, TYPING, lambda: server.check([path]))

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        path = _path(params.text_document.uri)
        if path.endswith(".toml"):
            server.checked.forget_settings()
        server.later("workspace", SAVING, server.check_workspace)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        path = _path(params.text_document.uri)
        server.checked.open.pop(path, None)
        if Path(path).exists():
            server.later(path, 0.0, lambda: server.check([path]))
        else:
            server.publish(path, ())

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def moved(params: lsp.DidChangeWatchedFilesParams) -> None:
        server.checked.forget_settings()
        server.later("workspace", SAVING, server.check_workspace)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders(params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        gone = {Path(_path(each.uri)) for each in params.event.removed}
        server.checked.roots = [each for each in server.checked.roots if each not in gone]
        server.checked.roots += [Path(_path(each.uri)) for each in params.event.added]
        server.later("workspace", 0.0, server.check_workspace)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        path = _path(params.text_document.uri)
        line = params.position.line + 1
        here = [each for each in server.found.get(path, ()) if each.span.line <= line <= each.span.end_line]
        pages = [text for rule in dict.fromkeys(each.rule for each in here) if (text := page(rule))]
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n---\n\n".join(pages))) if pages else None

    kinds = lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix])

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, kinds)
    async def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        path = _path(params.text_document.uri)
        first, last = params.range.start.line + 1, params.range.end.line + 1
        here = [
            each
            for each in server.found.get(path, ())
            if each.code != INTERNAL_CODE and each.span.line <= last and first <= each.span.end_line
        ]
        return [action for each in here for action in await _actions(server, params.text_document.uri, path, each)]

    return server


async def _actions(server: Server, uri: str, path: str, diagnostic: Diagnostic) -> list[lsp.CodeAction]:
    repairs = await server.work(lambda: server.checked.repairs(path, diagnostic))
    lines = server.checked.text(path).splitlines(keepends=True)
    found = []
    for repair in repairs:
        if repair.text is not None:
            end = lsp.Range(lsp.Position(0, 0), lsp.Position(len(lines) + 1, 0))
            edits = _changed_lines(lines, repair.text.splitlines(keepends=True)) or [lsp.TextEdit(end, repair.text)]
        else:
            edits = [lsp.TextEdit(server.range(path, each.span), each.text) for each in repair.edits]
        found.append(
            lsp.CodeAction(
                repair.title,
                lsp.CodeActionKind.QuickFix,
                [server.shown(path, diagnostic)],
                is_preferred=repair.safe or None,
                edit=lsp.WorkspaceEdit({uri: edits}),
            )
        )
    return found


def _changed_lines(before: list[str], after: list[str]) -> list[lsp.TextEdit]:
    """An edit for each line that differs, where none has come or gone."""
    if len(before) != len(after):
        return []
    return [
        lsp.TextEdit(lsp.Range(lsp.Position(number, 0), lsp.Position(number + 1, 0)), new)
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        if old != new
    ]
