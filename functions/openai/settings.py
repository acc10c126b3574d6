"""How long this door lets a caller wait."""

from pydantic import Field
from pydantic_settings import BaseSettings


class Waiting(BaseSettings):
    """What API Gateway leaves of its 30 seconds."""

    openai_wait_seconds: float = Field(default=25, ge=0, le=28)
