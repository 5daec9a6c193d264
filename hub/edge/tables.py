"""The state tables in the words of the wire: what a dashboard draws is what the server runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from hub.wire.dashboard import RowView, TableView
from statemachines.device_queue import DEVICE_QUEUE
from statemachines.pairing import PAIRING
from statemachines.pairing_code import PAIRING_CODE
from statemachines.table import Table
from statemachines.transaction import TRANSACTION

S = TypeVar("S", bound=StrEnum)


def _view(kind: str, table: Table[S]) -> TableView:
    # In an order that is the same at every start, so that the same table is drawn the same way.
    place = {state: number for number, state in enumerate(table.states)}
    steps = sorted(table.steps.items(), key=lambda step: (place[step[0][0]], place[step[1]], step[0][1]))
    return TableView(
        name=table.name,
        kind=kind,
        initial=table.initial.value,
        states=[state.value for state in table.states],
        final=[state.value for state in table.states if state in table.final],
        rows=[RowView(trigger, source.value, target.value) for (source, trigger), target in steps],
    )


TABLES = [
    _view("pairing_code", PAIRING_CODE),
    _view("pairing", PAIRING),
    _view("device_queue", DEVICE_QUEUE),
    _view("transaction", TRANSACTION),
]
