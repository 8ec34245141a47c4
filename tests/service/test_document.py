"""The whole OpenAPI document, tried by schemathesis: no 5xx, no undocumented answer, also from call to call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    """The document of a running service, and a session to call it in as an administrator."""
    with requests.Session() as session:
        made = session.post(f"{server_on_each}/v1/keys", json={"name": "管理员", "role": "admin"})
        session.headers["Authorization"] = f"Bearer {made.json()['key']}"
        with _no_job_waiting(server_on_each, made.json()["key"]):
            yield schemathesis.openapi.from_url(f"{server_on_each}/openapi.json"), session


@contextmanager
def _no_job_waiting(url: str, key: str) -> Iterator[None]:
    """Cancel all jobs soon after they are submitted: the events of one that waits would go on for ever."""
    ending = threading.Event()

    def cancel() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {key}"
            while not ending.wait(0.1):
                for job in session.get(f"{url}/v1/jobs?limit=20").json()["jobs"]:
                    if job["state"] == "queued":
                        session.delete(f"{url}/v1/jobs/{job['id']}")

    thread = threading.Thread(target=cancel)
    thread.start()
    yield
    ending.set()
    thread.join()


def test_no_call_answers_what_is_not_documented(document: tuple[Any, requests.Session]) -> None:
    schema, session = document
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) >= 40
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
