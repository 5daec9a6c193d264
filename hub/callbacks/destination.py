"""Where a callback may go: only to addresses of the public Internet, pinned for the connection.

The name is resolved once, every address is checked, and the connection goes to the checked address; so a name that
resolves differently a moment later leads nowhere (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit


class DestinationRefused(Exception):
    """The URL leads nowhere, or to where callbacks must not go."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked URL: `url` has the address in place of the name, `host` and `authority` are as the POS wrote them."""

    url: str
    host: str
    authority: str


async def resolve(url: str, *, allow_private: bool) -> Destination:
    """Resolve and check; raises `DestinationRefused` with a text for the operator."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DestinationRefused(f"{host} could not be resolved: {error}") from None
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    if not addresses:
        raise DestinationRefused(f"{host} has no address")
    for address in addresses:
        if not allow_private and (not address.is_global or address.is_multicast):
            raise DestinationRefused(f"{host} leads to {address}, which is not a public address")
    return Destination(_pinned(parts, addresses[0], port), host, parts.netloc)


def _pinned(parts: SplitResult, address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> str:
    literal = f"[{address}]" if address.version == 6 else str(address)
    # The path is left as it is: the one known consumer has a double slash in its.
    return urlunsplit((parts.scheme, f"{literal}:{port}", parts.path, parts.query, ""))
