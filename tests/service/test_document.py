"""The whole OpenAPI document, tried by schemathesis: no 5xx, no undocumented answer, also from call to call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.checks import CHECKS, load_all_checks

load_all_checks()
PROMISES = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
PATIENCE = 120
ATTEMPTS = 5
BOUNDED = settings(
    max_examples=15,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture(scope="module")
def document(server_on_each: str) -> Iterator[tuple[Any, requests.Session]]:
    """The document of a running service, and a session to call it in."""
    schema = schemathesis.openapi.from_url(f"{server_on_each}/openapi.json")
    with requests.Session() as session:
        # The events of a job that waits go on until somebody works on it.
        yield schema.exclude(path_regex="/events$"), session


def test_no_call_answers_what_is_not_documented(document: tuple[Any, requests.Session]) -> None:
    schema, session = document
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) >= 25
    for operation in operations:

        @BOUNDED
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            case.call_and_validate(session=session, checks=PROMISES, timeout=PATIENCE)

        holds()


def test_no_sequence_of_calls_answers_what_is_not_documented(document: tuple[Any, requests.Session]) -> None:
    schema, session = document

    class Calls(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:  # noqa: ARG002 - the library's hook
            return {"session": session, "timeout": PATIENCE}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=PROMISES)

    def run() -> bool:
        try:
            Calls.run(settings=settings(BOUNDED, max_examples=25, stateful_step_count=10))
        except FlakyStrategyDefinition:
            # What can be called next hangs on a job's state, which changes by itself; an answer that breaks a promise
            # is another error.
            return False
        return True

    assert any(run() for _ in range(ATTEMPTS))
