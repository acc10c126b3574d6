"""How a caller makes sure that a request which comes twice makes one thing."""

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="The same key and body again answer the same thing; kept for 24 hours",
    ),
]
