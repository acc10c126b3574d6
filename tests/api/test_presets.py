"""Options with a name, and which models may be asked for."""

from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import Role, User
from functions.core.jobs.model import Kind, Status
from functions.core.jobs.options import OPTIONS_OF, Template
from functions.core.presets.builtin import BUILT_IN
from functions.core.presets.model import MOST_PRESETS
from functions.core.presets.store import Presets
from functions.core.recordings.model import RecordingStatus
from tests.api.test_recordings import announce
from tests.builders import a_job, a_recording
from tests.house import House

KEY = {"Idempotency-Key": "phone-1"}
NAMES = ["Звонки — Москва", "会議", "اجتماع", "Besprechung №1?", "100 %", "👩‍🏫 lecture", "می‌خواهم", "a.b#c&d=e"]


def add(client: TestClient, name: str, kind: str = "transcribe", **more: Any) -> Any:
    headers = more.pop("headers", {})
    return client.post("/v1/presets", json={"name": name, "kind": kind} | more, headers=headers)


def own(client: TestClient, **asked: Any) -> list[str]:
    items = client.get("/v1/presets", params={"limit": 100} | asked).json()["items"]
    return [one["name"] for one in items if not one["built_in"]]


def start(house: House, client: TestClient, owner: User, **more: Any) -> Any:
    recording = house.recordings.add(a_recording(owner_id=owner.id, stored_status=RecordingStatus.UPLOADED))
    return client.post("/v1/jobs", json={"recording_id": recording.id, "kind": "transcribe"} | more)


def test_the_houses_own_presets_fit_their_kinds_and_name_no_model() -> None:
    for preset in BUILT_IN:
        options = OPTIONS_OF[preset.kind].model_validate(preset.options)
        assert preset.options.items() <= options.model_dump(mode="json", exclude_unset=True).items()
        assert "model" not in preset.options
    templates = {one.options["template"] for one in BUILT_IN if one.kind is Kind.SUMMARISE}
    assert templates == set(Template)


def test_a_list_has_the_houses_presets_then_ones_own_by_kind_and_name(house: House, anna: User) -> None:
    client = house.client(anna)
    for name, kind in (("zebra", "transcribe"), ("Ёлка", "summarise"), ("alpha", "transcribe")):
        add(client, name, kind)
    add(house.client(house.a_known_user()), "strangers")
    house.library_table.calls.clear()

    everything = client.get("/v1/presets", params={"limit": 100}).json()["items"]

    assert dict(house.library_table.calls) == {"get": 1, "get_many": 1}
    assert [one["built_in"] for one in everything] == [True] * len(BUILT_IN) + [False] * 3
    assert [one["name"] for one in everything[-3:]] == ["Ёлка", "alpha", "zebra"]
    assert own(client, kind="transcribe") == ["alpha", "zebra"]
    pages = [client.get("/v1/presets", params={"limit": 7}).json()]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(client.get("/v1/presets", params={"limit": 7, "cursor": cursor}).json())
    assert [one for page in pages for one in page["items"]] == everything


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_of_any_name_is_used_replaced_and_removed_by_it(house: House, anna: User, name: str) -> None:
    client = house.client(anna)

    made = add(client, name, options={"fast": True}, description="Для звонков")
    path = made.headers["location"]
    started = start(house, client, anna, preset=name).json()
    replaced = client.put(path, json={"kind": "transcribe", "options": {"beam_size": 3}}).json()

    assert (made.status_code, made.json()["name"], path) == (201, name, f"/v1/presets/{quote(name, safe='')}")
    assert (started["preset"], started["options"]) == (name, {"fast": True})
    assert (replaced["options"], replaced["description"]) == ({"beam_size": 3}, None)
    assert start(house, client, anna, preset=name).json()["options"] == {"beam_size": 3}
    assert [client.delete(path).status_code for _ in range(2)] == [204, 404]
    assert own(client) == []


def test_a_name_is_ones_own_once_in_each_kind_whatever_its_case(house: House, anna: User) -> None:
    client = house.client(anna)

    answers = [
        add(client, "Straße"),
        add(client, "STRASSE"),
        add(client, "Straße", "summarise"),
        add(client, "Fast"),
        add(client, "Fast", "summarise"),
        add(house.client(house.a_known_user()), "Straße"),
    ]

    assert [one.status_code for one in answers] == [201, 409, 201, 409, 201, 201]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"preset-name-taken"}
    ambiguous = client.delete("/v1/presets/strasse")
    assert (ambiguous.status_code, ambiguous.json()["code"]) == (409, "ambiguous-preset")
    assert client.delete("/v1/presets/strasse", params={"kind": "summarise"}).status_code == 204
    assert client.delete("/v1/presets/strasse").status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": ".."},
        {"name": "a\nb"},
        {"name": "\u200b"},
        {"name": "\u202eabc"},
        {"name": "x" * 61},
        {"kind": "dance"},
        {"options": {"speed": 1}},
        {"options": {"model": "gigantic"}},
        {"options": {"task": "translate", "model": "large-v3-turbo"}},
        {"kind": "summarise", "options": {"beam_size": 3}},
        {"description": "x" * 301},
    ],
    ids=str,
)
def test_a_bad_preset_is_refused(house: House, anna: User, body: dict[str, Any]) -> None:
    client = house.client(anna)

    answer = client.post("/v1/presets", json={"name": "mine", "kind": "transcribe"} | body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert own(client) == []


def test_the_houses_own_presets_are_not_changed(house: House, anna: User) -> None:
    client = house.client(house.a_known_user(role=Role.ADMIN))

    answers = [
        client.put("/v1/presets/FAST", json={"kind": "transcribe"}),
        client.delete("/v1/presets/captions"),
        client.delete(f"/v1/presets/{quote('Продажи')}"),
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "preset-built-in")] * 3


def test_one_owner_has_so_many_presets_and_no_more(house: House, anna: User) -> None:
    client = house.client(anna)
    for number in range(MOST_PRESETS):
        assert add(client, f"№ {number}").status_code == 201

    answer = add(client, "one more")
    client.delete(f"/v1/presets/{quote('№ 7')}")

    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-presets")
    assert add(client, "one more").status_code == 201


def test_the_same_idempotency_key_adds_one_preset(house: House, anna: User) -> None:
    client = house.client(anna)

    first, again = (add(client, "mine", headers=KEY) for _ in range(2))
    other = add(client, "mine", headers=KEY, options={"fast": True})

    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_options_that_are_given_come_before_those_of_the_preset(house: House, anna: User) -> None:
    client = house.client(anna)
    add(client, "mine", options={"fast": True, "speakers": "none", "vad": {"threshold": 0.3, "padding_ms": 100}})

    started = start(
        house, client, anna, preset="MINE", options={"fast": None, "beam_size": 2, "vad": {"threshold": 0.5}}
    ).json()

    assert started["options"] == {"speakers": "none", "beam_size": 2, "vad": {"padding_ms": 100}}
    assert started["preset"] == "mine"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"preset": "nobody's"}, "unknown-preset"),
        ({"preset": "sales"}, "unknown-preset"),
        ({"preset": "a/b"}, "invalid"),
        ({"preset": "to-english", "options": {"model": "large-v3-turbo"}}, "preset-mismatch"),
    ],
)
def test_a_preset_that_does_not_fit_starts_nothing(house: House, anna: User, asked: dict[str, Any], code: str) -> None:
    answer = start(house, house.client(anna), anna, **asked)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_request_is_the_same_whatever_has_become_of_its_preset(house: House, anna: User) -> None:
    client = house.client(anna)
    add(client, "mine", options={"fast": True})
    recording = house.recordings.add(a_recording(owner_id=anna.id, stored_status=RecordingStatus.UPLOADED))
    body = {"recording_id": recording.id, "kind": "transcribe", "preset": "mine"}

    first = client.post("/v1/jobs", json=body, headers=KEY)
    client.put("/v1/presets/mine", json={"kind": "transcribe"})
    again = client.post("/v1/jobs", json=body, headers=KEY)
    other = client.post("/v1/jobs", json=body | {"options": {"beam_size": 2}}, headers=KEY)

    assert (again.status_code, again.json()["id"], again.json()["options"]) == (202, first.json()["id"], {"fast": True})
    assert other.json()["code"] == "idempotency-key-reused"


def test_presets_are_named_where_a_recording_is_announced_and_its_jobs_say_so(house: House, anna: User) -> None:
    client = house.client(anna)
    process = [{"kind": "transcribe", "preset": "captions"}, {"kind": "summarise", "preset": "продажи"}]

    announced = announce(client, process=process).json()["recording"]
    recording = house.uploaded(house.recordings.get(announced["id"]), b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100))
    unknown = announce(client, process=[{"kind": "transcribe", "preset": "продажи"}])

    assert [one["preset"] for one in announced["process"]] == ["captions", "продажи"]
    transcribe, summarise = house.jobs.get_many(recording.job_ids)
    assert (transcribe.preset, transcribe.options) == ("captions", {"fast": False, "word_timestamps": True})
    assert (summarise.preset, summarise.options["template"]) == ("продажи", "sales")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-preset")


def test_a_preset_costs_a_job_one_read(house: House, anna: User) -> None:
    client = house.client(anna)
    add(client, "mine")
    recording = house.recordings.add(a_recording(owner_id=anna.id, stored_status=RecordingStatus.UPLOADED))
    house.library_table.calls.clear()

    client.post("/v1/jobs", json={"recording_id": recording.id, "kind": "transcribe", "preset": "mine"})

    assert dict(house.library_table.calls) == {"get": 1, "get_many": 1, "write": 1}


def test_the_presets_of_an_owner_are_forgotten_with_them(house: House, anna: User) -> None:
    add(house.client(anna), "one")
    add(house.client(anna), "two")
    add(house.client(house.a_known_user()), "three")

    Presets(house.library_table, clock=house.clock).forget_owner(anna.id)

    assert not any(anna.id in pk for pk in house.library_table.documents)
    assert len([pk for pk in house.library_table.documents if pk.startswith("PRESET")]) == 2


# Models


@pytest.fixture
def small_house() -> House:
    return House(allowed_models="tiny, small")


def test_a_model_that_is_not_offered_is_refused_wherever_it_is_asked_for(small_house: House) -> None:
    house = small_house
    anna = house.a_known_user(role=Role.ADMIN)
    client, large = house.client(anna), {"model": "large-v3"}
    recording = house.recordings.add(a_recording(owner_id=anna.id, stored_status=RecordingStatus.UPLOADED))
    lost = a_job(owner_id=anna.id, recording_id=recording.id, options=large, status=Status.CANCELLED)
    house.library_table.write(house.jobs.put(lost))

    answers = [
        start(house, client, anna, options=large),
        start(house, client, anna, preset="captions", options=large),
        announce(client, process=[{"kind": "summarise"}, {"kind": "transcribe", "options": large}]),
        add(client, "mine", options=large),
        client.post("/v1/batches", json={"recording_ids": [recording.id], "kind": "transcribe", "options": large}),
        client.post(f"/v1/jobs/{lost.id}/retry"),
    ]

    assert [(one.status_code, one.json()["code"], one.json()["allowed"]) for one in answers] == [
        (422, "model-not-allowed", ["tiny", "small"])
    ] * len(answers)
    assert house.recordings.get(recording.id).job_ids == ()


def test_models_that_are_offered_and_the_workers_own_choice_are_taken(small_house: House) -> None:
    anna = small_house.a_known_user()
    client = small_house.client(anna)

    answers = [start(small_house, client, anna, options=one) for one in ({"model": "small"}, {"model": "auto"}, {})]

    assert [one.status_code for one in answers] == [202] * 3
    assert [one["name"] for one in client.get("/v1/info").json()["models"]] == ["tiny", "small"]


def test_openais_wire_knows_the_offered_models_only(small_house: House) -> None:
    client = small_house.client(small_house.a_known_user())

    names = [one["id"] for one in client.get("/v1/models").json()["data"]]
    asked = [
        client.get("/v1/models/large-v3"),
        client.post(
            "/v1/audio/transcriptions", data={"model": "large-v3"}, files={"file": ("a.wav", b"RIFF", "audio/wav")}
        ),
    ]

    assert (names[0], names[4:]) == ("whisper-1", ["tiny", "small"])
    assert [(one.status_code, one.json()["error"]["code"]) for one in asked] == [(404, "model_not_found")] * 2
