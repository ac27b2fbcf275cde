"""Mail to customers."""

import asyncio
import logging
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from functools import partial

logger = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE = 0.05


def deliver_by_smtp(host: str, message: EmailMessage) -> None:
    with smtplib.SMTP(host, timeout=10) as server:
        server.send_message(message)


def smtp_mailer(host: str) -> "Mailer":
    return Mailer(partial(deliver_by_smtp, host))


class Mailer:
    def __init__(self, deliver: Callable[[EmailMessage], None]) -> None:
        self._deliver = deliver

    async def send(self, recipient: str, subject: str) -> bool:
        """Try a few times, waiting longer each time; False when the mail could not be handed over."""
        message = EmailMessage()
        message["To"] = recipient
        message["Subject"] = subject
        for attempt in range(ATTEMPTS):
            try:
                await asyncio.to_thread(self._deliver, message)
                return True
            except OSError:
                logger.warning("mail not delivered, attempt %d", attempt + 1, exc_info=True)
                time.sleep(PAUSE * 2**attempt)
        return False
