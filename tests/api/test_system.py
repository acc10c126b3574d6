from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import Role, User
from functions.core.jobs.model import Kind
from functions.core.jobs.worker_report import Gpu, InHand, LastError, WorkerReport, WorkerReports
from functions.core.redrives import DeadQueue
from functions.core.speech_models import MODELS
from functions.core.table import Document
from functions.core.webhooks.model import Endpoint, Endpoints, Trouble
from functions.system.settings import SystemSettings
from tests.builders import NOON, a_job
from tests.fakes.clock import FakeClock
from tests.house import House
from tests.webhook_builders import a_webhook

VERSIONS = {"python": "3.13.1", "faster-whisper": "1.2.1", "ctranslate2": "4.8.5", "av": "18.1.0", "ffmpeg": "8.1.2"}
NAMES = [
    "worker",
    "last start",
    "python",
    "faster-whisper",
    "ctranslate2",
    "ffmpeg",
    "cuda",
    "model",
    "summary engine",
    "diarizer",
    "speech queue",
    "language queue",
    "pictures queue",
    "dead jobs",
    "dead uploads",
    "dead changes",
    "dead webhooks",
    "webhooks",
    "last error",
]


class Lookout:
    """A house with an admin who looks at it, under a clock that stands still."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.house = House(clock=self.clock)
        self.admin = self.house.a_known_user(role=Role.ADMIN)

    def hear(self, **changes: Any) -> None:
        facts: dict[str, Any] = {
            "worker": "w",
            "started_at": NOON,
            "seen_at": self.clock(),
            "model": "small",
            "device": "cpu",
            "compute_type": "int8",
            "models_on_disk": ("small", "demo"),
            "summary_engine": "extractive",
            "versions": VERSIONS,
        }
        WorkerReports(self.house.library_table).write(WorkerReport(**facts | changes))

    def say(self, **settings: Any) -> None:
        given = self.house.app.services.get(SystemSettings)
        self.house.app.services._things[SystemSettings] = given.model_copy(update=settings)

    def info(self) -> Any:
        return self.house.client().get("/v1/info").json()

    def look(self) -> Any:
        # Signed in anew: a test may let hours pass.
        return self.house.client(self.admin).get("/v1/system-check").json()

    def look_at(self, name: str) -> tuple[bool, str]:
        [found] = [one for one in self.look()["checks"] if one["name"] == name]
        return found["ok"], found["detail"]


@pytest.fixture
def lookout() -> Lookout:
    return Lookout()


@pytest.mark.parametrize("path", ["/v1/health", "/health", "/healthz"])
def test_health_needs_no_credential(house: House, path: str) -> None:
    body = house.client().get(path).json()

    assert body["status"] == "healthy"
    assert body["active_jobs"] == 0


def test_info_says_what_the_newest_worker_runs(house: House) -> None:
    before = house.client().get("/v1/info").json()
    for model in ("demo", "small"):
        WorkerReports(house.library_table).write(
            WorkerReport(
                worker="w", started_at=NOON, model=model, device="cpu", compute_type="int8", summary_engine="extractive"
            )
        )
    after = house.client().get("/v1/info").json()

    assert (before["model"]["setting"], before["model"]["name"]) == ("auto", None)
    assert (after["model"]["name"], after["device"], after["summary_engine"]) == ("small", "cpu", "extractive")


def test_the_docs_load_nothing_from_elsewhere(house: House) -> None:
    client = house.client()

    for page in ("/docs", "/redoc"):
        answer = client.get(page)
        assert "http" not in answer.text.replace("http-equiv", "")
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    for part in ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "docs.js"):
        assert client.get(f"/docs/{part}").status_code == 200
    assert client.get("/docs/../app.py").status_code == 404
    assert client.get("/docs/app.py").status_code == 404


def test_the_document_is_served(house: House) -> None:
    assert house.client().get("/openapi.json").json()["info"]["title"] == "Parley"


def test_a_path_that_nobody_owns_is_a_problem(house: House) -> None:
    answer = house.client().post("/v1/nonsense")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_wrong_method_is_a_problem(house: House) -> None:
    answer = house.client().delete("/v1/auth/login")

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_bug_is_answered_without_its_secrets(house: House, anna: User) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    house.library_table.get = broken
    answer = house.client(anna).get("/v1/recordings/rec_1")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text


def test_the_root_leads_to_the_docs(house: House) -> None:
    assert house.client().get("/").headers["location"] == "/docs"


def test_health_and_info_read_no_account(house: House, anna: User) -> None:
    client = house.client(anna)
    read: list[str] = []

    def noted(pk: str) -> Document | None:
        read.append(pk)
        return None

    house.accounts_table.get = noted  # type: ignore[method-assign]
    answers = [client.get(path).status_code for path in ("/v1/health", "/v1/info")]

    assert (answers, read) == ([200, 200], [])


def test_info_tells_all_models_and_knows_nothing_of_disks_before_a_worker_has_reported(house: House) -> None:
    models = house.client().get("/v1/info").json()["models"]

    assert [one["name"] for one in models] == list(MODELS)
    assert {one["on_disk"] for one in models} == {None}
    assert not any(one["default"] for one in models)
    assert models[2] == {
        "name": "small",
        "parameters": "244 M",
        "memory_mb": MODELS["small"].memory_mb,
        "gpu_memory_mb": MODELS["small"].gpu_memory_mb,
        "speed": MODELS["small"].speed,
        "languages": MODELS["small"].languages,
        "translates": True,
        "advice": MODELS["small"].advice,
        "on_disk": None,
        "default": False,
    }


def test_info_tells_which_models_are_there_and_which_one_transcribes(lookout: Lookout) -> None:
    lookout.hear()

    models = lookout.info()["models"]

    assert [one["name"] for one in models if one["on_disk"]] == ["small", "demo"]
    assert [one["name"] for one in models if one["default"]] == ["small"]


def test_a_model_that_is_set_is_the_default_before_a_worker_has_reported(lookout: Lookout) -> None:
    lookout.say(whisper_model="medium")

    models = lookout.info()["models"]

    assert [one["name"] for one in models if one["default"]] == ["medium"]


def test_info_tells_what_the_worker_has_besides(lookout: Lookout) -> None:
    before = lookout.info()
    lookout.hear(gpu=Gpu(name="H200"), diarizer="voices-1")
    after = lookout.info()

    assert (before["gpu"], before["diarizer"], "speakers-by-voice" in before["features"]) == (None, None, False)
    assert (after["gpu"], after["diarizer"], "speakers-by-voice" in after["features"]) == (True, "voices-1", True)
    assert after["summary_templates"] == ["general", "meeting", "sales", "lecture", "voice_note"]


def test_all_is_well_where_a_worker_lives_and_nothing_broke(lookout: Lookout) -> None:
    lookout.hear()

    answer = lookout.look()

    assert [one["name"] for one in answer["checks"]] == NAMES
    assert [one for one in answer["checks"] if not one["ok"]] == []
    assert (answer["ok"], answer["checked_at"]) == (True, "2026-11-21T12:00:00Z")


def test_before_any_worker_all_that_it_would_say_is_unknown(lookout: Lookout) -> None:
    answer = lookout.look()

    assert [one["name"] for one in answer["checks"]] == NAMES
    assert not answer["ok"]
    assert "No worker has ever reported" in lookout.look_at("worker")[1]
    assert lookout.look_at("model") == (False, "Unknown: no worker has ever reported.")
    assert lookout.look_at("speech queue")[0]


def test_no_worker_is_fine_where_nothing_waits_and_not_where_something_does(lookout: Lookout) -> None:
    lookout.hear()
    lookout.clock.pass_time(timedelta(minutes=10))
    idle = lookout.look_at("worker")
    lookout.house.queues.enqueue(a_job())
    waited_for = lookout.look_at("worker")

    assert idle == (
        True,
        "None lives, and none is needed: the queues are empty. The last one was w, seen 10 min ago.",
    )
    assert waited_for == (False, "None lives, and 1 job waits. The last one was w, seen 10 min ago.")


def test_a_worker_that_died_with_a_job_in_hand_is_missed(lookout: Lookout) -> None:
    lookout.hear()
    lookout.clock.pass_time(timedelta(minutes=10))
    lookout.house.queues.enqueue(a_job())
    lookout.house.queues.inboxes[a_job().lane].receive(hidden_for=30)

    assert not lookout.look_at("worker")[0]


def test_a_worker_of_old_has_not_said_everything(lookout: Lookout) -> None:
    lookout.hear(seen_at=None, models_on_disk=None, versions={"python": "3.12", "av": "17"})

    assert lookout.look_at("ffmpeg") == (True, "PyAV 17.")
    assert lookout.look_at("ctranslate2") == (False, "The worker has not said.")
    assert lookout.look_at("model") == (True, "small on cpu, as int8.")


H200 = Gpu(name="NVIDIA H200", memory_mb=143771)


@pytest.mark.parametrize(
    ("wanted", "device", "gpu", "expected"),
    [
        ("cpu", "cpu", None, (True, "Not used: WHISPER_DEVICE is cpu.")),
        ("auto", "cpu", None, (True, "Not used: the worker has no GPU.")),
        ("auto", "cpu", H200, (False, "There is one that is not used: NVIDIA H200, 143771 MB.")),
        ("cuda", "cpu", None, (False, "WHISPER_DEVICE is cuda, but the model runs on: cpu.")),
        ("auto", "cuda", H200, (True, "In use: NVIDIA H200, 143771 MB.")),
        ("auto", "cuda", None, (True, "In use: a GPU that did not say its name.")),
        ("auto", None, None, (False, "No model is loaded, on no device.")),
    ],
)
def test_cuda_is_a_problem_only_where_it_should_be_used_and_is_not(
    lookout: Lookout, wanted: str, device: str | None, gpu: Gpu | None, expected: tuple[bool, str]
) -> None:
    lookout.say(whisper_device=wanted)
    lookout.hear(device=device, gpu=gpu)

    assert lookout.look_at("cuda") == expected


def test_the_demo_model_is_a_problem_unless_it_was_chosen(lookout: Lookout) -> None:
    lookout.hear(model="demo", models_on_disk=("demo",))
    fallen_back_to = lookout.look_at("model")
    lookout.say(whisper_model="demo")
    chosen = lookout.look_at("model")

    assert fallen_back_to[0] is False
    assert chosen == (True, "demo on cpu, as int8. On disk: demo.")


def test_a_worker_without_a_model_is_a_problem_with_its_reason(lookout: Lookout) -> None:
    error = LastError(code="model-unavailable", detail="The model 'small' is not on this machine.", at=NOON)
    lookout.hear(model=None, device=None, compute_type=None, last_error=error)

    assert lookout.look_at("model") == (False, "WHISPER_MODEL is auto, and no model could be loaded.")
    assert lookout.look_at("last error") == (
        False,
        "0 s ago, start: The model 'small' is not on this machine. (model-unavailable)",
    )


def test_an_error_is_told_for_ever_and_a_problem_for_an_hour(lookout: Lookout) -> None:
    error = LastError(code="attempt-failed", detail="Attempt 1 broke (OSError).", at=NOON, kind="transcribe")
    lookout.clock.pass_time(timedelta(minutes=59))
    lookout.hear(last_error=error)
    young = lookout.look_at("last error")
    lookout.clock.pass_time(timedelta(minutes=1))
    old = lookout.look_at("last error")

    assert young == (False, "59 min ago, transcribe: Attempt 1 broke (OSError). (attempt-failed)")
    assert old == (True, "1 h ago, transcribe: Attempt 1 broke (OSError). (attempt-failed)")


def test_a_queue_is_a_problem_when_its_oldest_message_has_waited_an_hour(lookout: Lookout) -> None:
    lookout.house.queues.enqueue(a_job())
    lookout.clock.pass_time(timedelta(minutes=59))
    before = lookout.look_at("speech queue")
    lookout.clock.pass_time(timedelta(minutes=1))
    after = lookout.look_at("speech queue")

    assert before == (True, "1 waiting, 0 in flight; the oldest is 59 min old.")
    assert after == (False, "1 waiting, 0 in flight; the oldest is 1 h old.")
    assert lookout.look_at("language queue") == (True, "0 waiting, 0 in flight.")


def test_a_recording_that_takes_hours_is_no_problem(lookout: Lookout) -> None:
    lookout.house.queues.enqueue(a_job())
    lookout.house.queues.inboxes[a_job().lane].receive(hidden_for=12 * 3600)
    lookout.clock.pass_time(timedelta(hours=3))

    assert lookout.look_at("speech queue") == (True, "0 waiting, 1 in flight; the oldest is 3 h old.")


def test_a_dead_letter_is_a_problem(lookout: Lookout) -> None:
    lookout.house.queues.inboxes[a_job(kind=Kind.SUMMARISE).lane].dead.append("{}")

    assert lookout.look_at("dead jobs") == (False, "1: the function that ends them fails; look at its log.")
    assert lookout.look_at("dead uploads") == (True, "None.")


@pytest.mark.parametrize("queue", DeadQueue)
def test_a_dead_letter_that_can_be_tried_again_says_how(lookout: Lookout, queue: DeadQueue) -> None:
    lookout.house.queues.other_dead[queue] = 2

    ok, detail = lookout.look_at(f"dead {queue}")

    assert not ok
    assert detail.startswith("2: ")
    assert f"parley check --redrive {queue}" in detail


def test_every_worker_is_told_with_what_it_is_at(lookout: Lookout) -> None:
    job = InHand(job_id="job_1", kind="transcribe", since=NOON)
    lookout.hear(worker="a", lanes=("language", "speech"), in_hand=(job,), jobs_done=3)
    lookout.clock.pass_time(timedelta(minutes=3))
    lookout.hear(worker="b", lanes=("language",), model=None, device=None)

    told = (
        "b (language), seen 0 s ago, up for 3 min, idle; jobs done: 0, broken: 0. "
        "a (language speech on cpu), seen 3 min ago, up for 3 min, busy for 3 min with 1 transcribe; "
        "jobs done: 3, broken: 0."
    )
    assert lookout.look_at("worker") == (True, told)
    rows = lookout.look()["workers"]
    assert [(row["name"], row["state"], row["lanes"]) for row in rows] == [
        ("b", "idle", ["language"]),
        ("a", "busy", ["language", "speech"]),
    ]
    assert rows[1]["jobs_in_hand"] == [{"job_id": "job_1", "kind": "transcribe", "since": "2026-11-21T12:00:00Z"}]


@pytest.mark.parametrize(("kind", "lane"), [(Kind.TRANSCRIBE, "speech"), (Kind.ASCII_VIDEO, "pictures")])
def test_a_lane_that_no_living_worker_works_off_is_missed(lookout: Lookout, kind: Kind, lane: str) -> None:
    lookout.hear(worker="a", lanes=("language",))
    lookout.house.queues.enqueue(a_job(kind=kind))

    ok, detail = lookout.look_at("worker")

    assert not ok
    assert detail.endswith(f"None of them works off {lane}, and 1 job waits.")
    assert lookout.look_at(f"{lane} queue")[1].startswith("1 waiting")


def test_info_says_how_long_and_large_a_video_may_be_and_how_long_its_files_are_kept(lookout: Lookout) -> None:
    lookout.say(ascii_most_pixels=1_000_000, ascii_longest_seconds=60, ascii_keep_days=3)

    info = lookout.info()

    assert "ascii-video" in info["features"]
    limits = {name: value for name, value in info["limits"].items() if name.startswith("ascii_")}
    assert limits == {"ascii_most_pixels": 1_000_000, "ascii_longest_seconds": 60, "ascii_keep_days": 3}


def test_a_worker_that_could_not_start_says_why_until_another_lives_and_an_hour_has_passed(lookout: Lookout) -> None:
    lookout.hear(worker="old")
    error = LastError(code="model-unavailable", detail="The model 'large-v3' is not on this machine.", at=NOON)
    lookout.hear(worker="new", model=None, ended_at=NOON, last_error=error, started_at=NOON + timedelta(seconds=1))
    young = lookout.look_at("last start")
    rows = lookout.look()["workers"]
    lookout.clock.pass_time(timedelta(hours=1))
    alone = lookout.look_at("last start")
    lookout.hear(worker="old")
    with_another = lookout.look_at("last start")

    said = "The model 'large-v3' is not on this machine. (model-unavailable)"
    assert young == (False, f"new could not start 0 s ago: {said}")
    assert [(row["name"], row["state"]) for row in rows] == [("old", "idle"), ("new", "failed")]
    assert (alone, with_another) == (
        (False, f"new could not start 1 h ago: {said}"),
        (True, f"new could not start 1 h ago: {said}"),
    )


def test_a_worker_that_has_stopped_or_fallen_silent_is_told_for_a_day(lookout: Lookout) -> None:
    lookout.hear(worker="stopped", ended_at=NOON)
    lookout.hear(worker="silent")
    lookout.clock.pass_time(timedelta(hours=23))
    lookout.hear(worker="new", started_at=lookout.clock())

    states = {row["name"]: row["state"] for row in lookout.look()["workers"]}
    lookout.clock.pass_time(timedelta(hours=2))

    assert states == {"new": "idle", "stopped": "stopped", "silent": "silent"}
    assert [row["name"] for row in lookout.look()["workers"]] == ["new"]


def test_the_last_error_of_any_worker_is_told(lookout: Lookout) -> None:
    error = LastError(code="attempt-failed", detail="Attempt 1 broke (OSError).", at=NOON, kind="summarise")
    lookout.hear(worker="a", last_error=error)
    lookout.hear(worker="b")

    assert lookout.look_at("last error")[0] is False


def test_webhooks_that_fail_are_counted_over_all_owners_and_are_no_problem_of_the_house(lookout: Lookout) -> None:
    def has(owner: str, *webhooks: Endpoint) -> None:
        lookout.house.library_table.write(lookout.house.webhooks.put(Endpoints(id=owner, endpoints=webhooks)))

    trouble = Trouble(code="gone", detail="The receiver answered 410 Gone.", at=NOON)
    before = lookout.look_at("webhooks")
    has("usr_a", a_webhook(), a_webhook(failing_since=NOON))
    has("usr_b", a_webhook(failing_since=NOON, disabled=trouble), a_webhook(failing_since=NOON))
    has("usr_c", a_webhook())
    after = lookout.look_at("webhooks")

    assert before == (True, "None is failing or disabled.")
    assert after == (True, "2 failing, 1 disabled; their owners see why.")


def test_dead_letters_are_tried_again_where_there_are_any(lookout: Lookout) -> None:
    lookout.house.queues.other_dead["changes"] = 3
    client = lookout.house.client(lookout.admin)

    answers = [client.post("/v1/system-check/redrive", json={"queue": name}) for name in ("changes", "uploads")]

    assert [(one.status_code, one.json()) for one in answers] == [
        (202, {"queue": "changes", "messages": 3}),
        (202, {"queue": "uploads", "messages": 0}),
    ]
    assert lookout.house.redrives.asked == [DeadQueue.CHANGES]


@pytest.mark.parametrize("body", [{}, {"queue": "jobs"}, {"queue": "uploads", "all": True}, {"queue": None}, []])
def test_nothing_else_can_be_tried_again(lookout: Lookout, body: Any) -> None:
    answer = lookout.house.client(lookout.admin).post("/v1/system-check/redrive", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_redrive_that_cannot_be_handed_over_says_so(lookout: Lookout) -> None:
    lookout.house.queues.other_dead["uploads"] = 1
    lookout.house.redrives.is_there = False

    answer = lookout.house.client(lookout.admin).post("/v1/system-check/redrive", json={"queue": "uploads"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
