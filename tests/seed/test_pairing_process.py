"""The pairing flow: from the code on the device to the first transaction, and how long it is good for."""

from __future__ import annotations

import pytest

from hub.store.unit import Unit
from tests.shop import Shop, Terminal, Till

WRONG = {"error": "Invalid Pairing Code. Please make sure you entered the code correctly"}


async def lands_on(till: Till, device: Terminal) -> bool:
    """Whether a purchase of this register reaches that device; it is then completed."""
    envelope = await till.pay()
    if envelope["deviceId"] != device.device_id:
        return False
    started = await device.started()
    await device.complete(started["transaction_id"])
    return bool(started["transaction_id"] == envelope["transactionId"])


async def test_the_hub_knows_where_to_send_it(shop: Shop) -> None:
    """ "Pairing a Register to a particular device enables SmartConnect to automatically "know" which device to forward
    the Transaction requests to."
    """
    devices = [await shop.device(f"T{number}") for number in range(3)]
    tills = [await shop.register(device, register_id=device.device_id) for device in devices]
    for till, device in zip(tills, devices, strict=True):
        assert await lands_on(till, device)
    for device in devices:
        await device.socket.call("ping")
        assert device.socket.waiting("transaction.start") == []


async def test_the_link(shop: Shop) -> None:
    """ "Essentially, the pairing process creates a link between the Register, identified by its unique ID, and the
    device, identified by a temporary pairing code."

    The request names no device: the code alone says which.
    """
    device, _other = await shop.device("T1"), await shop.device("T2")
    till = Till(shop.hub)
    await till.pair(await device.code())
    seen = (await shop.hub.http.get("/POS/Pairing", params=till.triple)).json()
    assert (seen["paired"], seen["deviceId"]) == (True, "T1")
    (link,) = (await device.socket.call("pairing.list"))["pairings"]
    assert link["register_id"] == till.register_id


async def test_the_whole_flow(shop: Shop) -> None:
    """ "The pairing flow is:" device asks, person types, POS submits, transactions go."""
    device = await shop.device()
    code = (await device.socket.call("pairing.start"))["code"]
    till = Till(shop.hub)
    answer = await shop.hub.http.put(f"/POS/Pairing/{code}", data={**till.triple, "POSRegisterName": "Front"})
    assert answer.json() == {"result": "success"}
    assert await lands_on(till, device)


async def test_the_device_asks_for_the_code(shop: Shop) -> None:
    """ "The pairing process gets initiated on the device, which will request the temporary pairing code from
    SmartConnect and display it on the screen."

    Without its request there is no code at all; with it, the device gets one to display.
    """
    device = await shop.device()
    assert await shop.hub.edge.engine.query(_live_codes) == 0
    shown = await device.socket.call("pairing.start")
    assert shown["code"].isdigit()
    assert shown["expires_in_seconds"] > 0
    assert await shop.hub.edge.engine.query(_live_codes) == 1


async def _live_codes(unit: Unit) -> int:
    return len(await unit.codes.live_of_device("7070714000"))


async def test_ttl(shop: Shop) -> None:
    """ "This code has a certain TTL (time-to-live)": it is good until it ends, and not after."""
    first, second = await shop.device("T1"), await shop.device("T2")
    in_time, too_late = await first.code(), await second.code()
    shop.hub.clock.advance(119.9)
    assert (await Till(shop.hub, register_id="1").pair(in_time)).status_code == 200
    shop.hub.clock.advance(0.1)
    answer = await Till(shop.hub, register_id="2").pair(too_late)
    assert (answer.status_code, answer.json()) == (400, WRONG)


async def test_periodic_refresh(shop: Shop) -> None:
    """ "This code has a certain TTL (time-to-live), and may periodically refresh on the device if pairing is not
    finalized."

    Again and again, each time a code that works; once pairing is finalised, no more.
    """
    device = await shop.device()
    codes = [await device.code()]
    for _ in range(3):
        shop.hub.clock.advance(105)
        codes.append((await device.socket.pushed("pairing.code"))["params"]["code"])
    assert len(set(codes)) == 4
    assert (await Till(shop.hub).pair(codes[-1])).status_code == 200
    shop.hub.clock.advance(600)
    await device.socket.call("ping")
    assert device.socket.waiting("pairing.code") == []


@pytest.mark.parametrize("typed", ["{0}{1}", "{0} {1}", "{0}-{1}"])
async def test_a_person_types_it(shop: Shop, typed: str) -> None:
    """ "The person doing the pairing would input this pairing code in the POS software, and submit it to SmartConnect
    via the API call."

    As people write down eight digits: with a space or a hyphen in the middle too.
    """
    device = await shop.device()
    code = await device.code()
    assert (await Till(shop.hub).pair(typed.format(code[:4], code[4:]))).status_code == 200


async def test_ready_to_submit(shop: Shop) -> None:
    """ "If successful, the pairing process is now complete and the Register is ready to submit Transactions!"

    At once, with nothing in between; and not before.
    """
    device = await shop.device()
    till = Till(shop.hub)
    before = await till.post()
    assert before.json() == {"error": "This register is not paired to a device, please pair it first."}
    code = await device.code()
    assert (await till.pair(code)).json() == {"result": "success"}
    assert await lands_on(till, device)


async def test_a_pairing_box_in_any_pos(shop: Shop) -> None:
    """ "Depending on how each POS system handles integrations, there would typically be a way for setting up each
    individual integration and this would be the place to have a UI component where the pairing code can be inputted
    and submitted to SmartConnect."

    That component may be a page of the POS's own origin: the browser's questions are answered, and so is it.
    """
    device = await shop.device()
    page = {"Origin": "https://cloud-pos.example"}
    asked = await shop.hub.http.options(
        "/POS/Pairing/12345678",
        headers={**page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"},
    )
    assert asked.status_code == 200
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    answer = await shop.hub.http.put(
        f"/POS/Pairing/{await device.code()}",
        data={**Till(shop.hub).triple, "POSRegisterName": "Front"},
        headers=page,
    )
    assert answer.json() == {"result": "success"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_back_office_and_front_end(shop: Shop) -> None:
    """ "Pairing is commonly a "back-office" function, although some integrations have places the pairing controls on
    the POS "front-end" as well."

    Paired from the office by HTTP, the till on the counter hears of it and can pay; and the till can pair by itself.
    """
    device = await shop.device()
    counter = Till(shop.hub)
    await counter.connect()
    office = Till(shop.hub)
    await office.pair(await device.code())
    changed = await counter.socket.pushed("pairing.changed")
    assert changed["params"]["pairing"]["paired"] is True
    assert await lands_on(counter, device)
    other = Till(shop.hub, register_id="other")
    await other.connect()
    redeemed = await other.socket.call("pairing.redeem", {"code": await device.code(), "register_name": "Bar"})
    assert redeemed["pairing"]["paired"] is True
    assert await lands_on(other, device)


async def test_stored_in_the_hub(shop: Shop) -> None:
    """ "Pairing information is stored in SmartConnect": durable there, over a restart of it, and over everybody's."""
    device = await shop.device()
    till = await shop.register(device)
    await shop.hub.stop()
    await shop.hub.start()
    await device.switch_on()
    assert [each["register_id"] for each in device.welcome["pairings"]] == [till.register_id]
    assert await lands_on(till, device)


async def test_the_pos_preserves_nothing(shop: Shop) -> None:
    """ "The POS system does not need to preserve anything - no pairing codes, device IDs, or anything else."

    A POS that forgot all but who it is goes on paying, a year later, and finds what it paid.
    """
    device = await shop.device()
    await shop.register(device)
    shop.hub.clock.advance(365 * 86_400)
    reinstalled = Till(shop.hub)
    assert await lands_on(reinstalled, device)
    envelope = await reinstalled.pay(TransactionReference="INV-1")
    found = await shop.hub.http.get("/POS/Transaction", params={**reinstalled.triple, "TransactionReference": "INV-1"})
    assert found.json()["transactions"][0]["transactionId"] == envelope["transactionId"]


async def test_routed_as_long_as_the_register_is_the_same(shop: Shop) -> None:
    """ "After pairing is successful, every Transaction request will be routed to the right device accordingly so long
    as the Register information (ID and other metadata, explained below) remains the same."

    Every one, of every kind; and not that of a register whose id, business or vendor is another.
    """
    device = await shop.device()
    till = await shop.register(device)
    for function in ("Card.Purchase", "Card.Refund", "QR.Merchant.Purchase"):
        envelope = (await till.post(None, TransactionType=function)).json()
        assert (await device.started())["transaction_id"] == envelope["transactionId"]
        await device.complete(envelope["transactionId"])
    for other in (
        Till(shop.hub, register_id="another"),
        Till(shop.hub, business_name="Toys Shop Ltd"),
        Till(shop.hub, vendor_name="Another"),
    ):
        assert (await other.post()).status_code == 400
        await other.pair(await device.code())
        assert await lands_on(other, device), "a business that changes its name pairs again"
    assert await lands_on(till, device)


async def test_as_specified(shop: Shop) -> None:
    """ "The full API specification of the Pairing Request can be found in the Pairing section of the API Reference."

    pos-api 2: `PUT {environment}/Pairing/{code}`, four mandatory fields, seven optional ones, two answers.
    """
    device = await shop.device()
    request = {
        "POSRegisterID": "1234567890",
        "POSRegisterName": "Main",
        "POSBusinessName": "Toys Shop",
        "POSVendorName": "Till2Go",
        "Contact Name": "Ada",
        "Address": "1 Queen Street",
        "City": "Auckland",
        "State": "AKL",
        "ZipCode": "1010",
        "Email": "ada@example.com",
        "Phone": "+64 9 000 0000",
    }
    good = await shop.hub.http.put(f"/POS/Pairing/{await device.code()}", data=request)
    assert (good.status_code, good.json()) == (200, {"result": "success"})
    bad = await shop.hub.http.put("/POS/Pairing/00000000", data=request)
    assert (bad.status_code, bad.json()) == (400, WRONG)


async def test_questions_that_are_asked_often(shop: Shop) -> None:
    """ "More details can be found in the FAQ page." What people ask first has an answer in how the hub behaves.

    A code that was typed wrongly costs nothing: the one on the screen still works. A payment that waits says so.
    """
    device = await shop.device()
    till = Till(shop.hub)
    code = await device.code()
    assert (await till.pair("00000000")).status_code == 400
    assert (await till.pair(code)).status_code == 200
    await till.pay()
    waiting = await shop.poll(await till.pay())
    assert (waiting["transactionStatus"], waiting["data"]["QueuePosition"]) == ("PENDING", "1")
