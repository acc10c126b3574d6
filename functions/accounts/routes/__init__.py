"""Everything about people, each matter in its module, on one router."""

# The order of the document: what somebody needs first comes first.
# ruff: noqa: I001
from functions.accounts.routes import registration
from functions.accounts.routes import signing_in
from functions.accounts.routes import profile
from functions.accounts.routes import sessions
from functions.accounts.routes import api_keys
from functions.accounts.routes import admin
from functions.accounts.routes.door import router

__all__ = ["admin", "api_keys", "profile", "registration", "router", "sessions", "signing_in"]
