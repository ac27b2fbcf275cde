"""What every example in this directory has beside its own files: one function for each thing a function may do."""

import logging
import os
import sqlite3
import time

logger = logging.getLogger(__name__)


def connect() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


def run(text, database=None):
    return database.execute(text)


def note(text):
    logger.info("noted %s", text)


def pause():
    time.sleep(1)


async def load():
    return {"id": 1}


def get_api_key():
    return os.environ["API_KEY"]


def size(text):
    return len(text)
