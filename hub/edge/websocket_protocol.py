"""uvicorn's sans-I/O WebSocket protocol, as the hub needs it: a line without tasks, one heartbeat for all, RFC 6455.

The opening handshake is uvicorn's and Starlette's. Then the application takes the line (hub/edge/line.py) and the
plain frames go straight between it and the transport; all others go through the `websockets` library. Where uvicorn
strays from the RFC or lets a peer take more than its share it is mended; docs/reliability.md has the measurements.
Nothing here knows a message's meaning.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from asyncio import TimerHandle
from collections.abc import Sequence
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import State

from hub.edge import frame
from hub.edge.conversation import Conversation
from hub.edge.heartbeat import Heartbeats
from hub.edge.line import EXTENSION, Listener

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the library's C part
    from websockets.utils import apply_mask

LINGER_SECONDS = 5.0
"""How long a socket may take to send its last bytes, once nobody serves it any more."""

_log = logging.getLogger("uvicorn.error")


class _Nowhere:
    """In place of the queue of ASGI events, once nobody reads them."""

    def put_nowait(self, event: object) -> None: ...


_NOWHERE: Any = _Nowhere()


class HubWebSocketProtocol(WebSocketsSansIOProtocol):
    """One socket, and the line that it becomes. Made by uvicorn, for each request to upgrade."""

    def __init__(
        self,
        heartbeats: Heartbeats,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: Conversation = Conversation(max_size=config.ws_max_size, logger=_log)
        self.choked = False
        self._heartbeats = heartbeats
        self._slot: int | None = None
        self._silent = False
        """It was pinged, and nothing has come since."""
        self._limit = config.ws_max_size
        self._listener: Listener | None = None
        self._taken = False
        self._opened = False
        self._partial = b""
        """The beginning of a frame. The library gets whole frames only, so that it is always between two."""
        self._odd = False
        """A frame broke a rule; from then on all is the library's, which ends the connection."""
        self._lingering: TimerHandle | None = None

    # The opening handshake.

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            offered: dict[str, Any] = {EXTENSION: self._take}
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), **offered}

    def _refuse_head(self) -> None:
        """The whole head has come (hub/edge/http_protocol.py), and the library takes none such: it has a body, or is
        longer than a socket's need be. uvicorn would wait for another one, for ever."""
        self.transport.write(b"".join(self.conn.data_to_send()) or self.conn.no_handshake())
        self.close_sent = True
        self._end()

    async def send(self, message: ASGISendEvent) -> None:
        """A handshake that was refused with an answer is complete: it is no fault of the hub's, and logged as none."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    async def run_asgi(self) -> None:
        """A socket that is no line ends with its application. It is cut after a while, even if its peer never reads
        the last bytes."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            _log.exception("Exception in ASGI application\n")
            self.send_500_response()
        else:
            if not self.handshake_complete:
                _log.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
        if not self._taken:
            self._end()

    def start_keepalive(self) -> None:
        """The handshake is complete."""
        self._opened = True
        self._slot = self._heartbeats.join(self)
        if self._partial:
            self.loop.call_soon(self.data_received, b"")

    def _take(self, listener: Listener) -> HubWebSocketProtocol:
        self._taken = True
        self._listener = listener
        early, self.queue = self.queue, _NOWHERE
        # Nothing of the handshake is needed any more, nor is what only ASGI needs.
        self.request = self.response = self.scope = None  # type: ignore[assignment]
        self.app = self.app_state = None  # type: ignore[assignment]
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        while not early.empty():
            message = early.get_nowait()
            if message["type"] == "websocket.receive":
                text = message.get("text")
                listener.arrived(None if text is None else text.encode())
            elif message["type"] == "websocket.disconnect":
                self.loop.call_soon(self._lose)
        return self

    # The line.

    def write(self, messages: Sequence[bytes]) -> None:
        # However a line ends, its listener is gone at once; a transport may be closed by uvicorn as well.
        if self._listener is None or self.transport.is_closing():
            return
        if len(messages) == 1:
            self.transport.write(frame.text_frame(messages[0]))
        else:
            self.transport.write(b"".join([frame.text_frame(message) for message in messages]))

    @property
    def _writes_no_more(self) -> bool:
        return self.close_sent or self.conn.state is not State.OPEN or self.transport.is_closing()

    def close(self, code: int, reason: str) -> None:
        self._listener = None
        if self._writes_no_more:
            return
        with contextlib.suppress(InvalidState):
            self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._linger()

    def cut(self) -> None:
        self._listener = None
        self._end()

    def _lose(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.lost()

    # What arrives.

    def data_received(self, data: bytes) -> None:
        if self._odd:
            super().data_received(data)
            return
        if not self.handshake_initiated:
            super().data_received(data)
            if not self.handshake_initiated:
                self._refuse_head()
            return
        self._silent = False
        if not self._opened:
            # Nobody may speak before the handshake is complete; a little is kept for who does.
            self._partial += data
            if len(self._partial) > self._limit:
                self.transport.abort()
            return
        if self._partial:
            data = self._partial + data
            self._partial = b""
        start = 0
        while start < len(data):
            payload, end = frame.end_of_frame(data, start, self._limit)
            if end == frame.INCOMPLETE:
                self._partial = data[start:]
                return
            if end == frame.ODD:
                self._odd = True
                end = len(data)
            elif self._plain(data[start], data, payload, end):
                start = end
                continue
            super().data_received(data[start:end])
            start = end

    def _plain(self, first: int, data: bytes, payload: int, end: int) -> bool:
        """Deal with a plain frame; False: it is for the library."""
        if first == frame.TEXT:
            listener = self._listener  # gone as soon as the line ends in any way
            if listener is None or self.conn.current_size is not None:
                return False
            message = apply_mask(data[payload:end], data[payload - 4 : payload])
            if not message.isascii() and not _is_utf8(message):
                return False
            listener.arrived(message)
        elif self.close_sent or self.conn.state is not State.OPEN:
            return False
        elif first == frame.PING:
            # A peer that pings and does not read gets no pongs: they would pile up without a limit.
            if not self.choked and not self.transport.is_closing():
                self.transport.write(frame.pong_frame(apply_mask(data[payload:end], data[payload - 4 : payload])))
        elif first != frame.PONG:
            return False
        return True

    def send_receive_event_to_app(self) -> None:
        """Text that is not UTF-8 is the peer's mistake: it is failed with 1007, and logs no traceback."""
        content = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        is_text = self.curr_msg_data_type == "text"
        if is_text and not self.close_sent and not _is_utf8(content):
            self.frames = []
            self.conn.fail(CloseCode.INVALID_DATA, "not UTF-8")
            self.handle_parser_exception()
        elif self._taken:
            self.frames = []
            if self._listener is not None:
                self._listener.arrived(bytes(content) if is_text else None)
        else:
            super().send_receive_event_to_app()

    def handle_close(self, event: Frame) -> None:
        if self.close_sent and self._taken:
            self.transport.close()
        else:
            super().handle_close(event)
        self._linger()
        self._lose()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._linger()
        self._lose()

    # The heartbeat.

    def beat(self) -> None:
        """Called once an interval: ping, or give up a peer that has sent nothing since the last ping."""
        if self._writes_no_more:
            return
        if self._silent:
            self.conn.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self._end()
            self._lose()
            return
        self._silent = True
        self.transport.write(frame.PING_FRAME)

    def stop_keepalive(self) -> None:
        if self._slot is not None:
            self._heartbeats.leave(self, self._slot)
            self._slot = None

    # The end.

    def pause_writing(self) -> None:
        super().pause_writing()
        self.choked = self.conn.choked = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.choked = self.conn.choked = False
        if self._listener is not None:
            self._listener.writable()

    def _end(self) -> None:
        self.transport.close()
        self._linger()

    def eof_received(self) -> None:
        """The peer sends no more: no socket of ours goes on so."""
        self._end()

    def _linger(self) -> None:
        """Most likely nobody will read the last bytes of a line that is dead."""
        if not self.disconnected and self._lingering is None:
            self._lingering = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        super().connection_lost(exc)
        self._lose()


def _is_utf8(text: bytes) -> bool:
    try:
        str(text, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
