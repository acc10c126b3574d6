"""Whatever is sent to whatever operation, the answer is one that the document names."""

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from tests.house import House

# A cursor is signed, a file has content, a name is no number: what a schema can't say is refused with a 422.
NOT_ALL_IN_THE_SCHEMA = schemathesis.checks.positive_data_acceptance
HOUSE = House()
ANNA = HOUSE.token_of(HOUSE.a_known_user())
schema = schemathesis.openapi.from_asgi("/openapi.json", HOUSE.app)


@schema.parametrize()
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_names(case: Case) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {ANNA}"}, excluded_checks=[NOT_ALL_IN_THE_SCHEMA])


@schema.parametrize()
@settings(max_examples=5, suppress_health_check=list(HealthCheck))
def test_an_operation_that_needs_a_credential_refuses_a_wrong_one(case: Case) -> None:
    if not case.operation.definition.raw.get("security"):
        return
    answer = case.call(headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code in {400, 401, 405, 422}
