"""Bounded questions to astroid, for what annotations and constructors do not say. The only importer of astroid.

A question costs a second parse of the file, some forty times what ``ast`` takes; so it is asked for candidates only, of files of
moderate length, and its answer is one-sided: a class that is certain, or None. Nothing is imported: modules come from ``Sources``.
Lines, modules, nodes and processor time of a question are limited, and astroid remembers nothing of it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from time import process_time
from typing import TYPE_CHECKING, Any

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
#: Nodes astroid may look at on its way to one result.
MAX_NODES = 100
#: Seconds of the processor, far above what the other limits let happen: a question that takes longer is given up.
MAX_SECONDS = 1.0


def receiver_class(name: str, path: str, text: str, line: int, column: int, sources: Sources) -> str | None:
    """The qualified name of the class whose method the call at ``line`` and ``column`` (UTF-8 bytes) calls.

    ``name`` is the module's dotted name, ``text`` its source. None when astroid is not sure, finds more than one class, or gives up.
    """
    if text.count("\n") > MAX_LINES:
        return None
    budget = _Budget()
    try:
        with _reading(sources, budget):
            return _receiver_class(_parsed(name, path, text), line, column, budget)
    except Exception:  # astroid raises many things on odd code; no answer is an answer
        return None


class _Budget(list[int]):
    """The number of nodes inferred, as astroid keeps it for a question and all that this leads to, with an end in time."""

    def __init__(self) -> None:
        super().__init__([0])
        self._end = process_time() + MAX_SECONDS

    def __setitem__(self, index: Any, count: Any) -> None:
        self.check()
        super().__setitem__(index, count)

    def check(self) -> None:
        if process_time() > self._end or self[0] > MAX_NODES:
            raise TimeoutError


def _receiver_class(module: Module, line: int, column: int, budget: _Budget) -> str | None:
    from astroid import nodes
    from astroid.context import InferenceContext
    from astroid.util import Uninferable

    call = _call_at(module, line, column)
    if call is None or not isinstance(call, nodes.Call) or not isinstance(call.func, nodes.Attribute):
        return None
    found: set[str] = set()
    for count, inferred in enumerate(call.func.expr.infer(InferenceContext(nodes_inferred=budget))):
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
def _reading(sources: Sources, budget: _Budget) -> Iterator[None]:
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
        budget.check()
        return _parsed(modname, *found)

    own = AstroidManager.ast_from_module_name
    AstroidManager.ast_from_module_name = read
    known = set(astroid.MANAGER.astroid_cache)
    try:
        yield
    finally:
        AstroidManager.ast_from_module_name = own
        for name in astroid.MANAGER.astroid_cache.keys() - known:
            del astroid.MANAGER.astroid_cache[name]
        _forget()


def _forget() -> None:
    """Empty what astroid keeps of nodes beside its modules. Not by its ``clear_cache``, which sets up the builtins anew: that
    takes longer than most answers."""
    from astroid.context import _invalidate_cache
    from astroid.inference_tip import clear_inference_tip_cache
    from astroid.interpreter.objectmodel import ObjectModel
    from astroid.nodes import ClassDef, Name

    _invalidate_cache()
    clear_inference_tip_cache()
    for kept in (Name.lookup, ClassDef._metaclass_lookup_attribute, ObjectModel.attributes):
        kept.cache_clear()


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
