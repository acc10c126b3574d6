"""Links: made by owners, read by anybody."""

# ruff: noqa: I001
from functions.shares.routes import making
from functions.shares.routes import reading
from functions.shares.routes.door import router

__all__ = ["making", "reading", "router"]
