"""Unpairing: the device's affair, and nobody else's at the shop."""

from __future__ import annotations

import pytest

from tests.seed.test_pairing_process import lands_on
from tests.shop import Shop, Terminal, Till, until
from tests.wire import CallFailed


async def paired(device: Terminal) -> list[str]:
    """The register ids that the device shows as paired."""
    return [each["register_id"] for each in (await device.socket.call("pairing.list"))["pairings"]]


PLAUSIBLE = [
    ("DELETE", "/POS/Pairing"),
    ("DELETE", "/POS/Pairing/{code}"),
    ("DELETE", "/POS/Pairing/{register}"),
    ("POST", "/POS/Pairing"),
    ("PUT", "/POS/Pairing"),
    ("PATCH", "/POS/Pairing"),
    ("POST", "/POS/Pairing/{code}"),
    ("POST", "/POS/Unpair"),
    ("PUT", "/POS/Unpair"),
    ("POST", "/POS/Unpairing"),
    ("DELETE", "/POS/Unpairing/{code}"),
    ("PUT", "/POS/Unpairing/{code}"),
    ("POST", "/POS/Pairing/Remove"),
    ("POST", "/POS/Pairing/{code}/Remove"),
    ("PUT", "/POS/Pairing/{code}/Unpair"),
    ("DELETE", "/POS/Register/{register}"),
    ("DELETE", "/POS/Device/{device}"),
]


@pytest.mark.parametrize(("method", "path"), PLAUSIBLE)
async def test_no_api_to_unpair(shop: Shop, method: str, path: str) -> None:
    """ "There is no API to unpair, from the POS system."

    Every call that one could think of is unknown, whatever it carries, and the register stays paired.
    """
    device = await shop.device()
    till = await shop.register(device)
    code = await device.code()
    where = path.format(code=code, register=till.register_id, device=device.device_id)
    given = {**till.triple, "POSRegisterName": "Front"}
    for request in ({"data": given}, {"params": given}):
        answer = await shop.hub.http.request(method, where, **request)  # type: ignore[arg-type]
        assert answer.status_code == 404
        assert answer.json() == {"error": "Not Found"}
    assert await paired(device) == [till.register_id]


@pytest.mark.parametrize("method", ["pairing.remove", "pairing.unpair", "pairing.stop", "pairing.delete"])
async def test_no_control_over_it(shop: Shop, method: str) -> None:
    """ "As stated before, the POS software does not have any control over the unpairing process."

    Its socket knows no such method either, and the admin API does not take its token.
    """
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    with pytest.raises(CallFailed) as failed:
        await till.socket.call(method, {"all": True}, valid=False)
    assert failed.value.code == "method_unknown"
    (link,) = (await device.socket.call("pairing.list"))["pairings"]
    answer = await shop.hub.http.delete(f"/admin/pairings/{link['pairing_id']}", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert await paired(device) == [till.register_id]


async def test_the_device_unpairs(shop: Shop) -> None:
    """ "Unpairing is an operation handled by the payment acceptance device."

    It takes effect at once: the register must pair again before it can pay.
    """
    device = await shop.device()
    till = await shop.register(device)
    assert await device.socket.call("pairing.remove", {"all": True}) == {"removed": 1}
    assert await paired(device) == []
    assert (await till.post()).json() == {"error": "This register is not paired to a device, please pair it first."}
    await till.pair(await device.code())
    assert await lands_on(till, device)


async def test_one_or_all(shop: Shop) -> None:
    """ "Depending on how the SmartConnect client on the device is implemented - it may offer the possibility to unpair
    an individual register and/or unpair all paired registers at one."
    """
    device = await shop.device()
    tills = []
    for register_id in ("a", "b", "c"):
        tills.append(await shop.register(device, register_id=register_id))
        shop.hub.clock.advance(1)
    links = (await device.socket.call("pairing.list"))["pairings"]
    assert await device.socket.call("pairing.remove", {"pairing_id": links[0]["pairing_id"]}) == {"removed": 1}
    assert await paired(device) == ["b", "c"]
    assert (await tills[0].post()).status_code == 400
    assert await lands_on(tills[1], device)
    assert await device.socket.call("pairing.remove", {"all": True}) == {"removed": 2}
    assert [(await till.post()).status_code for till in tills] == [400, 400, 400]


async def test_moving_a_terminal_to_another_register(shop: Shop) -> None:
    """ "Typically if users need to e.g. move an EFTPOS Terminal from one Register to another, they would initiate the
    unpairing process on the Terminal directly, then initiate another pairing on the "new" Register."
    """
    terminal = await shop.device()
    old = await shop.register(terminal, register_id="old")
    await terminal.socket.call("pairing.remove", {"all": True})
    new = await shop.register(terminal, register_id="new")
    assert await paired(terminal) == ["new"]
    assert await lands_on(new, terminal)
    assert (await old.post()).status_code == 400


async def test_swapped_hardware(shop: Shop) -> None:
    """ "For Smartpay EFTPOS Terminals, even when doing a physical swap-out of a device (e.g. if it becomes faulty), so
    long as Smartpay preserves the same internal ID between the old and new device (which is almost always the case),
    the new device will be automatically paired once switched on."

    The same id with another serial: its first welcome lists the pairings, and payments go to it with nobody's help.
    """
    faulty = await shop.device(serial="SN-OLD")
    tills = [await shop.register(faulty, register_id=register_id) for register_id in ("a", "b")]
    await faulty.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    shop.hub.clock.advance(2 * 86_400)
    new = Terminal(shop.hub, faulty.device_id, serial="SN-NEW", credential=faulty.credential)
    welcome = await new.switch_on()
    assert sorted(each["register_id"] for each in welcome["pairings"]) == ["a", "b"]
    for till in tills:
        assert await lands_on(till, new)


async def test_swapped_while_a_payment_waits(shop: Shop) -> None:
    """ "... the new device will be automatically paired once switched on": "For Smartpay EFTPOS Terminals, even when
    doing a physical swap-out", what waited for the old one is sent to the new one, which never got anything before.
    """
    faulty = await shop.device(serial="SN-OLD")
    till = await shop.register(faulty)
    await faulty.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    waiting = await till.pay()
    new = Terminal(shop.hub, faulty.device_id, serial="SN-NEW", credential=faulty.credential)
    await new.switch_on()
    assert (await new.started())["transaction_id"] == waiting["transactionId"]


async def test_unpaired_by_the_operator_is_not_the_pos(shop: Shop) -> None:
    """ "As stated before, the POS software does not have any control over the unpairing process": nor does a register
    lose its pairing by what it sends, be it wrong codes, refused payments, or nothing for half a year.
    """
    device = await shop.device()
    till = await shop.register(device)
    for _ in range(5):
        await till.pair("00000000")
        await till.post(None, AmountTotal="-1")
    shop.hub.clock.advance(180 * 86_400)
    assert await lands_on(till, device)


async def test_a_till_that_is_thrown_away(shop: Shop) -> None:
    """ "Unpairing is an operation handled by the payment acceptance device", so it lists what it is paired with by
    the name that people know, and can remove a register that nobody will ever switch on again.
    """
    device = await shop.device()
    await shop.register(device, register_id="gone", register_name="Old till in the cellar")
    (link,) = (await device.socket.call("pairing.list"))["pairings"]
    assert link["register_name"] == "Old till in the cellar"
    await device.socket.call("pairing.remove", {"pairing_id": link["pairing_id"]})
    assert (await Till(shop.hub, register_id="gone").post()).status_code == 400
