"""`PUT /POS/Pairing/{code}`: what it takes, and its two answers to the letter (pos-api 2)."""

from __future__ import annotations

import pytest

from tests.running import RunningHub
from tests.shop import Shop, Till

INVALID_CODE = {"error": "Invalid Pairing Code. Please make sure you entered the code correctly"}


async def test_success_is_one_body(shop: Shop) -> None:
    """200 `{"result":"success"}`, byte for byte, as JSON."""
    device = await shop.device()
    answer = await Till(shop.hub).pair(await device.code())
    assert answer.status_code == 200
    assert answer.text == '{"result":"success"}'
    assert answer.headers["content-type"] == "application/json"


async def test_the_register_token_is_in_a_header(shop: Shop) -> None:
    """The extension does not touch the body that real clients know."""
    device = await shop.device()
    answer = await Till(shop.hub).pair(await device.code())
    assert answer.headers["SmartConnect-Register-Token"].startswith("reg_")


async def test_wrong_code(shop: Shop) -> None:
    """400 with the text that real clients compare; nothing beside it in the body."""
    answer = await Till(shop.hub).pair("00000000")
    assert answer.status_code == 400
    assert answer.json() == INVALID_CODE
    assert answer.headers["SmartConnect-Error-Code"] == "pairing_code_invalid"


async def test_expired_code(shop: Shop) -> None:
    device = await shop.device()
    first = await device.code()
    shop.hub.clock.advance(121)
    answer = await Till(shop.hub).pair(first)
    assert answer.status_code == 400
    assert answer.json() == INVALID_CODE


async def test_used_code(shop: Shop) -> None:
    device = await shop.device()
    code = await device.code()
    assert (await Till(shop.hub).pair(code)).status_code == 200
    answer = await Till(shop.hub, register_id="another").pair(code)
    assert answer.status_code == 400
    assert answer.json() == INVALID_CODE


async def test_codes_have_eight_digits_and_no_leading_zero(shop: Shop) -> None:
    """As every real code seen; a POS may keep it in an integer."""
    device = await shop.device()
    for _ in range(5):
        code = await device.code()
        assert len(code) == 8
        assert code.isascii()
        assert code.isdigit()
        assert code[0] != "0"


@pytest.mark.parametrize("typed", ["{} {}", "{}-{}", " {}{} ", "{}%20{}"])
async def test_spaces_and_hyphens_that_people_type(shop: Shop, typed: str) -> None:
    device = await shop.device()
    code = await device.code()
    assert (await Till(shop.hub).pair(typed.format(code[:4], code[4:]))).status_code == 200


@pytest.mark.parametrize("register_id", ["1234567890", "proddb/0d5f7c1e-8e7a-4f5c-9a44-6c1f6f0d8f10", "Kasse ü 1"])
async def test_register_ids_of_the_field(shop: Shop, register_id: str) -> None:
    """Usually a UUID, but other ids occur; the same id routes the payment."""
    till = await shop.register(await shop.device(), register_id=register_id)
    assert (await till.pay())["data"]["PosRegisterID"] == register_id


async def test_optional_fields(shop: Shop) -> None:
    """Contact Name (with the space) and the others are taken, unknown ones too."""
    device = await shop.device()
    till = Till(shop.hub)
    answer = await shop.hub.http.put(
        f"/POS/Pairing/{await device.code()}",
        data={
            **till.triple,
            "POSRegisterName": "Front",
            "Contact Name": "Ada L.",
            "Address": "1 Queen Street\nAuckland",
            "City": "Auckland",
            "State": "",
            "ZipCode": "1010",
            "Email": "ada@example.com",
            "Phone": "+64 9 000 0000",
            "POSBusinessEnvironment": "PROD",
        },
    )
    assert answer.text == '{"result":"success"}'


@pytest.mark.parametrize("missing", ["POSRegisterID", "POSRegisterName", "POSBusinessName", "POSVendorName"])
async def test_mandatory_fields(shop: Shop, missing: str) -> None:
    """A request without one of them is refused with its name, and the code stays good."""
    device = await shop.device()
    code = await device.code()
    till = Till(shop.hub)
    given = {**till.triple, "POSRegisterName": "Front"}
    for incomplete in ({**given, missing: ""}, {name: value for name, value in given.items() if name != missing}):
        answer = await shop.hub.http.put(f"/POS/Pairing/{code}", data=incomplete)
        assert answer.status_code == 400
        assert answer.json() == {"error": f"{missing} is required."}
    assert (await till.pair(code)).status_code == 200


async def test_the_name_on_the_device(shop: Shop) -> None:
    """POSRegisterName is what the device shows for the register."""
    device = await shop.device()
    await shop.register(device, register_name="Bar 2")
    added = await device.socket.pushed("pairing.added")
    assert added["params"]["register_name"] == "Bar 2"


async def test_the_name_may_differ_later(shop: Shop) -> None:
    """Later requests match on the triple; POSRegisterName is not part of it."""
    device = await shop.device()
    till = await shop.register(device, register_name="Front")
    await till.pay(POSRegisterName="Renamed")
    till.register_name = "Renamed"
    assert (await till.pair(await device.code())).status_code == 200
    assert [each["register_name"] for each in (await device.socket.call("pairing.list"))["pairings"]] == ["Renamed"]


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("POSRegisterID", "e6f1b7a2-0000-4000-8000-000000000002"),
        ("POSBusinessName", "Toys Shop Ltd"),
        ("POSBusinessName", "toys shop"),
        ("POSBusinessName", "Toys Shop "),
        ("POSVendorName", "Till3Go"),
    ],
)
async def test_a_business_that_changes_its_name_pairs_again(shop: Shop, part: str, other: str) -> None:
    """The match is exact: each part of the triple counts, and letter case too."""
    till = await shop.register(await shop.device())
    answer = await till.post(None, **{part: other})
    assert answer.status_code == 400
    assert answer.json() == {"error": "This register is not paired to a device, please pair it first."}


async def test_reserved_device(hub: RunningHub) -> None:
    """A device that is enrolled for a business takes no other one's register; the answer tells no guesser why."""
    answer = await hub.http.post(
        "/admin/devices", json={"device_id": "T1", "business_name": "Toys Shop"}, headers=hub.admin
    )
    wire = await hub.wire("device")
    await wire.call("hello", {"device_id": "T1", "serial": "SN-1", "credential": answer.json()["credential"]})
    code = (await wire.call("pairing.start"))["code"]
    refused = await Till(hub, business_name="Books Shop").pair(code)
    assert refused.status_code == 400
    assert refused.json() == INVALID_CODE
    assert (await Till(hub).pair(code)).status_code == 200
