"""The `websockets` library's state of one socket, mended where it strays from RFC 6455; its refusals are the hub's."""

from __future__ import annotations

import http

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import StatusLike

_NOT_FOUND = "There is no such socket."
_FAULT = "The hub failed; it has been logged."


class Conversation(ServerProtocol):
    """The protocol's own state."""

    choked = False
    """The peer reads more slowly than it is written to."""

    def accept(self, request: Request) -> Response:
        """A refused handshake says which version is spoken (RFC 6455, 4.4)."""
        response = super().accept(request)
        if response.status_code in (400, 426):
            response.headers["Sec-WebSocket-Version"] = "13"
        return response

    def reject(self, status: StatusLike, text: str) -> Response:
        """In JSON, with a stable code, as `hub.edge.handshake` does. uvicorn's 403 means that there is no such path."""
        if status == 403:
            status, text = 404, _NOT_FOUND
            code = "not_found"
        elif status == 405:
            code = "method_not_allowed"
        elif status in (414, 431):
            code = "handshake_too_large"
        elif status >= 500:
            text = _FAULT
            code = "internal_error"
        else:
            code = "handshake_malformed"
        response = super().reject(http.HTTPStatus(status), "")
        response.body = msgspec.json.encode({"error": text.strip(), "code": code})
        del response.headers["Content-Length"], response.headers["Content-Type"]
        response.headers.update({"Content-Length": str(len(response.body)), "Content-Type": "application/json"})
        return response

    def no_handshake(self) -> bytes:
        """What is said to a head that is a request's, but no handshake's; the library says nothing then."""
        problem = self.handshake_exc and (self.handshake_exc.__cause__ or self.handshake_exc)
        return self.reject(400, f"Failed to open a WebSocket connection: {problem}.").serialize()

    def recv_frame(self, frame: Frame) -> None:
        """A close may come in the middle of a fragmented message, as any control frame (RFC 6455, 5.4).

        A peer that pings and does not read gets no pongs: they would pile up without a limit.
        """
        if frame.opcode is Opcode.PING and self.choked:
            return
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)
