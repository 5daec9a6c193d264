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
    return TableView(
        name=table.name,
        kind=kind,
        initial=table.initial.value,
        states=[state.value for state in table.states],
        final=[state.value for state in table.states if state in table.final],
        rows=[RowView(trigger, source.value, target.value) for (source, trigger), target in table.steps.items()],
    )


TABLES = [
    _view("pairing_code", PAIRING_CODE),
    _view("pairing", PAIRING),
    _view("device_queue", DEVICE_QUEUE),
    _view("transaction", TRANSACTION),
]
