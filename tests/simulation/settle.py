"""The end of a run: faults are over, everybody comes back, and what must come true in the end is given the time to.

Bounded: what has not come true by then is written down as it is, and the judge says so.
"""

from __future__ import annotations

from hub.commands import device as devices
from hub.wire.device import Enrolled
from tests.checker import history as seen
from tests.simulation.faults import HEARTBEAT_MS
from tests.simulation.terminal import Manners, Terminal
from tests.simulation.world import World

ROUNDS = 400
"""Each leaps to the next timer when there is nothing else left to do."""

PATIENCE_MS = 3 * 3_600_000
"""Longer than every limit, the pause after a connection went silent included."""


def settle(world: World) -> None:
    _end_of_faults(world)
    earliest, until = world.now + 2 * HEARTBEAT_MS, world.now + PATIENCE_MS
    for _ in range(ROUNDS):
        if not world.run_dry():
            break
        if not _carry_on(world):
            if (_nothing_open(world) and world.now > earliest) or world.now > until:
                break
            world.leap()
    world.collect_failures()
    world.write(seen.Settled(at=world.now, who="world"))
    _look_around(world)
    world.run_dry()


def _end_of_faults(world: World) -> None:
    world.note("faults are over")
    world.crashing = False
    world.disk.heal()
    for link in world.links:
        link.stalled_until = 0
    if world.life is None:
        world.pass_time(world.restart_at)
    for old in world.drawer:
        old.power_off()
    if world.weather.unplugged:
        world.note("the first device does not come back")
        world.terminals.pop(0).power_off()
    for terminal in world.terminals:
        terminal.speak()
        terminal.manners = Manners(resumes=terminal.manners.resumes)
        if terminal.sent_away:
            _let_in_again(world, terminal)
        if not terminal.powered:
            terminal.power_on()


def _let_in_again(world: World, terminal: Terminal) -> None:
    """It was replaced, or its credential was changed while nobody looked: the operator gives it a new one."""

    def answered(enrolled: Enrolled | None, error: Exception | None) -> None:
        assert enrolled is not None, error
        terminal.credential, terminal.sent_away = enrolled.credential, False

    assert world.life is not None
    world.life.call(answered, devices.rotate, terminal.device_id)


def _carry_on(world: World) -> bool:
    """Everybody does what is left for them to do; False if that is nothing."""
    busy = False
    for till in world.tills:
        if till.link is None:
            till.connect()
            busy = True
        elif till.ready and till.ask_again():
            busy = True
    for terminal in world.terminals:
        entry = terminal.begun
        untold = [entry for entry in terminal.memory.values() if entry.outcome is not None and not entry.recorded]
        if terminal.link is None:
            if terminal.sent_away:
                _let_in_again(world, terminal)
            else:
                terminal.connect()
            busy = True
        elif terminal.ready and entry is not None:
            terminal.decide(entry)
            busy = True
        elif terminal.ready and any(terminal.tell(entry) for entry in untold):
            busy = True
    return busy


def _nothing_open(world: World) -> bool:
    """Nobody but the operator is waited for, and the hub believes in no connection that is not."""
    if any(link.hub_notices_at is not None for link in world.links):
        return False
    row = world.disk.rows.execute(
        "SELECT count(*) FROM transactions WHERE state IN ('queued', 'sending', 'processing', 'cancelling')"
    ).fetchone()
    return bool(row[0] == 0)


def _look_around(world: World) -> None:
    for till in world.tills:
        if till.ready:
            for transaction_id in till.waiting_for():
                till.look(transaction_id)
            till.ask_status()
    for terminal in world.terminals:
        if terminal.ready:
            terminal.say_pairings()
            terminal.list_pairings()
