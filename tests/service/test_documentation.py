"""The document for integrators leaves nothing unsaid: every field, parameter, body and answer, and every error code."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

import classifier
import service
from classifier.errors import FenbanError, SettingError
from classifier.settings import Places
from service.app import create_app
from service.documentation import CODES, example_of
from service.errors import status_of
from service.settings import Settings
from service.traffic import OPEN

CHINESE = re.compile("[一-鿿]")
NEVER_ANSWERED = {SettingError}
"""Refused when the service starts."""

Named = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def document(places: Places) -> dict[str, Any]:
    return create_app(Settings(places, ledger="small")).openapi()


def _operations(document: dict[str, Any]) -> Iterator[Named]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _properties(document: dict[str, Any]) -> Iterator[Named]:
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield f"{name}.{field}", described


def _parameters(document: dict[str, Any]) -> Iterator[Named]:
    for where, operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            yield f"{where} {parameter['name']}", parameter


def _bodies(document: dict[str, Any]) -> Iterator[Named]:
    for where, operation in _operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{where} request {kind}", content


def _successes(document: dict[str, Any]) -> Iterator[Named]:
    for where, operation in _operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                yield f"{where} {status}", answer


def _undescribed(named: Iterator[Named]) -> list[str]:
    return [where for where, one in named if not CHINESE.search(one.get("description", ""))]


def test_every_field_and_parameter_is_described_in_chinese(document: dict[str, Any]) -> None:
    assert len(list(_properties(document))) > 150
    assert len(list(_parameters(document))) > 50
    assert not _undescribed(_properties(document))
    assert not _undescribed(_parameters(document))


def test_every_field_and_parameter_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    parts = document["components"]["schemas"]
    named = (*_properties(document), *((where, one["schema"]) for where, one in _parameters(document)))
    for where, schema in named:
        assert _is_valid(document, schema, example_of(schema, parts)), where


def test_every_call_its_body_and_its_answer_are_described_with_an_example_that_is_valid(
    document: dict[str, Any],
) -> None:
    assert not _undescribed(_operations(document))
    assert not _undescribed(_successes(document))
    assert len(list(_bodies(document))) >= 9
    for where, answer in _successes(document):
        assert answer.get("content"), where
    held = [(where, one) for where, answer in _successes(document) for one in answer["content"].values()]
    for where, content in (*_bodies(document), *held):
        assert _is_valid(document, content["schema"], content["example"]), where


def test_an_example_is_put_together_from_its_parts_or_missed() -> None:
    parts = {"A": {"type": "object", "properties": {"x": {"type": "integer", "examples": [3]}}}}
    assert example_of({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, parts) == [{"x": 3}]
    assert example_of({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}, parts) == {"x": 3}
    with pytest.raises(KeyError):
        example_of({"type": "object", "properties": {"y": {"type": "integer"}}}, parts)


def _is_valid(document: dict[str, Any], schema: dict[str, Any], example: object) -> bool:
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True).is_valid(example)


def _ends(kind: type[FenbanError]) -> Iterator[type[FenbanError]]:
    below = [one for one in kind.__subclasses__() if one.__module__.startswith(("classifier.", "service."))]
    if not below:
        yield kind
    for one in below:
        yield from _ends(one)


def test_every_error_code_is_listed_with_its_status(document: dict[str, Any]) -> None:
    for package in (classifier, service):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in one.name:
                importlib.import_module(one.name)
    kinds = [kind for kind in _ends(FenbanError) if kind not in NEVER_ANSWERED]
    assert len(kinds) > 40
    for kind in kinds:
        assert CODES[kind.code][0] == status_of(kind.__new__(kind)), kind
        assert f"`{kind.code}`" in document["info"]["description"]


def test_every_call_that_needs_a_key_lists_what_it_may_refuse(document: dict[str, Any]) -> None:
    for where, operation in _operations(document):
        if where.split(" ")[1] not in OPEN:
            assert {"401", "403", "429", "500", "503"} <= set(operation["responses"]), where
