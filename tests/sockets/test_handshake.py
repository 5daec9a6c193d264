"""The handshake of both sockets: a refusal is an HTTP answer with a reason, before any frame."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from hub.edge import handshake
from hub.edge.turnstile import A_TURN
from hub.edge.websocket_protocol import LINGER_SECONDS
from tests.clock import ManualClock, let_pass
from tests.pos.lines import PING, UPGRADE, dialled, head, used
from tests.running import RunningHub, running
from tests.shop import Shop, until

KINDS = pytest.mark.parametrize("kind", ["device", "register"])


async def refused(hub: RunningHub, kind: str, **options: Any) -> tuple[int, dict[str, str], dict[str, str]]:
    """The status, JSON body and headers of the refusal."""
    with pytest.raises(InvalidStatus) as failed:
        await hub.wire(kind, **options)
    response = failed.value.response
    return response.status_code, json.loads(response.body or b"{}"), dict(response.headers.raw_items())


@KINDS
async def test_subprotocol_is_agreed(hub: RunningHub, kind: str) -> None:
    """Of those that the client offers, the one of this endpoint."""
    offered = [Subprotocol("other.v9"), Subprotocol(f"smartconnect.{kind}.v1")]
    wire = await hub.wire(kind, subprotocols=offered)
    assert wire.socket.subprotocol == f"smartconnect.{kind}.v1"


@KINDS
@pytest.mark.parametrize(
    "offered", [None, ["smartconnect.v1"], ["smartconnect.dashboard.v1"], ["SMARTCONNECT.DEVICE.V2"]]
)
async def test_subprotocol_missing_or_wrong(hub: RunningHub, kind: str, offered: list[str] | None) -> None:
    status, body, _ = await refused(hub, kind, subprotocols=offered)
    assert status == 400
    assert body == {"error": f"Ask for the subprotocol smartconnect.{kind}.v1.", "code": "subprotocol_unsupported"}


async def test_a_refusal_is_no_error_of_the_hub_s(hub: RunningHub, caplog: pytest.LogCaptureFixture) -> None:
    """A client that has it wrong, and knocks again and again, fills no log with errors."""
    await refused(hub, "device", subprotocols=None)
    await refused(hub, "register", origin=Origin("null"), subprotocols=None)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_the_other_endpoint_s_subprotocol(hub: RunningHub) -> None:
    """A till that calls the device's address is told so."""
    status, body, _ = await refused(hub, "device", subprotocols=[Subprotocol("smartconnect.register.v1")])
    assert (status, body["code"]) == (400, "subprotocol_unsupported")


@KINDS
async def test_the_hub_s_own_pages(hub: RunningHub, kind: str) -> None:
    await hub.wire(kind, origin=Origin(hub.url))


@KINDS
async def test_no_browser_no_origin(hub: RunningHub, kind: str) -> None:
    """A terminal or a POS sends none."""
    await hub.wire(kind)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "file://"])
async def test_foreign_pages_are_no_devices(hub: RunningHub, origin: str) -> None:
    """Against hijacking: a page of another origin may not speak as a device. The register socket is open by default."""
    status, body, _ = await refused(hub, "device", origin=Origin(origin))
    assert status == 403
    assert body == {"error": "Pages of this origin may not connect.", "code": "origin_not_allowed"}
    await hub.wire("register", origin=Origin(origin))


async def test_allowlists(tmp_path: Path, clock: ManualClock) -> None:
    """One list for the POS API and the register socket, another for devices."""
    lists = {"allowed_origins": ["https://pos.example"], "allowed_device_origins": ["https://lab.example"]}
    async with running(tmp_path / "data", clock, **lists) as hub:
        await hub.wire("register", origin=Origin("https://pos.example"))
        await hub.wire("device", origin=Origin("https://lab.example"))
        for kind, origin in (("register", "https://lab.example"), ("device", "https://pos.example")):
            assert (await refused(hub, kind, origin=Origin(origin)))[0] == 403
            await hub.wire(kind, origin=Origin(hub.url))


async def test_own_pages_behind_a_proxy(tmp_path: Path, clock: ManualClock) -> None:
    """The hub's pages come from `public_url`, whatever name the proxy calls the hub by."""
    async with running(tmp_path / "data", clock, public_url="https://hub.shop.example") as hub:
        await hub.wire("device", origin=Origin("https://hub.shop.example"))
        assert (await refused(hub, "device", origin=Origin("https://shop.example")))[0] == 403


async def test_too_many_connections(tmp_path: Path, clock: ManualClock) -> None:
    """503 and when to come back; who leaves makes room."""
    async with running(tmp_path / "data", clock, max_connections=2) as hub:
        shop = Shop(hub)
        device = await shop.device()
        wire = await hub.wire("register")
        status, body, headers = await refused(hub, "register")
        assert status == 503
        assert body["code"] == "too_many_connections"
        assert headers["retry-after"] == "5"
        await wire.close()
        await until(lambda: len(hub.edge.connections) == 1)
        await hub.wire("register")
        await device.socket.call("ping")


@KINDS
async def test_draining(hub: RunningHub, kind: str) -> None:
    hub.edge.connections.draining = True
    status, body, headers = await refused(hub, kind)
    assert (status, body["code"], headers["retry-after"]) == (503, "draining", "1")
    assert (await hub.http.get("/readyz")).status_code == 503


async def test_many_at_once(tmp_path: Path, clock: ManualClock) -> None:
    """More than are let through in one turn: all get in, and are served."""
    asked = (
        b"GET /ws/device HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Protocol: smartconnect.device.v1\r\n\r\n"
    )
    # These clients answer no pings.
    async with running(tmp_path / "data", clock, heartbeat_seconds=600) as hub:
        address = urlsplit(hub.url)
        sockets = [socket.create_connection((address.hostname, address.port)) for _ in range(5 * A_TURN)]
        for each in sockets:
            each.sendall(asked)
        for each in sockets:
            reader, writer = await asyncio.open_connection(sock=each)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            writer.write(b"\x81\x80\x00\x00\x00\x00")  # an empty text, which is no JSON
            await reader.readuntil(b"parse_error")
            writer.close()
            await writer.wait_closed()


def without(header: str) -> bytes:
    return head("GET", "/ws/register", {name: value for name, value in UPGRADE.items() if name != header})


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (head("GET", "/ws/register", {**UPGRADE, "Cookie": "x" * 9_000}), 431, "handshake_too_large"),
        (
            head("GET", "/ws/register", UPGRADE | {f"X-{number}": "x" for number in range(200)}),
            431,
            "handshake_too_large",
        ),
        (head("GET", f"/ws/register?{'x' * 9_000}", UPGRADE), 414, "handshake_too_large"),
        (head("GET", "/ws/register", {**UPGRADE, "Content-Length": "4"}) + b"body", 400, "handshake_malformed"),
        (head("POST", "/ws/register", {**UPGRADE, "Content-Length": "4"}) + b"body", 400, "handshake_malformed"),
        (
            head("GET", "/ws/register", {**UPGRADE, "Transfer-Encoding": "chunked"}) + b"0\r\n\r\n",
            400,
            "handshake_malformed",
        ),
        (without("Sec-WebSocket-Key"), 400, "handshake_malformed"),
        (without("Sec-WebSocket-Version"), 400, "handshake_malformed"),
        (without("Sec-WebSocket-Protocol"), 400, "subprotocol_unsupported"),
        (head("POST", "/ws/register", UPGRADE), 405, "method_not_allowed"),
        (head("GET", "/ws/nothing", UPGRADE), 404, "not_found"),
    ],
    ids=[
        "long header",
        "many headers",
        "long path",
        "body",
        "body of a POST",
        "chunked body",
        "no key",
        "no version",
        "no subprotocol",
        "POST",
        "no such socket",
    ],
)
async def test_what_is_no_handshake(hub: RunningHub, asked: bytes, status: int, code: str) -> None:
    """Answered as any that is refused, and the connection ends."""
    async with dialled(hub) as line:
        await line.send(asked)
        assert_refused(await line.rest(), status, code)
    await until(lambda: not hub.server.server_state.connections)


def assert_refused(said: bytes, status: int, code: str) -> None:
    top, _, body = said.partition(b"\r\n\r\n")
    first, *lines = top.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)
    assert first.startswith(f"http/1.1 {status} ")
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(body))
    assert headers["connection"] == "close"
    told = json.loads(body)
    assert told.keys() == {"error", "code"}
    assert told["code"] == code
    assert told["error"].endswith(".")
    assert "\n" not in told["error"]


async def test_a_fault_of_the_hub_s(hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and told without details."""

    def fail(*_args: object) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(handshake, "_refusal", fail)
    async with dialled(hub) as line:
        await line.send(head("GET", "/ws/register", UPGRADE))
        said = await line.rest()
    assert_refused(said, 500, "internal_error")
    assert b"secret" not in said


async def test_a_peer_that_sends_no_more_and_takes_nothing(hub: RunningHub) -> None:
    """What is left for it keeps no socket for ever."""
    async with used(hub, narrow=True) as (line, connection):
        await line.send(head("GET", "/ws/register", UPGRADE))
        await line.becomes_a_socket()
        line.look_away()
        await line.send(PING * 5_000)
        await until(lambda: connection.transport.get_write_buffer_size() > 0)
        line.finish()
        await until(connection.transport.is_closing)
        let_pass(LINGER_SECONDS)
        await until(lambda: not hub.server.server_state.connections)
