"""The document that the project was created from, sentence by sentence: each test quotes what it holds the hub to."""

from __future__ import annotations

import pytest

from tests.clock import ManualClock
from tests.running import RunningHub
from tests.shop import Shop, Terminal, Till

INVALID = {"error": "Invalid Pairing Code. Please make sure you entered the code correctly"}
NOT_PAIRED = {"error": "This register is not paired to a device, please pair it first."}


async def _takes(terminal: Terminal, till: Till, amount_cents: int = 500) -> None:
    """A payment of the register goes to that terminal and comes back."""
    envelope = await till.pay(amount_cents)
    started = await terminal.started()
    assert (started["transaction_id"], started["amount_total_cents"]) == (envelope["transactionId"], amount_cents)
    await terminal.complete(envelope["transactionId"], "approved", card_type="VISA")
    done = await till.hub.http.get(envelope["data"]["PollingUrl"])
    assert done.json()["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_a_paired_register_reaches_its_device_without_naming_it(shop: Shop) -> None:
    """'Pairing a Register to a particular device enables SmartConnect to automatically "know" which device to
    forward the Transaction requests to.'"""
    counter, window = await shop.device("1001"), await shop.device("1002")
    front = await shop.register(counter, register_id="front")
    back = await shop.register(window, register_id="back")
    await _takes(window, back)
    await _takes(counter, front)


async def test_the_link_is_between_the_registers_id_and_the_devices_temporary_code(shop: Shop) -> None:
    """'… creates a link between the Register, identified by its unique ID, and the device, identified by a
    temporary pairing code.'"""
    terminal = await shop.device()
    till = Till(shop.hub, register_id="proddb/5b1c")
    assert (await till.pair(await terminal.code())).json() == {"result": "success"}
    (pairing,) = (await terminal.socket.call("pairing.list"))["pairings"]
    assert pairing["register_id"] == "proddb/5b1c"


async def test_the_device_asks_for_the_code_and_gets_one_to_show(shop: Shop) -> None:
    """'The pairing process gets initiated on the device, which will request the temporary pairing code from
    SmartConnect and display it on the screen.'"""
    shown = await (await shop.device()).socket.call("pairing.start")
    assert shown["code"].isdigit()
    assert len(shown["code"]) == 8


async def test_the_code_lives_for_its_ttl_and_no_longer(shop: Shop, clock: ManualClock) -> None:
    """'This code has a certain TTL (time-to-live) …'"""
    terminal = await shop.device()
    shown = await terminal.socket.call("pairing.start")
    assert shown["expires_in_seconds"] == 120
    await terminal.socket.call("pairing.stop")
    shown = await terminal.socket.call("pairing.start")
    clock.advance(120)
    answer = await Till(shop.hub).pair(shown["code"])
    assert (answer.status_code, answer.json()) == (400, INVALID)


async def test_the_code_refreshes_on_the_device_until_pairing_is_finalised(shop: Shop, clock: ManualClock) -> None:
    """'… and may periodically refresh on the device if pairing is not finalized.'"""
    terminal = await shop.device()
    codes = [await terminal.code()]
    for _ in range(3):
        clock.advance(105)
        codes.append((await terminal.socket.pushed("pairing.code"))["params"]["code"])
    assert len(set(codes)) == 4
    assert (await Till(shop.hub).pair(codes[-1])).status_code == 200
    closed = await terminal.socket.pushed("pairing.closed")
    assert closed["params"]["cause"] == "redeemed"
    clock.advance(300)
    await terminal.socket.call("ping")
    assert terminal.socket.waiting("pairing.code") == []


async def test_a_person_submits_the_code_through_the_api(shop: Shop) -> None:
    """'The person doing the pairing would input this pairing code in the POS software, and submit it to
    SmartConnect via the API call.'"""
    terminal = await shop.device()
    answer = await Till(shop.hub).pair(await terminal.code())
    assert (answer.status_code, answer.json()) == (200, {"result": "success"})


async def test_after_that_the_register_can_submit_transactions(shop: Shop) -> None:
    """'If successful, the pairing process is now complete and the Register is ready to submit Transactions!'"""
    terminal = await shop.device()
    till = Till(shop.hub)
    before = await till.post()
    assert (before.status_code, before.json()) == (400, NOT_PAIRED)
    await till.pair(await terminal.code())
    await _takes(terminal, till)


async def test_the_pos_preserves_nothing(shop: Shop) -> None:
    """'Pairing information is stored in SmartConnect. The POS system does not need to preserve anything - no
    pairing codes, device IDs, or anything else.'"""
    terminal = await shop.device()
    await shop.register(terminal)
    reinstalled = Till(shop.hub)  # knows its own triple, and nothing else
    await _takes(terminal, reinstalled)


async def test_the_pairing_outlives_a_restart_of_the_hub(shop: Shop) -> None:
    """'Pairing information is stored in SmartConnect.'"""
    terminal = await shop.device()
    till = await shop.register(terminal)
    await shop.hub.stop()
    await shop.hub.start()
    await terminal.switch_on()
    await _takes(terminal, till)


async def test_every_request_is_routed_while_the_register_information_stays_the_same(shop: Shop) -> None:
    """'After pairing is successful, every Transaction request will be routed to the right device accordingly so
    long as the Register information (ID and other metadata, explained below) remains the same.'"""
    terminal = await shop.device()
    till = await shop.register(terminal)
    for amount in (100, 200, 300):
        await _takes(terminal, till, amount)
    # The shown name is no part of who it is.
    await _takes(terminal, Till(shop.hub, register_name="Renamed"))


@pytest.mark.parametrize("changed", ["register_id", "business_name", "vendor_name"])
async def test_a_changed_triple_is_another_register_and_pairs_again(shop: Shop, changed: str) -> None:
    """'… so long as the Register information … remains the same.' A business that changes its name pairs again."""
    terminal = await shop.device()
    await shop.register(terminal)
    other = Till(shop.hub)
    setattr(other, changed, "Toys Shop (2026)")
    refused = await other.post()
    assert (refused.status_code, refused.json()) == (400, NOT_PAIRED)
    assert (await other.pair(await terminal.code())).status_code == 200
    await _takes(terminal, other)


async def test_the_pos_cannot_unpair(shop: Shop) -> None:
    """'There is no API to unpair, from the POS system.'"""
    terminal = await shop.device()
    till = await shop.register(terminal)
    for method, path in [
        ("DELETE", "/POS/Pairing"),
        ("DELETE", "/POS/Pairing/12345678"),
        ("POST", "/POS/Pairing/12345678"),
        ("POST", "/POS/Unpair"),
        ("PUT", "/POS/Pairing"),
        ("DELETE", "/POS/Transaction"),
    ]:
        answer = await shop.hub.http.request(method, path, params=till.triple)
        assert answer.status_code == 404, (method, path)
    await till.connect()
    answer_future = await till.socket.ask("pairing.remove", {"all": True}, valid=False)
    assert (await answer_future)["error"]["data"]["code"] == "method_unknown"
    await _takes(terminal, till)


async def test_the_device_unpairs(shop: Shop) -> None:
    """'Unpairing is an operation handled by the payment acceptance device.'"""
    terminal = await shop.device()
    till = await shop.register(terminal)
    await till.connect()
    (pairing,) = (await terminal.socket.call("pairing.list"))["pairings"]
    await terminal.socket.call("pairing.remove", {"pairing_id": pairing["pairing_id"]})
    told = await till.socket.pushed("pairing.changed")
    assert (told["params"]["pairing"]["paired"], told["params"]["pairing"]["cause"]) == (False, "device")
    assert (await till.post()).json() == NOT_PAIRED


async def test_a_terminal_is_moved_to_another_register(shop: Shop) -> None:
    """'… to e.g. move an EFTPOS Terminal from one Register to another, they would initiate the unpairing process
    on the Terminal directly, then initiate another pairing on the "new" Register.'"""
    terminal = await shop.device()
    old = await shop.register(terminal, register_id="old")
    await terminal.socket.call("pairing.remove", {"all": True})
    new = await shop.register(terminal, register_id="new")
    assert (await old.post()).json() == NOT_PAIRED
    await _takes(terminal, new)


async def test_swapped_hardware_is_paired_as_soon_as_it_is_switched_on(shop: Shop) -> None:
    """'… even when doing a physical swap-out of a device …, so long as Smartpay preserves the same internal ID
    between the old and new device …, the new device will be automatically paired once switched on.'"""
    faulty = await shop.device("7070714000", serial="OLD-1")
    till = await shop.register(faulty)
    await faulty.socket.abort()
    replacement = Terminal(shop.hub, "7070714000", serial="NEW-2", credential=faulty.credential)
    welcome = await replacement.switch_on()
    assert [pairing["register_id"] for pairing in welcome["pairings"]] == [till.register_id]
    await _takes(replacement, till)


async def test_a_register_has_one_device_and_a_new_pairing_unpairs_the_previous_one(shop: Shop) -> None:
    """'One Register can only be paired to one payment acceptance device. Sending a pairing request for an already-
    paired Register to another device (with a new pairing code) will unpair the previously paired device …'"""
    first, second = await shop.device("1001"), await shop.device("1002")
    till = await shop.register(first)
    await till.connect()
    assert (await till.pair(await second.code())).status_code == 200
    removed = await first.socket.pushed("pairing.removed")
    assert removed["params"]["cause"] == "paired_elsewhere"
    added = await second.socket.pushed("pairing.added")
    assert added["params"]["register_id"] == till.register_id
    told = await till.socket.pushed("pairing.changed")
    assert told["params"]["pairing"]["device"]["device_id"] == "1002"
    assert (await first.socket.call("pairing.list"))["pairings"] == []
    await _takes(second, till)


async def test_a_failed_pairing_request_changes_nothing(shop: Shop) -> None:
    """'… (so long as the new pairing request is successful, i.e. the pairing code valid).'"""
    first, second = await shop.device("1001"), await shop.device("1002")
    till = await shop.register(first)
    code = await second.code()
    wrong = str(int(code) + 1) if code != "99999999" else "99999998"
    assert (await till.pair(wrong)).json() == INVALID
    assert len((await first.socket.call("pairing.list"))["pairings"]) == 1
    assert (await second.socket.call("pairing.list"))["pairings"] == []
    await _takes(first, till)


async def test_a_device_has_many_registers(shop: Shop) -> None:
    """'One payment acceptance device can be paired to many Registers.'"""
    terminal = await shop.device()
    tills = [await shop.register(terminal, register_id=f"register-{n}") for n in range(5)]
    assert len((await terminal.socket.call("pairing.list"))["pairings"]) == 5
    for till in tills:
        await _takes(terminal, till)


async def test_each_pairing_is_a_call_of_its_own_with_a_code_of_its_own(shop: Shop) -> None:
    """'Each pairing request will be independent (i.e. a separate API call to the SmartConnect server), and use its
    own temporary code (i.e. pairing will be initiated multiple times on the same device).'"""
    terminal = await shop.device()
    code = await terminal.code()
    assert (await Till(shop.hub, register_id="one").pair(code)).status_code == 200
    assert (await Till(shop.hub, register_id="two").pair(code)).json() == INVALID
    assert (await Till(shop.hub, register_id="two").pair(await terminal.code())).status_code == 200


async def test_requests_of_several_registers_queue_in_the_order_in_which_they_arrive(shop: Shop) -> None:
    """'In case there are multiple Registers paired to the same payment acceptance device, payment requests will be
    queued in the order in which the server receives them.'"""
    terminal = await shop.device()
    tills = [await shop.register(terminal, register_id=f"register-{n}") for n in range(3)]
    asked = [(await tills[n % 3].pay(100 + n))["transactionId"] for n in range(7)]
    for transaction_id in asked:
        assert (await terminal.started())["transaction_id"] == transaction_id
        assert terminal.socket.waiting("transaction.start") == [], "one at a time"
        await terminal.complete(transaction_id, "approved")


async def test_the_device_unpairs_one_register_or_all(shop: Shop, clock: ManualClock) -> None:
    """'… it may offer the possibility to unpair an individual register and/or unpair all paired registers at one.'"""
    terminal = await shop.device()
    tills = []
    for n in range(3):
        tills.append(await shop.register(terminal, register_id=f"register-{n}"))
        clock.advance(1)
    pairings = (await terminal.socket.call("pairing.list"))["pairings"]
    assert await terminal.socket.call("pairing.remove", {"pairing_id": pairings[1]["pairing_id"]}) == {"removed": 1}
    left = (await terminal.socket.call("pairing.list"))["pairings"]
    assert [pairing["register_id"] for pairing in left] == ["register-0", "register-2"]
    assert (await tills[1].post()).json() == NOT_PAIRED
    await _takes(terminal, tills[0])
    assert await terminal.socket.call("pairing.remove", {"all": True}) == {"removed": 2}
    for till in tills:
        assert (await till.post()).json() == NOT_PAIRED


async def test_virtual_registers_let_one_till_use_several_devices(shop: Shop) -> None:
    """'… having one "physical" Register and multiple "virtual" Registers (each having its own unique ID). Each
    "virtual" Register would be separately paired to a different device …'"""
    counter, window = await shop.device("1001"), await shop.device("1002")
    selector = {
        "counter": await shop.register(counter, register_id="till-1/counter"),
        "window": await shop.register(window, register_id="till-1/window"),
    }
    await _takes(window, selector["window"])
    await _takes(counter, selector["counter"])


async def test_pairing_is_possible_from_anywhere_the_pos_puts_it(hub: RunningHub, shop: Shop) -> None:
    """'Pairing is commonly a "back-office" function, although some integrations have places the pairing controls
    on the POS "front-end" as well.' The call needs nothing but the code and the register's own information."""
    terminal = await shop.device()
    till = Till(hub)
    await till.connect()
    redeemed = await till.socket.call("pairing.redeem", {"code": await terminal.code(), "register_name": "Front"})
    assert redeemed["result"] == "success"
    await _takes(terminal, till)
