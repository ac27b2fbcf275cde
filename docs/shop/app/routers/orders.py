"""/orders"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query

from app.dependencies import get_order_service, get_orders, get_reports
from app.reporting import Reports
from app.repositories import OrderRepository
from app.schemas import NewOrder, OrderLine, OrderOut, Refund
from app.services.orders import OrderService

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", status_code=201)
async def place_order(new: NewOrder, service: Annotated[OrderService, Depends(get_order_service)]) -> OrderOut:
    order = await service.place(new)
    service.notify(order)
    return OrderOut.model_validate(order)


@router.get("")
def list_orders(
    status: Annotated[str, Query(max_length=20)], reports: Annotated[Reports, Depends(get_reports)]
) -> list[OrderLine]:
    return reports.orders(status)


@router.get("/{order_id}/refund")
async def quote_refund(order_id: int, orders: Annotated[OrderRepository, Depends(get_orders)]) -> Refund:
    order = await orders.get(order_id)
    if order is None:
        raise HTTPException(status_code=404, detail="No such order")
    amount = order.quantity * order.unit_price_cents + order.shipping_cents
    if order.status == "shipped":
        amount = amount - order.shipping_cents - order.unit_price_cents // 10
    elif order.status == "refunded":
        amount = 0
    return Refund(order_id=order.id, amount_cents=amount)
