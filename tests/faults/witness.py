"""Witnesses: they stand beside a client, see every frame of it, and write the history.

A witness believes the wire, not the client: what was asked is written down before the bytes leave, what was told when
the frame has come. A call whose connection ends first is unknown from then on; the client's asking again on the next
connection is another call.
"""

from __future__ import annotations

import itertools
import json
from typing import Any, TypeVar

from hub.clock import Clock
from hub.entropy import register_key
from hub.simulator.memory import Memory
from hub.wire.device import Result, Start
from statemachines.transaction import Outcome
from tests.checker import history as told
from tests.checker.history import History, Shown

Json = dict[str, Any]
R = TypeVar("R")

LEFT_OPEN = frozenset({"store_unavailable", "store_busy", "internal_error", "draining"})
"""Error answers after which nobody knows whether it was done (or, for busy, nobody needs to)."""


def shown(view: Json) -> Shown:
    """What a `TransactionView` shows."""
    return Shown(
        transaction_id=view["transaction_id"],
        state=view["state"],
        final=view["final"],
        delayed=view.get("delayed", False),
        never_sent=view.get("never_sent", False),
        conflict=view.get("conflict", False),
        by_operator=(view.get("result") or {}).get("resolved_by") is not None,
    )


class _Witness:
    """One client's frames. `on_frame` is the SDK's hook."""

    def __init__(self, history: History, clock: Clock, who: str) -> None:
        self._history = history
        self._clock = clock
        self._who = who
        self._calls = itertools.count(1)
        self._asked: dict[int, tuple[str, Json, int]] = {}

    def on_frame(self, direction: str, text: str) -> None:
        frame: Json = json.loads(text)
        if direction == "sent":
            self._sent(frame)
        elif "method" in frame:
            self.pushed(frame["method"], frame.get("params", {}), frame.get("id"))
        elif frame.get("id") in self._asked:
            method, params, call = self._asked.pop(frame["id"])
            if "error" in frame:
                code = frame["error"].get("data", {}).get("code", "unspecified")
                if code == "internal_error":
                    self._add(told.HubFailed, what=f"{method} was answered with internal_error")
                self.refused(method, call, code)
            else:
                self.answered(method, params, call, frame["result"])

    def _sent(self, frame: Json) -> None:
        if "method" not in frame:
            self.gave(frame)
        elif "id" in frame:
            if frame["method"] == "hello":
                self.forget()
            call = next(self._calls)
            self._asked[frame["id"]] = (frame["method"], frame.get("params", {}), call)
            self.asked(frame["method"], frame.get("params", {}), call)

    def forget(self) -> None:
        """The connection has ended, if there was one: what it left open is unknown."""
        for method, _, call in self._asked.values():
            self.unknown(method, call)
        self._asked.clear()

    def _add(self, kind: type[R], **fields: Any) -> None:
        record: Any = kind
        self._history.add(record(at=self._clock.now_ms(), who=self._who, **fields))

    def asked(self, method: str, params: Json, call: int) -> None:
        """The client is about to ask."""

    def answered(self, method: str, params: Json, call: int, result: Json) -> None:
        """The hub answered."""

    def refused(self, method: str, call: int, code: str) -> None:
        """The hub answered with an error."""

    def unknown(self, method: str, call: int) -> None:
        """There will be no answer."""

    def pushed(self, method: str, params: Json, number: object) -> None:
        """The hub asks or notifies."""

    def gave(self, answer: Json) -> None:
        """The client is about to answer the hub."""


class RegisterWitness(_Witness):
    """Of a register's socket."""

    def __init__(self, history: History, clock: Clock, who: str, triple: tuple[str, str, str]) -> None:
        super().__init__(history, clock, who)
        self.register = register_key(*triple)
        self._after: int | None = None

    def _note(self, kind: type[R], **fields: Any) -> None:
        self._add(kind, register=self.register, **fields)

    def asked(self, method: str, params: Json, call: int) -> None:
        match method:
            case "hello":
                self._after = params.get("last_event")
            case "transaction.submit":
                amount = next(value for name, value in params.items() if name.startswith("amount_"))
                self._note(told.SubmitInvoked, call=call, key=params.get("idempotency_key"), amount_cents=amount)
            case "transaction.cancel":
                self._note(told.CancelInvoked, call=call, transaction_id=params["transaction_id"])
            case "pairing.redeem":
                self._note(told.RedeemInvoked, call=call, code=params["code"])

    def answered(self, method: str, params: Json, call: int, result: Json) -> None:
        match method:
            case "hello":
                self._note(
                    told.RegisterConnected,
                    after=self._after,
                    event=result["event"],
                    replay=result["replay"],
                    open=[shown(view) for view in result["transactions"]],
                    device_id=_device_of(result["pairing"]),
                )
            case "transaction.submit":
                self._note(
                    told.SubmitAnswered,
                    call=call,
                    shown=shown(result["transaction"]),
                    replayed=result.get("replayed", False),
                )
            case "transaction.cancel":
                self._note(told.CancelAnswered, call=call, answer=result["answer"], shown=shown(result["transaction"]))
            case "transaction.get":
                self._note(told.Looked, shown=shown(result))
            case "transaction.find":
                for view in result["transactions"]:
                    self._note(told.Looked, shown=shown(view))
            case "pairing.redeem":
                pairing = result["pairing"]
                self._note(
                    told.RedeemAnswered,
                    call=call,
                    pairing_id=pairing["pairing_id"],
                    device_id=pairing["device"]["device_id"],
                )
            case "pairing.status":
                self._note(told.PairingLooked, device_id=_device_of(result))

    def refused(self, method: str, call: int, code: str) -> None:
        if code in LEFT_OPEN:
            self.unknown(method, call)
        elif method == "transaction.submit":
            self._note(told.SubmitRefused, call=call, code=code)
        elif method == "pairing.redeem":
            self._note(told.RedeemRefused, call=call, code=code)

    def unknown(self, method: str, call: int) -> None:
        if method == "transaction.submit":
            self._note(told.SubmitUnknown, call=call)
        elif method == "pairing.redeem":
            self._note(told.RedeemUnknown, call=call)

    def pushed(self, method: str, params: Json, number: object) -> None:
        view = params.get("transaction")
        self._note(
            told.EventSeen,
            number=params["event"],
            what=method,
            shown=None if view is None else shown(view),
            device_id=_device_of(params["pairing"]) if "pairing" in params else None,
        )


def _device_of(pairing: Json) -> str | None:
    device: Json | None = pairing.get("device")
    return None if device is None else str(device["device_id"])


class DeviceWitness(_Witness):
    """Of a device's socket and memory."""

    def __init__(self, history: History, clock: Clock, who: str, device_id: str) -> None:
        super().__init__(history, clock, who)
        self._device = device_id
        self.serial = ""
        self._epoch = 0
        self._requests: dict[object, tuple[str, str]] = {}

    def _note(self, kind: type[R], **fields: Any) -> None:
        self._add(kind, device=self._device, serial=self.serial, **fields)

    def begun(self, start: Start) -> None:
        self._note(told.Begun, transaction_id=start.transaction_id)

    def finished(self, result: Result) -> None:
        self._note(told.Finished, transaction_id=result.transaction_id, outcome=result.outcome.value)
        if result.outcome is Outcome.APPROVED:
            extras = (result.amount_tip_cents or 0) + (result.amount_surcharge_cents or 0)
            amount = (result.amount_total_cents or 0) - extras
            self._note(told.Charged, transaction_id=result.transaction_id, amount_cents=amount)

    def forget(self) -> None:
        super().forget()
        if self._epoch:
            self._note(told.DeviceLost, epoch=self._epoch)
            self._epoch = 0

    def asked(self, method: str, params: Json, call: int) -> None:
        if method == "pairing.remove":
            self._note(told.RemovalInvoked, call=call, pairing_id=params.get("pairing_id"))

    def answered(self, method: str, params: Json, call: int, result: Json) -> None:
        match method:
            case "hello":
                self._welcomed(params, result)
            case "transaction.complete":
                self._note(
                    told.OutcomeRecorded,
                    transaction_id=result["transaction_id"],
                    outcome=params["outcome"],
                    state=result["state"],
                    conflict=result.get("conflict", False),
                )
            case "pairing.start":
                self._code(result)
            case "pairing.stop":
                self._note(told.CodeGone, cause="stopped")
            case "pairing.list":
                self._note(told.PairingsLooked, pairings=_ids(result["pairings"]))
            case "pairing.remove":
                self._note(told.RemovalAnswered, call=call, removed=result["removed"])

    def _welcomed(self, hello: Json, welcome: Json) -> None:
        self._epoch = welcome["epoch"]
        recorded: list[str] = welcome.get("recorded", [])
        self._note(
            told.DeviceConnected,
            epoch=self._epoch,
            held=[item["transaction_id"] for item in hello.get("in_flight", [])],
            recorded=recorded,
            pairings=_ids(welcome["pairings"]),
        )
        outcomes = {result["transaction_id"]: result["outcome"] for result in hello.get("results", [])}
        for transaction_id in recorded:
            self._note(told.OutcomeRecorded, transaction_id=transaction_id, outcome=outcomes[transaction_id])
        if "pairing_code" in welcome and welcome["pairing_code"] is not None:
            self._code(welcome["pairing_code"])

    def pushed(self, method: str, params: Json, number: object) -> None:
        if number is not None:
            self._requests[number] = (method, params["transaction_id"])
        match method:
            case "transaction.start":
                self._note(
                    told.StartSeen,
                    epoch=self._epoch,
                    transaction_id=params["transaction_id"],
                    attempt=params["attempt"],
                )
            case "pairing.code":
                self._code(params)
            case "pairing.closed":
                self._note(told.CodeGone, cause=params["cause"])

    def gave(self, answer: Json) -> None:
        method, transaction_id = self._requests[answer["id"]]
        if method == "transaction.start" and "error" in answer:
            self._note(told.NotBegun, transaction_id=transaction_id, how="refused")
        elif method == "transaction.inquire" and answer.get("result", {}).get("state") == "unknown":
            self._note(told.NotBegun, transaction_id=transaction_id, how="unknown")

    def _code(self, code: Json) -> None:
        left = round(code["expires_in_seconds"] * 1000)
        self._note(told.CodeShown, code=code["code"], expires_at=self._clock.now_ms() + left)


def _ids(pairings: list[Json]) -> list[str]:
    return [pairing["pairing_id"] for pairing in pairings]


class WitnessedMemory(Memory):
    """A device's memory whose begins and finishes are written down when they are durable."""

    witness: DeviceWitness

    def begin(self, start: Start) -> None:
        super().begin(start)
        self.witness.begun(start)

    def finish(self, result: Result) -> None:
        super().finish(result)
        self.witness.finished(result)
