"""What all tests share: no network but loopback, no settings from the outside."""

import asyncio
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.fakes.clock import FakeClock

# One machine, two cores, other work beside: a slow example is no fault.
settings.register_profile("parley", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("parley")

# A traceback with the variables of a hundred routes takes twenty seconds to draw.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

_OURS = ("AWS_", "LLM_", "WHISPER_", "API_AUTH_TOKEN", "JWT_", "PARLEY_", "LOG_")


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(_OURS):
                patch.delenv(name)
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield


@pytest.fixture
def lambdas_loop() -> Iterator[None]:
    """The thread's event loop, closed afterwards: Mangum would make one and leave it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
