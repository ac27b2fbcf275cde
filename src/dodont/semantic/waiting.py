"""Whether a call that can block its thread does so where it stands: some arguments and tests let it return at once."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from dodont.core.patterns import pattern
from dodont.models.vocabulary import Blocks
from dodont.semantic.trees import last_name, walk
from dodont.semantic.values import Value

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

#: Seconds: a shorter sleep is a nudge to the scheduler, and nothing the callers of a function would notice.
SHORT = 0.01

#: Seconds: as long as a thread or process is given to end in a clean-up.
PATIENCE = 10

_BOUNDED = ("threading.", "concurrent.futures.Future.", "subprocess.Popen.")

#: The position and name of the argument that, where it is given and not zero, makes the call return at once.
_FLAGS = {"os.waitpid": 1, "os.wait3": 0, "os.wait4": 1}

#: Calls that take a timeout or a switch for waiting, and the names of both.
_SWITCHES = ("block", "blocking", "timeout")

_CONFIGURATION = pattern(r"config|settings|credentials|ignore|manifest|meta_|metadata|\.env\b", re.I)
_READERS = frozenset({"pathlib.Path.read_text", "pathlib.Path.read_bytes"})
_OPENERS = frozenset({"builtins.open", "io.open", "pathlib.Path.open"})

_BUFFERS = frozenset({"io.StringIO", "io.BytesIO"})

#: What opens something that is read or written later, in the coroutine again.
_HANDLES = frozenset({"builtins.open", "io.open", "os.popen", "urllib.request.urlopen", "socket.create_connection"})


def blocks(frame: Frame, node: ast.Call, callee: Value, ref: str, model: Blocks, given: Arguments) -> bool:
    if model.on == "loop":
        return not _asks_for_loop(frame)
    if ref == "sqlite3.connect":
        name = given.find(0, "database")
        return name is None or name[0].const != ":memory:"
    if ref in _FLAGS:
        flag = given.find(_FLAGS[ref])
        return flag is None or flag[0].const in (0, False)
    if model.on == "file":
        source = given.positional[0].type if given.positional else None
        in_memory = source is not None and source.name in _BUFFERS  # `pandas.read_csv(StringIO(text))`
        return not in_memory and not _reads_configuration(node, ref, given)
    first = given.nodes[:1] if ref.endswith((".acquire", ".get", ".wait", ".join", ".result")) else []
    if any(_is_off(each) for each in (*first, *(given.words.get(name) for name in _SWITCHES))):
        return False
    if ref.startswith("socket.socket."):
        return not _is_nonblocking(frame, node, ref)
    return not (ref.startswith("concurrent.futures.Future.") and _is_asked(frame, node))


def _asks_for_loop(frame: Frame) -> bool:
    """Whether the code at hand asks if a loop runs, or has made loops run within each other."""
    if "nest_asyncio" in frame.module.roots:
        return True
    return frame.function is not None and frame.function.node is not None and frame.once(_asks_within)


def _asks_within(frame: Frame) -> bool:
    """A plain function that runs a loop only where none runs::

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(main())
    """
    assert frame.function is not None and frame.function.node is not None
    for each in walk(frame.function.node):
        if isinstance(each, ast.Call):
            name = last_name(each.func)
            if name == "is_running" or (not frame.in_coroutine and name in _LOOPS):
                return True
        elif isinstance(each, (ast.If, ast.IfExp)):
            asked = (last_name(inner.func) for inner in walk(each.test) if isinstance(inner, ast.Call))
            if any("loop" in name or "async" in name for name in asked):
                return True
    return False


_LOOPS = frozenset({"get_running_loop", "_get_running_loop", "current_async_library", "current_task"})


def is_short(ref: str, model: Blocks, given: Arguments) -> bool:
    """A sleep of a moment, or a wait for a thread or process that is bounded: so ends what was started are tied up."""
    if model.on == "sleep":
        return bool(given.positional) and _is_below(given.positional[0].const, SHORT)
    if model.on != "process" or not ref.startswith(_BOUNDED):
        return False
    if ref.endswith(".acquire"):  # those who hold a lock mostly give it back soon
        return True
    timeout = given.find(0, "timeout")
    return timeout is not None and _is_below(timeout[0].const, PATIENCE)


def is_movable(callee: Value, ref: str, model: Blocks) -> bool:
    """Whether the very call may be handed to a thread: a function on its own, that gives nothing bound to its thread."""
    return callee.receiver is None and model.on != "database" and ref not in _HANDLES


def _is_below(const: object, limit: float) -> bool:
    return isinstance(const, (int, float)) and const < limit


def _is_off(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and node.value == 0


def _is_asked(frame: Frame, node: ast.Call) -> bool:
    """Whether the function asks the same future if it is done, or has awaited it."""
    if frame.function is None or frame.function.node is None or not isinstance(node.func, ast.Attribute):
        return False
    future = ast.unparse(node.func.value)
    if future.startswith("self.") and frame.owner is not None:
        return _asks(frame.world.tree(frame.module), future)  # another method of the class may be who asks
    return frame.once(_is_asked_within, future)


def _is_asked_within(frame: Frame, future: str) -> bool:
    assert frame.function is not None and frame.function.node is not None
    return _asks(frame.function.node, future)


def _asks(tree: ast.AST, future: str) -> bool:
    for each in walk(tree):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            if each.func.attr in ("done", "cancelled") and ast.unparse(each.func.value) == future:
                return True
            if each.func.attr == "wrap_future" and any(ast.unparse(argument) == future for argument in each.args):
                return True
    return False


def _is_nonblocking(frame: Frame, node: ast.Call, ref: str) -> bool:
    """Whether the function makes the socket one that does not wait, or connects one for datagrams, which only sets its address."""
    if frame.function is None or frame.function.node is None or not isinstance(node.func, ast.Attribute):
        return False
    return frame.once(_is_set_so, ast.unparse(node.func.value), ref.endswith(".connect"))


def _is_set_so(frame: Frame, socket: str, connects: bool) -> bool:
    assert frame.function is not None and frame.function.node is not None
    for each in walk(frame.function.node):
        if isinstance(each, ast.Attribute) and each.attr == "SOCK_DGRAM" and connects:
            return True
        if (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Attribute)
            and each.func.attr in ("setblocking", "settimeout")
            and ast.unparse(each.func.value) == socket
            and _is_off(each.args[0] if each.args else None)
        ):
            return True
    return False


def _reads_configuration(node: ast.Call, ref: str, given: Arguments) -> bool:
    """A small file of settings, read: nobody waits for it."""
    if ref in _READERS:
        path: ast.expr | None = node.func
    elif ref in _OPENERS:
        function = ref != "pathlib.Path.open"
        path = node.args[0] if function and node.args else node.func
        mode = given.find(1 if function else 0, "mode")
        if mode is not None and not (isinstance(mode[0].const, str) and set(mode[0].const) <= set("rbt")):
            return False
    else:
        return False
    return path is not None and _CONFIGURATION.search(ast.unparse(path)) is not None


def hands_over(name: str, body: list[ast.stmt]) -> bool:
    """Whether a ``with`` block leaves all reading and writing of the file ``name`` to threads."""
    moved = False
    for statement in body:
        for each in walk(statement):
            if not isinstance(each, ast.Call):
                continue
            if isinstance(each.func, ast.Attribute) and _is_name(each.func.value, name):
                return False
            methods = [argument for argument in each.args if isinstance(argument, ast.Attribute)]
            moved = moved or any(_is_name(method.value, name) for method in methods)
    return moved


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def fills_once(frame: Frame) -> bool:
    """Whether what the function does is done once a process: a module's object is made when first asked for, under a test or behind
    ``if _storage is not None: return _storage``::

    def storage() -> Storage:
        global _storage
        if _storage is None:
            _storage = Storage()
        return _storage
    """
    function = frame.function.node if frame.function is not None else None
    return function is not None and frame.once(_fills_once)


def _fills_once(frame: Frame) -> bool:
    assert frame.function is not None and frame.function.node is not None
    function = frame.function.node
    made = {name for each in function.body if isinstance(each, ast.Global) for name in each.names}
    return bool(made) and any(
        isinstance(each, ast.If)
        and any(isinstance(name, ast.Name) and name.id in made for name in walk(each.test))
        and (
            any(isinstance(name, ast.Name) and name.id in made for inner in each.body for name in _stored(inner))
            or (isinstance(each.body[-1], ast.Return) and _gives(each.body[-1], made))
        )
        for each in walk(function)
    )


def _gives(node: ast.Return, made: set[str]) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in made


def _stored(node: ast.stmt) -> list[ast.expr]:
    return [each for each in walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
