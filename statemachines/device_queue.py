"""DeviceQueue: a device's waiting transactions, and what it is doing now.

Laws: one transaction in flight; nothing is dispatched unless the queue is `idle`; a new connection settles what was in
flight (`reconciling`) before the next one goes out.
"""

from __future__ import annotations

from statemachines.refusal import Refusal
from statemachines.table import Row, Table
from statemachines.word import Word


class QueueState(Word):
    OFFLINE = "offline"
    IDLE = "idle"
    SENDING = "sending"
    PROCESSING = "processing"
    RECONCILING = "reconciling"
    STALLED = "stalled"  # silent or refusing: the operator sees it


class QueueTrigger(Word):
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    SETTLE = "settle"  # nothing is in flight any more
    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    STALL = "stall"


_T, _S = QueueTrigger, QueueState
_ONLINE = tuple(state for state in _S if state is not _S.OFFLINE)

DEVICE_QUEUE = Table(
    "device queue",
    states=QueueState,
    initial=_S.OFFLINE,
    rows=[
        # From every state: the newest connection wins, whatever the hub believed of the old one.
        Row(_T.CONNECT, tuple(_S), _S.RECONCILING),
        Row(_T.DISCONNECT, _ONLINE, _S.OFFLINE),
        Row(_T.SETTLE, (_S.SENDING, _S.PROCESSING, _S.RECONCILING, _S.STALLED), _S.IDLE),
        Row(_T.DISPATCH, (_S.IDLE,), _S.SENDING),
        Row(_T.ACKNOWLEDGE, (_S.SENDING, _S.RECONCILING, _S.STALLED), _S.PROCESSING),
        Row(_T.STALL, (_S.SENDING, _S.PROCESSING, _S.RECONCILING), _S.STALLED),
    ],
)


def admit(*, waiting: int, limit: int) -> None:
    """Let one more transaction wait, or raise the `Refusal` that pos-api names."""
    if waiting >= limit:
        raise Refusal("device_busy", "device is busy", retryable=True, details={"queue_limit": limit})
