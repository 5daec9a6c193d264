"""uvicorn's sans-I/O WebSocket protocol, mended where it strays from RFC 6455 or lets a peer take more than its share.

Each override says what it mends; docs/reliability.md has the measurements. Nothing here knows a message's meaning.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import TimerHandle
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

LINGER_SECONDS = 5.0
"""How long a socket may take to send its last bytes, once nobody serves it any more."""

_log = logging.getLogger("uvicorn.error")


class _Conversation(ServerProtocol):
    """The protocol's own state."""

    choked = False
    """The peer reads more slowly than it is written to."""

    def accept(self, request: Request) -> Response:
        """A refused handshake says which version is spoken (RFC 6455, 4.4)."""
        response = super().accept(request)
        if response.status_code in (400, 426):
            response.headers["Sec-WebSocket-Version"] = "13"
        return response

    def recv_frame(self, frame: Frame) -> None:
        """A close may come in the middle of a fragmented message, as any control frame (RFC 6455, 5.4).

        A peer that pings and does not read gets no pongs: they would pile up without a limit.
        """
        if frame.opcode is Opcode.PING and self.choked:
            return
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class HubWebSocketProtocol(WebSocketsSansIOProtocol):
    """One socket. Made by uvicorn, for each request to upgrade."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: _Conversation = _Conversation(max_size=config.ws_max_size, logger=_log)
        self._lingering: TimerHandle | None = None

    def send_receive_event_to_app(self) -> None:
        """Text that is not UTF-8 is the peer's mistake: it is failed with 1007, and logs no traceback."""
        if self.curr_msg_data_type != "text" or self.close_sent:
            super().send_receive_event_to_app()
            return
        content = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        try:
            text = str(content, "utf-8")
        except UnicodeDecodeError:
            self.conn.fail(CloseCode.INVALID_DATA, "not UTF-8")
            self.handle_parser_exception()
            return
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    async def send(self, message: ASGISendEvent) -> None:
        """A handshake that was refused with an answer is complete: it is no fault of the hub's, and logged as none."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def pause_writing(self) -> None:
        super().pause_writing()
        self.conn.choked = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.conn.choked = False

    async def run_asgi(self) -> None:
        """Once served, a socket is cut after a while, even if its peer never reads the last bytes."""
        await super().run_asgi()
        self._linger()

    def keepalive_timeout(self) -> None:
        """The same for a peer that has not answered a ping: most likely nobody will read the close frame."""
        super().keepalive_timeout()
        self._linger()

    def _linger(self) -> None:
        if not self.disconnected and self._lingering is None:
            self._lingering = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        super().connection_lost(exc)
