"""The application: ``uvicorn --factory app.main:create_app``."""

import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.db import Settings, settings_from_environment
from app.routers import accounts, orders, products
from app.services import NotFound, Refused

logger = logging.getLogger(__name__)
status = APIRouter()


@status.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{app.state.settings.database}")
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


async def correlate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    request_id = request.headers.get("X-Request-ID", uuid.uuid4().hex)
    response = await call_next(request)
    response.headers["X-Request-ID"] = request_id
    logger.info("request %s: %s", request_id, response.status_code)
    return response


async def not_found(request: Request, error: NotFound) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=404)


async def refused(request: Request, error: Refused) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=409)


def create_app(settings: Settings | None = None) -> FastAPI:
    app = FastAPI(title="Shop", lifespan=lifespan)
    app.state.settings = settings or settings_from_environment()
    app.middleware("http")(correlate)
    app.add_exception_handler(NotFound, not_found)
    app.add_exception_handler(Refused, refused)
    app.include_router(status)
    for module in (products, orders, accounts):
        app.include_router(module.router, prefix="/api/v1")
    return app
