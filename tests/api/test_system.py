import pytest

from functions.core.accounts.model import User
from functions.core.jobs.worker_report import WorkerReport, WorkerReports
from tests.builders import NOON
from tests.house import House


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
