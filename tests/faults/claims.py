"""Claims: what the hub has told its peers, read from the bytes that it sent, and whether the store bears it out.

Law 1 of the design: nothing is answered, pushed or sent before the commit that records it. So every frame that left the
hub is a claim about the store, and must hold whatever happens to the power afterwards.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hub.entropy import digest

Json = dict[str, Any]

FINAL = frozenset({"approved", "declined", "cancelled", "failed", "done"})


@dataclass(frozen=True, slots=True)
class Claim:
    """`what`: transaction, sent, outcome, event, pairing, device; the other fields are as that needs them."""

    what: str
    key: str
    value: str = ""
    number: int = 0


@dataclass
class _Stream:
    """The bytes of one socket that are not whole yet."""

    rest: bytearray = field(default_factory=bytearray)
    is_websocket: bool = False
    register_key: str = ""


class Listener:
    """Takes the bytes of all sockets, in the order in which they left."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, _Stream] = defaultdict(_Stream)

    def hear(self, socket: str, content: bytes) -> Iterator[Claim]:
        stream = self._streams[socket]
        stream.rest += content
        while (text := _next_message(stream)) is not None:
            if text:
                yield from _claims(json.loads(text), stream)


def _next_message(stream: _Stream) -> bytes | None:
    """The next whole message; empty for one without a text, None when there is none."""
    rest = stream.rest
    if stream.is_websocket:
        return _next_frame(rest)
    head, separator, body = bytes(rest).partition(b"\r\n\r\n")
    if not separator:
        return None
    if head.startswith(b"HTTP/1.1 101"):
        stream.is_websocket = True
        del rest[: len(head) + 4]
        return b""
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    if len(body) < length:
        return None
    del rest[: len(head) + 4 + length]
    return body[:length] if head.startswith(b"HTTP/1.1 200") else b""


def _next_frame(rest: bytearray) -> bytes | None:
    """A server's frame: never masked, and the hub's are never fragmented."""
    if len(rest) < 2:
        return None
    length, start = rest[1], 2
    if length == 126:
        length, start = int.from_bytes(rest[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(rest[2:10], "big"), 10
    if len(rest) < start + length:
        return None
    is_text = rest[0] == 0x81
    content = bytes(rest[start : start + length])
    del rest[: start + length]
    return content if is_text else b""


def _claims(message: Json, stream: _Stream) -> Iterator[Claim]:
    if "transactionId" in message:
        yield Claim("transaction", message["transactionId"])
        return
    match message.get("method"):
        case "transaction.start":
            yield Claim("sent", message["params"]["transaction_id"])
        case "transaction.updated" | "pairing.changed" | "device.presence":
            event: int = message["params"]["event"]
            yield Claim("event", stream.register_key, json.dumps(message), event)
        case None if isinstance(message.get("result"), dict):
            yield from _of_result(message["result"], stream)


def _of_result(result: Json, stream: _Stream) -> Iterator[Claim]:
    if "register_key" in result:
        stream.register_key = result["register_key"]
    if "epoch" in result:
        yield Claim("device", result["device_id"], result.get("credential", ""), result["epoch"])
        yield from (Claim("transaction", transaction_id) for transaction_id in result.get("recorded", []))
    if "register_token" in result:
        yield Claim("pairing", result["pairing"]["pairing_id"])
    if result.get("state") in FINAL and "transaction_id" in result:
        yield Claim("outcome", result["transaction_id"], result["state"])
    view = result.get("transaction")
    if view is not None:
        yield Claim("transaction", view["transaction_id"])
        if view["final"]:
            yield Claim("outcome", view["transaction_id"], view["state"])


class Store:
    """What is found after the cut."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute
        self._transactions = {row[0]: row[1:] for row in rows("SELECT transaction_id, state, sends FROM transactions")}
        self._events = {
            (row[0], row[1]): row[2] for row in rows("SELECT register_key, number, frame FROM register_events")
        }
        self._pairings = {row[0] for row in rows("SELECT pairing_id FROM pairings")}
        self._devices = {row[0]: row[1:] for row in rows("SELECT device_id, epoch, credential_digest FROM devices")}

    def bears_out(self, claim: Claim) -> bool:
        match claim.what:
            case "transaction":
                return claim.key in self._transactions
            case "sent":
                return claim.key in self._transactions and self._transactions[claim.key][1] > 0
            case "outcome":
                return claim.key in self._transactions and self._transactions[claim.key][0] == claim.value
            case "event":
                frame = self._events.get((claim.key, claim.number))
                return frame is not None and json.loads(frame) == json.loads(claim.value)
            case "pairing":
                return claim.key in self._pairings
        epoch, credential = self._devices.get(claim.key, (0, ""))
        return epoch >= claim.number and claim.value in (
            "",
            *([claim.value] if digest(claim.value) == credential else []),
        )
