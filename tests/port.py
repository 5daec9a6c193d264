"""A port for a hub that is to come back on it."""

from __future__ import annotations

import socket


class ReservedPort:
    """Kept from everybody else, also while the hub is down, until it is closed.

    It is bound here without `SO_REUSEADDR`, so nothing else can have it, and given the option afterwards: with that on
    both sockets the hub, which asks for it too, may listen. Nor is it ever an outgoing connection's own: a client that
    dials the hub while it is down could otherwise be given that very port, and connect to itself.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()
