import dataclasses
from dataclasses import dataclass, replace

import pytest

from functions.core.collection import Collection, Sealed
from functions.core.keys.ring import KeyRing
from functions.core.keys.sealing import SealBroken, Sealer
from functions.core.keys.secret_provider import SecretProvider
from functions.core.table import Delete, Put
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

SECRET = "a secret of more than thirty-two characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    town: str
    email: str | None = None
    name: str | None = None
    version: int = 0


class CountingTable(FakeTable):
    writes = 0

    def write(self, *writes: Put | Delete) -> None:
        self.writes += 1
        super().write(*writes)


ANNA = Person(id="1", town="Samara", email="anna@example.com", name="Анна")


@pytest.fixture
def table() -> CountingTable:
    return CountingTable()


@pytest.fixture
def people(table: CountingTable, clock: FakeClock) -> Collection[Person]:
    sealer = Sealer(KeyRing(FakeTable(), SecretProvider(SECRET), clock=clock))
    return Collection(
        table,
        Person,
        key=lambda person_id: f"PERSON#{person_id}",
        listed_under=lambda person: ("PEOPLE", person.id),
        sealed=Sealed(sealer, frozenset({"email", "name"})),
    )


def test_a_stored_document_shows_no_sealed_field(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))

    document = table.documents["PERSON#1"]
    written = repr(document).casefold()
    assert "anna" not in written
    assert "анна" not in written
    assert document["town"] == "Samara"
    assert document.keys() == {"pk", "list_pk", "list_sk", "version", "id", "town", "email", "name"}


def test_what_was_sealed_is_loaded_in_clear(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))
    saved = people.saved(ANNA)

    assert people.get("1") == saved
    assert people.get_many(["1", "2"]) == [saved]
    assert people.newest("PEOPLE", before=None, limit=10) == [saved]


def test_a_none_is_not_sealed(table: CountingTable, people: Collection[Person]) -> None:
    nameless = replace(ANNA, name=None)

    table.write(people.put(nameless))

    assert "name" not in table.documents["PERSON#1"]
    assert people.get("1") == people.saved(nameless)


def test_an_empty_text_stays_an_empty_text(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(replace(ANNA, name="")))

    assert table.documents["PERSON#1"]["name"]
    assert people.get("1").name == ""


def test_a_field_that_is_emptied_is_gone_from_the_table(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))

    people.change(people.get("1"), lambda person: replace(person, email=None))

    assert "email" not in table.documents["PERSON#1"]
    assert people.get("1").email is None


def test_a_document_copied_under_another_key_does_not_open(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))
    table.documents["PERSON#2"] = table.documents["PERSON#1"] | {"pk": "PERSON#2", "id": "2"}

    with pytest.raises(SealBroken):
        people.find("2")


def test_a_field_copied_from_another_document_does_not_open(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA), people.put(replace(ANNA, id="2")))
    table.documents["PERSON#2"]["email"] = table.documents["PERSON#1"]["email"]

    with pytest.raises(SealBroken):
        people.find("2")


def test_fields_that_were_exchanged_do_not_open(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))
    document = table.documents["PERSON#1"]
    document["email"], document["name"] = document["name"], document["email"]

    with pytest.raises(SealBroken):
        people.find("1")


def test_a_clear_text_in_place_of_a_sealed_one_does_not_load(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))
    table.documents["PERSON#1"]["email"] = "bert@example.com"

    with pytest.raises(SealBroken):
        people.find("1")


def test_a_change_seals_anew(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))
    before = table.documents["PERSON#1"]["email"]

    changed = people.change(people.get("1"), lambda person: replace(person, town="Tver"))

    assert table.documents["PERSON#1"]["email"] != before
    assert people.get("1") == changed == replace(ANNA, town="Tver", version=2)


def test_a_transition_that_gives_back_the_same_thing_writes_nothing(
    table: CountingTable, people: Collection[Person]
) -> None:
    table.write(people.put(ANNA))
    anna, writes, document = people.get("1"), table.writes, dict(table.documents["PERSON#1"])

    assert people.change(anna, lambda person: person) is anna

    assert table.writes == writes
    assert table.documents["PERSON#1"] == document


def test_a_transition_that_gives_back_an_equal_thing_writes(table: CountingTable, people: Collection[Person]) -> None:
    table.write(people.put(ANNA))

    changed = people.change(people.get("1"), dataclasses.replace)

    assert changed.version == people.get("1").version == 2


def test_a_collection_that_seals_nothing_keeps_texts_as_they_are(table: CountingTable) -> None:
    open_people = Collection(table, Person, key=lambda person_id: f"PERSON#{person_id}")

    table.write(open_people.put(ANNA))

    assert table.documents["PERSON#1"]["email"] == ANNA.email
    assert open_people.get("1") == open_people.saved(ANNA)
