import pytest

from tests.fakes.clock import FakeClock
from tests.house import House


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)
