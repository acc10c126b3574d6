from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from infra.local.credentials import Roles
from infra.local.resources.aws import Aws


class Sts:
    """Lends keys that are good for so long."""

    def __init__(self, life: timedelta) -> None:
        self._life = life
        self._lent = 0

    def assume_role(self, **_: Any) -> dict[str, Any]:
        self._lent += 1
        return {
            "Credentials": {
                "AccessKeyId": f"ASIA{self._lent}",
                "SecretAccessKey": f"secret {self._lent}",
                "SessionToken": f"token {self._lent}",
                "Expiration": datetime.now(UTC) + self._life,
            }
        }


def roles(life: timedelta = timedelta(hours=1)) -> Roles:
    session = boto3.Session(aws_access_key_id="AKIAROOT", aws_secret_access_key="root's")
    aws = Aws(session, "eu-central-1")
    # What a cached property has found once.
    vars(aws)["sts"] = Sts(life)
    return Roles(aws)


def test_a_key_that_was_handed_out_is_known_with_its_role() -> None:
    house = roles()
    keys = [house.take_on(arn)["AccessKeyId"] for arn in ("arn:one", "arn:two")]
    signers = [house.signer(key) for key in keys]
    assert [(s.role_arn, s.secret_key, s.token) for s in signers if s is not None] == [
        ("arn:one", "secret 1", "token 1"),
        ("arn:two", "secret 2", "token 2"),
    ]


def test_a_key_that_has_ended_is_not_known_any_more() -> None:
    house = roles(life=timedelta(seconds=-1))
    key = house.take_on("arn:one")["AccessKeyId"]
    assert house.signer(key) is None


def test_the_account_s_own_key_is_known_and_nobody_else_s() -> None:
    house = roles()
    own = house.signer("AKIAROOT")
    assert own is not None
    assert (own.role_arn, own.secret_key) == (None, "root's")
    assert house.signer("AKIASTRANGER") is None


def test_secrets_are_not_shown() -> None:
    house = roles()
    signer = house.signer(house.take_on("arn:one")["AccessKeyId"])
    assert "secret" not in repr(signer).replace("secret_key", "")
    assert "token 1" not in repr(signer)
