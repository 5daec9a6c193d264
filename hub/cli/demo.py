"""`hub demo`: the whole story in a terminal window, against a running hub. Nothing in it is staged: real sockets,
the SDK on both sides, the POS API where a POS would use it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Annotated

import typer
from rich.text import Text

from hub.cli.output import console
from hub.cli.remote import Remote, Token, Url
from hub.cli.simulate import at_the_till, on_the_device, run
from hub.sdk import RegisterClient
from hub.sdk.subscription import Event, Subscription
from hub.simulator import AmountScript, Memory, SimulatedDevice
from hub.simulator.happenings import Happenings
from hub.wire.device import PairingClosed, PairingCodeShown
from hub.wire.function import Function
from hub.wire.register import TransactionUpdated, TransactionView

BUSINESS = "Toys Shop"
VENDOR = "Till2Go"


def demo(
    pace: Annotated[float, typer.Option(min=0, help="Seconds a stage at the terminal takes.")] = 0.6,
    url: Url = "",
    token: Token = "",
) -> None:
    """Show the whole story: code, pairing, purchase, decline, cancel, a queue of two registers, a move."""
    remote = Remote(url, token)
    run(_Story(remote, pace).tell())


def _say(colour: str, who: str, what: str) -> None:
    console.print(Text.assemble((f"{who:>10}  ", f"bold {colour}"), what))


class _Story:
    """Two terminals and two tills of one shop; the terminals are revoked at the end."""

    def __init__(self, remote: Remote, pace: float) -> None:
        self._remote = remote
        self._pace = pace
        # Ids of its own, so that the demo can be run again beside real ones.
        self._run = uuid.uuid4().hex[:6]
        self._shown = Happenings()

    async def tell(self) -> None:
        counter, window = self._terminal("Counter", "cyan"), self._terminal("Window", "magenta")
        front, back = self._till("Front"), self._till("Back")
        try:
            async with counter, window, front, back, asyncio.TaskGroup() as tasks:
                watching = [
                    tasks.create_task(self._watch(front, "Front", "green")),
                    tasks.create_task(self._watch(back, "Back", "yellow")),
                ]
                await self._chapters(counter, window, front, back)
                for watch in watching:
                    watch.cancel()
        finally:
            for device in (counter, window):
                self._remote.post(f"/admin/devices/{device.device_id}/revoke")

    async def _chapters(
        self, counter: SimulatedDevice, window: SimulatedDevice, front: RegisterClient, back: RegisterClient
    ) -> None:
        _chapter("Two terminals are switched on")
        await asyncio.gather(counter.ready(), window.ready(), front.ready(), back.ready())

        _chapter("The terminal asks for a code; a person types it into the till")
        await self._pair(counter, front, "Front")

        _chapter("A purchase, with live stages")
        await self._pay(front, 1250)

        _chapter("A decline, with its reason")
        await self._pay(front, 1205)

        _chapter("The cashier cancels while the customer looks for the card")
        await self._cancel(front)

        _chapter("A second till pairs with the same terminal, with a code of its own; the two queue in order")
        await self._pair(counter, back, "Back")
        await asyncio.gather(self._pay(front, 2000), self._pay(back, 3000))

        _chapter("The first till moves to another terminal; everyone is told")
        await self._pair(window, front, "Front")
        await self._pay(front, 990)

        _chapter("A retry with the same key never charges twice, and a reference finds the transaction again")
        await self._retry(front)
        console.print(Text("\nThat was the whole story.", "bold"))

    def _terminal(self, name: str, colour: str) -> SimulatedDevice:
        device_id = f"demo-{name.lower()}-{self._run}"
        enrolled = self._remote.post("/admin/devices", {"device_id": device_id, "name": f"{name} (demo)"})
        return SimulatedDevice(
            self._remote.url,
            device_id,
            memory=Memory(serial=f"SIM-{name}", credential=enrolled["credential"]),
            script=AmountScript(pace_seconds=self._pace),
            observer=_narrator(name, colour),
        )

    def _till(self, name: str) -> RegisterClient:
        return RegisterClient(
            self._remote.url,
            register_id=f"demo-{name.lower()}-{self._run}",
            business_name=BUSINESS,
            vendor_name=VENDOR,
        )

    async def _pair(self, device: SimulatedDevice, till: RegisterClient, name: str) -> None:
        code = await device.open_pairing()
        _say("white", "person", f"reads {code} from the screen and types it into {name}")
        await till.redeem(code, register_name=name)
        await device.next(PairingClosed)
        assert (await till.pairing_status()).paired

    async def _pay(self, till: RegisterClient, cents: int) -> TransactionView:
        submitted = await till.submit(Function.CARD_PURCHASE, amount_total_cents=cents)
        return await self._outcome(submitted.transaction.transaction_id)

    async def _outcome(self, transaction_id: str) -> TransactionView:
        """The outcome, once the till has shown it: the next chapter waits for it."""
        shown = await self._shown.next(
            TransactionUpdated,
            lambda seen: seen.transaction.final and seen.transaction.transaction_id == transaction_id,
        )
        return shown.transaction

    async def _watch(self, till: RegisterClient, name: str, colour: str) -> None:
        with till.subscribe() as events:
            async for event in events:
                seen = at_the_till(event)
                if seen is not None:
                    _say(colour, name, seen)
                self._shown.put(event)

    async def _cancel(self, till: RegisterClient) -> None:
        with till.subscribe() as events:
            submitted = await till.submit(Function.CARD_PURCHASE, amount_total_cents=4000)
            transaction_id = submitted.transaction.transaction_id
            await _first_stage(events, transaction_id)
        cancelled = await till.cancel(transaction_id)
        _say("white", "person", f"asks to cancel; the hub's honest answer: {cancelled.answer}")
        await self._outcome(transaction_id)

    async def _retry(self, till: RegisterClient) -> None:
        key, reference = f"order-{self._run}", f"invoice-{self._run}"
        first = await till.submit(
            Function.CARD_PURCHASE, amount_total_cents=700, idempotency_key=key, transaction_reference=reference
        )
        again = await till.submit(
            Function.CARD_PURCHASE, amount_total_cents=700, idempotency_key=key, transaction_reference=reference
        )
        same = first.transaction.transaction_id == again.transaction.transaction_id
        _say("white", "person", f"sends it twice; the same transaction: {same}, replayed: {again.replayed}")
        await self._outcome(first.transaction.transaction_id)
        found = await till.find(reference)
        _say("white", "person", f"finds {len(found)} transaction with {reference}: {found[0].state}")


def _chapter(title: str) -> None:
    console.print()
    console.print(Text(title, "bold underline"))


def _narrator(name: str, colour: str) -> Callable[[object], None]:
    def observe(happening: object) -> None:
        if isinstance(happening, PairingCodeShown):
            return  # the person reads it out
        seen = on_the_device(happening)
        if seen is not None:
            _say(colour, name, seen)

    return observe


async def _first_stage(events: Subscription, transaction_id: str) -> None:
    async for event in events:
        if _is_stage(event, transaction_id):
            return


def _is_stage(event: Event, transaction_id: str) -> bool:
    return (
        isinstance(event, TransactionUpdated)
        and event.transaction.transaction_id == transaction_id
        and event.transaction.stage is not None
    )
