"""/products, and the reports about them: plain functions, which run in the thread pool."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import get_session
from app.dependencies import get_reports
from app.models import Product
from app.reporting import Reports
from app.schemas import ProductOut, StockLine

router = APIRouter(prefix="/products", tags=["products"])


@router.get("")
async def list_products(
    session: Annotated[AsyncSession, Depends(get_session)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[ProductOut]:
    result = await session.execute(select(Product).order_by(Product.id).limit(limit).offset(offset))
    return [ProductOut.model_validate(product) for product in result.scalars()]


@router.get("/low-stock")
def low_stock(
    reports: Annotated[Reports, Depends(get_reports)], threshold: Annotated[int, Query(ge=0)] = 5
) -> list[StockLine]:
    return reports.low_stock(threshold)
