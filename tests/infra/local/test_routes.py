import itertools

import pytest

from infra.local.routes import Routes
from infra.local.stack import Route

# The example of https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
KEYS = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"]


def routes(*keys: str) -> Routes:
    return Routes(
        Route(method=method, path=path, function="F")
        for method, path in (("ANY", key) if key == "$default" else key.split(" ") for key in keys)
    )


@pytest.mark.parametrize(
    ("request_line", "key"),
    [
        ("GET /pets/dog/1", "GET /pets/dog/1"),
        ("GET /pets/dog/2", "GET /pets/dog/{id}"),
        ("GET /pets/cat/1", "GET /pets/{proxy+}"),
        ("POST /test/5", "ANY /{proxy+}"),
        ("POST /pets/dog/1", "ANY /{proxy+}"),
        ("GET /", "$default"),
    ],
)
def test_the_documented_example_in_any_order(request_line: str, key: str) -> None:
    for order in itertools.permutations(KEYS):
        found = routes(*order).match(*request_line.split(" "))
        assert found is not None
        assert found.route.key == key


def test_a_method_goes_before_any() -> None:
    found = routes("ANY /a", "GET /a").match("GET", "/a")
    assert found is not None
    assert found.route.key == "GET /a"


def test_variables_are_told() -> None:
    found = routes("ANY /v1/{kind}/{proxy+}").match("GET", "/v1/jobs/a/b c")
    assert found is not None
    assert found.parameters == {"kind": "jobs", "proxy": "a/b c"}


def test_the_greedy_rest_is_not_empty() -> None:
    assert routes("ANY /v1/jobs/{proxy+}").match("GET", "/v1/jobs/") is None


def test_text_is_no_pattern() -> None:
    assert routes("GET /a.b").match("GET", "/axb") is None
