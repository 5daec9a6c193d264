"""Pairing codes: refresh, overlap, expiry, the end of the session; guessing and using them twice."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from hub.commands import device
from hub.entropy import Entropy
from hub.store.records import PairingCode
from hub.store.unit import Unit
from statemachines.refusal import Refusal
from tests.commands.conftest import MakeScene
from tests.commands.scene import Scene, Till


async def live(unit: Unit, device_id: str) -> list[PairingCode]:
    return await unit.codes.live_of_device(device_id)


async def refused(till: Till, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        await till.redeem(code)
    assert caught.value.code == "pairing_code_invalid"
    assert not (await till.paired()).paired


async def test_a_fresh_code_comes_before_the_old_one_ends_and_both_are_accepted_meanwhile(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    assert first.expires_in_seconds == 120
    await scene.pass_seconds(104.999)
    assert terminal.frames("pairing.code") == []
    await scene.pass_seconds(0.001)
    second = terminal.frame("pairing.code")["params"]
    assert second["code"] != first.code
    assert second["expires_in_seconds"] == 120
    assert second["session_ends_at"] == first.session_ends_at
    await scene.pass_seconds(14.999)
    await (await scene.till(register_id="R1")).redeem(first.code)


async def test_the_old_code_is_not_accepted_after_its_own_end(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    await scene.pass_seconds(120)
    await refused(await scene.till(), first.code)
    await (await scene.till()).redeem(terminal.frame("pairing.code")["params"]["code"])


async def test_an_end_is_kept_even_before_the_deadline_has_been_looked_at(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    scene.clock.advance(120)
    await refused(await scene.till(), first.code)


async def test_a_session_ends_at_its_maximum_and_the_screen_is_cleared(scene: Scene) -> None:
    terminal = await scene.device()
    codes = [(await terminal.code()).code]
    await scene.pass_seconds(599.999)
    frames = terminal.frames()
    assert {frame["method"] for frame in frames} == {"pairing.code"}
    codes += [frame["params"]["code"] for frame in frames]
    assert len(set(codes)) == len(codes) == 6
    last = frames[-1]["params"]
    assert last["expires_at"] == last["session_ends_at"], "the last code is good until the end, and no longer"
    await scene.pass_seconds(0.001)
    assert terminal.frame("pairing.closed")["params"] == {"cause": "session_ended"}
    for code in codes:
        await refused(await scene.till(), code)
    await scene.pass_seconds(1_000)
    assert terminal.frames() == []


async def test_the_device_shows_one_code_at_a_time(scene: Scene) -> None:
    terminal = await scene.device()
    await terminal.code()
    for _ in range(60):
        await scene.pass_seconds(10)
        found = await scene.engine.query(live, "D1")
        assert sum(code.state == "issued" for code in found) <= 1
        assert len(found) <= 2


async def test_starting_again_begins_anew(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    await scene.pass_seconds(500)
    second = await terminal.code()
    await refused(await scene.till(), first.code)
    await scene.pass_seconds(599)
    assert (await scene.engine.query(live, "D1")) != []
    assert second.session_ends_at > first.session_ends_at


async def test_the_device_closes_pairing(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    await scene.pass_seconds(105)
    second = terminal.frame("pairing.code")["params"]["code"]
    assert await terminal.stop_pairing()
    assert not await terminal.stop_pairing()
    for code in (first.code, second):
        await refused(await scene.till(), code)
    await scene.pass_seconds(1_000)
    assert terminal.frames() == []


async def test_a_code_outlives_a_short_absence_and_is_refreshed_meanwhile(scene: Scene) -> None:
    terminal = await scene.device()
    await terminal.code()
    await scene.pass_seconds(100)
    await terminal.vanish()
    await scene.pass_seconds(10)
    connected = await terminal.switch_on()
    assert connected.pairing_code is not None
    assert connected.pairing_code.expires_in_seconds == 115, "the one that took its place at 105 s"
    await (await scene.till()).redeem(connected.pairing_code.code)


async def test_a_code_is_withdrawn_after_the_grace(scene: Scene) -> None:
    terminal = await scene.device()
    code = await terminal.code()
    await terminal.vanish()
    await scene.pass_seconds(15)
    await refused(await scene.till(), code.code)
    assert (await terminal.switch_on()).pairing_code is None


async def test_redeeming_closes_pairing_and_takes_every_code_off_the_screen(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    await scene.pass_seconds(105)
    second = terminal.frame("pairing.code")["params"]["code"]
    await (await scene.till(register_id="R1")).redeem(first.code)
    assert terminal.frame("pairing.closed")["params"] == {"cause": "redeemed"}
    for code in (first.code, second):
        await refused(await scene.till(register_id="R2"), code)


async def test_of_two_at_once_exactly_one_wins(scene: Scene) -> None:
    terminal = await scene.device()
    code = (await terminal.code()).code
    winner, loser = await scene.till(register_id="R1"), await scene.till(register_id="R2")
    await winner.redeem(code)
    await refused(loser, code)
    with pytest.raises(Refusal):
        await winner.redeem(code)
    assert (await winner.paired()).paired


@pytest.mark.parametrize("typed", ["1234 5678", "1234-5678", " 12 34 56 78 "])
async def test_spaces_and_hyphens_that_people_put_in_do_not_matter(scene: Scene, typed: str) -> None:
    terminal = await scene.device()
    code = (await terminal.code()).code
    await (await scene.till()).redeem(typed.translate(str.maketrans("12345678", code)))


@pytest.mark.parametrize("code", ["", "0", "00000000", "1234567x", "•" * 8, "%", "' OR 1=1 --"])
async def test_a_wrong_code_is_refused(scene: Scene, code: str) -> None:
    await (await scene.device()).code()
    await refused(await scene.till(), code)


async def test_a_device_reserved_for_a_business_pairs_with_that_business_only(scene: Scene) -> None:
    terminal = await scene.device()
    await scene.engine.execute(_reserve, "D1", "Toys Shop")
    code = (await terminal.code()).code
    await refused(await scene.till(register_id="R1", business_name="Another Shop"), code)
    await (await scene.till(register_id="R1", business_name="Toys Shop")).redeem(code)


async def _reserve(unit: Unit, device_id: str, business_name: str) -> None:
    found = await device.find(unit, device_id)
    found.reserved_for = business_name
    await unit.devices.save(found)


async def test_a_used_code_is_blanked_in_the_store(scene: Scene) -> None:
    terminal = await scene.device()
    first = await terminal.code()
    found = (await scene.engine.query(live, "D1"))[0]
    await (await scene.till()).redeem(first.code)
    stored = await scene.engine.query(_code, found.code_id)
    assert stored is not None
    assert (stored.code, stored.state, stored.due_at) == ("••••••" + first.code[-2:], "redeemed", None)


async def _code(unit: Unit, code_id: str) -> PairingCode | None:
    return await unit.codes.get(code_id)


class Repeating(Random):
    """Draws the same numbers as the list says, then others."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(1)
        self._numbers = list(numbers)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return self._numbers.pop(0) if self._numbers else super().randrange(start, stop, step)


async def test_no_two_live_codes_are_the_same(scene: Scene) -> None:
    one, other = await scene.device("D1"), await scene.device("D2")
    # The store took its source of randomness when it was opened.
    scene.entropy.__init__(Repeating([11_111_111, 11_111_111, 11_111_111, 22_222_222]))  # type: ignore[misc]
    assert (await one.code()).code == "11111111"
    assert (await other.code()).code == "22222222"


def test_a_code_never_begins_with_a_zero_and_has_its_digits() -> None:
    entropy = Entropy(Random(1))
    for digits in (6, 8, 12):
        codes = {entropy.pairing_code(digits) for _ in range(500)}
        assert all(code.isdigit() and len(code) == digits and code[0] != "0" for code in codes)
        assert len(codes) > 490


async def test_the_limits_are_settings(make_scene: MakeScene) -> None:
    scene = await make_scene(
        pairing_code_digits=6,
        pairing_code_ttl_seconds=30,
        pairing_code_overlap_seconds=10,
        pairing_session_seconds=45,
    )
    terminal = await scene.device()
    first = await terminal.code()
    assert (len(first.code), first.expires_in_seconds) == (6, 30)
    await scene.pass_seconds(20)
    assert terminal.frame("pairing.code")["params"]["expires_in_seconds"] == 25
    await scene.pass_seconds(25)
    assert terminal.frame("pairing.closed")["params"] == {"cause": "session_ended"}


async def test_a_hub_that_was_away_goes_on_with_the_session(scene: Scene) -> None:
    """A refresh was missed: the device is back within the grace, and gets a code that is good."""
    terminal = await scene.device()
    await terminal.code()
    await scene.close()
    scene.clock.advance(300)
    await scene.open()
    connected = await terminal.switch_on()
    await scene.work_off()
    shown = connected.pairing_code or None
    fresh = terminal.frames("pairing.code")
    code = shown.code if shown is not None else fresh[-1]["params"]["code"]
    await (await scene.till()).redeem(code)
