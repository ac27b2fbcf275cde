"""/accounts"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from app.dependencies import get_account_service
from app.schemas import AccountOut, Credentials
from app.services.accounts import AccountService

router = APIRouter(prefix="/accounts", tags=["accounts"])
Service = Annotated[AccountService, Depends(get_account_service)]


@router.post("", status_code=201)
async def register(credentials: Credentials, service: Service) -> AccountOut:
    return AccountOut.model_validate(await service.register(credentials))


@router.post("/sign-in")
async def sign_in(credentials: Credentials, service: Service) -> AccountOut:
    account = await service.sign_in(credentials)
    if account is None:
        raise HTTPException(status_code=401, detail="Wrong e-mail address or password")
    return AccountOut.model_validate(account)
