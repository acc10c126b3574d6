"""Contacts, devices, calls and what connects them, each matter in its module, on one router."""

# The order of the document.
# ruff: noqa: I001
from functions.calls.routes import contacts
from functions.calls.routes import devices
from functions.calls.routes import realtime
from functions.calls.routes import log
from functions.calls.routes import recording
from functions.calls.routes.door import router

__all__ = ["contacts", "devices", "log", "realtime", "recording", "router"]
