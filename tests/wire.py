"""A bare JSON-RPC client, as a firmware or POS developer would write it first: no reconnect, no state, no SDK.

Every frame in either direction is shown to a `contract.FrameCheck`, which holds it to docs/asyncapi.yaml.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.contract import ContractBroken, FrameCheck

Json = dict[str, Any]


class CallFailed(Exception):
    """The hub answered with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error)
        self.error = error

    @property
    def code(self) -> str:
        code: str = self.error["data"]["code"]
        return code


class Wire:
    def __init__(self, socket: ClientConnection, kind: str) -> None:
        self.socket = socket
        self._check = FrameCheck(kind)
        self._broken: ContractBroken | None = None
        self._ended = False
        self._ids = 0
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._pushed: list[Json] = []
        self._arrived = asyncio.Condition()
        self.errors: asyncio.Queue[Json] = asyncio.Queue()
        """Errors that answer no request of ours: what the hub says to a malformed message."""
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, kind: str, **options: Any) -> Wire:
        options.setdefault("subprotocols", [Subprotocol(f"smartconnect.{kind}.v1")])
        socket = await connect(
            f"{url.replace('http', 'ws', 1)}/ws/{kind}",
            compression=None,
            ping_interval=None,
            open_timeout=None,
            proxy=None,
            **options,
        )
        return cls(socket, kind)

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                assert isinstance(text, str)
                message = json.loads(text)
                self._check("receive", message)
                if "method" in message:
                    async with self._arrived:
                        self._pushed.append(message)
                        self._arrived.notify_all()
                elif message["id"] in self._answers:
                    self._answers.pop(message["id"]).set_result(message)
                else:
                    self.errors.put_nowait(message)
        except ConnectionClosed:
            pass
        except ContractBroken as broken:
            # Told to whoever waits now, and to the test's end in any case: `close` raises it.
            self._broken = broken
        finally:
            for answer in self._answers.values():
                if self._broken is not None and not answer.done():
                    answer.set_exception(self._broken)
                answer.cancel()
            async with self._arrived:
                self._ended = True
                self._arrived.notify_all()

    async def send(self, message: Json, *, valid: bool = True) -> None:
        """Send as it is; `valid=False` for what the contract does not allow."""
        if valid:
            self._check("send", message)
        else:
            self._check.note(message)
        await self.socket.send(json.dumps(message))

    async def ask(self, method: str, params: Json | None = None, *, valid: bool = True) -> asyncio.Future[Json]:
        """Send a request and return the future of its whole answer."""
        self._ids += 1
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[self._ids] = answer
        await self.send({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params or {}}, valid=valid)
        return answer

    async def call(self, method: str, params: Json | None = None, *, valid: bool = True) -> Json:
        """Send a request and wait for its result; `CallFailed` for an error."""
        answer = await (await self.ask(method, params, valid=valid))
        if "error" in answer:
            raise CallFailed(answer["error"])
        result: Json = answer["result"]
        return result

    async def answer(self, request: Json, result: Json) -> None:
        await self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    async def refuse(self, request: Json, code: str) -> None:
        error = {"code": -32000, "message": code, "data": {"code": code, "retryable": True}}
        await self.send({"jsonrpc": "2.0", "id": request["id"], "error": error})

    async def pushed(self, method: str, where: Callable[[Json], bool] = lambda _params: True) -> Json:
        """The next message of that method that the hub has pushed or will push, taken out of the line."""

        def found() -> Json | None:
            for message in self._pushed:
                if message["method"] == method and where(message["params"]):
                    return message
            return None

        async with self._arrived:
            await self._arrived.wait_for(lambda: found() is not None or self._ended)
            message = found()
            if message is None and self._broken is not None:
                raise self._broken
            assert message is not None, f"the connection ended before {method} came; it had {self._pushed}"
            self._pushed.remove(message)
            return message

    def waiting(self, method: str) -> list[Json]:
        """What has been pushed and not been taken; exact after an answer, for the hub writes in order."""
        return [message for message in self._pushed if message["method"] == method]

    async def closed(self) -> tuple[int, str]:
        """Wait until the hub closes, and return its code and reason."""
        await self.socket.wait_closed()
        await self._reader
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""

    async def close(self) -> None:
        """Close the connection; raises `ContractBroken` if a frame of the hub's was wrong."""
        await self.socket.close()
        await self._reader
        if self._broken is not None:
            raise self._broken

    async def abort(self) -> None:
        """Cut the line without a close frame, as a pulled plug does."""
        self.socket.transport.abort()
        await self.socket.wait_closed()
        await self._reader
