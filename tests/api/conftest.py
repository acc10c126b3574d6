import pytest

from functions.core.accounts.model import User
from tests.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def anna(house: House) -> User:
    return house.a_known_user()
