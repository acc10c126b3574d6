from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.core.errors import Unavailable
from functions.core.table import Changed, DynamoTable, Put


class Refusing:
    def __init__(self, code: str, *reasons: str) -> None:
        self._answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": one} for one in reasons]}

    def put_item(self, **_: Any) -> None:
        raise ClientError(self._answer, "PutItem")

    def transact_write_items(self, **_: Any) -> None:
        raise ClientError(self._answer, "TransactWriteItems")


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refusing("ConditionalCheckFailedException"), Changed),
        (Refusing("TransactionConflictException"), Changed),
        (Refusing("TransactionCanceledException", "None", "ConditionalCheckFailed"), Changed),
        (Refusing("TransactionCanceledException", "ThrottlingError", "None"), Unavailable),
        (Refusing("ProvisionedThroughputExceededException"), Unavailable),
        (Refusing("ThrottlingException"), Unavailable),
        (Refusing("ValidationException"), ClientError),
        (Refusing("TransactionCanceledException", "ValidationError"), ClientError),
    ],
)
def test_what_refuses_a_write_is_told_apart(
    refusal: Refusing, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.core.table.client", lambda _: refusal)
    table = DynamoTable("a table")
    writes = [Put(pk="a", document={}), Put(pk="b", document={})]

    with pytest.raises(error):
        table.write(*writes[:1] if "Transaction" not in str(refusal._answer) else writes)
