"""Accounts: the service that creates them and the store it works on."""

# ruff: noqa: W293
import logging
from dataclasses import dataclass
from typing import Protocol

import bcrypt
from fastapi import HTTPException
from pydantic import BaseModel, Field


class CreateUserDTO(BaseModel):
    email: str = Field(max_length=254)
    password: str = Field(min_length=12, max_length=72)


@dataclass(frozen=True)
class User:
    id: int
    email: str


class UserRepository(Protocol):
    async def find_by_email(self, email: str) -> User | None: ...

    async def create(self, *, email: str, password: str) -> User: ...


class UserService:
    def __init__(self, user_repository: UserRepository):
        self.user_repository = user_repository
        self.logger = logging.getLogger(__name__)

    async def create_user(self, dto: CreateUserDTO) -> User:
        self.logger.info(f"Creating user: {dto.email}")
        
        existing = await self.user_repository.find_by_email(dto.email)
        if existing:
            raise HTTPException(status_code=409, detail="User already exists")
        
        hashed_password = bcrypt.hashpw(dto.password.encode(), bcrypt.gensalt())
        return await self.user_repository.create(
            email=dto.email,
            password=hashed_password.decode()
        )
