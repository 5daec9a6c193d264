"""However the process ends by itself, what it has said is in its log; a line rendered late is as it would have been."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest


async def said(form: str, end: str) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.log.speaker", form, end, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await child.communicate()
    return errors.decode()


@pytest.mark.parametrize("end", ["exit", "exception", "signal", "warning"])
async def test_what_was_said_is_written(end: str) -> None:
    lines = [line.partition(" ")[2] for line in (await said("text", end)).splitlines()]
    place = lines.index("[info    ] quiet part=test code=[redacted] device_id=dev-1 until=[1]")
    if end == "warning":
        assert "loud" in lines[place + 1]


async def test_a_line_of_json_is_whole_and_one_that_cannot_be_written_as_json_is_named() -> None:
    broken, line = map(json.loads, (await said("json", "exit")).splitlines())
    assert line.pop("timestamp").endswith("Z")
    assert (broken["event"], broken["said"]) == ("line_not_rendered", "half a character")
    assert line == {
        "part": "test",
        "code": "[redacted]",
        "device_id": "dev-1",
        "until": [1],
        "event": "quiet",
        "level": "info",
    }
