"""One register has one device; a device has many registers; and what to do when that is not enough."""

from __future__ import annotations

import asyncio

from tests.seed.test_pairing_process import lands_on
from tests.seed.test_unpairing import paired
from tests.shop import Shop, Terminal, Till
from tests.wire import Json


async def test_cardinality(shop: Shop) -> None:
    """ "It is important to understand the cardinality of the relationship between the Register and the payment
    acceptance device": many to one, whatever order things are paired in.
    """
    devices = [await shop.device(f"T{number}") for number in range(2)]
    tills = [Till(shop.hub, register_id=f"R{number}") for number in range(3)]
    for till in tills:
        for device in devices:
            await till.pair(await device.code())
    assert await paired(devices[0]) == []
    assert sorted(await paired(devices[1])) == ["R0", "R1", "R2"]


async def test_one_register_one_device(shop: Shop) -> None:
    """ "One Register can only be paired to one payment acceptance device."

    Also when two devices' codes are typed for it in the same moment: one of the two has it afterwards, never both.
    """
    first, second = await shop.device("T1"), await shop.device("T2")
    till = Till(shop.hub)
    codes = [await first.code(), await second.code()]
    answers = await asyncio.gather(*(till.pair(code) for code in codes))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted([await paired(first), await paired(second)]) == [[], [till.register_id]]


async def test_pairing_elsewhere_unpairs(shop: Shop) -> None:
    """ "Sending a pairing request for an already-paired Register to another device (with a new pairing code) will
    unpair the previously paired device (so long as the new pairing request is successful, i.e. the pairing code
    valid)."

    The previous device is told, and its other registers stay with it.
    """
    previous, new = await shop.device("T1"), await shop.device("T2")
    till, staying = await shop.register(previous), await shop.register(previous, register_id="staying")
    assert (await till.pair(await new.code())).status_code == 200
    removed = await previous.socket.pushed("pairing.removed")
    assert removed["params"]["cause"] == "paired_elsewhere"
    assert await paired(previous) == ["staying"]
    assert await paired(new) == [till.register_id]
    assert await lands_on(till, new)
    assert await lands_on(staying, previous)


async def test_a_failed_pairing_changes_nothing(shop: Shop) -> None:
    """ "Sending a pairing request for an already-paired Register to another device ... will unpair the previously
    paired device (so long as the new pairing request is successful, i.e. the pairing code valid)": a code that is
    wrong, expired, used or withdrawn leaves everything as it was.
    """
    previous, new = await shop.device("T1"), await shop.device("T2")
    till = await shop.register(previous)
    used = await new.code()
    await Till(shop.hub, register_id="other").pair(used)
    expired = await new.code()
    shop.hub.clock.advance(121)
    await new.socket.call("pairing.stop")
    withdrawn = await new.code()
    await new.socket.call("pairing.stop")
    for code in ("00000000", used, expired, withdrawn):
        assert (await till.pair(code)).status_code == 400
    await previous.socket.call("ping")
    assert previous.socket.waiting("pairing.removed") == []
    assert await paired(previous) == [till.register_id]
    assert await lands_on(till, previous)


async def test_one_device_many_registers(shop: Shop) -> None:
    """ "One payment acceptance device can be paired to many Registers." """
    device = await shop.device()
    tills = [await shop.register(device, register_id=f"R{number}") for number in range(12)]
    assert len(await paired(device)) == 12
    for till in tills:
        assert await lands_on(till, device)


async def test_registers_of_different_ids(shop: Shop) -> None:
    """ "Multiple registers (with different unique IDs) can send pairing requests to the same device."

    With the same id, business and vendor it is the same register: pairing it again adds none.
    """
    device = await shop.device()
    for register_id in ("a", "b", "a"):
        assert (await Till(shop.hub, register_id=register_id).pair(await device.code())).status_code == 200
    assert sorted(await paired(device)) == ["a", "b"]


async def test_each_with_its_own_code(shop: Shop) -> None:
    """ "Each pairing request will be independent (i.e. a separate API call to the SmartConnect server), and use its own
    temporary code (i.e. pairing will be initiated multiple times on the same device)."

    A code pairs one register; the next register needs another code, and one's failure does not touch another.
    """
    device = await shop.device()
    first, second = Till(shop.hub, register_id="a"), Till(shop.hub, register_id="b")
    code = await device.code()
    assert (await first.pair(code)).status_code == 200
    assert (await second.pair(code)).status_code == 400
    another = await device.code()
    assert another != code
    assert (await second.pair(another)).status_code == 200
    assert await lands_on(first, device)
    assert await lands_on(second, device)


async def test_queued_in_the_order_received(shop: Shop) -> None:
    """ "In case there are multiple Registers paired to the same payment acceptance device, payment requests will be
    queued in the order in which the server receives them."

    One in flight, the others wait; over HTTP and sockets alike, none is refused, none overtakes.
    """
    device = await shop.device()
    tills = [await shop.register(device, register_id=f"R{number}") for number in range(4)]
    await tills[0].connect()
    received = []
    for number in range(12):
        till = tills[(number * 7) % 4]
        if till is tills[0]:
            asked = {"function": "Card.Purchase", "amount_total_cents": 100 + number}
            answer = await till.socket.call("transaction.submit", asked)
            received.append(answer["transaction"]["transaction_id"])
        else:
            received.append((await till.pay(100 + number))["transactionId"])
    for expected in received:
        started = await device.started()
        assert started["transaction_id"] == expected
        await device.socket.call("ping")
        assert device.socket.waiting("transaction.start") == [], "one in flight"
        await device.complete(expected)


async def test_order_survives_a_restart(shop: Shop) -> None:
    """ "In case there are multiple Registers paired to the same payment acceptance device, payment requests will be
    queued in the order in which the server receives them": also if that server is restarted meanwhile.
    """
    device = await shop.device()
    tills = [await shop.register(device, register_id=f"R{number}") for number in range(3)]
    received = [(await tills[number % 3].pay())["transactionId"] for number in range(6)]
    first = (await device.started())["transaction_id"]
    await device.socket.call("ping")
    await shop.hub.stop()
    await shop.hub.start()
    await device.switch_on(in_flight=[{"transaction_id": first}])
    order = [first]
    await device.complete(first)
    for _ in received[1:]:
        order.append((await device.started())["transaction_id"])
        await device.complete(order[-1])
    assert order == received


async def test_not_supported_by_design(shop: Shop) -> None:
    """ "Having one Register paired to multiple payment devices is not supported by design."

    However often it is tried, the last device is the only one.
    """
    devices = [await shop.device(f"T{number}") for number in range(3)]
    till = Till(shop.hub)
    for device in devices:
        await till.pair(await device.code())
    assert [await paired(device) for device in devices] == [[], [], [till.register_id]]
    assert await lands_on(till, devices[2])


async def virtual_registers(shop: Shop) -> tuple[list[Terminal], list[Till]]:
    """One counter with two terminals: a virtual register, with its own id, for each."""
    devices = [await shop.device("Counter"), await shop.device("Garden")]
    tills = [
        await shop.register(device, register_id=f"till-1/{device.device_id}", register_name=device.device_id)
        for device in devices
    ]
    return devices, tills


async def test_virtual_registers(shop: Shop) -> None:
    """ "This can, however, be worked around by the POS system having one "physical" Register and multiple "virtual"
    Registers (each having its own unique ID)."
    """
    devices, tills = await virtual_registers(shop)
    for till, device in zip(tills, devices, strict=True):
        assert await paired(device) == [till.register_id]


async def test_the_selector(shop: Shop) -> None:
    """ "Each "virtual" Register would be separately paired to a different device, and the POS would have a selector
    which "virtual" Register to use when initiating a Transaction."

    Which one it selects decides where the payment goes; each device has a queue of its own.
    """
    devices, tills = await virtual_registers(shop)
    for selected in (0, 1, 1, 0):
        assert await lands_on(tills[selected], devices[selected])
    await tills[0].pay()
    await tills[1].pay()
    for device in devices:
        await device.started()


async def test_finishing_on_a_secondary_device(shop: Shop) -> None:
    """ "Most cloud-based POS systems can be set up this way, however it is not always convenient/easy to switch between
    Registers, especially when finishing a transaction on a "secondary" device."

    The hub makes it easy: the polling URL is good whichever register the POS has switched to, and one socket for each
    virtual register may stay open.
    """
    devices, tills = await virtual_registers(shop)
    for till in tills:
        await till.connect()
    begun: Json = await tills[1].pay()
    await devices[1].started()
    assert await lands_on(tills[0], devices[0])
    await devices[1].complete(begun["transactionId"])
    assert (await shop.poll(begun))["data"]["TransactionResult"] == "OK-ACCEPTED"
    final = await tills[1].socket.pushed("transaction.updated", lambda params: params["transaction"]["final"])
    assert final["params"]["transaction"]["transaction_id"] == begun["transactionId"]
