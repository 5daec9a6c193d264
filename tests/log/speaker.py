"""A process that logs as the hub's does, and ends as it is told: `python -m tests.log.speaker FORM END`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from hub import log


async def speak(end: str) -> None:
    speaker = log.get("test")
    speaker.info("half a character", text="\ud800")
    speaker.info("quiet", code="1234", device_id="dev-1", until=[1])
    speaker.debug("not to be seen")
    if end == "warning":
        logging.getLogger("library").warning("loud")
        signal.raise_signal(signal.SIGKILL)
    if end == "signal":
        log.write_out()
        signal.raise_signal(signal.SIGKILL)
    if end == "exception":
        raise RuntimeError("a crash")
    sys.exit(3)


if __name__ == "__main__":
    log.configure(as_json=sys.argv[1] == "json", lasting=True)
    asyncio.run(speak(sys.argv[2]))
