"""The door `accounts` as a plain ASGI app: the peer of the local gateway."""

from functions.accounts.app import services
from functions.accounts.routes import router
from functions.api.application import build_app

app = build_app(router, services=services)
