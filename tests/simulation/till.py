"""A simulated register: what a POS developer writes who has read the documentation.

It keeps the last event seen and its unanswered orders through its own restarts; it asks an unanswered order again with
the same key; after a snapshot it looks at what it was waiting for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import msgspec

from hub.entropy import register_key
from hub.wire.close_codes import may_come_back
from hub.wire.register import (
    Cancelled,
    PairingChanged,
    PairingView,
    PresenceChanged,
    Redeemed,
    Submitted,
    TransactionUpdated,
    TransactionView,
    Welcome,
)
from tests.checker import history as seen
from tests.checker.history import Record, Shown
from tests.simulation.frames import OPEN_QUESTION, Frame, parse, request
from tests.simulation.link import Link
from tests.simulation.weather import Weather

_events: dict[str, Any] = {
    "transaction.updated": msgspec.json.Decoder(TransactionUpdated).decode,
    "pairing.changed": msgspec.json.Decoder(PairingChanged).decode,
    "device.presence": msgspec.json.Decoder(PresenceChanged).decode,
}

MONEY = "Card.Purchase"
NO_MONEY = "Terminal.GetStatus"


class Surroundings(Protocol):
    """What a client knows of the world."""

    random: Random
    weather: Weather
    now: int
    links: list[Link]

    def write(self, record: Record) -> None: ...

    def connect(self, client: Any, kind: str, source: str) -> Link | None:
        """None: there is no hub to connect to."""

    def codes(self) -> list[str]:
        """The codes on the screens of the shop's devices; sometimes an old one that somebody has written down."""


@dataclass
class Order:
    """A basket that the till wants paid."""

    key: str | None
    amount_cents: int
    function: str
    answered: bool = False
    """Yes or no; nothing is open any more."""


def shown(view: TransactionView) -> Shown:
    return Shown(
        transaction_id=view.transaction_id,
        state=view.state,
        final=view.final,
        delayed=view.delayed,
        never_sent=view.never_sent,
        conflict=view.conflict,
        by_operator=view.result is not None and view.result.resolved_by is not None,
    )


class Till:
    def __init__(self, world: Surroundings, name: str, register_id: str, *, own_orders: bool = True) -> None:
        self._world = world
        self.name = name
        self.hello = {"register_id": register_id, "business_name": "Toys", "vendor_name": "Till2Go"}
        self.key = register_key(register_id, "Toys", "Till2Go")
        self._own_orders = own_orders
        self.last_event: int | None = None
        self.orders: list[Order] = []
        self.known: dict[str, Shown] = {}
        self.link: Link | None = None
        self.ready = False
        self.device_id: str | None = None
        self._calls: dict[int, tuple[Callable[[Frame], None], Callable[[], None]]] = {}
        self._count = 0
        self._submitted = 0

    # The line.

    def connect(self) -> None:
        link = self._world.connect(self, "register", f"10.0.0.{self.name}")
        if link is None:
            return
        self.link, self.ready = link, False
        after = self.last_event
        hello: dict[str, Any] = self.hello if after is None else {**self.hello, "last_event": after}
        self._ask("hello", hello, lambda frame: self._welcomed(frame, after), lambda: None)

    def on_lost(self, link: Link, code: int | None) -> None:
        if link is self.link:
            self.hang_up()
            assert may_come_back(code), f"a register was sent away for good: {code}"

    def hang_up(self) -> None:
        """What was asked and not answered stays open."""
        self.link, self.ready = None, False
        calls, self._calls = self._calls, {}
        for _, lost in calls.values():
            lost()

    def on_frame(self, link: Link, text: str) -> None:
        if link is not self.link:
            return
        frame = parse(text)
        if frame.method is not None:
            self._event(frame)
        elif isinstance(frame.id, int):
            answered, _ = self._calls.pop(frame.id)
            if frame.error_code == "internal_error":
                self._world.write(seen.HubFailed(at=self._world.now, who=self.name, what="internal_error"))
            answered(frame)
        else:
            self._world.write(seen.HubFailed(at=self._world.now, who=self.name, what=text[:200]))

    def _ask(self, method: str, params: object, answered: Callable[[Frame], None], lost: Callable[[], None]) -> None:
        assert self.link is not None
        self._count += 1
        self._calls[self._count] = (answered, lost)
        self.link.send(request(self._count, method, params))

    # What it is told.

    def _welcomed(self, frame: Frame, after: int | None) -> None:
        if not frame.ok:
            return  # the hub closes
        welcome = msgspec.json.decode(frame.result, type=Welcome)
        still_open = [shown(view) for view in welcome.transactions]
        device = welcome.pairing.device
        self.device_id = None if device is None else device.device_id
        self._world.write(
            seen.RegisterConnected(
                at=self._world.now,
                who=self.name,
                register=self.key,
                after=after,
                event=welcome.event,
                replay=welcome.replay,
                open=still_open,
                device_id=self.device_id,
            )
        )
        self.ready = True
        self._notice(still_open)
        if welcome.replay != "complete":
            self.last_event = welcome.event
            if after != welcome.event:
                for transaction_id in self.waiting_for():
                    self.look(transaction_id)

    def _event(self, frame: Frame) -> None:
        assert frame.method is not None
        event = _events[frame.method](frame.params)
        view = shown(event.transaction) if isinstance(event, TransactionUpdated) else None
        if isinstance(event, PairingChanged):
            self.device_id = event.pairing.device.device_id if event.pairing.device is not None else None
        self._world.write(
            seen.EventSeen(
                at=self._world.now,
                who=self.name,
                register=self.key,
                number=event.event,
                what=frame.method,
                shown=view,
                device_id=self.device_id if isinstance(event, PairingChanged) else None,
            )
        )
        self.last_event = event.event
        if view is not None:
            self._notice([view])

    def _notice(self, views: list[Shown]) -> None:
        for view in views:
            before = self.known.get(view.transaction_id)
            # An answer may overtake an event: what was seen final stays so.
            if before is None or not before.final or view.final:
                self.known[view.transaction_id] = view

    def waiting_for(self) -> list[str]:
        return [view.transaction_id for view in self.known.values() if not view.final]

    # What it does.

    def act(self) -> None:
        """One thing, by chance."""
        random = self._world.random
        if self.link is None:
            self.connect()
            return
        if not self.ready:
            return
        chance = random.random()
        if self.device_id is None or chance < 0.02:
            codes = self._world.codes()
            if codes:
                self.redeem(random.choice(codes))
            elif chance < 0.2:
                self.redeem(str(random.randint(100_000, 999_999)))
            elif chance < 0.4:
                self.ask_status()
            return
        open_ones = self.waiting_for()
        if chance < self._world.weather.cancel_rate and self.known:
            self.cancel(random.choice(open_ones[-6:] or list(self.known)[-6:]))
        elif chance < 0.7 and self._own_orders and len(open_ones) < self._world.weather.patience:
            self._new_order()
        elif chance < 0.85 and self.orders:
            order = random.choice(self.orders[-8:])
            if order.key is not None:
                # Without an answer: asked again. With one: a duplicate, or a key used twice.
                self.submit(order, other_amount=random.random() < 0.05)
        elif chance < 0.92 and self.known:
            self.look(random.choice(list(self.known)[-8:]))
        elif chance < 0.94:
            self.ask_status()

    def _new_order(self) -> None:
        random = self._world.random
        self._submitted += 1
        key = None if random.random() < 0.1 else f"{self.name}-{self._submitted}"
        function = NO_MONEY if random.random() < 0.1 else MONEY
        order = Order(key, 100 * random.randint(1, 9000), function)
        self.orders.append(order)
        self.submit(order)

    def ask_again(self) -> bool:
        """Ask once more for what was never answered; with its key that is harmless. False if there is nothing."""
        open_ones = [order for order in self.orders if order.key is not None and not order.answered]
        for order in open_ones:
            self.submit(order)
        return bool(open_ones)

    def submit(self, order: Order, *, other_amount: bool = False) -> None:
        world, call, amount = self._world, self._count + 1, order.amount_cents + other_amount
        world.write(
            seen.SubmitInvoked(
                at=world.now, who=self.name, register=self.key, call=call, key=order.key, amount_cents=amount
            )
        )
        asked: dict[str, object] = {"function": order.function, "amount_total_cents": amount}
        if order.key is not None:
            asked["idempotency_key"] = order.key

        def answered(frame: Frame) -> None:
            if frame.ok:
                submitted = msgspec.json.decode(frame.result, type=Submitted)
                view = shown(submitted.transaction)
                order.answered = True
                self._notice([view])
                world.write(
                    seen.SubmitAnswered(
                        at=world.now,
                        who=self.name,
                        register=self.key,
                        call=call,
                        shown=view,
                        replayed=submitted.replayed,
                    )
                )
            elif frame.error_code in OPEN_QUESTION:
                lost()
            else:
                order.answered = order.answered or not other_amount
                world.write(
                    seen.SubmitRefused(at=world.now, who=self.name, register=self.key, call=call, code=frame.error_code)
                )

        def lost() -> None:
            world.write(seen.SubmitUnknown(at=world.now, who=self.name, register=self.key, call=call))

        self._ask("transaction.submit", asked, answered, lost)

    def cancel(self, transaction_id: str) -> None:
        world, call = self._world, self._count + 1
        world.write(
            seen.CancelInvoked(at=world.now, who=self.name, register=self.key, call=call, transaction_id=transaction_id)
        )

        def answered(frame: Frame) -> None:
            if not frame.ok:
                return
            cancelled = msgspec.json.decode(frame.result, type=Cancelled)
            view = shown(cancelled.transaction)
            self._notice([view])
            world.write(
                seen.CancelAnswered(
                    at=world.now, who=self.name, register=self.key, call=call, answer=cancelled.answer, shown=view
                )
            )

        self._ask("transaction.cancel", {"transaction_id": transaction_id}, answered, lambda: None)

    def look(self, transaction_id: str) -> None:
        def answered(frame: Frame) -> None:
            if frame.ok:
                view = shown(msgspec.json.decode(frame.result, type=TransactionView))
                self._notice([view])
                self._world.write(seen.Looked(at=self._world.now, who=self.name, register=self.key, shown=view))

        self._ask("transaction.get", {"transaction_id": transaction_id}, answered, lambda: None)

    def redeem(self, code: str) -> None:
        world, call = self._world, self._count + 1
        world.write(seen.RedeemInvoked(at=world.now, who=self.name, register=self.key, call=call, code=code))

        def answered(frame: Frame) -> None:
            at: dict[str, Any] = {"at": world.now, "who": self.name, "register": self.key, "call": call}
            if frame.ok:
                pairing = msgspec.json.decode(frame.result, type=Redeemed).pairing
                assert pairing.pairing_id is not None
                assert pairing.device is not None
                self.device_id = pairing.device.device_id
                world.write(
                    seen.RedeemAnswered(**at, pairing_id=pairing.pairing_id, device_id=pairing.device.device_id)
                )
            elif frame.error_code in OPEN_QUESTION:
                lost()
            else:
                world.write(seen.RedeemRefused(**at, code=frame.error_code))

        def lost() -> None:
            world.write(seen.RedeemUnknown(at=world.now, who=self.name, register=self.key, call=call))

        self._ask("pairing.redeem", {"code": code, "register_name": self.name}, answered, lost)

    def ask_status(self) -> None:
        def answered(frame: Frame) -> None:
            if frame.ok:
                device = msgspec.json.decode(frame.result, type=PairingView).device
                self._world.write(
                    seen.PairingLooked(
                        at=self._world.now,
                        who=self.name,
                        register=self.key,
                        device_id=None if device is None else device.device_id,
                    )
                )

        self._ask("pairing.status", {}, answered, lambda: None)
