"""Holds every frame that the tests see to docs/asyncapi.yaml.

The file is compiled once. A result can only be checked by who knows which method it answers, so there is a `FrameCheck`
per connection. Directions are the peer's: it sends or receives.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

Json = dict[str, Any]

ROOT = Path(__file__).parents[1]


class ContractBroken(AssertionError):
    """A frame that the contract does not know, or not so."""


@dataclass(frozen=True)
class Side:
    """What one side of a channel may send: requests and notifications, results of the other's requests, errors."""

    methods: dict[str, jsonschema_rs.Draft7Validator] = field(default_factory=dict)
    results: dict[str, jsonschema_rs.Draft7Validator] = field(default_factory=dict)
    errors: list[jsonschema_rs.Draft7Validator] = field(default_factory=list)


@dataclass(frozen=True)
class Channel:
    send: Side = field(default_factory=Side)
    receive: Side = field(default_factory=Side)


@functools.cache
def asyncapi() -> Json:
    document: Json = yaml.load((ROOT / "docs/asyncapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    return document


def resolved(document: Json, found: Any) -> Any:
    """Follow `$ref`s within the document until there is none."""
    while isinstance(found, dict) and "$ref" in found:
        reference: str = found["$ref"]
        assert reference.startswith("#/"), f"not a local reference: {reference}"
        found = document
        for step in reference[2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def _compiled(payload: Json) -> jsonschema_rs.Draft7Validator:
    """A validator of one payload. The components come along, for they are what its references lead to."""
    schema = {"allOf": [payload], "components": {"schemas": asyncapi()["components"]["schemas"]}}
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


@dataclass(frozen=True)
class Described:
    """One message of the document. `direction` is the peer's; a result and an error name the method they answer."""

    kind: str
    direction: str
    role: str  # method, result or error
    method: str
    payload: Json


def described() -> Iterator[Described]:
    """All messages of all operations."""
    document = asyncapi()
    for operation in document["operations"].values():
        kind = operation["channel"]["$ref"].removeprefix("#/channels/")
        # The document is the hub's: what it receives the peer sends.
        asks, answers = ("send", "receive") if operation["action"] == "receive" else ("receive", "send")
        (request,) = operation["messages"]
        payload = resolved(document, request)["payload"]
        method = payload["properties"]["method"]["const"]
        yield Described(kind, asks, "method", method, payload)
        for reply in operation.get("reply", {}).get("messages", []):
            payload = resolved(document, reply)["payload"]
            role = "error" if "error" in payload["properties"] else "result"
            yield Described(kind, answers, role, method, payload)


@functools.cache
def contract() -> dict[str, Channel]:
    """The compiled contract, by the kind of peer: `device`, `register`, …"""
    channels = {kind: Channel() for kind in asyncapi()["channels"]}
    for each in described():
        side: Side = getattr(channels[each.kind], each.direction)
        if each.role == "method":
            side.methods[each.method] = _compiled(each.payload)
        elif each.role == "result":
            side.results[each.method] = _compiled(each.payload)
        elif not side.errors:
            side.errors.append(_compiled(each.payload))
    return channels


class FrameCheck:
    """Checks the frames of one peer, in the order in which they come."""

    def __init__(self, kind: str) -> None:
        self._sides = {"send": contract()[kind].send, "receive": contract()[kind].receive}
        self._asked: dict[str, dict[Any, str]] = {"send": {}, "receive": {}}
        self.problems: list[str] = []
        """What `on_frame` found; a test that uses it ends with `assert check.problems == []`."""

    def note(self, message: Json) -> None:
        """Remember what the peer asks, without checking it: a test sends something wrong on purpose."""
        if isinstance(message.get("method"), str) and isinstance(message.get("id"), str | int):
            self._asked["send"][message["id"]] = message["method"]

    def __call__(self, direction: str, message: Json) -> None:
        """Raise `ContractBroken` if the contract does not know such a frame here."""
        side = self._sides[direction]
        if "method" in message:
            method = message["method"]
            if method not in side.methods:
                raise ContractBroken(f"{direction}: no method {method!r}: {message}")
            _check(side.methods[method], direction, message)
            if "id" in message:
                self._asked[direction][message["id"]] = method
            return
        if "error" in message:
            for validator in side.errors:
                _check(validator, direction, message)
            return
        asked = self._asked["receive" if direction == "send" else "send"]
        method = asked.get(message.get("id"))
        if method is None or method not in side.results:
            raise ContractBroken(f"{direction}: a result that answers nothing: {message}")
        _check(side.results[method], direction, message)

    def on_frame(self, direction: str, text: str) -> None:
        """The SDK's hook: `sent` or `received`, and the frame. It must not raise, so what is wrong is kept."""
        try:
            self("send" if direction == "sent" else "receive", json.loads(text))
        except (ContractBroken, ValueError) as broken:
            self.problems.append(str(broken))


def check_frame(kind: str, direction: str, message: Json) -> None:
    """The same for one frame by itself: a result passes if it can be the answer to any request."""
    check, side = FrameCheck(kind), getattr(contract()[kind], direction)
    if "result" not in message or "method" in message:
        check(direction, message)
    elif not any(validator.is_valid(message) for validator in side.results.values()):
        raise ContractBroken(f"{direction}: not the result of any request: {json.dumps(message)}")


def _check(validator: jsonschema_rs.Draft7Validator, direction: str, message: Json) -> None:
    if validator.is_valid(message):
        return
    problems = [
        f"/{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(message)
    ]
    raise ContractBroken(f"{direction}: {'; '.join(problems)}: {json.dumps(message)}")
