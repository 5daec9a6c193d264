"""`/ws/dashboard`: the operator's side of `smartconnect.dashboard.v1`.

Filtering is done here, updates are coalesced, pages are bounded: a dashboard stays fluent, and cheap for the hub,
however many devices there are and however much happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket

import hub
from hub import log
from hub.bus.signal import Happened
from hub.clock import rfc3339, sleep
from hub.commands import admin, device, overview, pairing, transaction
from hub.edge import handshake, transaction_list
from hub.edge.connection import Connection
from hub.edge.edge import Edge
from hub.edge.happenings import Filter, shown
from hub.edge.tables import TABLES
from hub.errors import HubError, Unauthorised
from hub.wire import jsonrpc
from hub.wire.admin import EnrolDevice
from hub.wire.close_codes import DASHBOARD_SUBPROTOCOL
from hub.wire.dashboard import (
    ById,
    CodeAsked,
    CodeRow,
    CodeRows,
    DeviceAsked,
    DevicesAsked,
    Done,
    Happenings,
    HappeningView,
    Hello,
    PairingAsked,
    PairingStory,
    Recent,
    RecentHappenings,
    RegisterRows,
    RegistersAsked,
    ResolveAsked,
    ReviewAsked,
    TransactionsAsked,
    Watch,
    Welcome,
)
from hub.wire.jsonrpc import Incoming, RpcError
from statemachines.transaction import Outcome

_log = log.get("dashboard")

PUSH_SECONDS = 0.25
OVERVIEW_PUSHES = 4
"""An overview goes with every fourth push: once a second."""
ITEMS_A_PUSH = 200


async def endpoint(websocket: WebSocket) -> None:
    edge: Edge = websocket.app.state.edge
    await handshake.serve(
        websocket,
        subprotocol=DASHBOARD_SUBPROTOCOL,
        kind="dashboard",
        origins=edge.settings.allowed_device_origins,
        hello=_Greeting(edge),
    )


class _Greeting:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def __call__(self, connection: Connection, message: Incoming, /) -> tuple[DashboardSession, Welcome]:
        hello = jsonrpc.parse_params(message, Hello)
        if not hmac.compare_digest(hello.admin_token.encode("utf-8", "replace"), self._edge.admin_token.encode()):
            raise Unauthorised("The admin token is wrong.")
        settings = self._edge.settings
        welcome = Welcome(
            heartbeat_seconds=settings.heartbeat_seconds,
            server_time=rfc3339(self._edge.engine.clock.now_ms()),
            hub_version=hub.__version__,
            development=settings.development,
            tables=TABLES,
            overview=await self._edge.happenings.overview(),
        )
        _log.info("dashboard_connected", **connection.ids)
        return DashboardSession(self._edge, connection), welcome


class DashboardSession:
    """One connection of a dashboard: what it watches, and what it asks."""

    concurrency = 4

    def __init__(self, edge: Edge, connection: Connection) -> None:
        self._edge = edge
        self._engine = edge.engine
        self._connection = connection
        self._filter: Filter | None = None
        self._items: list[HappeningView] = []
        self._skipped = 0
        self._unwatch = edge.happenings.watch(self._on_happened)
        self._pushing: asyncio.Task[None] | None = None

    def welcomed(self) -> None:
        self._pushing = asyncio.create_task(self._push(), name="dashboard push")

    def _on_happened(self, happened: Happened) -> None:
        if self._filter is None or not self._filter.lets_through(happened):
            return
        if len(self._items) < ITEMS_A_PUSH:
            self._items.append(shown(happened))
        else:
            self._skipped += 1

    async def _push(self) -> None:
        pushes = 0
        while True:
            await sleep(self._engine.clock, PUSH_SECONDS)
            # Only when the last push has left: a slow dashboard gets fewer and fuller ones, not a longer queue.
            await self._connection.room()
            self._edge.happenings.read()
            if self._items or self._skipped:
                happenings = Happenings(self._items, self._skipped)
                self._items, self._skipped = [], 0
                self._connection.send(jsonrpc.notification("happenings", happenings))
            pushes += 1
            if pushes % OVERVIEW_PUSHES == 0:
                with contextlib.suppress(HubError):
                    seen = await self._edge.happenings.overview()
                    self._connection.send(jsonrpc.notification("overview", seen))

    async def gone(self) -> None:
        self._unwatch()
        if self._pushing is not None:
            self._pushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pushing
        _log.info("dashboard_disconnected", **self._connection.ids)

    def answered(self, message: Incoming) -> None:
        """The hub asks a dashboard nothing; an answer is nobody's."""

    def handle(self, message: Incoming) -> Awaitable[object]:
        method = _METHODS.get(message.method or "")
        if method is None:
            raise RpcError(jsonrpc.METHOD_NOT_FOUND, "method_unknown", f"There is no method {message.method!r:.60}.")
        return method(self, message)

    async def _ping(self, _message: Incoming) -> Done:
        return Done()

    async def _watch(self, message: Incoming) -> Done:
        asked = jsonrpc.parse_params(message, Watch)
        self._edge.happenings.read()  # what has happened before is the former watch's
        self._filter = None if asked.paused else _filter(asked)
        self._items, self._skipped = [], 0
        return Done()

    async def _recent(self, message: Incoming) -> RecentHappenings:
        asked = jsonrpc.parse_params(message, Recent)
        return RecentHappenings(self._edge.happenings.recent(_filter(asked), asked.limit))

    async def _devices(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, DevicesAsked)
        return {"devices": await self._engine.query(overview.devices, asked)}

    async def _device(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, DeviceAsked)
        return await self._engine.query(admin.device, asked.device_id)

    async def _registers(self, message: Incoming) -> RegisterRows:
        asked = jsonrpc.parse_params(message, RegistersAsked)
        return RegisterRows(await self._engine.query(overview.registers, asked))

    async def _pairing(self, message: Incoming) -> PairingStory:
        asked = jsonrpc.parse_params(message, PairingAsked)
        return await self._engine.query(overview.pairing, asked.pairing_id)

    async def _codes(self, _message: Incoming) -> CodeRows:
        return CodeRows(await self._engine.query(overview.codes))

    async def _code(self, message: Incoming) -> CodeRow:
        asked = jsonrpc.parse_params(message, CodeAsked)
        return await self._engine.query(overview.code, asked.code_id)

    async def _transactions(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, TransactionsAsked)
        rows = await transaction_list.page(
            self._engine,
            state=asked.state,
            device_id=asked.device_id,
            attention=asked.attention,
            before=asked.before,
            limit=asked.limit,
        )
        return {"transactions": rows}

    async def _transaction(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, ById)
        return await self._engine.query(admin.transaction, asked.transaction_id)

    async def _enrol(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, EnrolDevice)
        enrolled = await self._engine.execute(
            device.enrol,
            asked.device_id,
            name=asked.name,
            reserved_for=asked.business_name,
            merchant_id=asked.merchant_id,
        )
        _log.info("device_enrolled", device_id=asked.device_id)
        return enrolled

    async def _rotate(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, DeviceAsked)
        rotated = await self._engine.execute(device.rotate, asked.device_id)
        _log.info("device_rotated", device_id=asked.device_id)
        return rotated

    async def _revoke(self, message: Incoming) -> Done:
        asked = jsonrpc.parse_params(message, DeviceAsked)
        await self._engine.execute(device.revoke, asked.device_id)
        _log.info("device_revoked", device_id=asked.device_id)
        return Done()

    async def _unpair(self, message: Incoming) -> Done:
        asked = jsonrpc.parse_params(message, PairingAsked)
        await self._engine.execute(pairing.remove_by_operator, asked.pairing_id)
        _log.info("pairing_removed", pairing_id=asked.pairing_id)
        return Done()

    async def _resolve(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, ResolveAsked)
        try:
            outcome = Outcome(asked.outcome)
        except ValueError:
            raise RpcError(jsonrpc.INVALID_PARAMS, "invalid_params", "There is no such outcome.") from None
        await self._engine.execute(
            transaction.resolve_by_operator,
            asked.transaction_id,
            outcome,
            operator=asked.operator,
            note=asked.note,
        )
        _log.info("transaction_resolved", transaction_id=asked.transaction_id, outcome=outcome.value)
        return await self._engine.query(admin.transaction, asked.transaction_id)

    async def _review(self, message: Incoming) -> object:
        asked = jsonrpc.parse_params(message, ReviewAsked)
        await self._engine.execute(
            transaction.review_conflict, asked.transaction_id, operator=asked.operator, note=asked.note
        )
        _log.info("conflict_reviewed", transaction_id=asked.transaction_id)
        return await self._engine.query(admin.transaction, asked.transaction_id)

    async def _drain(self, _message: Incoming) -> Done:
        _log.warning("drain_asked_for", **self._connection.ids)
        # With the answer in the outbox: a server that looks in this very turn would close a socket that owes it.
        asyncio.get_running_loop().call_soon(self._edge.stop)
        return Done()


def _filter(asked: Watch | Recent) -> Filter:
    kinds = None if asked.kinds is None else frozenset(asked.kinds)
    return Filter(kinds, asked.device_id, asked.subject)


_METHODS: dict[str, Callable[[DashboardSession, Incoming], Awaitable[object]]] = {
    "ping": DashboardSession._ping,
    "watch": DashboardSession._watch,
    "recent": DashboardSession._recent,
    "devices": DashboardSession._devices,
    "device": DashboardSession._device,
    "registers": DashboardSession._registers,
    "pairing": DashboardSession._pairing,
    "codes": DashboardSession._codes,
    "code": DashboardSession._code,
    "transactions": DashboardSession._transactions,
    "transaction": DashboardSession._transaction,
    "device.enrol": DashboardSession._enrol,
    "device.rotate": DashboardSession._rotate,
    "device.revoke": DashboardSession._revoke,
    "pairing.remove": DashboardSession._unpair,
    "transaction.resolve": DashboardSession._resolve,
    "transaction.review": DashboardSession._review,
    "hub.drain": DashboardSession._drain,
}
