"""What outlives a stop, a restart and a kill, and what must not."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.local_system import LocalSystem, eventually, is_alive, running_system, start_system

pytestmark = pytest.mark.journey

TEMPLATE = Path(__file__).with_name("small_house.yaml")
SMALL = {"PARLEY_TEMPLATE": str(TEMPLATE)}
TABLE = "parley-local-Table"
BUCKET = "small-local-000000000000"


def write(system: LocalSystem, pk: str) -> None:
    system.aws("dynamodb").put_item(TableName=TABLE, Item={"pk": {"S": pk}})


def has(system: LocalSystem, pk: str) -> bool:
    return httpx.get(f"{system.url}/read", params={"pk": pk}, timeout=30).json()["item"] is not None


def test_ctrl_c_ends_everything_and_loses_nothing(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        pids = system.pids()
        write(system, "the last word")
        assert system.stop() == 0
        assert not any(is_alive(pid) for pid in pids)
        assert "Traceback" not in system.log
    with running_system(tmp_path / "data", environ=SMALL) as system:
        assert has(system, "the last word")


def test_ctrl_c_closes_every_web_socket_and_says_so_to_its_function(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        url = f"ws{system.url.removeprefix('http')}/talk"
        with connect(url, subprotocols=["small"], open_timeout=30) as client:  # type: ignore[list-item]
            client.send('{"type":"who"}')
            connection_id = str(client.recv(timeout=30))
            assert system.stop() == 0
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
    with running_system(tmp_path / "data", environ=SMALL) as system:
        key = {"pk": {"S": f"{connection_id} ended with 1001"}}
        assert "Item" in system.aws("dynamodb").get_item(TableName=TABLE, Key=key)


def test_kill_9_of_everything_loses_less_than_a_second(tmp_path: Path) -> None:
    state = tmp_path / "data/aws/state/dynamodb.json"
    with running_system(tmp_path / "data", environ=SMALL) as system:
        write(system, "before the fall")
        eventually(lambda: "before the fall" in state.read_text(), within=1)
        system.kill()
    with running_system(tmp_path / "data", environ=SMALL) as system:
        assert has(system, "before the fall")


def test_a_change_that_nobody_had_followed_up_before_kill_9_is_followed_up_after_it(tmp_path: Path) -> None:
    state = tmp_path / "data/aws/state/parley_streams.json"
    with running_system(tmp_path / "data", environ=SMALL) as system:
        write(system, "watched/bad luck")
        eventually(lambda: "bad luck" in state.read_text(), within=5)
        system.kill()
        said = len(system.log)
    with running_system(tmp_path / "data", environ=SMALL) as system:
        # Its function raises until it is given up.
        eventually(lambda: "ChangesFunction gave changes up" in system.log[said:], within=30)


def test_an_upload_signed_before_a_restart_works_after_it(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        port = httpx.URL(system.url).port
        link = system.aws("s3").generate_presigned_url(
            "put_object", Params={"Bucket": BUCKET, "Key": "other/late"}, ExpiresIn=600
        )
    with running_system(tmp_path / "data", port=port, environ=SMALL):
        assert httpx.put(link, content=b"late").status_code == 200


@pytest.mark.parametrize("of_the_small_house", [True, False], ids=["small house", "real house"])
def test_a_killed_supervisor_leaves_nobody_behind(tmp_path: Path, *, of_the_small_house: bool) -> None:
    with running_system(tmp_path / "data", environ=SMALL if of_the_small_house else {}) as system:
        if not of_the_small_house:
            assert is_alive(system.worker)
        pids = system.pids()
        assert len(pids) > 1
        os.kill(system.supervisor.pid, signal.SIGKILL)
        system.supervisor.wait()
        assert eventually(lambda: not any(is_alive(pid) for pid in pids), within=10)


def test_a_second_ctrl_c_ends_everything_at_once(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        pids = system.pids()
        os.kill(system.emulator, signal.SIGSTOP)
        system.supervisor.send_signal(signal.SIGINT)
        eventually(lambda: "once more stops at once" in system.log, within=10)
        system.supervisor.send_signal(signal.SIGINT)
        assert system.supervisor.wait(5) == 130
        assert eventually(lambda: not any(is_alive(pid) for pid in pids), within=5)


def test_a_closed_terminal_is_a_stop(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        system.supervisor.send_signal(signal.SIGHUP)
        assert system.supervisor.wait(30) == 0


def test_without_its_emulator_the_system_ends_and_says_so(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        os.kill(system.emulator, signal.SIGKILL)
        assert system.supervisor.wait(30) == 1
        assert "The emulator ended" in system.log


def test_a_changed_template_takes_effect_and_the_data_stays(tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    text = TEMPLATE.read_text()
    changed.write_text(
        text.replace("Action: dynamodb:GetItem", "Action: [dynamodb:GetItem, dynamodb:PutItem]")
        + "\n  Another: {Type: AWS::SQS::Queue}\n"
    )
    assert changed.read_text().count("dynamodb:PutItem") == 1
    with running_system(tmp_path / "data", environ=SMALL) as system:
        write(system, "old")
        assert httpx.get(f"{system.url}/write").json()["refused"] == "AccessDeniedException"
    with running_system(tmp_path / "data", environ={"PARLEY_TEMPLATE": str(changed)}) as system:
        assert httpx.get(f"{system.url}/write").json() == {"refused": ""}
        assert has(system, "old")
        assert system.aws("sqs").get_queue_url(QueueName="parley-local-Another")
    # And back again: what was allowed once is not allowed for ever.
    with running_system(tmp_path / "data", environ=SMALL) as system:
        assert httpx.get(f"{system.url}/write").json()["refused"] == "AccessDeniedException"


def test_two_systems_run_side_by_side(tmp_path: Path) -> None:
    with (
        running_system(tmp_path / "one", environ=SMALL) as one,
        running_system(tmp_path / "two", environ=SMALL) as two,
    ):
        write(one, "only in one")
        assert (has(one, "only in one"), has(two, "only in one")) == (True, False)


def test_the_same_data_twice_is_refused(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        second = start_system(tmp_path / "data", environ=SMALL)
        assert second.supervisor.wait(30) == 1
        assert f"in use by another Parley (process {system.supervisor.pid})" in system.log
        assert "Traceback" not in system.log


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        system = start_system(tmp_path / "data", port=port, environ=SMALL)
        assert system.supervisor.wait(30) == 1
    assert system.log == f"Port {port} of 127.0.0.1 is in use; stop what uses it or set another PORT.\n"


def test_a_wrong_setting_is_said_in_one_sentence(tmp_path: Path) -> None:
    system = start_system(tmp_path / "data", environ={"WHISPER_DEVICE": "tpu"})
    assert system.supervisor.wait(30) == 1
    assert system.log == "WHISPER_DEVICE=tpu must be one of auto, cpu, cuda.\n"


def test_the_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", environ=SMALL) as system:
        assert (system.data_dir / "secrets.json").stat().st_mode & 0o777 == 0o600
        assert system.data_dir.stat().st_mode & 0o777 == 0o700


def test_another_aws_is_used_instead_of_an_emulator(tmp_path: Path) -> None:
    with running_system(tmp_path / "one", environ=SMALL) as one:
        credentials = {name.upper(): value for name, value in one.root_credentials().items()}
        given = {**SMALL, **credentials, "AWS_ENDPOINT_URL": one.aws_url, "STAGE": "other"}
        with running_system(tmp_path / "two", environ=given) as two:
            assert not two.pids("infra.local.emulator")
            refusal = httpx.get(f"{two.url}/write").json()
            assert "parley-other-DoorFunctionRole" in refusal["message"]


def test_the_real_house_keeps_an_account_through_a_restart_and_a_worker_through_its_end(tmp_path: Path) -> None:
    account = {"username": "anna", "email": "anna@example.com", "password": "correct horse battery"}
    with running_system(tmp_path / "data") as system:
        assert httpx.post(f"{system.url}/v1/auth/register", json=account, timeout=30).status_code == 201
    with running_system(tmp_path / "data") as system:
        answer = httpx.post(f"{system.url}/v1/auth/login", json=account, timeout=30)
        assert answer.status_code == 200
        before = system.worker
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda: system.worker != before and is_alive(system.worker), within=30)
        assert "Traceback" not in system.log
