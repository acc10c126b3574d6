from datetime import timedelta
from typing import Any

import pytest

from functions.core.jobs.model import Failure, Kind
from tests.api.recorded_call import CALL_ID, SOUND, RecordedCall
from tests.call_house import OPERATOR_KEY

RECORDING = f"/v1/calls/{CALL_ID}/recording"
TRACKS = f"/v1/calls/{CALL_ID}/tracks"


@pytest.fixture
def call() -> RecordedCall:
    return RecordedCall()


def test_who_asked_owns_a_recording_that_awaits_both_sides(call: RecordedCall) -> None:
    made = call.record(name="Борис из отдела 👨‍👩‍👧")

    recording = call.library.recordings.get(made["recording_id"])
    assert (recording.owner_id, recording.title) == (call.anna.id, "Call with Борис из отдела 👨👩👧")
    assert (made["status"], made["owner"]) == ("awaiting_upload", call.anna.unique_id)
    assert [(one["by"], one["status"]) for one in made["tracks"]] == [
        (call.anna.unique_id, "awaited"),
        (call.boris.unique_id, "awaited"),
    ]
    assert made["consent"]["granted_by"] == call.boris.unique_id
    assert recording.keep_until == (call.clock() + timedelta(days=30)).replace(microsecond=0)
    assert [one.kind for one in recording.process] == [Kind.TRANSCRIBE, Kind.SUMMARISE]


def test_without_a_name_the_number_stands_for_it(call: RecordedCall) -> None:
    made = call.record(language="ru", process=[{"kind": "transcribe"}], keep_until=None)

    recording = call.library.recordings.get(made["recording_id"])
    assert recording.title == f"Call with {call.boris.unique_id}"
    assert (recording.language, recording.keep_until) == ("ru", None)
    assert [one.kind for one in recording.process] == [Kind.TRANSCRIBE]


def test_who_keeps_recordings_for_less_time_keeps_those_of_calls_for_less() -> None:
    call = RecordedCall(keep_days=7)

    made = call.record()

    assert call.library.recordings.get(made["recording_id"]).keep_until == call.clock().replace(
        microsecond=0
    ) + timedelta(days=7)


def test_the_same_request_again_answers_the_same(call: RecordedCall) -> None:
    body = call.statements()
    client = call.client(call.anna)

    answers = [client.post(RECORDING, json=body) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert len(call.library.recordings.of_owner(call.anna.id, before=None, limit=10)) == 1


def test_whoever_died_between_the_two_writes_finishes_by_asking_again(
    call: RecordedCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = call.statements()
    table, writes = call.library.library_table, list[int]()
    write = table.write

    def die_at_the_second(*args: Any) -> None:
        writes.append(1)
        if len(writes) == 2:
            raise ConnectionError
        write(*args)

    monkeypatch.setattr(table, "write", die_at_the_second)
    broken = call.client(call.anna).post(RECORDING, json=body)
    again = call.client(call.anna).post(RECORDING, json=body)

    assert (broken.status_code, again.status_code) == (500, 201)
    assert [one.id for one in call.library.recordings.of_owner(call.anna.id, before=None, limit=10)] == [
        again.json()["recording_id"]
    ]


def test_a_call_is_recorded_once(call: RecordedCall) -> None:
    call.record()
    call.clock.pass_time(timedelta(seconds=1))

    again = call.client(call.anna).post(RECORDING, json=call.statements())

    assert (again.status_code, again.json()["code"]) == (409, "already-recorded")


@pytest.mark.parametrize(
    ("without", "code"), [(("request",), "consent-missing"), (("grant",), "consent-missing"), ((), None)]
)
def test_without_both_statements_there_is_no_recording(
    call: RecordedCall, without: tuple[str, ...], code: str | None
) -> None:
    body = {name: one for name, one in call.statements().items() if name not in without}

    answer = call.client(call.anna).post(RECORDING, json=body)

    assert (answer.status_code, answer.json().get("code")) == ((403, code) if code else (201, None))
    assert bool(call.library.library_table.documents) is (code is None)


def test_the_other_side_cannot_take_the_request_for_its_own(call: RecordedCall) -> None:
    answer = call.client(call.boris).post(RECORDING, json=call.statements())

    assert (answer.status_code, answer.json()["code"]) == (403, "consent-of-another")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", RECORDING),
        ("POST", TRACKS),
        ("POST", f"{RECORDING}/finish"),
        ("GET", RECORDING),
        ("DELETE", RECORDING),
    ],
)
def test_a_third_person_and_an_operator_find_nothing(call: RecordedCall, method: str, path: str) -> None:
    made = call.record()
    body = {TRACKS: call.track(), RECORDING: call.statements()}.get(path) if method == "POST" else None

    answers = [
        client.request(method, path, json=body)
        for client in (call.client(call.third), call.people.client(bearer=OPERATOR_KEY))
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert call.seen(call.anna) == made


def test_an_unknown_call_is_not_found_in_the_same_words(call: RecordedCall) -> None:
    def told(path: str, user: Any) -> dict[str, Any]:
        problem = call.client(user).get(path).json()
        return {name: problem[name] for name in ("status", "code", "detail")}

    call.record()
    unknown = told("/v1/calls/call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AG/recording", call.anna)

    assert told(RECORDING, call.third) == unknown
    assert unknown["status"] == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"keep_until": "2020-01-01T00:00:00Z"}, "keep-until-over"),
        ({"process": [{"kind": "ascii_video"}]}, "no-video"),
        ({"process": [{"kind": "join"}]}, "invalid"),
        ({"request": {"b": "x"}}, "invalid"),
        ({"request": {"b": "x" * 3000, "s": "x"}}, "invalid"),
        ({"language": "klingon"}, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused(call: RecordedCall, changes: dict[str, Any], code: str) -> None:
    answer = call.client(call.anna).post(RECORDING, json=call.statements() | changes)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert call.library.library_table.documents == {}


def test_each_side_sends_its_own_track_and_both_are_joined(call: RecordedCall) -> None:
    made = call.record(name="Боря")
    call.end()
    call.send(call.boris, name="Борис")
    call.send(call.anna, name="Анна")

    recording = call.library.recordings.get(made["recording_id"])
    [job] = call.library.jobs.get_many(recording.job_ids)
    assert (job.kind, recording.speaker_names) == (Kind.JOIN, ("Анна", "Боря"))
    assert call.library.queues.waiting() == [job.id]
    seen = call.seen(call.boris)
    assert [(one["name"], one["status"]) for one in seen["tracks"]] == [("Анна", "here"), ("Боря", "here")]
    assert seen["work"] == "working"


def test_a_track_lies_under_its_sender_in_the_owners_recording(call: RecordedCall) -> None:
    made = call.record()

    upload = call.announce(call.boris)["upload"]

    assert upload["method"] == "POST"
    assert upload["fields"] == {
        "key": f"media/{call.anna.id}/{made['recording_id']}/tracks/{call.boris.unique_id}",
        "Content-Type": "audio/webm;codecs=opus",
    }


def test_a_track_that_is_here_needs_no_form_and_takes_no_other(call: RecordedCall) -> None:
    call.record()
    track = call.track()
    call.send(call.anna, **track)
    client = call.client(call.anna)

    again = client.post(TRACKS, json=track)
    other = client.post(TRACKS, json=track | {"size": 7})

    assert (again.status_code, again.json()["upload"]) == (201, None)
    assert (other.status_code, other.json()["code"]) == (409, "track-is-here")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"content_type": "video/webm"}, 422, "unsupported-media-type"),
        ({"content_type": "text/plain"}, 422, "unsupported-media-type"),
        ({"size": 0}, 422, "invalid"),
        ({"size": 1024**3 + 1}, 413, "track-too-large"),
        ({"started_at": 0}, 422, "started-out-of-call"),
        ({"started_at": 4_000_000_000_000}, 422, "started-out-of-call"),
        ({"started_at": "yesterday"}, 422, "invalid"),
        ({"name": "x" * 500}, 422, "invalid"),
    ],
)
def test_no_form_is_given_for_what_is_no_track(
    call: RecordedCall, changes: dict[str, Any], status: int, code: str
) -> None:
    call.record()

    answer = call.client(call.anna).post(TRACKS, json=call.track(**changes))

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_tracks_may_come_for_a_week(call: RecordedCall) -> None:
    call.record()
    started_at = call.track()["started_at"]
    call.end()
    call.clock.pass_time(timedelta(days=7))

    late = call.client(call.anna).post(TRACKS, json=call.track(started_at=started_at))

    assert (late.status_code, late.json()["code"]) == (409, "upload-expired")


def test_its_owner_need_not_wait_for_the_other_side(call: RecordedCall) -> None:
    call.record()
    client = call.client(call.anna)
    nothing = client.post(f"{RECORDING}/finish")
    call.send(call.anna)

    theirs = call.client(call.boris).post(f"{RECORDING}/finish")
    answers = [client.post(f"{RECORDING}/finish") for _ in range(2)]
    late = call.client(call.boris).post(TRACKS, json=call.track())

    assert (nothing.status_code, nothing.json()["code"]) == (409, "no-tracks")
    assert (theirs.status_code, theirs.json()["code"]) == (403, "not-the-owner")
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (late.status_code, late.json()["code"]) == (409, "already-joined")
    [recording] = call.library.recordings.of_owner(call.anna.id, before=None, limit=10)
    assert len(recording.job_ids) == 1


def test_a_join_that_failed_is_begun_again_by_finishing(call: RecordedCall) -> None:
    made = call.record()
    call.send(call.anna)
    call.send(call.boris)
    [first] = call.library.recordings.get(made["recording_id"]).job_ids
    call.library.jobs.bury(first, Failure("attempt-failed", "It broke."))

    call.client(call.anna).post(f"{RECORDING}/finish").raise_for_status()

    job_ids = call.library.recordings.get(made["recording_id"]).job_ids
    assert (job_ids[0], len(job_ids)) == (first, 2)


def test_what_was_joined_is_finished(call: RecordedCall) -> None:
    made = call.record()
    call.send(call.anna)
    call.send(call.boris)
    recording = call.becomes_a_recording(made["recording_id"])

    finished = call.client(call.anna).post(f"{RECORDING}/finish")

    assert finished.json()["status"] == "uploaded"
    assert call.library.recordings.get(recording.id).job_ids == recording.job_ids


@pytest.mark.parametrize("who", ["anna", "boris"])
def test_either_side_deletes_all_of_it_for_good(call: RecordedCall, who: str) -> None:
    body = call.statements()
    made = call.client(call.anna).post(RECORDING, json=body).json()
    call.send(call.anna)
    user = getattr(call, who)

    deleted = call.client(user).delete(RECORDING)
    call.library.settle()

    assert deleted.status_code == 204
    assert call.library.media.kept == set()
    assert call.library.recordings.find_anyhow(made["recording_id"]) is None
    assert [call.client(one).get(RECORDING).status_code for one in (call.anna, call.boris)] == [404, 404]
    again = call.client(call.anna).post(RECORDING, json=body)
    assert (again.status_code, again.json()["code"]) == (410, "recording-deleted")
    traces = str(call.library.library_table.documents)
    assert not any(one in traces for one in (call.anna.unique_id, call.boris.unique_id, call.anna.id))


def test_what_its_owner_deletes_elsewhere_is_forgotten_here(call: RecordedCall) -> None:
    body = call.statements()
    made = call.client(call.anna).post(RECORDING, json=body).json()
    recording = call.library.recordings.get(made["recording_id"])
    call.library.recordings.delete(recording)
    call.call_recordings.remove_of(recording)
    call.library.settle()

    again = call.client(call.anna).post(RECORDING, json=body)

    assert (again.status_code, again.json()["code"]) == (410, "recording-deleted")
    assert call.client(call.boris).get(RECORDING).status_code == 404


def test_after_a_week_one_side_alone_is_joined(call: RecordedCall) -> None:
    made = call.record()
    call.send(call.boris)
    assert call.call_recordings.settle_overdue(call.joining) == 0

    call.clock.pass_time(timedelta(days=7, seconds=1))
    counts = [call.call_recordings.settle_overdue(call.joining) for _ in range(2)]

    assert counts == [1, 0]
    recording = call.library.recordings.get(made["recording_id"])
    [job] = call.library.jobs.get_many(recording.job_ids)
    assert (job.kind, recording.status(call.clock())) == (Kind.JOIN, "awaiting_upload")


def test_a_call_that_could_not_be_settled_is_the_next_day(call: RecordedCall, monkeypatch: pytest.MonkeyPatch) -> None:
    call.record()
    call.send(call.boris)
    call.clock.pass_time(timedelta(days=7, seconds=1))

    with monkeypatch.context() as broken:
        broken.setattr(call.library.queues, "enqueue", lambda _: 1 / 0)
        first = call.call_recordings.settle_overdue(call.joining)

    assert (first, call.call_recordings.settle_overdue(call.joining)) == (0, 0)
    [job] = call.library.jobs.get_many(call.library.recordings.of_owner(call.anna.id, before=None, limit=1)[0].job_ids)
    assert (job.kind, call.library.queues.waiting()) == (Kind.JOIN, [job.id])


def test_what_nobody_sent_anything_for_goes_by_itself(call: RecordedCall) -> None:
    made = call.record()
    call.clock.pass_time(timedelta(days=7, seconds=1))
    recording_key = next(key for key in call.library.library_table.documents if made["recording_id"] in key)

    call.call_recordings.settle_overdue(call.joining)
    # As DynamoDB does when the time of a document is over.
    del call.library.library_table.documents[recording_key]
    call.call_recordings.settle_overdue(call.joining)

    assert not any(key.startswith("CALL_RECORDING#") for key in call.library.library_table.documents)


def test_what_is_kept_lets_anybody_check_the_consent_again(call: RecordedCall) -> None:
    body = call.statements()
    call.client(call.anna).post(RECORDING, json=body).raise_for_status()

    kept = call.library.library_table.documents[f"CALL_RECORDING#{CALL_ID}"]

    assert (kept["request"], kept["grant"]) == (body["request"], body["grant"])
    assert SOUND.decode("latin-1") not in str(kept)
