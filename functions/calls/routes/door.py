"""The router of this door."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1", tags=["calls"])
