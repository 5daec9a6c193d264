"""A register's events: one gapless sequence, recorded with the change itself, replayed or replaced by a snapshot."""

from __future__ import annotations

import json

import msgspec
import pytest

from hub.commands import identity, pairing, subscription
from hub.commands.subscription import Subscribed
from hub.errors import Unauthorised
from hub.wire.register import Hello
from statemachines.refusal import Refusal
from tests.commands.conftest import MakeScene
from tests.commands.scene import Scene, Till


async def hello(scene: Scene, till: Till, last_event: int | None = None) -> Subscribed:
    who = till.who
    asked = Hello(
        register_id=who.register_id,
        business_name=who.business_name,
        vendor_name=who.vendor_name,
        last_event=last_event,
    )
    return await scene.engine.query(subscription.subscribe, asked)


async def replayed(scene: Scene, till: Till, after: int) -> list[int]:
    numbers: list[int] = []
    while page := await scene.engine.query(subscription.events_after, till.key, after):
        numbers += [number for number, _ in page]
        after = numbers[-1]
    return numbers


async def test_every_register_has_a_gapless_sequence_of_its_own(scene: Scene) -> None:
    terminal = await scene.device()
    tills = [await scene.till(terminal, f"R{number}") for number in range(3)]
    for till in tills:
        await till.pay()
    await terminal.complete(await terminal.start())
    await terminal.vanish()
    await scene.pass_seconds(15)
    for till in tills:
        told = [event["params"]["event"] for event in till.events()]
        assert told == list(range(1, len(told) + 1))
        assert await replayed(scene, till, 0) == told
        assert (await hello(scene, till)).event == len(told)


async def test_what_is_replayed_is_what_was_pushed(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await terminal.complete(await till.pay())
    stored = await scene.engine.query(subscription.events_after, till.key, 0)
    assert [json.loads(frame) for _, frame in stored] == till.events()


async def test_the_last_event_of_a_transaction_is_the_record(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    await terminal.progress(paid, "entering_pin")
    last = till.events("transaction.updated")[-1]["params"]["transaction"]
    seen = await till.look(paid)
    assert (last["state"], last["stage"], last["updated_at"]) == (seen.state, seen.stage, seen.updated_at)


async def test_a_refused_command_takes_no_number(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await till.pay(key="1")
    before = (await hello(scene, till)).event
    with pytest.raises(Refusal):
        await till.pay(501, key="1")
    assert (await hello(scene, till)).event == before


async def test_who_names_no_event_or_the_last_one_has_missed_nothing(scene: Scene) -> None:
    till = await scene.till(await scene.device())
    last = (await hello(scene, till)).event
    for asked in (None, last):
        subscribed = await hello(scene, till, asked)
        assert (subscribed.replay, subscribed.resume_after, subscribed.event) == ("none", last, last)


@pytest.mark.parametrize("seen", [0, 1])
async def test_who_missed_some_gets_them_all(scene: Scene, seen: int) -> None:
    till = await scene.till(await scene.device())
    await till.pay()
    subscribed = await hello(scene, till, seen)
    assert (subscribed.replay, subscribed.resume_after) == ("complete", seen)
    assert await replayed(scene, till, seen) == list(range(seen + 1, subscribed.event + 1))


@pytest.mark.parametrize("seen", [-1, 99, 2**62])
async def test_a_number_that_the_hub_never_gave_out_gets_a_snapshot(scene: Scene, seen: int) -> None:
    """After a restore from a backup the hub counts lower than its registers do."""
    till = await scene.till(await scene.device())
    paid = await till.pay()
    subscribed = await hello(scene, till, seen)
    assert (subscribed.replay, subscribed.resume_after) == ("snapshot", subscribed.event)
    assert [each.transaction_id for each in subscribed.transactions] == [paid]
    assert subscribed.pairing.paired


async def test_a_register_that_the_hub_does_not_know_has_an_empty_truth(scene: Scene) -> None:
    till = await scene.till()
    subscribed = await hello(scene, till, None)
    assert (subscribed.event, subscribed.replay, subscribed.transactions) == (0, "none", [])
    assert not subscribed.pairing.paired
    assert (await hello(scene, till, 5)).replay == "snapshot"


async def test_more_than_a_page_is_read_in_pages(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    for number in range(subscription.PAGE + 20):
        await terminal.progress(paid, f"stage_{number}")
    last = (await hello(scene, till)).event
    assert last > subscription.PAGE
    assert await replayed(scene, till, 0) == list(range(1, last + 1))


# Who a register is


async def test_a_token_stands_for_the_triple(scene: Scene) -> None:
    till = await scene.till()
    redeemed = await till.pair(await scene.device())
    asked = Hello(register_token=redeemed.register_token)
    assert (await scene.engine.query(subscription.subscribe, asked)).who == till.who
    with pytest.raises(Unauthorised):
        await scene.engine.query(
            subscription.subscribe, Hello(register_token=redeemed.register_token, register_id="another")
        )
    with pytest.raises(Unauthorised):
        await scene.engine.query(subscription.subscribe, Hello(register_token="reg_guess"))


@pytest.mark.parametrize("missing", ["register_id", "business_name", "vendor_name"])
async def test_an_incomplete_triple_is_refused(scene: Scene, missing: str) -> None:
    whole = Hello(register_id="R1", business_name="Toys Shop", vendor_name="Till2Go")
    with pytest.raises(Refusal) as caught:
        await scene.engine.query(subscription.subscribe, msgspec.structs.replace(whole, **{missing: None}))
    assert caught.value.code == "invalid_params"


async def admitted(scene: Scene, till: Till, token: str) -> bool:
    try:
        await scene.engine.query(identity.admit, till.who, token)
        return (await scene.engine.query(identity.by_token, token)) == till.who
    except Unauthorised:
        return False


async def test_a_move_keeps_the_earlier_tokens(scene: Scene) -> None:
    """Both were granted by a redeemed code; a client with the old one is not locked out by a move or a renewal."""
    till = await scene.till()
    one, other = await scene.device(), await scene.device("D2")
    tokens = [(await till.pair(device)).register_token for device in (one, other, other)]
    assert [await admitted(scene, till, token) for token in tokens] == [True, True, True]
    neighbour = await scene.till(one, "R2")
    assert not await admitted(scene, neighbour, tokens[0])


async def test_pairing_anew_after_an_unpairing_voids_the_earlier_tokens(scene: Scene) -> None:
    """The way to get rid of a token in wrong hands. Unpaired only, the till can still connect and learn it."""
    terminal = await scene.device()
    till = await scene.till()
    old = (await till.pair(terminal)).register_token
    await terminal.unpair()
    assert await admitted(scene, till, old)
    new = (await till.pair(terminal)).register_token
    assert [await admitted(scene, till, token) for token in (old, new)] == [False, True]


async def test_only_the_last_tokens_are_kept(scene: Scene) -> None:
    """Bounded; the newest is always among them, also where all are of the same millisecond."""
    till = await scene.till()
    terminal = await scene.device()
    tokens = [(await till.pair(terminal)).register_token for _ in range(pairing.KEPT_TOKENS + 2)]
    good = [await admitted(scene, till, token) for token in tokens]
    assert sum(good) == pairing.KEPT_TOKENS
    assert good[-1]


@pytest.mark.parametrize("required", [True, False])
async def test_where_a_token_is_required_the_triple_alone_is_not_enough(make_scene: MakeScene, required: bool) -> None:
    scene = await make_scene(require_register_token=required)
    till = await scene.till()
    await scene.engine.query(identity.admit, till.who, None)  # not known yet: it must pair first
    redeemed = await till.pair(await scene.device())
    await scene.engine.query(identity.admit, till.who, redeemed.register_token)
    if required:
        with pytest.raises(Unauthorised):
            await scene.engine.query(identity.admit, till.who, None)
        with pytest.raises(Unauthorised):
            await hello(scene, till)
    else:
        await scene.engine.query(identity.admit, till.who, None)
