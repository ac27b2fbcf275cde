"""A rule that tells more of a function takes the place of one that tells less."""

from __future__ import annotations

from pathlib import Path

import pytest

from dodont.engine.driver import check
from dodont.engine.settings import Settings

APP = """\
import time
from fastapi import FastAPI

app = FastAPI()


@app.get("/slow")
async def slow():{comment}
    time.sleep(1)
    time.sleep(2)


@app.get("/other")
async def other():
    time.sleep(1)
    await app.shutdown()
"""

BOTH = ("blocking-call-in-coroutine", "awaitless-async-handler")


@pytest.mark.parametrize(
    ("comment", "select", "ignored", "expected"),
    [
        ("", BOTH, (), [("ODD705", 8), ("ODD702", 15)]),
        ("", BOTH[:1], (), [("ODD702", 9), ("ODD702", 10), ("ODD702", 15)]),
        ("  # dodont: ignore[ODD705] it has to", BOTH, (), [("ODD702", 9), ("ODD702", 10), ("ODD702", 15)]),
        ("", BOTH, (("app.py", ("ODD705",)),), [("ODD702", 9), ("ODD702", 10), ("ODD702", 15)]),
    ],
)
def test_the_better_finding_is_shown(
    tmp_path: Path, comment: str, select: tuple[str, ...], ignored: tuple[tuple[str, tuple[str, ...]], ...],
    expected: list[tuple[str, int]],
) -> None:  # fmt: skip
    (tmp_path / "app.py").write_text(APP.replace("{comment}", comment))
    found = check([tmp_path], Settings(root=tmp_path, select=select, per_file_ignores=ignored)).diagnostics
    assert [(each.code, each.span.line) for each in found] == expected


#: Handlers that block and await nothing, each for a reason of its own no better off without `async`.
KEPT = """\
import asyncio
import functools
import time

from aiohttp import web
from fastapi import APIRouter, WebSocket
from litestar import get

router = APIRouter()
routes = web.RouteTableDef()


class Base:
    async def load(self) -> str:
        return ""


class Child(Base):
    @router.get("/load")
    async def load(self) -> str:
        time.sleep(1)
        return ""


@router.websocket("/ws")
async def talk(socket: WebSocket) -> None:
    time.sleep(1)


@router.get("/start")
async def start() -> None:
    time.sleep(1)
    asyncio.get_running_loop().call_later(1, print)


@router.get("/inner")
async def inner() -> str:
    time.sleep(1)
    return "done"


@router.get("/outer")
async def outer() -> str:
    return await inner()


@router.get("/rows")
async def rows() -> list[str]:
    time.sleep(1)
    return [row async for row in source()]


async def source():
    yield "a"


@routes.get("/aiohttp")
async def other(request: web.Request) -> web.Response:
    time.sleep(1)
    return web.Response()


@get("/litestar")
async def third() -> str:
    time.sleep(1)
    return ""


async def no_handler() -> None:
    time.sleep(1)
"""


def test_what_needs_its_async_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(KEPT)
    assert not check([tmp_path], Settings(root=tmp_path, select=("awaitless-async-handler",))).diagnostics
