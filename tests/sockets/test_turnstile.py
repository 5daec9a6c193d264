"""The turnstile: a few handshakes a turn, in the order in which they came."""

from __future__ import annotations

import asyncio
from functools import partial

from hub.edge.turnstile import Turnstile


async def test_a_few_go_through_at_once_and_the_others_in_later_turns() -> None:
    turnstile, gone = Turnstile(2), list[int]()
    assert [turnstile.enter(partial(gone.append, number)) for number in range(5)] == [True, True, False, False, False]
    assert gone == [0, 1]
    await asyncio.sleep(0)
    assert gone == [0, 1, 2, 3]
    await asyncio.sleep(0)
    assert gone == [0, 1, 2, 3, 4]


async def test_who_comes_later_does_not_overtake() -> None:
    turnstile, gone = Turnstile(2), list[int]()
    for number in range(4):
        turnstile.enter(partial(gone.append, number))
    await asyncio.sleep(0)
    assert not turnstile.enter(partial(gone.append, 4))
    await asyncio.sleep(0)
    assert gone == [0, 1, 2, 3, 4]


async def test_it_opens_again_with_the_next_turn() -> None:
    turnstile, gone = Turnstile(1), list[int]()
    for number in range(3):
        assert turnstile.enter(partial(gone.append, number))
        await asyncio.sleep(0)
    assert gone == [0, 1, 2]
