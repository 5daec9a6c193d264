"""Faults: what may befall the world, each drawn and aimed by its `Random`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.commands import device as devices
from hub.commands import pairing, transaction
from hub.wire.device import Enrolled
from statemachines.transaction import Outcome
from tests.checker import history as seen
from tests.simulation.disk import Trouble
from tests.simulation.link import Link
from tests.simulation.terminal import Terminal
from tests.simulation.till import Till

if TYPE_CHECKING:
    from tests.simulation.world import World

HEARTBEAT_MS = 25_000


def _some_link(world: World) -> Link | None:
    links = [link for link in world.links if link.client is not None and not link.hub_done]
    return world.random.choice(links) if links else None


def _some_terminal(world: World) -> Terminal:
    return world.random.choice(world.terminals)


def _unnoticed(world: World) -> int:
    """One interval of the heartbeat until the hub asks, and one until it gives up."""
    return world.now + world.random.randint(1, 2 * HEARTBEAT_MS)


def _maybe_unnoticed(world: World) -> int | None:
    return _unnoticed(world) if world.random.random() < 0.5 else None


def cut(world: World) -> None:
    link = _some_link(world)
    if link is not None:
        world.note("a connection breaks")
        link.cut(world.random)


def half_open(world: World) -> None:
    """The client is gone, or its router; the hub goes on believing in it."""
    if world.random.random() < 0.6:
        terminal = _some_terminal(world)
        world.note(f"{terminal.serial} loses its network")
        terminal.hang_up(hub_notices_at=_unnoticed(world))
        return
    till: Till = world.random.choice(world.tills)
    link = till.link
    if link is not None:
        till.hang_up()
        link.drop(world.random, hub_notices_at=_unnoticed(world))


def storm(world: World) -> None:
    """All connections break at once, and everybody comes back at once."""
    world.note("all connections break")
    for link in world.links:
        if link.client is not None and not link.hub_done:
            link.cut(world.random)


def stall(world: World) -> None:
    """Nothing gets through for a while, in either direction: delay, or a peer that reads too slowly."""
    link = _some_link(world)
    if link is not None:
        link.stalled_until = world.now + world.random.choice((100, 3_000, 8_000, 20_000, 90_000))
        world.note(f"a {link.kind}'s connection stalls")


def power(world: World) -> None:
    terminal = _some_terminal(world)
    if terminal.powered:
        world.note(f"{terminal.serial} loses power")
        terminal.manners.resumes = world.random.random() < 0.5
        terminal.power_off(hub_notices_at=_maybe_unnoticed(world))
    else:
        terminal.power_on()


def power_at(world: World) -> None:
    terminal = _some_terminal(world)
    terminal.manners.power_fails_at = world.random.choice(("received", "begun", "finished", "recorded"))
    terminal.manners.resumes = world.random.random() < 0.5


def second_socket(world: World) -> None:
    """The firmware opens a new connection and leaves the old one as it is."""
    terminal = _some_terminal(world)
    if terminal.powered and not terminal.sent_away:
        world.note(f"{terminal.serial} opens a second connection")
        terminal.connect()


def replace(world: World) -> None:
    """Another hardware takes the device's place, new or out of the drawer; the old one may stay on."""
    number = world.random.randrange(len(world.terminals))
    old = world.terminals[number]
    mine = [terminal for terminal in world.drawer if terminal.device_id == old.device_id]
    if mine and world.random.random() < 0.5:
        new = world.random.choice(mine)
        world.drawer.remove(new)
        new.credential = old.credential
    else:
        new = Terminal(world, old.device_id, f"{old.device_id}-{chr(66 + len(mine))}", old.credential)
    world.note(f"{new.serial} replaces {old.serial}")
    if world.random.random() < 0.7:
        old.power_off(hub_notices_at=_maybe_unnoticed(world))
    world.drawer.append(old)
    world.terminals[number] = new
    new.power_on()


def silence(world: World) -> None:
    terminal = _some_terminal(world)
    if terminal.manners.silent:
        terminal.speak()
    else:
        world.note(f"{terminal.serial} falls silent")
        terminal.manners.silent = True


def twice(world: World) -> None:
    terminal = _some_terminal(world)
    terminal.manners.twice = not terminal.manners.twice


def refuse(world: World) -> None:
    _some_terminal(world).manners.refusals = world.random.randint(1, 4)


def crash(world: World) -> None:
    world.restart_at = world.now + world.random.choice((10, 1_000, 30_000))
    world.crash()


def disk(world: World) -> None:
    trouble = world.random.choice(tuple(Trouble))
    world.note(f"the disk: {trouble}")
    world.disk.fail_next(trouble, world.random.randint(0, 20))


def operator(world: World) -> None:
    """The operator resolves something in doubt."""
    doubtful = world.disk.rows.execute("SELECT transaction_id FROM transactions WHERE state = 'in_doubt'").fetchall()
    if not doubtful or world.life is None:
        return
    (transaction_id,) = world.random.choice(doubtful)
    outcome = world.random.choice(tuple(Outcome))
    world.write(seen.Resolved(at=world.now, who="operator", transaction_id=transaction_id, outcome=outcome.value))
    world.life.call(
        lambda _found, _error: None,
        transaction.resolve_by_operator,
        transaction_id,
        outcome,
        operator="op",
        note="simulated",
    )


def rotate(world: World) -> None:
    """A new credential; the operator types it into the device that is in use."""
    if world.life is None:
        return
    terminal = _some_terminal(world)

    def answered(enrolled: Enrolled | None, _error: Exception | None) -> None:
        if enrolled is not None:
            for each in (*world.terminals, *world.drawer):
                if each.device_id == terminal.device_id:
                    each.credential, each.sent_away = enrolled.credential, False

    world.life.call(answered, devices.rotate, terminal.device_id)


def unpair(world: World) -> None:
    pairings = world.disk.rows.execute("SELECT pairing_id FROM pairings WHERE state = 'active'").fetchall()
    if pairings and world.life is not None:
        (pairing_id,) = world.random.choice(pairings)
        world.write(seen.UnpairedByOperator(at=world.now, who="operator", pairing_id=pairing_id))
        world.life.call(lambda _none, _error: None, pairing.remove_by_operator, pairing_id)


def amnesia(world: World) -> None:
    """A till forgets where it was in its sequence."""
    till: Till = world.random.choice(world.tills)
    link = till.link
    till.hang_up()
    till.last_event = None
    if link is not None:
        link.drop(world.random)


def long_pause(world: World) -> None:
    """Lunch: far more time passes than any limit, in leaps from timer to timer."""
    until = world.now + world.random.choice((60_000, 700_000, 4_500_000))
    for _ in range(100):
        if world.now >= until:
            return
        world.leap()


FAULTS: dict[str, Callable[[World], None]] = {
    function.__name__: function
    for function in (
        cut,
        half_open,
        storm,
        stall,
        power,
        power_at,
        second_socket,
        replace,
        silence,
        twice,
        refuse,
        crash,
        disk,
        operator,
        rotate,
        unpair,
        amnesia,
        long_pause,
    )
}
