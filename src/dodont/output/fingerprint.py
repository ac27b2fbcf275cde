"""A name for a finding that survives moved lines and reformatting, and tells nothing of the code it stands for."""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections import Counter

from dodont.output.result import Result

_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def fingerprints(result: Result) -> list[str]:
    """One fingerprint per finding: a hash of code, function and primary text, then ``:`` and its occurrence in the file.

    Neither path nor position is part of it, nor the module's name, which changes with the path. The primary text, which may be a
    secret, is only hashed.
    """
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for diagnostic in result.diagnostics:
        text = normalised(result.text(diagnostic.path, diagnostic.span))
        key = "\0".join((diagnostic.code, within_module(diagnostic.path, diagnostic.symbol), text))
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        seen[diagnostic.path, digest] += 1
        found.append(f"{digest}:{seen[diagnostic.path, digest]}")
    return found


def within_module(path: str, symbol: str) -> str:
    """The symbol without the name of the module at ``path``; empty for the module itself. ``app.views.Orders.get`` in
    ``src/app/views.py`` is ``Orders.get``."""
    parts = path.removesuffix(".py").removesuffix(".pyi").removesuffix("/__init__").split("/")
    for begin in range(len(parts)):
        module = ".".join(parts[begin:])
        if symbol == module:
            return ""
        if symbol.startswith(f"{module}."):
            return symbol[len(module) + 1 :]
    return symbol


def normalised(text: str) -> str:
    """The tokens of the text without comments, line breaks and trailing commas; just the words if it has no tokens."""
    tokens: list[str] = []
    try:
        # The brackets make a piece of a statement that spans lines one logical line.
        for token in tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline):
            if token.type not in _LAYOUT:
                if token.string in (")", "]", "}") and tokens and tokens[-1] == ",":
                    tokens.pop()
                tokens.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        return " ".join(text.split())
    return " ".join(tokens[1:-1])
