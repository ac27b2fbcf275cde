"""A project that is large enough to be shared among processes, made of modules that call each other."""

from __future__ import annotations

from pathlib import Path

_MODULE = '''\
"""Orders of part {number}."""

import asyncio
import sqlite3
import time
from dataclasses import dataclass

from {other} import find_{next}, pause_{next}


@dataclass
class Order{number}:
    number: int
    customer: str
    lines: list[tuple[str, int, float]]

    def total(self) -> float:
        return sum(count * price for _, count, price in self.lines)

    def discounted(self, share: float) -> float:
        if share < 0 or share > 1:
            raise ValueError(f"no share: {{share}}")
        return self.total() * (1 - share)


def find_{number}(connection: sqlite3.Connection, name: str) -> list[tuple]:
    return connection.execute(f"SELECT id FROM orders WHERE name = '{{name}}'").fetchall()


def pause_{number}(seconds: float) -> None:
    time.sleep(seconds)


async def tick_{number}(connection: sqlite3.Connection, name: str) -> None:
    pause_{next}(2)
    asyncio.sleep(2)
    find_{next}(connection, name)


'''
_FILLER = """\
def describe_{filler}(order: Order{number}) -> str:
    parts = []
    for name, count, price in order.lines:
        if count > {filler}:
            parts.append(f"{{count}} x {{name}} at {{price:.2f}}")
        elif count == 1:
            parts.append(name)
    return ", ".join(parts) or "nothing"


"""


def make(root: Path, modules: int, fillers: int = 12) -> Path:
    """Modules in directories of eight; every module has four findings."""
    (root / "pyproject.toml").write_text('[tool.dodont]\noutput-format = "concise"\n', encoding="utf-8")
    for number in range(modules):
        directory = root / f"part{number // 8}"
        directory.mkdir(exist_ok=True)
        (directory / "__init__.py").touch()
        following = (number + 1) % modules
        text = _MODULE.format(number=number, next=following, other=f"part{following // 8}.orders{following}")
        text += "".join(_FILLER.format(filler=filler, number=number) for filler in range(fillers))
        (directory / f"orders{number}.py").write_text(text, encoding="utf-8")
    return root
