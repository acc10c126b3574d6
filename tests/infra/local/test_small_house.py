"""The local system with a small template: each way in which a function is called, and each in which it can fail."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.local_system import LocalSystem, eventually, running_system

pytestmark = pytest.mark.journey

TEMPLATE = str(Path(__file__).with_name("small_house.yaml"))
TABLE = "parley-local-Table"
BUCKET = "small-local-000000000000"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    data_dir = tmp_path_factory.mktemp("small") / "data"
    with running_system(data_dir, environ={"PARLEY_TEMPLATE": TEMPLATE}) as system:
        yield system


def ask(system: LocalSystem, path: str, *, body: bytes | None = None) -> httpx.Response:
    method = "GET" if body is None else "POST"
    return httpx.request(method, system.url + path, content=body, headers={"Content-Type": "audio/wav"}, timeout=30)


def calls_of(system: LocalSystem, what: str) -> int:
    item = system.aws("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": what}}).get("Item", {})
    return int(item.get("calls", {"N": "0"})["N"])


def queue_url(system: LocalSystem, name: str) -> str:
    url: str = system.aws("sqs").get_queue_url(QueueName=f"parley-local-{name}")["QueueUrl"]
    return url


def given_up(system: LocalSystem, word: str) -> Any:
    """Return the given-up message that has `word`, as soon as there is one."""

    def look() -> Any:
        received = system.aws("sqs").receive_message(
            QueueUrl=queue_url(system, "GivenUp"), WaitTimeSeconds=1, VisibilityTimeout=1, MaxNumberOfMessages=10
        )
        return next((m["Body"] for m in received.get("Messages", []) if word in m["Body"]), None)

    return eventually(look, within=30)


def test_a_function_answers_and_leaves_its_own_log_line(system: LocalSystem) -> None:
    reply = ask(system, "/hello")
    assert (reply.status_code, reply.headers["x-request-id"]) == (200, "mine")
    assert "apigw-requestid" in reply.headers


def test_what_no_door_names_is_logged_by_the_gateway(system: LocalSystem) -> None:
    reply = ask(system, "/who")
    request_id = reply.headers["apigw-requestid"]
    line = eventually(lambda: next((x for x in system.log.splitlines() if request_id in x), None), within=5)
    assert "GET /who" in line
    assert "status=200" in line
    assert "GET /hello" not in system.log


def test_what_a_handler_prints_is_no_answer(system: LocalSystem) -> None:
    assert ask(system, "/print").status_code == 200
    assert eventually(lambda: "a handler may print" in system.log, within=5)


def test_a_function_sees_its_own_environment_and_nothing_of_ours(system: LocalSystem) -> None:
    who = ask(system, "/who").json()
    assert set(who["environment"]) - {"LC_CTYPE"} == {
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SHARED_CREDENTIALS_FILE",
        "LOG_FORMAT",
        "PATH",
        "PYTHONPATH",
        "TABLE",
    }
    assert who["environment"]["TABLE"] == TABLE
    assert who["environment"]["LOG_FORMAT"] == "console"
    assert who["memory"] == "777"
    assert who["arn"].endswith("function:parley-local-DoorFunction")
    assert 0 < who["milliseconds"] <= 2000


def test_a_role_without_a_permission_is_refused(system: LocalSystem) -> None:
    refusal = ask(system, "/write").json()
    assert refusal["refused"] == "AccessDeniedException"
    assert "parley-local-DoorFunctionRole" in refusal["message"]
    assert ask(system, "/read?pk=nothing").json() == {"item": None}


def test_a_handler_that_raises_is_a_500_and_goes_on(system: LocalSystem) -> None:
    before = ask(system, "/who").json()["pid"]
    assert ask(system, "/raise").status_code == 500
    assert ask(system, "/who").json()["pid"] == before
    assert "ValueError: as asked" in system.log


def test_a_crash_is_a_500_and_the_next_event_finds_a_new_process(system: LocalSystem) -> None:
    before = ask(system, "/who").json()["pid"]
    assert ask(system, "/crash").status_code == 500
    assert ask(system, "/who").json()["pid"] != before


def test_a_handler_that_hangs_is_a_503_and_is_replaced(system: LocalSystem) -> None:
    before = ask(system, "/who").json()["pid"]
    assert ask(system, "/slow").status_code == 503
    assert ask(system, "/who").json()["pid"] != before
    assert eventually(lambda: before not in system.pids(), within=10)


@pytest.mark.parametrize("path", ["/nonsense", "/huge"])
def test_an_answer_that_lambda_would_not_pass_is_a_500(system: LocalSystem, path: str) -> None:
    reply = ask(system, path)
    assert (reply.status_code, reply.json()) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize(("megabytes", "status"), [(4, 200), (5, 413), (11, 413)])
def test_a_long_request_stops_where_aws_stops_it(system: LocalSystem, megabytes: int, status: int) -> None:
    # As base64, 5 MB are more than Lambda's 6 MB; 10 MB are API Gateway's own end.
    body = b"\0" * (megabytes * 1024 * 1024)
    assert ask(system, "/hello", body=body).status_code == status


def test_a_path_without_a_route_is_a_404(system: LocalSystem) -> None:
    assert ask(system, "/").json() == {"message": "Not Found"}


def test_an_arrival_calls_its_function_once(system: LocalSystem) -> None:
    system.aws("s3").put_object(Bucket=BUCKET, Key="other/file", Body=b"x")
    system.aws("s3").put_object(Bucket=BUCKET, Key="media/file with ü", Body=b"x")
    assert eventually(lambda: calls_of(system, "media/file with ü"), within=10) == 1
    assert calls_of(system, "other/file") == 0


def test_an_arrival_that_fails_is_tried_again_and_then_kept(system: LocalSystem) -> None:
    system.aws("s3").put_object(Bucket=BUCKET, Key="media/bad", Body=b"x")
    record = json.loads(given_up(system, "media/bad"))
    assert record["requestPayload"]["detail"]["object"]["key"] == "media/bad"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responsePayload"]["errorMessage"] == "ValueError: as asked"
    assert calls_of(system, "media/bad") == 2


def test_a_message_is_worked_off_and_only_the_failed_one_comes_back(system: LocalSystem) -> None:
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(["good errand", "bad errand"])]
    system.aws("sqs").send_message_batch(QueueUrl=queue_url(system, "Errands"), Entries=entries)
    assert given_up(system, "bad errand") == "bad errand"
    assert (calls_of(system, "good errand"), calls_of(system, "bad errand")) == (1, 2)


def test_a_change_calls_its_function_and_only_the_bad_one_is_given_up(system: LocalSystem) -> None:
    table = system.aws("dynamodb")
    for pk in ("watched/good change", "unwatched", "watched/bad change", "watched/later change"):
        table.put_item(TableName=TABLE, Item={"pk": {"S": pk}})
    record = json.loads(given_up(system, "DDBStreamBatchInfo"))
    assert (record["DDBStreamBatchInfo"]["batchSize"], record["requestContext"]["approximateInvokeCount"]) == (1, 3)
    eventually(lambda: calls_of(system, "later change"), within=10)
    assert calls_of(system, "good change") >= 1
    assert calls_of(system, "bad change") >= 3
    assert calls_of(system, "unwatched") == 0


def talking(system: LocalSystem, query: str = "") -> ClientConnection:
    url = f"ws{system.url.removeprefix('http')}/talk{query}"
    return connect(url, subprotocols=["small"], open_timeout=30)  # type: ignore[list-item]


def told(client: ClientConnection, **frame: str) -> str:
    client.send(json.dumps(frame))
    return str(client.recv(timeout=30))


def test_a_function_talks_to_connections_with_its_own_role(system: LocalSystem) -> None:
    with talking(system) as one, talking(system) as other:
        assert one.subprotocol == "small"
        to = told(other, type="who")
        assert json.loads(told(one, type="post", to=to, text="Привет")) == {"refused": ""}
        assert other.recv(timeout=30) == "Привет"
        assert json.loads(told(one, type="post", to="nobody=", text="x"))["refused"] == "GoneException"
        # It may post and nothing else.
        refusal = json.loads(told(one, type="close", to=to))
        assert refusal["refused"] == "AccessDeniedException"
        assert "parley-local-TalkFunctionRole" in refusal["message"]


def test_a_function_says_who_may_connect(system: LocalSystem) -> None:
    with pytest.raises(InvalidStatus) as refused:
        talking(system, "?status=401")
    assert refused.value.response.status_code == 401


def test_a_function_that_raises_is_told_to_the_client(system: LocalSystem) -> None:
    with talking(system) as client:
        connection_id = told(client, type="who")
        complaint = json.loads(told(client, type="raise"))
        assert (complaint["message"], complaint["connectionId"]) == ("Internal server error", connection_id)


def test_a_function_is_told_when_a_connection_ends(system: LocalSystem) -> None:
    with talking(system) as client:
        connection_id = told(client, type="who")
        client.close(4001)
    assert eventually(lambda: calls_of(system, f"{connection_id} ended with 4001"), within=10) == 1


def test_connections_are_closed_to_everybody_without_a_role_of_the_house(system: LocalSystem) -> None:
    with talking(system) as client:
        url = f"{system.url}/talk/@connections/{told(client, type='who')}"
        assert httpx.post(url, content=b"x").status_code == 403
        make: Any = boto3.client
        root = make(
            "apigatewaymanagementapi",
            endpoint_url=f"{system.url}/talk",
            region_name="eu-central-1",
            **system.root_credentials(),
        )
        root.post_to_connection(ConnectionId=url.rpartition("/")[2], Data=b"from the account itself")
        assert client.recv(timeout=30) == "from the account itself"


def sign_form(system: LocalSystem, *, seconds: int = 60) -> tuple[str, dict[str, str]]:
    form = system.aws("s3").generate_presigned_post(
        BUCKET,
        "other/form",
        Fields={"Content-Type": "audio/wav"},
        Conditions=[{"Content-Type": "audio/wav"}, ["content-length-range", 5, 5]],
        ExpiresIn=seconds,
    )
    return form["url"], form["fields"]


def test_a_signed_form_takes_what_it_was_signed_for(system: LocalSystem) -> None:
    url, fields = sign_form(system)
    assert httpx.post(url, data=fields, files={"file": b"12345"}).status_code == 204


@pytest.mark.parametrize(
    ("changes", "body", "seconds"),
    [
        ({}, b"123456", 60),
        ({}, b"1234", 60),
        ({}, b"", 60),
        ({"Content-Type": "text/html"}, b"12345", 60),
        ({"key": "other/elsewhere"}, b"12345", 60),
        ({"x-amz-signature": "0" * 64}, b"12345", 60),
        ({"policy": "e30="}, b"12345", 60),
        ({}, b"12345", -60),
    ],
    ids=["too long", "too short", "empty", "wrong type", "wrong key", "wrong signature", "wrong policy", "expired"],
)
def test_a_signed_form_takes_nothing_else(
    system: LocalSystem, changes: dict[str, str], body: bytes, seconds: int
) -> None:
    url, fields = sign_form(system, seconds=seconds)
    assert httpx.post(url, data=fields | changes, files={"file": body}).status_code in {400, 403}


def test_a_signed_link_gives_what_it_was_signed_for_and_only_that(system: LocalSystem) -> None:
    s3 = system.aws("s3")
    s3.put_object(Bucket=BUCKET, Key="other/link", Body=b"x")

    def link(seconds: int) -> str:
        url: str = s3.generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": "other/link"}, ExpiresIn=seconds
        )
        return url

    assert httpx.get(link(60)).content == b"x"
    assert httpx.get(link(60).replace("link", "form")).status_code == 403
    assert httpx.get(link(-1)).status_code in {400, 403}
    assert httpx.get(link(60).partition("?")[0]).status_code == 403


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAUNKNOWNUNKNOWNXX"])
def test_no_key_but_the_own_one_opens_the_emulator(system: LocalSystem, key: str) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=system.aws_url,
        region_name="eu-central-1",
        aws_access_key_id=key,
        aws_secret_access_key="test",
    )
    with pytest.raises(ClientError):
        stranger.list_buckets()


def test_the_emulator_s_own_administration_is_closed(system: LocalSystem) -> None:
    # It would wipe everything for any web page that asks.
    assert httpx.post(f"{system.aws_url}/_ministack/reset").status_code == 403
    assert httpx.post(f"{system.aws_url}/_ministack/config", json={}).status_code == 403


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_only_loopback_ports_of_ours_are_open(system: LocalSystem) -> None:
    ours = {system.supervisor.pid, *system.pids()}
    addresses = {address for pid in ours for address in listening_of(pid)}
    ports = {urlsplit(system.url).port, urlsplit(system.aws_url).port}
    assert {host for host, _ in addresses} == {"127.0.0.1"}
    # The third is that of the credentials.
    assert ports < {port for _, port in addresses}
    assert len(addresses) == 3


def listening_of(pid: int) -> set[tuple[str, int]]:
    """Return where a process listens; Linux tells it in /proc."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = row.split()
            if state == "0A" and f"socket:[{rest[5]}]" in sockets:
                address, _, port = local.partition(":")
                readable = "127.0.0.1" if address == "0100007F" else address
                found.add((readable, int(port, 16)))
    return found
