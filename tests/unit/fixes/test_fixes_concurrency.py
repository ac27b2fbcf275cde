from __future__ import annotations

import ast

import pytest

from dodont.fixes import CannotFix
from tests.unit.fixes.pairs import fixed

AWAITED = [
    ("async def f():\n    «g()»\n", "async def f():\n    await g()\n"),
    ("async def f():\n    x = «g()».name\n", "async def f():\n    x = (await g()).name\n"),
    ("async def f():\n    x = «g()»[0]\n", "async def f():\n    x = (await g())[0]\n"),
    ("async def f():\n    x = «g()»()\n", "async def f():\n    x = (await g())()\n"),
    ("async def f():\n    x = («g()»).name\n", "async def f():\n    x = (await g()).name\n"),
    ("async def f():\n    if not «g()»: pass\n", "async def f():\n    if not await g(): pass\n"),
    ("async def f():\n    return -«g()» ** 2\n", "async def f():\n    return -await g() ** 2\n"),
    ("async def f():\n    x = await «g()»\n", "async def f():\n    x = await (await g())\n"),
    ("async def f():\n    return«(g)()»\n", "async def f():\n    return await (g)()\n"),
    ("async def f():\n    s = 'é'; «g('é')»  # é\n", "async def f():\n    s = 'é'; await g('é')  # é\n"),
    ("async def f():\n    print(f'{«g()»}')\n", "async def f():\n    print(f'{await g()}')\n"),
    ("async def f():\n    h(*«g()»)\n", "async def f():\n    h(*await g())\n"),
    ("async def f():\n    if (x := «g()»): pass\n", "async def f():\n    if (x := await g()): pass\n"),
    ("async def f():\n    return [y for y in «g()»]\n", "async def f():\n    return [y for y in await g()]\n"),
    ("async def f():\n    return [«g(y)» for y in z]\n", "async def f():\n    return [await g(y) for y in z]\n"),
    ("async def f():\n    return any(y for y in «g()»)\n", "async def f():\n    return any(y for y in await g())\n"),
    (
        "async def f():\r\n\tfor x in «g(\r\n\t\t1,  # one\r\n\t\t2,\r\n\t)»: pass\r\n",
        "async def f():\r\n\tfor x in await g(\r\n\t\t1,  # one\r\n\t\t2,\r\n\t): pass\r\n",
    ),
    ("async def f():\n    def h(x=«g()»): pass\n", "async def f():\n    def h(x=await g()): pass\n"),
    ("\f\nasync def f():\n\f    «g()»\n", "\f\nasync def f():\n\f    await g()\n"),
]


@pytest.mark.parametrize(("before", "after"), AWAITED)
def test_missing_await(before: str, after: str) -> None:
    assert fixed("missing-await", before) == after
    ast.parse(after)


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    «g()»\n",
        "«g()»\n",
        "async def f():\n    return lambda: «g()»\n",
        "async def f():\n    return any(«g(x)» for x in y)\n",
        "async def f():\n    return any(x for x in y if «g(x)»)\n",
        "async def f():\n    class A:\n        x = «g()»\n",
        "async def f():\n    def h():\n        «g()»\n",
        "async def f(x=«g()»):\n    pass\n",
        "async def f():\n    «x»\n",
        "async def f(:\n    «g()»\n",
    ],
)
def test_missing_await_is_declined(code: str) -> None:
    with pytest.raises(CannotFix):
        fixed("missing-await", code)


TWINS = [
    (
        "import time as t\nfrom app.clock import settle\n\nasync def tick():\n    «t.sleep(1)»\n    settle()\n",
        "import asyncio\nimport time as t\nfrom app.clock import settle\n\nasync def tick():\n"
        "    await asyncio.sleep(1)\n    settle()\n",
    ),
    (
        "import asyncio as aio\nimport time\nasync def tick():\n    «time.sleep(1)»\n",
        "import asyncio as aio\nimport time\nasync def tick():\n    await aio.sleep(1)\n",
    ),
    (
        "from time import sleep\nfrom asyncio import sleep as nap\nasync def tick():\n    «sleep(  1 )»\n",
        "from time import sleep\nfrom asyncio import sleep as nap\nasync def tick():\n    await nap(  1 )\n",
    ),
    (
        "async def tick():\n    import time, asyncio\n    «time.sleep(1)»\n",
        "async def tick():\n    import time, asyncio\n    await asyncio.sleep(1)\n",
    ),
    (
        '#!/usr/bin/env python\n"""Doc."""\nfrom __future__ import annotations\nimport time\n'
        "async def tick():\n    «time.sleep(1)»\n",
        '#!/usr/bin/env python\n"""Doc."""\nfrom __future__ import annotations\nimport asyncio\nimport time\n'
        "async def tick():\n    await asyncio.sleep(1)\n",
    ),
    (
        '"""Doc."""\n\nasync def tick():\n    «sleep(1)»\n',
        '"""Doc."""\n\nimport asyncio\n\nasync def tick():\n    await asyncio.sleep(1)\n',
    ),
    (
        '"""Doc."""\nasync def tick():\n    «sleep(1)»\n',
        '"""Doc."""\n\nimport asyncio\n\nasync def tick():\n    await asyncio.sleep(1)\n',
    ),
    (
        "# -*- coding: utf-8 -*-\n\n@dec\nasync def tick():\n    «sleep(1)»\n",
        "# -*- coding: utf-8 -*-\n\nimport asyncio\n\n\n@dec\nasync def tick():\n    await asyncio.sleep(1)\n",
    ),
    (
        "from fastapi import FastAPI\r\n\r\nasync def tick():\r\n    «sleep(1)»\r\n",
        "import asyncio\r\n\r\nfrom fastapi import FastAPI\r\n\r\nasync def tick():\r\n    await asyncio.sleep(1)\r\n",
    ),
    (
        "from __future__ import annotations\n\n# web\nfrom fastapi import FastAPI\n\nasync def tick():\n    «sleep(1)»\n",
        "from __future__ import annotations\n\nimport asyncio\n\n# web\nfrom fastapi import FastAPI\n\nasync def tick():\n"
        "    await asyncio.sleep(1)\n",
    ),
    (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import asyncio\n\nasync def tick():\n    «sleep(1)»\n",
        "import asyncio\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import asyncio\n\n"
        "async def tick():\n    await asyncio.sleep(1)\n",
    ),
    (
        "import abc\n# clocks\nimport time\nasync def tick():\n    «time.sleep(1)»\n",
        "import abc\nimport asyncio\n# clocks\nimport time\nasync def tick():\n    await asyncio.sleep(1)\n",
    ),
    (
        "async def tick():\n    x = [«sleep(1)» for y in z]\n    return «2»\n",
        "import asyncio\n\n\nasync def tick():\n    x = [await asyncio.sleep(1) for y in z]\n    return 2\n",
    ),
    (
        "async def tick():\n    «time.sleep(1)»\nimport asyncio\n",
        "async def tick():\n    await asyncio.sleep(1)\nimport asyncio\n",
    ),
    (
        "import asyncio.subprocess\nasync def tick():\n    «time.sleep(1)»\n",
        "import asyncio.subprocess\nasync def tick():\n    await asyncio.sleep(1)\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), TWINS)
def test_twin(before: str, after: str) -> None:
    assert fixed("blocking-call-in-coroutine", before, twin="asyncio.sleep") == after
    ast.parse(after)


@pytest.mark.parametrize(
    "code",
    [
        "async def tick(asyncio):\n    «sleep(1)»\n",
        "asyncio = None\nasync def tick():\n    «sleep(1)»\n",
        "try:\n    import asyncio\nexcept ImportError:\n    asyncio = None\nasync def tick():\n    «sleep(1)»\n",
        "import trio as asyncio\nasync def tick():\n    «sleep(1)»\n",
        "async def tick():\n    asyncio = make()\n    «sleep(1)»\n",
        "async def tick():\n    for asyncio in y: «sleep(1)»\n",
        "async def tick():\n    return [«sleep(1)» for asyncio in y]\n",
        "def make():\n    global asyncio\n    asyncio = 1\nasync def tick():\n    «sleep(1)»\n",
        "async def tick():\n    «sleep(1)»\n    import asyncio\n",
        "def tick():\n    «sleep(1)»\n",
    ],
)
def test_a_name_that_means_something_else_is_declined(code: str) -> None:
    with pytest.raises(CannotFix):
        fixed("blocking-call-in-coroutine", code, twin="asyncio.sleep")


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        (
            "import os\n\nimport httpx\nimport yaml\n\nfrom app import x\n",
            "import os\n\nimport httpx\nimport yaml\nfrom starlette.concurrency import run_in_threadpool\n\nfrom app import x\n",
        ),
        (
            "import os\n\nfrom . import x\n",
            "import os\n\nfrom starlette.concurrency import run_in_threadpool\n\nfrom . import x\n",
        ),
        ("import os\n", "import os\n\nfrom starlette.concurrency import run_in_threadpool\n"),
        (
            "from starlette import requests\nfrom zope import z\n",
            "from starlette import requests\nfrom starlette.concurrency import run_in_threadpool\nfrom zope import z\n",
        ),
    ],
)
def test_an_import_from_a_package(imports: str, expected: str) -> None:
    name = "starlette.concurrency.run_in_threadpool"
    after = fixed("blocking-call-in-coroutine", imports + "\nasync def f():\n    «g()»\n", twin=name)
    assert after == expected + "\nasync def f():\n    await run_in_threadpool()\n"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("requests.get(url, timeout=3)", "await asyncio.to_thread(requests.get, url, timeout=3)"),
        ("client().get()", "await asyncio.to_thread(client().get)"),
        ("sorted(x for x in y)", "await asyncio.to_thread(sorted, (x for x in y))"),
        ("f(*a, **k)", "await asyncio.to_thread(f, *a, **k)"),
        (
            "f(\n        a,  # first\n        b,\n    )",
            "await asyncio.to_thread(\n        f,\n        a,  # first\n        b,\n    )",
        ),
    ],
)
def test_thread(call: str, expected: str) -> None:
    code = f"import asyncio\n\nasync def g():\n    x = «{call}»\n"
    after = fixed("blocking-call-in-coroutine", code, thread=True)
    assert after == f"import asyncio\n\nasync def g():\n    x = {expected}\n"
    ast.parse(after)
