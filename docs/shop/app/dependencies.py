"""Who gets what: the one place where collaborators are put together."""

import sqlite3
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import get_report_connection, get_session
from app.reporting import Reports
from app.repositories import AccountRepository, OrderRepository, ProductRepository
from app.services.accounts import AccountService
from app.services.mailer import Mailer, smtp_mailer
from app.services.orders import OrderService

Session = Annotated[AsyncSession, Depends(get_session)]


def get_mailer(request: Request) -> Mailer:
    return smtp_mailer(request.app.state.settings.smtp_host)


def get_orders(session: Session) -> OrderRepository:
    return OrderRepository(session)


def get_order_service(session: Session, mailer: Annotated[Mailer, Depends(get_mailer)]) -> OrderService:
    return OrderService(session, OrderRepository(session), ProductRepository(session), mailer)


def get_account_service(session: Session) -> AccountService:
    return AccountService(session, AccountRepository(session))


def get_reports(connection: Annotated[sqlite3.Connection, Depends(get_report_connection)]) -> Reports:
    return Reports(connection)
