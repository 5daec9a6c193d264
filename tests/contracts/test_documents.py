"""docs/openapi.yaml and docs/asyncapi.yaml are valid, complete, and lead nowhere that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route, WebSocketRoute

from hub.app import make_app
from hub.edge import dashboard_socket, device_socket, pages, register_socket
from hub.wire.close_codes import DASHBOARD_SUBPROTOCOL, DEVICE_SUBPROTOCOL, REGISTER_SUBPROTOCOL
from tests.contract import ROOT, Json, asyncapi, contract, resolved
from tests.contracts.answers import openapi, operations

DOCUMENTS = {"openapi": openapi(), "asyncapi": asyncapi()}


def _objects(found: Any) -> Iterator[Json]:
    if isinstance(found, dict):
        yield found
        for value in found.values():
            yield from _objects(value)
    elif isinstance(found, list):
        for value in found:
            yield from _objects(value)


def _references(document: Json) -> list[str]:
    return [each["$ref"] for each in _objects(document) if isinstance(each.get("$ref"), str)]


def test_openapi_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(openapi()).iter_errors()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reference_leads_to_something(name: str) -> None:
    document = DOCUMENTS[name]
    for reference in _references(document):
        assert resolved(document, {"$ref": reference}) is not None


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_component_is_used(name: str) -> None:
    document = DOCUMENTS[name]
    used = set(_references(document))
    made = {f"#/components/{kind}/{key}" for kind, those in document["components"].items() for key in those}
    # Security schemes are named, not referenced.
    made = {each for each in made if "/securitySchemes/" not in each}
    assert made - used == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_is_a_json_schema(name: str) -> None:
    dialect = {"openapi": Draft202012Validator, "asyncapi": Draft7Validator}[name]
    for schema in DOCUMENTS[name]["components"]["schemas"].values():
        dialect.check_schema(schema)
    for message in DOCUMENTS[name]["components"].get("messages", {}).values():
        dialect.check_schema(message["payload"])


def test_asyncapi_says_what_the_specification_asks_for() -> None:
    """The rules of AsyncAPI 3.0 that its own JSON Schema would check; that schema is not a package one can install."""
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    assert document.keys() <= {
        *("asyncapi", "info", "id", "defaultContentType", "servers", "channels", "operations", "components")
    }
    for kind, channel in document["channels"].items():
        assert channel["address"] == f"/ws/{kind}"
        assert channel.keys() <= {"address", "title", "summary", "description", "messages", "bindings"}
    for name, operation in document["operations"].items():
        assert operation.keys() <= {"action", "summary", "description", "channel", "messages", "reply"}, name
        assert operation["action"] in ("send", "receive"), name
        channel = operation["channel"]["$ref"]
        replies = operation.get("reply", {}).get("messages", [])
        for message in (*operation["messages"], *replies):
            # An operation's messages are those of its channel, not the components.
            assert message["$ref"].startswith(f"{channel}/messages/"), name
    for name, message in document["components"]["messages"].items():
        assert message.keys() <= {"name", "title", "summary", "description", "payload"}, name


def test_asyncapi_uses_every_message_of_its_channels() -> None:
    document = asyncapi()
    used = {
        message["$ref"]
        for operation in document["operations"].values()
        for message in (*operation["messages"], *operation.get("reply", {}).get("messages", []))
    }
    for kind, channel in document["channels"].items():
        assert {f"#/channels/{kind}/messages/{name}" for name in channel["messages"]} - used == set()


def test_references_of_asyncapi_stand_alone() -> None:
    """In draft 07 whatever stands beside a `$ref` does not count."""
    for found in _objects(asyncapi()["components"]):
        if isinstance(found.get("$ref"), str):
            assert found.keys() == {"$ref"}


@pytest.mark.parametrize(
    ("kind", "methods"),
    [
        ("device", device_socket._METHODS),
        ("register", register_socket._METHODS),
        ("dashboard", dashboard_socket._METHODS),
    ],
)
def test_asyncapi_has_every_method_that_the_hub_knows(kind: str, methods: dict[str, Any]) -> None:
    assert contract()[kind].send.methods.keys() == {"hello", *methods}
    assert contract()[kind].receive.results.keys() == {"hello", *methods}


@pytest.mark.parametrize("kind", ["device", "register", "dashboard"])
def test_what_asyncapi_lets_the_hub_send_stands_in_its_sources(kind: str) -> None:
    sources = "".join(path.read_text() for path in (*ROOT.glob("hub/commands/*.py"), *ROOT.glob("hub/edge/*.py")))
    for method in contract()[kind].receive.methods:
        assert f'"{method}"' in sources, method


def test_channels_are_the_routes_and_name_their_subprotocols() -> None:
    routes = {route.path for route in make_app().routes if isinstance(route, WebSocketRoute)}
    channels = asyncapi()["channels"]
    assert {channel["address"] for channel in channels.values()} == routes
    subprotocols = {
        "device": DEVICE_SUBPROTOCOL,
        "register": REGISTER_SUBPROTOCOL,
        "dashboard": DASHBOARD_SUBPROTOCOL,
    }
    for kind, channel in channels.items():
        assert f"`{subprotocols[kind]}`" in channel["description"]


def test_openapi_has_every_route_and_no_other() -> None:
    routes = {
        f"{method} {re.sub(r'{.*?}', '{}', route.path)}".lower()
        for route in make_app().routes
        if isinstance(route, Route) and route.path not in pages.PAGES
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert {re.sub(r"{.*?}", "{}", name).lower() for name in operations()} == routes


def test_every_code_of_an_answer_is_a_known_one() -> None:
    known = set(openapi()["components"]["schemas"]["ErrorCode"]["enum"])
    named = {code for each in _objects(openapi()) for code in each.get("x-codes", ())}
    # A method that is not in the document, a reader that has gone, what Starlette may raise, and what is no request.
    of_no_operation = {"method_not_allowed", "body_incomplete", "http_error", "request_malformed", "request_timeout"}
    assert known - named == of_no_operation
    assert named - known == set()
