"""The router that all modules of this door put their routes on."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1", tags=["jobs"])
