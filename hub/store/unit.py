"""Unit of work: what a command may touch, and what it wants to happen once it is durable."""

from __future__ import annotations

from hub.bus.signal import Signal
from hub.entropy import Entropy
from hub.settings import Settings
from hub.store.callbacks import Callbacks
from hub.store.devices import Devices
from hub.store.facts import Facts
from hub.store.operator_actions import OperatorActions
from hub.store.pairing_codes import PairingCodes
from hub.store.pairings import Pairings
from hub.store.register_events import RegisterEvents
from hub.store.registers import Registers
from hub.store.session import Session
from hub.store.transactions import Transactions


class Repositories:
    """All repositories over one session. A store may use them for many units, one after the other."""

    __slots__ = (
        "callbacks",
        "codes",
        "devices",
        "events",
        "facts",
        "operator_actions",
        "pairings",
        "registers",
        "transactions",
    )

    def __init__(self, session: Session) -> None:
        self.devices = Devices(session)
        self.registers = Registers(session)
        self.pairings = Pairings(session)
        self.codes = PairingCodes(session)
        self.transactions = Transactions(session)
        self.events = RegisterEvents(session)
        self.callbacks = Callbacks(session)
        self.facts = Facts(session)
        self.operator_actions = OperatorActions(session)


class Unit:
    """Repositories over one session, the present time, and the signals to publish after the commit.

    `now` is fixed for the whole command. `wake_at` is the earliest deadline that the command set.
    """

    __slots__ = (
        "callbacks",
        "codes",
        "devices",
        "entropy",
        "events",
        "facts",
        "now",
        "operator_actions",
        "pairings",
        "registers",
        "settings",
        "signal",
        "signals",
        "transactions",
        "wake_at",
    )

    def __init__(self, repositories: Repositories, *, now: int, settings: Settings, entropy: Entropy) -> None:
        self.now = now
        self.settings = settings
        self.entropy = entropy
        self.devices = repositories.devices
        self.registers = repositories.registers
        self.pairings = repositories.pairings
        self.codes = repositories.codes
        self.transactions = repositories.transactions
        self.events = repositories.events
        self.callbacks = repositories.callbacks
        self.facts = repositories.facts
        self.operator_actions = repositories.operator_actions
        self.signals: list[Signal] = []
        self.signal = self.signals.append
        """Publish a signal once this unit is durable."""
        self.wake_at: int | None = None

    def wake(self, at: int | None) -> None:
        """Make sure that the deadlines are looked at by `at`."""
        if at is not None and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at
