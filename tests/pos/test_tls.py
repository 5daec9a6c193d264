"""TLS in the hub itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.clock import ManualClock
from tests.pos.lines import post
from tests.running import RunningHub, running

PEM = Path(__file__).parent / "localhost.pem"
"""A certificate that is signed by its own key, and that key; for this test only, and worth nothing."""


@contextlib.contextmanager
def connected(hub: RunningHub) -> Iterator[ssl.SSLSocket]:
    """A client that looks at its connection only when it reads, as those do that keep it in a pool. Blocks."""
    where = urlsplit(hub.url)
    assert where.scheme == "https"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose certificate it is is not the question
    with (
        socket.create_connection((where.hostname, where.port or 0)) as plain,
        context.wrap_socket(plain, suppress_ragged_eofs=False) as line,
    ):
        yield line


async def test_the_hub_ends_without_a_word_from_its_clients(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """They are told that it closes; it does not wait until each has said so, too."""

    def asks(line: ssl.SSLSocket) -> bytes:
        line.sendall(post(""))
        return line.recv(4096)

    async with running(tmp_path / "data", clock, tls_certificate=PEM, tls_key=PEM) as hub:
        with contextlib.ExitStack() as lines:
            idle = await asyncio.to_thread(lines.enter_context, connected(hub))
            silent = await asyncio.to_thread(lines.enter_context, connected(hub))
            assert b"keep-alive: timeout=67" in await asyncio.to_thread(asks, idle)
            await hub.stop()
            for line in (idle, silent):
                assert await asyncio.to_thread(line.recv, 1) == b""  # the end as TLS has it, else it raises
            await hub.start()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
