"""The schemas of both documents are those of hub/wire: the same fields, the same limits, the same words.

`x-struct` and `x-enum` say which. What the hub sends may be described more narrowly than its type (a state is one of
some words); what it receives is described exactly, for that is what it takes.
"""

from __future__ import annotations

import enum
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import hub.wire.admin
import hub.wire.dashboard
import hub.wire.device
import hub.wire.register
from tests.contract import Json, asyncapi, described, resolved
from tests.contracts.answers import openapi, operations

LIMITS = ("minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "enum", "type")


def _named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _structs(schema: Json) -> list[str]:
    named = schema.get("x-struct", [])
    return [named] if isinstance(named, str) else named


def _walk(document: Json, schema: Any, seen: dict[str, Json], name: str = "") -> dict[str, Json]:
    """All schemas that this one leads to, by their names."""
    if isinstance(schema, dict):
        if "$ref" in schema and isinstance(schema["$ref"], str):
            reached = schema["$ref"].rpartition("/")[2]
            if reached not in seen:
                seen[reached] = resolved(document, schema)
                _walk(document, seen[reached], seen, reached)
            return seen
        for value in schema.values():
            _walk(document, value, seen)
    elif isinstance(schema, list):
        for value in schema:
            _walk(document, value, seen)
    return seen


def _by_direction() -> tuple[dict[str, Json], dict[str, Json]]:
    """The described structs that the hub receives, and those that it sends, by document and name."""
    received: dict[str, Json] = {}
    sent: dict[str, Json] = {}
    for message in described():
        reached = _walk(asyncapi(), message.payload, {})
        (received if message.direction == "send" else sent).update(
            {f"asyncapi {name}": each for name, each in reached.items() if "x-struct" in each}
        )
    for operation in operations().values():
        for reached, target in (
            (_walk(openapi(), operation.get("requestBody", {}), {}), received),
            (_walk(openapi(), operation["responses"], {}), sent),
        ):
            target.update({f"openapi {name}": each for name, each in reached.items() if "x-struct" in each})
    return received, sent


RECEIVED, SENT = _by_direction()
DOCUMENT_OF = {"asyncapi": asyncapi(), "openapi": openapi()}


def test_nothing_is_described_for_both_directions() -> None:
    assert RECEIVED.keys() & SENT.keys() == set()


def test_every_struct_of_the_wire_is_described() -> None:
    described = {name for schema in (*RECEIVED.values(), *SENT.values()) for name in _structs(schema)}
    for module in (hub.wire.device, hub.wire.register, hub.wire.dashboard, hub.wire.admin):
        own = {
            f"{module.__name__}.{name}"
            for name, found in inspect.getmembers(module, inspect.isclass)
            if issubclass(found, msgspec.Struct) and found.__module__ == module.__name__
        }
        assert own - described == set()


@pytest.mark.parametrize("name", SENT)
def test_what_the_hub_sends(name: str) -> None:
    schema = SENT[name]
    assert schema["additionalProperties"] is False
    for dotted in _structs(schema):
        struct = _named(dotted)
        config = struct.__struct_config__
        fields = msgspec.structs.fields(struct)
        assert schema["properties"].keys() == {field.encode_name for field in fields}
        always = {field.encode_name for field in fields if not config.omit_defaults or field.required}
        assert set(schema.get("required", [])) == always
        typed = _properties(struct)
        for field in fields:
            ours = _plain(DOCUMENT_OF[name.split()[0]], schema["properties"][field.encode_name])
            theirs = _plain(typed["document"], typed["properties"][field.encode_name])
            if config.omit_defaults and not field.required:
                theirs.discard_null()
            ours.assert_within(theirs, f"{dotted}.{field.name}")


@pytest.mark.parametrize("name", RECEIVED)
def test_what_the_hub_receives(name: str) -> None:
    schema = RECEIVED[name]
    for dotted in _structs(schema):
        struct = _named(dotted)
        assert (schema.get("additionalProperties") is False) == struct.__struct_config__.forbid_unknown_fields
        fields = msgspec.structs.fields(struct)
        assert schema["properties"].keys() == {field.encode_name for field in fields}
        assert set(schema.get("required", [])) == {field.encode_name for field in fields if field.required}
        typed = _properties(struct)
        for field in fields:
            ours = _plain(DOCUMENT_OF[name.split()[0]], schema["properties"][field.encode_name])
            theirs = _plain(typed["document"], typed["properties"][field.encode_name])
            assert ours == theirs, f"{dotted}.{field.name}"


class _Plain:
    """A schema without its words: the alternatives, each as its limits; structs and items by name."""

    def __init__(self, alternatives: list[Json]) -> None:
        self.alternatives = sorted(alternatives, key=str)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plain) and self.alternatives == other.alternatives

    def __repr__(self) -> str:
        return repr(self.alternatives)

    def discard_null(self) -> None:
        self.alternatives = [each for each in self.alternatives if each != {"type": "null"}]

    def assert_within(self, wider: _Plain, where: str) -> None:
        """Every alternative here is one there, with the same limits or more."""
        for mine in self.alternatives:
            assert any(all(mine.get(key) == value for key, value in other.items()) for other in wider.alternatives), (
                f"{where}: {self} is not within {wider}"
            )


def _plain(document: Json, schema: Json) -> _Plain:
    if "x-struct" in (found := resolved(document, schema)):
        return _Plain([{"struct": _structs(found)[0].rpartition(".")[2]}])
    schema = found
    if "title" in schema and schema.get("type") == "object" and "properties" in schema:
        return _Plain([{"struct": schema["title"]}])
    if len(schema.get("allOf", [])) == 1:
        return _plain(document, schema["allOf"][0])
    if "anyOf" in schema:
        return _Plain([each for option in schema["anyOf"] for each in _plain(document, option).alternatives])
    if isinstance(schema.get("type"), list):
        return _Plain([{"type": each} for each in schema["type"]])
    limits = {key: schema[key] for key in LIMITS if key in schema}
    if "enum" in limits:
        limits = {"type": "string", "enum": sorted(limits["enum"])}
    if "const" in schema:
        limits.setdefault("type", {bool: "boolean", str: "string"}[type(schema["const"])])
    if "items" in schema:
        limits["items"] = repr(_bare(_plain(document, schema["items"])))
    return _Plain([limits])


def _bare(items: _Plain) -> list[Any]:
    """Of an array's items only what they are, not how narrow."""
    return [each.get("struct", each.get("type")) for each in items.alternatives]


def _properties(struct: type[msgspec.Struct]) -> Json:
    document = msgspec.json.schema(struct)
    return {"document": document, "properties": resolved(document, document)["properties"]}


def _enumerations() -> Iterator[tuple[str, str, list[str]]]:
    def found(schema: Any) -> Iterator[tuple[str, list[str]]]:
        if isinstance(schema, dict):
            if "x-enum" in schema:
                yield schema["x-enum"], schema["enum"]
            for value in schema.values():
                yield from found(value)

    for name, document in DOCUMENT_OF.items():
        for dotted, words in found(document["components"]["schemas"]):
            yield name, dotted, words


@pytest.mark.parametrize(("document", "dotted", "words"), list(_enumerations()))
def test_enumerations(document: str, dotted: str, words: list[str]) -> None:
    kind: type[enum.Enum] = _named(dotted)
    assert words == [member.value for member in kind]


def test_both_documents_describe_the_same_alike() -> None:
    """A schema that stands in both has the same fields in both."""
    here, there = (
        {dotted: schema for schema in those["components"]["schemas"].values() for dotted in _structs(schema)}
        for those in (asyncapi(), openapi())
    )
    for dotted in here.keys() & there.keys():
        assert here[dotted]["properties"].keys() == there[dotted]["properties"].keys(), dotted
        assert here[dotted].get("required") == there[dotted].get("required"), dotted
