"""Everything about people, each matter in its module, on one router."""

from functions.accounts.routes import admin, api_keys, profile, registration, sessions, signing_in
from functions.accounts.routes.door import router

__all__ = ["admin", "api_keys", "profile", "registration", "router", "sessions", "signing_in"]
