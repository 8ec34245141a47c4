"""Which answer leads to which call (OpenAPI links): what a generated client or a test may do with what it was told."""

from __future__ import annotations

from typing import Any, Final

Call = tuple[str, str]
"""A method and a path."""

_JOB: Final = {"id": "$response.body#/id"}
_VERSION: Final = {"version": "$response.body#/versions/0/version"}


def _of_job(path: str, *more: Call) -> dict[Call, dict[str, Any]]:
    """Return where the number of a job leads that was submitted at a path."""
    return {call: {"parameters": _JOB} for call in (("get", f"{path}/{{id}}"), ("delete", f"{path}/{{id}}"), *more)}


LINKS: Final[dict[Call, dict[Call, dict[str, Any]]]] = {
    ("post", "/v1/suggestions"): {
        ("get", "/v1/tickets/{id}"): {"parameters": {"id": "$response.body#/record/ticket"}},
        ("post", "/v1/decisions"): {"requestBody": {"ticket": "$response.body#/record/ticket", "action": "accepted"}},
    },
    ("post", "/v1/decisions"): {("get", "/v1/tickets/{id}"): {"parameters": {"id": "$response.body#/id"}}},
    ("get", "/v1/tickets"): {("get", "/v1/tickets/{id}"): {"parameters": {"id": "$response.body#/tickets/0/id"}}},
    ("post", "/v1/jobs"): _of_job("/v1/jobs", ("get", "/v1/jobs/{id}/events"), ("get", "/v1/jobs/{id}/result")),
    ("post", "/v1/trainings"): _of_job("/v1/trainings"),
    ("post", "/v1/label-audits"): _of_job("/v1/label-audits", ("get", "/v1/label-audits/{id}/result")),
    ("get", "/v1/models"): {
        ("get", "/v1/models/{version}"): {"parameters": _VERSION},
        ("post", "/v1/models/{version}/promote"): {"parameters": _VERSION},
        ("post", "/v1/models/{version}/rollback"): {"parameters": _VERSION},
        ("post", "/v1/models/{version}/shadow"): {"parameters": _VERSION},
    },
    ("post", "/v1/keys"): {("delete", "/v1/keys/{id}"): {"parameters": {"id": "$response.body#/id"}}},
}
"""From the success answer of a call to the calls that go on from it."""


def add_links(document: dict[str, Any]) -> None:
    """Add the links to a document whose operations have their ids."""
    paths = document["paths"]
    for (method, path), targets in LINKS.items():
        answers = paths[path][method]["responses"]
        (status,) = (one for one in answers if one.startswith("2"))
        answers[status]["links"] = {
            (found := paths[to][how])["operationId"]: {
                "operationId": found["operationId"],
                "description": found["summary"],
                **given,
            }
            for (how, to), given in targets.items()
        }
