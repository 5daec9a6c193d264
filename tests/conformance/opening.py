"""The handshake: what is upgraded, what is refused, and how (RFC 6455, 4.2)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.case import Case
from tests.conformance.raw import RawSocket


@contextlib.asynccontextmanager
async def _dialled(port: int) -> AsyncIterator[RawSocket]:
    socket = await RawSocket.dial(port)
    try:
        yield socket
    finally:
        await socket.close()


def _upgraded(name: str, **headers: Any) -> Case:
    async def run(port: int) -> None:
        async with _dialled(port) as socket:
            response, accept = await socket.handshake(**headers)
            assert response.status == 101, response
            assert response.headers["upgrade"].lower() == "websocket"
            assert response.headers["connection"].lower() == "upgrade"
            assert response.headers["sec-websocket-accept"] == accept
            assert response.headers["sec-websocket-protocol"] == "smartconnect.register.v1"
            assert "sec-websocket-extensions" not in response.headers, "deflate is off"

    return Case(name, run)


def _refused(name: str, *statuses: int, path: str = "/ws/register", **headers: str | None) -> Case:
    async def run(port: int) -> None:
        async with _dialled(port) as socket:
            response, _ = await socket.handshake(path, **headers)
            assert response.status in statuses, response
            assert "sec-websocket-accept" not in response.headers

    return Case(name, run)


def _raw(name: str, request: bytes, *statuses: int) -> Case:
    async def run(port: int) -> None:
        async with _dialled(port) as socket:
            await socket.send(request)
            response = await socket.response()
            assert response.status in statuses, response

    return Case(name, run)


async def _version(port: int) -> None:
    async with _dialled(port) as socket:
        response, _ = await socket.handshake(Sec_WebSocket_Version="12")
        assert response.status in (400, 426), response
        assert response.headers.get("sec-websocket-version") == "13", "a server says which version it speaks (4.4)"


_HEAD = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
_KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

CASES = [
    _upgraded("as it should be"),
    _upgraded("other case", Upgrade="WebSocket", Connection="keep-alive, upgrade"),
    _upgraded("several subprotocols", Sec_WebSocket_Protocol="other, smartconnect.register.v1"),
    _upgraded("deflate is offered", Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"),
    _upgraded("an unknown extension", Sec_WebSocket_Extensions="x-unknown"),
    _refused("no key", 400, Sec_WebSocket_Key=None),
    _refused("a key that is not base64", 400, Sec_WebSocket_Key="§§§"),
    _refused("a key of 15 bytes", 400, Sec_WebSocket_Key="YWJjZGVmZ2hpamtsbW5v"),
    Case("version 12", _version),
    _refused("no version", 400, 426, Sec_WebSocket_Version=None),
    _refused("no subprotocol", 400, Sec_WebSocket_Protocol=None),
    _refused("another subprotocol", 400, Sec_WebSocket_Protocol="smartconnect.device.v1"),
    _refused("no such path", 403, 404, path="/ws/nothing"),
    _refused("no upgrade", 400, 404, 426, Upgrade=None),
    _refused("no connection header", 400, 404, 426, Connection=None),
    _raw("POST", b"POST /ws/register HTTP/1.1\r\nContent-Length: 0\r\n" + _HEAD + _KEY + b"\r\n", 400, 404, 405),
    _raw("HTTP/1.0", b"GET /ws/register HTTP/1.0\r\n" + _HEAD + _KEY + b"\r\n", 400, 404, 505),
    _raw("two keys", b"GET /ws/register HTTP/1.1\r\n" + _HEAD + _KEY + _KEY + b"\r\n", 400),
    _raw("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
]
