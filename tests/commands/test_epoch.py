"""Law 4: the newest connection wins. What an older one says is refused, and its end disturbs nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.commands import device
from hub.errors import Unauthorised
from hub.wire.close_codes import CloseCode
from hub.wire.device import Hello
from statemachines.refusal import Refusal
from tests.commands.scene import Scene, Terminal


def _everything(terminal: Terminal, transaction_id: str) -> list[Callable[[], Awaitable[object]]]:
    """All that a connection can write."""
    return [
        lambda: terminal.complete(transaction_id),
        lambda: terminal.progress(transaction_id, "entering_pin"),
        lambda: terminal.answer({"id": f"start:{transaction_id}:1"}),
        lambda: terminal.answer({"id": f"inquire:{transaction_id}:1"}, "unknown"),
        lambda: terminal.refuse({"id": f"start:{transaction_id}:1"}),
        lambda: terminal.answer_cancel({"id": f"cancel:{transaction_id}:1"}, "too_late"),
        lambda: terminal.code(),
        lambda: terminal.stop_pairing(),
        lambda: terminal.unpair(),
    ]


async def test_each_hello_raises_the_epoch_and_closes_what_was_there_before(scene: Scene) -> None:
    terminal = await scene.device()
    epochs = [terminal.epoch]
    for _ in range(2):
        epochs.append((await terminal.switch_on()).epoch)
    assert epochs == [1, 2, 3]
    assert terminal.closes() == [(0, CloseCode.REPLACED), (1, CloseCode.REPLACED), (2, CloseCode.REPLACED)]


async def test_an_old_connection_can_write_nothing(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    old = terminal.connection()
    await terminal.switch_on(in_flight=[paid])
    before, events = await scene.transaction(paid), len(till.events())
    for say in _everything(old, paid):
        with pytest.raises(Refusal) as caught:
            await say()
        assert caught.value.code == "connection_replaced"
    assert await scene.transaction(paid) == before
    assert len(till.events()) == events
    assert (await till.paired()).paired


async def test_the_end_of_an_old_connection_disturbs_nobody(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    old = terminal.connection()
    await terminal.switch_on(in_flight=[paid])
    before = await scene.queue()
    assert await old.vanish() is False
    assert await scene.queue() == before
    await scene.pass_seconds(30)
    assert await scene.state(paid) == "processing"


async def test_an_end_that_is_noticed_twice_counts_once(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    assert await terminal.vanish() is True
    events = len(till.events())
    await scene.pass_seconds(10)
    assert await terminal.vanish() is False
    assert len(till.events()) == events
    assert (await scene.queue()).due_at == scene.clock.now_ms() + 5_000, "the grace has not begun anew"


async def test_frames_go_to_the_newest_connection_only(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    old = terminal.connection()
    await terminal.switch_on()
    await till.pay()
    assert old.frames() == []
    assert len(terminal.frames("transaction.start")) == 1


# Credentials


async def test_an_unknown_device_does_not_come_in_unless_it_may_enrol(make_scene_in_production: Scene) -> None:
    scene = make_scene_in_production
    for hello in (
        Hello(device_id="D1", serial="SN-1"),
        Hello(device_id="D1", serial="SN-1", enrol=True),
        Hello(device_id="D1", serial="SN-1", credential="dev_guess"),
    ):
        with pytest.raises(Unauthorised):
            await scene.engine.execute(device.connect, hello)


@pytest.fixture
async def make_scene_in_production(make_scene: Callable[..., Awaitable[Scene]]) -> Scene:
    return await make_scene(development=False)


async def test_a_wrong_credential_leaves_the_present_connection_alone(scene: Scene) -> None:
    terminal = await scene.device()
    impostor = terminal.connection()
    impostor.credential = "dev_guess"
    with pytest.raises(Unauthorised):
        await impostor.switch_on()
    assert (await scene.queue()).epoch == terminal.epoch
    assert terminal.closes() == [(0, CloseCode.REPLACED)]


async def test_enrolling_once_more_does_not_take_a_device_over(scene: Scene) -> None:
    await scene.device()
    with pytest.raises(Unauthorised):
        await scene.device()


async def test_a_taken_id_and_one_device_too_many_are_refused(
    make_scene: Callable[..., Awaitable[Scene]],
) -> None:
    scene = await make_scene(max_devices=2)
    await scene.engine.execute(device.enrol, "D1")
    with pytest.raises(Refusal) as caught:
        await scene.engine.execute(device.enrol, "D1")
    assert caught.value.code == "device_exists"
    await scene.engine.execute(device.enrol, "D2")
    with pytest.raises(Refusal) as caught:
        await scene.engine.execute(device.enrol, "D3")
    assert caught.value.code == "too_many_devices"


async def test_a_revoked_device_is_out_at_once(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    code = await terminal.code()
    await scene.engine.execute(device.revoke, "D1")
    assert terminal.closes()[-1] == (terminal.epoch, CloseCode.REVOKED)
    assert (await scene.queue()).state == "offline"
    with pytest.raises(Refusal) as caught:
        await till.redeem(code.code)
    assert caught.value.code == "pairing_code_invalid"
    with pytest.raises(Unauthorised):
        await terminal.connection().switch_on()
    await scene.pass_seconds(15)
    assert await scene.state(paid) == "in_doubt"


async def test_a_connection_that_was_cut_off_can_write_nothing_while_its_socket_still_closes(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    await scene.engine.execute(device.revoke, "D1")
    before = await scene.transaction(paid)
    for say in _everything(terminal, paid):
        with pytest.raises(Refusal):
            await say()
    assert await scene.transaction(paid) == before
    assert (await till.paired()).paired


async def test_a_rotated_credential_lets_the_device_in_again_and_the_old_one_does_not(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    old = terminal.connection()
    await scene.engine.execute(device.revoke, "D1")
    enrolled = await scene.engine.execute(device.rotate, "D1")
    terminal.credential = enrolled.credential
    with pytest.raises(Unauthorised):
        await old.switch_on()
    await terminal.switch_on(in_flight=[paid])
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"


@pytest.mark.parametrize("command", [device.find, device.rotate, device.revoke])
async def test_an_unknown_device_is_called_unknown(scene: Scene, command: Callable[..., Awaitable[object]]) -> None:
    with pytest.raises(Refusal) as caught:
        await scene.engine.execute(command, "nobody")
    assert caught.value.code == "device_unknown"
