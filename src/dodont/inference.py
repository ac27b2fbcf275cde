"""Bounded questions to astroid, for what annotations and constructors do not say. The only importer of astroid.

A question costs a second parse of the file, some forty times what ``ast`` takes; so it is asked for candidates only, of files of
moderate length, and its answer is one-sided: a class that is certain, or None. Nothing is imported: modules come from ``Sources``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroid.nodes import Module, NodeNG

#: The path and text of a module of the project by its dotted name, None for any other.
Sources = Callable[[str], tuple[str, str] | None]

#: Longer files are not worth the wait.
MAX_LINES = 400
#: Modules one question may read beside the file itself.
MAX_MODULES = 3
#: Results astroid may offer before the answer is None.
MAX_INFERRED = 60


def receiver_class(name: str, path: str, text: str, line: int, column: int, sources: Sources) -> str | None:
    """The qualified name of the class whose method the call at ``line`` and ``column`` (UTF-8 bytes) calls.

    ``name`` is the module's dotted name, ``text`` its source. None when astroid is not sure, finds more than one class, or gives up.
    """
    if text.count("\n") > MAX_LINES:
        return None
    try:
        with _reading(sources):
            return _receiver_class(_parsed(name, path, text), line, column)
    except Exception:  # astroid raises many things on odd code; no answer is an answer
        return None


def _receiver_class(module: Module, line: int, column: int) -> str | None:
    from astroid import nodes
    from astroid.util import Uninferable

    call = _call_at(module, line, column)
    if call is None or not isinstance(call, nodes.Call) or not isinstance(call.func, nodes.Attribute):
        return None
    found: set[str] = set()
    for count, inferred in enumerate(call.func.expr.infer()):
        if inferred is Uninferable or count >= MAX_INFERRED:
            return None
        if isinstance(inferred, nodes.Const) and inferred.value is None:
            continue
        owner = getattr(inferred, "_proxied", None)
        if not isinstance(owner, nodes.ClassDef):
            return None
        found.add(owner.qname())
    return found.pop() if len(found) == 1 else None


@contextmanager
def _reading(sources: Sources) -> Iterator[None]:
    """Modules are read from ``sources`` alone, and astroid's process-wide memory is left as empty as it should be found."""
    import astroid
    from astroid.manager import AstroidManager

    left = MAX_MODULES

    def read(manager: AstroidManager, modname: str, *args: object, **options: object) -> Module:
        nonlocal left
        found = sources(modname) if left else None
        if found is None or found[1].count("\n") > MAX_LINES:
            raise astroid.AstroidImportError(f"{modname} is not looked for", modname=modname)
        left -= 1
        return _parsed(modname, *found)

    own = AstroidManager.ast_from_module_name
    AstroidManager.ast_from_module_name = read
    known = set(astroid.MANAGER.astroid_cache)
    try:
        yield
    finally:
        AstroidManager.ast_from_module_name = own
        # Not clear_cache, which sets up the builtins anew: that takes longer than most answers.
        for name in astroid.MANAGER.astroid_cache.keys() - known:
            del astroid.MANAGER.astroid_cache[name]


@lru_cache(maxsize=8)
def _parsed(name: str, path: str, text: str) -> Module:
    import astroid
    from astroid.builder import AstroidBuilder

    return AstroidBuilder(astroid.MANAGER, apply_transforms=False).string_build(text, name, path)


def _call_at(module: Module, line: int, column: int) -> NodeNG | None:
    from astroid import nodes

    return next(
        (call for call in module.nodes_of_class(nodes.Call) if call.lineno == line and call.col_offset == column), None
    )
