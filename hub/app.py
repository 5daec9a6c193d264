"""The one place that composes the hub: settings, store, bus, engine, edge."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import WebSocketRoute

from hub.bus.local import LocalBus
from hub.callbacks.delivery import Delivery
from hub.clock import Clock, SystemClock
from hub.edge import admin_api, dashboard_socket, device_socket, health, pages, pos_api, pos_errors, register_socket
from hub.edge.edge import Edge
from hub.edge.paths import ForgivingPaths
from hub.edge.pos_errors import CODE_HEADER, PosError
from hub.edge.short_way import ShortWay
from hub.engine import Engine
from hub.entropy import Entropy
from hub.errors import HubError, StoreUnavailable
from hub.settings import Settings
from hub.store.sqlite import open_sqlite
from hub.store.unit import Unit
from statemachines.refusal import Refusal

EXPOSED = [CODE_HEADER, pos_api.TOKEN_HEADER, "Retry-After", "Idempotent-Replayed"]


def admin_token(settings: Settings, entropy: Entropy) -> str:
    """The admin credential: as set, or made once and kept in `data_dir/admin.token`, readable by the owner only.

    Never empty: an empty token would let everybody in. Call it with the database's lock held.
    """
    if settings.admin_token is not None and (given := settings.admin_token.get_secret_value()):
        return given
    path = settings.data_dir / "admin.token"
    try:
        if kept := path.read_text().strip() if path.exists() else "":
            return kept
        token = entropy.secret("adm_")
        # Under another name first: a crash in the middle leaves no token, rather than half of one.
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(descriptor)
        unfinished.rename(path)
    except OSError as error:
        raise StoreUnavailable(f"the admin token cannot be kept in {path}: {error}") from error
    return token


async def _keys(unit: Unit) -> tuple[str, str]:
    """The keys that sign polling URLs and callbacks; made once, kept in the database, so a backup carries them."""
    signing_key = await unit.facts.get_or_make("signing_key", lambda: unit.entropy.secret("sig_"))
    return signing_key, await unit.facts.get_or_make("callback_secret", unit.entropy.webhook_secret)


def database_path(settings: Settings) -> Path:
    return settings.data_dir / "hub.db"


@asynccontextmanager
async def running_edge(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    on_broken: Callable[[], None] = lambda: None,
    stop: Callable[[], None] = lambda: None,
) -> AsyncIterator[Edge]:
    """Open the store, start the engine; on the way out stop it and close the store."""
    clock = clock if clock is not None else SystemClock()
    entropy = entropy if entropy is not None else Entropy()
    store = await open_sqlite(
        database_path(settings), clock=clock, settings=settings, entropy=entropy, on_broken=on_broken
    )
    try:
        token = admin_token(settings, entropy)
        signing_key, callback_secret = await store.write(_keys, lambda _unit: None)
        engine = Engine(store, LocalBus(), clock=clock, settings=settings, entropy=entropy, signing_key=signing_key)
        await engine.start()
        delivery = Delivery(engine, secret=callback_secret)
        delivery.start()
        try:
            yield Edge.over(engine, admin_token=token, stop=stop)
        finally:
            await delivery.stop()
            await engine.stop()
    finally:
        await store.close()


def make_app() -> Starlette:
    """The ASGI application; whoever runs it puts the `Edge` that the endpoints share at `app.state.edge`."""
    return Starlette(
        routes=[
            *pos_api.routes,
            *health.routes,
            *admin_api.routes,
            WebSocketRoute("/ws/device", device_socket.endpoint),
            WebSocketRoute("/ws/register", register_socket.endpoint),
            WebSocketRoute("/ws/dashboard", dashboard_socket.endpoint),
            *pages.routes(),
        ],
        middleware=[Middleware(ForgivingPaths)],
        exception_handlers={
            PosError: pos_errors.as_told,
            Refusal: pos_errors.as_told,
            HubError: pos_errors.as_told,
            HTTPException: pos_errors.http_exception,
            Exception: pos_errors.as_told,
        },
    )


def with_cors(app: Starlette, settings: Settings) -> ShortWay:
    """Browser POS pages call the API directly; outermost, so that errors carry the header too."""
    whole = CORSMiddleware(
        app,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "PUT", "POST"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
        max_age=600,
    )
    return ShortWay(app, whole, settings.keep_alive_seconds)
