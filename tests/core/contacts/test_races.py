"""Two people act on their acquaintance at the same moment."""

from collections.abc import Callable, Sequence

import pytest
from pydantic import SecretStr

from functions.core.contacts.addresses import Addresses
from functions.core.contacts.model import Person
from functions.core.contacts.people import People
from functions.core.contacts.rules import Request
from functions.core.contacts.store import Contacts
from functions.core.errors import NotFound
from functions.core.keys.providers import provider_for
from functions.core.keys.ring import KeyRing
from functions.core.settings import DataKeys
from functions.core.table import Document
from tests.builders import a_user
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

ANNA = Person(unique_id="11111111", user_id="usr_anna")
BERT = Person(unique_id="22222222", user_id="usr_bert")


class BusyTable(FakeTable):
    """Somebody else acts as soon as somebody has read."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        found = super().get_many(pks)
        if self.meanwhile:
            self.meanwhile.pop()()
        return found


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def contacts(table: BusyTable, clock: FakeClock) -> Contacts:
    accounts = FakeTable()
    ring = KeyRing(accounts, provider_for(DataKeys(key_secret=SecretStr("s" * 32))), clock=clock)
    for person in (ANNA, BERT):
        user = a_user(id=person.user_id, unique_id=person.unique_id)
        accounts.documents[f"USER#{user.id}"] = {"pk": f"USER#{user.id}", "id": user.id, "unique_id": user.unique_id}
        name = {"pk": f"NAME#{user.unique_id}", "id": user.unique_id, "user_id": user.id}
        accounts.documents[f"NAME#{user.unique_id}"] = name
    return Contacts(table, ring, People(accounts), clock=clock)


def seen(contacts: Contacts, owner: Person) -> list[str]:
    listing = contacts.list_of(owner.unique_id, before=None, limit=10, include_secret=True)
    return [one.state.value for one in listing.things]


def test_two_who_ask_each_other_at_once_are_contacts(table: BusyTable, contacts: Contacts) -> None:
    table.meanwhile.append(lambda: contacts.ask(BERT, ANNA.unique_id, Request()))

    contacts.ask(ANNA, BERT.unique_id, Request())

    assert seen(contacts, ANNA) == seen(contacts, BERT) == ["confirmed"]


def test_a_block_that_comes_meanwhile_is_heeded(table: BusyTable, contacts: Contacts) -> None:
    table.meanwhile.append(lambda: contacts.block(BERT.unique_id, ANNA.unique_id))

    contacts.ask(ANNA, BERT.unique_id, Request())

    assert (seen(contacts, ANNA), seen(contacts, BERT)) == (["requested"], [])


def test_a_request_that_is_taken_back_meanwhile_is_not_confirmed(table: BusyTable, contacts: Contacts) -> None:
    contacts.ask(ANNA, BERT.unique_id, Request())
    table.meanwhile.append(lambda: contacts.remove(ANNA.unique_id, BERT.unique_id))

    with pytest.raises(NotFound):
        contacts.confirm(BERT, ANNA.unique_id, Request())

    assert seen(contacts, ANNA) == seen(contacts, BERT) == []


def test_a_block_wins_over_a_confirmation(table: BusyTable, contacts: Contacts) -> None:
    contacts.ask(ANNA, BERT.unique_id, Request())
    table.meanwhile.append(lambda: contacts.confirm(BERT, ANNA.unique_id, Request()))

    contacts.block(ANNA.unique_id, BERT.unique_id)

    assert seen(contacts, ANNA) == seen(contacts, BERT) == []
    assert contacts.reach(BERT.unique_id, ANNA.unique_id) is None


def test_the_address_book_needs_one_read_and_no_key(table: BusyTable, contacts: Contacts, clock: FakeClock) -> None:
    contacts.ask(ANNA, BERT.unique_id, Request(label="Б", is_secret=True))
    contacts.confirm(BERT, ANNA.unique_id, Request(introduced_as="Борис", is_secret=False))
    book = Addresses(table, clock=clock)

    before = table.calls.copy()
    found = [book.reach(*pair) for pair in (("11111111", "22222222"), ("22222222", "11111111"))]
    strange = [book.reach(*pair) for pair in (("11111111", "33333333"), ("11111111", "11111111"))]

    assert [(one.user_id, one.is_secret) for one in found if one] == [("usr_bert", True), ("usr_anna", False)]
    assert strange == [None, None]
    assert dict(table.calls - before) == {"get_many": 4}
