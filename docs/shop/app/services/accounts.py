"""Accounts and their passwords."""

import asyncio
import hashlib
import hmac
import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.models import Account
from app.repositories import AccountRepository
from app.schemas import Credentials
from app.services import Refused


def hash_password(password: str, salt: str) -> str:
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1)
    return f"{salt}${digest.hex()}"


def report_refusal(subject: str, detail: str) -> None:
    audit.record("sign-in refused", subject, detail)


class AccountService:
    def __init__(self, session: AsyncSession, accounts: AccountRepository) -> None:
        self._session = session
        self._accounts = accounts

    async def register(self, credentials: Credentials) -> Account:
        password_hash = await asyncio.to_thread(hash_password, credentials.password, secrets.token_hex(16))
        async with self._session.begin():
            if await self._accounts.find_by_email(credentials.email) is not None:
                raise Refused("This e-mail address has an account")
            return await self._accounts.add(Account(email=credentials.email, password_hash=password_hash))

    async def sign_in(self, credentials: Credentials) -> Account | None:
        account = await self._accounts.find_by_email(credentials.email)
        if account is None:
            report_refusal("unknown account", "no such address")
            return None
        salt, _, _ = account.password_hash.partition("$")
        given = await asyncio.to_thread(hash_password, credentials.password, salt)
        if not hmac.compare_digest(given, account.password_hash):
            report_refusal(f"account {account.id}", credentials.password)
            return None
        return account
