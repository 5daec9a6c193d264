"""Frames that are no messages: answered with an error, and the connection goes on as far as it may."""

from __future__ import annotations

import contextlib
import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.bad_input.peers import KINDS, answer_to, complaint, greeted, refusal, request
from tests.bad_input.store import contents
from tests.shop import Shop
from tests.wire import Wire

LIMIT = 65_536


@KINDS
@pytest.mark.parametrize(
    "frame",
    [
        "",
        " ",
        "{",
        "hello",
        '{"jsonrpc":"2.0",}',
        '{"jsonrpc":"2.0","id":1,"method":"ping"} {}',
        "{'jsonrpc':'2.0'}",
        '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":NaN}}',
        '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\\ud800"}}',
        '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\\udc00\\ud800"}}',
        '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"a\nb"}}',
        "\ufeff{}",
    ],
)
async def test_not_json(shop: Shop, kind: str, frame: str) -> None:
    """Malformed JSON, lone surrogates, raw control characters."""
    wire = await greeted(shop, kind)
    error = await complaint(wire, frame)
    assert (error["code"], error["data"]["code"], error["data"]["retryable"]) == (-32700, "parse_error", False)
    assert error["message"].startswith("Not JSON: ")
    await wire.call("ping")


@KINDS
@pytest.mark.parametrize("frame", ["[]", "[1]", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', "  [ ]"])
async def test_batches(shop: Shop, kind: str, frame: str) -> None:
    """An array is not supported, and says so; nothing in it is done."""
    wire = await greeted(shop, kind)
    error = await complaint(wire, frame)
    assert (error["code"], error["data"]["code"]) == (-32600, "batch_not_supported")
    await wire.call("ping")


@KINDS
@pytest.mark.parametrize(
    "frame",
    [
        "null",
        "5",
        '"ping"',
        "{}",
        '{"jsonrpc":"2.0"}',
        '{"id":1,"method":"ping"}',
        '{"jsonrpc":"1.0","id":1,"method":"ping"}',
        '{"jsonrpc":2.0,"id":1,"method":"ping"}',
        '{"jsonrpc":"2.0","id":1}',
        '{"jsonrpc":"2.0","id":1,"method":5}',
        '{"jsonrpc":"2.0","id":1,"method":["ping"]}',
        '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
        '{"jsonrpc":"2.0","id":true,"method":"ping"}',
        '{"jsonrpc":"2.0","id":{},"method":"ping"}',
        '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"both"}}',
        '{"jsonrpc":"2.0","result":{}}',
        '{"jsonrpc":"2.0","id":1,"error":"text"}',
        '{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":5}}',
    ],
)
async def test_not_json_rpc(shop: Shop, kind: str, frame: str) -> None:
    """JSON, but no message: wrong types, missing parts."""
    wire = await greeted(shop, kind)
    error = await complaint(wire, frame)
    assert (error["code"], error["data"]["code"]) == (-32600, "invalid_request")
    await wire.call("ping")


@KINDS
@pytest.mark.parametrize(
    "method", ["", "nothing", "PING", "ping ", "transaction", "hello", "__init__", "rpc.discover", "пинг", "x" * 5000]
)
async def test_unknown_methods(shop: Shop, kind: str, method: str) -> None:
    wire = await greeted(shop, kind)
    error = await refusal(wire, method, {})
    assert (error["code"], error["data"]["code"]) == (-32601, "method_unknown")
    assert len(error["message"]) < 120, "a long name is not thrown back"
    await wire.call("ping")


async def test_the_other_side_s_methods(shop: Shop) -> None:
    """A device submits nothing, a register completes nothing."""
    device, register = await greeted(shop, "device"), await shop.hub.wire("register")
    await register.call("hello", {"register_id": "x", "business_name": "x", "vendor_name": "x"})
    for wire, methods in (
        (device, ["transaction.submit", "pairing.redeem", "transaction.start", "transaction.find"]),
        (register, ["transaction.complete", "transaction.progress", "pairing.start", "pairing.remove"]),
    ):
        for method in methods:
            assert (await refusal(wire, method, {}))["data"]["code"] == "method_unknown"


@KINDS
async def test_unknown_notifications_get_no_answer(shop: Shop, kind: str) -> None:
    """JSON-RPC answers no notification, not even a wrong one."""
    wire = await greeted(shop, kind)
    await wire.send({"jsonrpc": "2.0", "method": "nothing", "params": {}}, valid=False)
    await wire.call("ping")
    assert wire.errors.empty()


@KINDS
@pytest.mark.parametrize("frame", [b"", b"\x00\x01", b'{"jsonrpc":"2.0","id":1,"method":"ping"}'])
async def test_binary_frames(shop: Shop, kind: str, frame: bytes) -> None:
    """The protocol is text."""
    wire = await greeted(shop, kind)
    error = await complaint(wire, frame)
    assert (error["code"], error["data"]["code"]) == (-32600, "binary_frame")
    await wire.call("ping")


async def cut_off(wire: Wire) -> int:
    """The close code of a connection that the frame ended."""
    await wire.socket.wait_closed()
    await wire._reader
    code = wire.socket.close_code
    assert code is not None
    return code


@KINDS
@pytest.mark.parametrize("frame", [b"\xff\xfe", b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}', b"\xc3"])
async def test_text_that_is_not_utf_8(shop: Shop, kind: str, frame: bytes) -> None:
    """1007, as RFC 6455 asks; the hub goes on."""
    wire = await greeted(shop, kind)
    await wire.socket.send(frame, text=True)
    assert await cut_off(wire) == 1007
    await (await shop.hub.wire(kind)).close()


def padded(size: int) -> str:
    """A ping of exactly that many bytes."""
    frame = '{"jsonrpc":"2.0","id":"x","method":"ping","params":{"padding":""}}'
    return frame.replace('""', '"' + "x" * (size - len(frame)) + '"')


@KINDS
async def test_largest_frame(shop: Shop, kind: str) -> None:
    wire = await greeted(shop, kind)
    assert "result" in await answer_to(wire, padded(LIMIT), "ping")


@KINDS
async def test_oversized_frame(shop: Shop, kind: str) -> None:
    """One byte more: 1009. Nothing is read of it, and nobody else notices."""
    wire = await greeted(shop, kind)
    before = contents(shop.hub)
    await wire.socket.send(padded(LIMIT + 1))
    assert await cut_off(wire) == 1009
    assert contents(shop.hub)["transactions"] == before["transactions"]


@KINDS
async def test_oversized_in_fragments(shop: Shop, kind: str) -> None:
    """Each part is small, the message is not: the limit counts the whole."""
    wire = await greeted(shop, kind)
    with contextlib.suppress(ConnectionClosed):
        await wire.socket.send(["x" * 8192] * 9)
    assert await cut_off(wire) == 1009


@KINDS
@pytest.mark.parametrize("opened", ["[", '{"x":'])
async def test_deep_nesting(shop: Shop, kind: str, opened: str) -> None:
    """As deep as a frame can hold, wherever it stands: refused, not a crash."""
    wire = await greeted(shop, kind)
    depth = 60_000 // (len(opened) + 1)
    closed = "]" if opened == "[" else "}"
    deep = opened * depth + "1" + closed * depth
    assert (await complaint(wire, request("ping", deep)))["data"]["code"] == "parse_error"
    assert (await complaint(wire, deep))["data"]["code"] in ("parse_error", "batch_not_supported", "invalid_request")
    frame = f'{{"jsonrpc":"2.0","id":1,"error":{{"code":1,"message":"","data":5,"x":{deep}}}}}'
    assert (await complaint(wire, frame))["data"]["code"] in ("parse_error", "invalid_request")
    await wire.call("ping")


@KINDS
async def test_nesting_that_a_decoder_survives(shop: Shop, kind: str) -> None:
    """Not deep enough to stop the parser: wrong parameters, plainly."""
    wire = await greeted(shop, kind)
    deep = "[" * 200 + "]" * 200
    method = "transaction.complete" if kind == "device" else "transaction.submit"
    answer = await answer_to(wire, request(method, deep), method)
    assert answer["error"]["data"]["code"] == "invalid_params"


@KINDS
async def test_too_many_in_a_row(shop: Shop, kind: str) -> None:
    """The tenth malformed message in a row ends the connection: 4504, do not come back unchanged."""
    wire = await greeted(shop, kind)
    for _ in range(9):
        await complaint(wire, "{")
    await wire.call("ping")
    for _ in range(9):
        await complaint(wire, b"\x00")
    await complaint(wire, "[]")
    assert await wire.closed() == (4504, "protocol_errors")


@KINDS
async def test_duplicate_fields(shop: Shop, kind: str) -> None:
    """JSON leaves open what they mean; here the last one counts, wherever they stand, and nothing breaks."""
    wire = await greeted(shop, kind)
    twice = '{"jsonrpc":"1.0","jsonrpc":"2.0","id":"y","id":"x","method":"nothing","method":"ping"}'
    assert "result" in await answer_to(wire, twice, "ping")


async def test_duplicate_amounts(shop: Shop) -> None:
    wire = await greeted(shop, "register")
    params = '{"function":"Card.Purchase","amount_total_cents":100,"amount_total_cents":200}'
    answer = await answer_to(wire, request("transaction.submit", params), "transaction.submit")
    assert answer["result"]["transaction"]["amount_total_cents"] == 200


@KINDS
async def test_ids_of_all_kinds_come_back(shop: Shop, kind: str) -> None:
    """Strings and integers, as they were written."""
    wire = await greeted(shop, kind)
    ids: list[str | int] = ["", "ü\u2028", "x" * 1000, 0, -1, 2**53, 2**70]
    for asked in ids:
        frame = json.dumps({"jsonrpc": "2.0", "id": asked, "method": "ping"})
        assert "result" in await answer_to(wire, frame, "ping", asked)


@KINDS
async def test_answers_to_nothing(shop: Shop, kind: str) -> None:
    """Answers that the hub never asked for are dropped."""
    wire = await greeted(shop, kind)
    for message in (
        {"jsonrpc": "2.0", "id": "start:x", "result": {}},
        {"jsonrpc": "2.0", "id": None, "result": None},
        {"jsonrpc": "2.0", "id": 99, "error": {"code": 1, "message": "no", "data": [1]}},
    ):
        await wire.send(message, valid=False)
    await wire.call("ping")
    assert wire.errors.empty()
