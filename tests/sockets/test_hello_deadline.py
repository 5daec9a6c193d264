"""The first message of either socket: it must come in time, and it must be a hello."""

from __future__ import annotations

import pytest

from tests.running import RunningHub
from tests.shop import until_waiting
from tests.wire import CallFailed, Wire

KINDS = pytest.mark.parametrize("kind", ["device", "register"])


@KINDS
async def test_no_hello(hub: RunningHub, kind: str) -> None:
    """10 s, then 4006: come back."""
    wire = await hub.wire(kind)
    await until_waiting(hub, 10)
    hub.clock.advance(10)
    assert await wire.closed() == (4006, "hello_timeout")


@KINDS
async def test_noise_is_no_hello(hub: RunningHub, kind: str) -> None:
    """Malformed messages are answered, but the deadline goes on."""
    wire = await hub.wire(kind)
    await wire.socket.send("{")
    assert (await wire.errors.get())["error"]["data"]["code"] == "parse_error"
    hub.clock.advance(9)
    await wire.socket.send("{")
    await wire.errors.get()
    hub.clock.advance(1)
    assert (await wire.closed())[0] == 4006


@KINDS
async def test_in_time(hub: RunningHub, kind: str) -> None:
    """Once said, no deadline is left behind."""
    wire = await hub.wire(kind)
    await until_waiting(hub, 10)
    hub.clock.advance(9.9)
    await wire.call("hello", hello(kind))
    hub.clock.advance(60)
    await wire.call("ping")


def hello(kind: str) -> dict[str, object]:
    if kind == "device":
        return {"device_id": "T1", "serial": "SN-1", "enrol": True}
    return {"register_id": "1", "business_name": "Toys Shop", "vendor_name": "Till2Go"}


@KINDS
@pytest.mark.parametrize("method", ["ping", "pairing.start", "transaction.submit", "HELLO", ""])
async def test_something_else_first(hub: RunningHub, kind: str, method: str) -> None:
    """An error that says what was expected, then 4503: do not come back unchanged."""
    wire = await hub.wire(kind)
    with pytest.raises(CallFailed) as failed:
        await wire.call(method, valid=False)
    assert failed.value.code == "hello_expected"
    assert await wire.closed() == (4503, "hello_expected")


@KINDS
async def test_hello_as_a_notification(hub: RunningHub, kind: str) -> None:
    """Without an id it could not be answered."""
    wire = await hub.wire(kind)
    await wire.send({"jsonrpc": "2.0", "method": "hello", "params": hello(kind)}, valid=False)
    assert (await wire.errors.get())["error"]["data"]["code"] == "hello_expected"
    assert (await wire.closed())[0] == 4503


@KINDS
async def test_an_answer_first(hub: RunningHub, kind: str) -> None:
    wire = await hub.wire(kind)
    await wire.send({"jsonrpc": "2.0", "id": "start:x", "result": {"state": "accepted"}}, valid=False)
    await wire.closed()
    assert wire.socket.close_code == 4503


@KINDS
@pytest.mark.parametrize("params", [{}, {"device_id": 5, "register_id": 5}, [], None, "x"])
async def test_hello_with_wrong_parameters(hub: RunningHub, kind: str, params: object) -> None:
    """The error names the field; the connection ends."""
    wire = await hub.wire(kind)
    error = await answered(wire, {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": params})
    assert error["data"]["code"] == "invalid_params"
    assert (await wire.closed())[0] == 4503


async def answered(wire: Wire, message: dict[str, object]) -> dict[str, dict[str, str]]:
    """Send a request that the contract does not allow; the error of its answer."""
    await wire.send(message, valid=False)
    error: dict[str, dict[str, str]] = (await wire.errors.get())["error"]
    return error


@KINDS
async def test_hello_twice(hub: RunningHub, kind: str) -> None:
    """The second one is an unknown method; the connection goes on."""
    wire = await hub.wire(kind)
    await wire.call("hello", hello(kind))
    with pytest.raises(CallFailed) as failed:
        await wire.call("hello", hello(kind))
    assert failed.value.code == "method_unknown"
    await wire.call("ping")
