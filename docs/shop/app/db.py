"""Settings and connections: one pool for the application, one session a request."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Settings:
    database: str
    smtp_host: str


def settings_from_environment() -> Settings:
    return Settings(database=os.environ["SHOP_DATABASE"], smtp_host=os.environ["SHOP_SMTP_HOST"])


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


def get_report_connection(request: Request) -> Iterator[sqlite3.Connection]:
    """A read-only connection; reports run in the thread pool."""
    database = request.app.state.settings.database
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()
