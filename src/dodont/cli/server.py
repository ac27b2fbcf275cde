"""``dodont server``: findings in an editor, over the language server protocol."""

from __future__ import annotations

import click

from dodont.cli.app import CLEAN, CannotRunError


@click.command("server")
def command() -> int:
    """Serve an editor over stdin and stdout (LSP): diagnostics while typing, quick fixes, explanations.

    Needs the extra `lsp`: pip install 'dodont[lsp]'.
    """
    try:
        from dodont.server.serving import serve
    except ImportError as error:
        raise CannotRunError(f"the server needs pygls ({error.name}); run `pip install 'dodont[lsp]'`") from None
    serve().start_io()
    return CLEAN
