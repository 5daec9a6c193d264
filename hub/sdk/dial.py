"""Opening a WebSocket to the hub: limits, keepalive, subprotocol.

Another way to connect (through a proxy, over a faulty network) is another function of the same shape.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ssl import SSLContext
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from hub.sdk.errors import GivenUp

Dial = Callable[[str, str], Awaitable[ClientConnection]]
"""Opens a connection to a URL with a subprotocol.

Raises `OSError`, `TimeoutError` or `InvalidHandshake` when it may work later, `GivenUp` when it will not.
"""

FRAME_LIMIT_BYTES = 4 * 1024 * 1024
"""Largest message taken from the hub. The hub takes 64 KiB, but what it tells may be larger: a welcome with many
pairings or open transactions, a transaction with its sale data and receipt."""

HEARTBEAT_SECONDS = 25.0
OPEN_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 5.0

_SCHEMES = {"http": "ws", "https": "wss"}
_TRANSIENT_STATUSES = frozenset({408, 425, 429})


def socket_url(base_url: str, path: str) -> str:
    """The WebSocket URL of `path` at a hub: `http(s)://` and `ws(s)://` bases are both understood."""
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return f"{_SCHEMES.get(scheme, scheme)}://{rest}{path}"


async def dial(
    url: str,
    subprotocol: str,
    *,
    ssl: SSLContext | None = None,
    create_connection: type[ClientConnection] = ClientConnection,
) -> ClientConnection:
    """Open a connection; `ssl` is for `wss://` with a certificate that the system does not know."""
    # The library refuses `ssl=None` for wss://.
    tls: dict[str, Any] = {} if ssl is None else {"ssl": ssl}
    try:
        connection = await connect(
            url,
            subprotocols=[Subprotocol(subprotocol)],
            compression=None,
            # A hub stands next to its tills or has a public name; the proxy of a browser is no way to it.
            proxy=None,
            open_timeout=OPEN_TIMEOUT_SECONDS,
            close_timeout=CLOSE_TIMEOUT_SECONDS,
            ping_interval=HEARTBEAT_SECONDS,
            ping_timeout=HEARTBEAT_SECONDS,
            max_size=FRAME_LIMIT_BYTES,
            create_connection=create_connection,
            **tls,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if 400 <= status < 500 and status not in _TRANSIENT_STATUSES:
            raise GivenUp(f"HTTP {status} at {url}") from None
        raise
    if connection.subprotocol != subprotocol:
        await connection.close()
        raise GivenUp(f"{url} does not speak {subprotocol}")
    return connection


def retry_after_seconds(error: Exception) -> float | None:
    """The hint of a refused handshake (`Retry-After` in seconds), if there is one."""
    if not isinstance(error, InvalidStatus):
        return None
    hint = error.response.headers.get("Retry-After", "")
    return float(hint) if hint.isascii() and hint.isdigit() else None


TRANSIENT = (OSError, TimeoutError, InvalidHandshake)
"""What `Dial` raises for a failure that may pass."""
