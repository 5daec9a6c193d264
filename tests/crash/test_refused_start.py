"""A hub that cannot start says why, and with which exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.hub_program import HubProgram


async def test_a_second_hub_on_the_same_data_is_refused(tmp_path: Path) -> None:
    first = HubProgram(tmp_path / "data")
    await first.start()
    try:
        code, said = await HubProgram(tmp_path / "data").run()
    finally:
        await first.close()
    assert code == 1
    assert "another hub uses" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"port": "abc"}, "HUB_PORT"),
        ({"queue_limt": "7"}, "HUB_QUEUE_LIMT"),
        ({"silence_seconds": "0"}, "SILENCE"),
        ({"config_file": "nowhere.toml"}, "HUB_CONFIG_FILE"),
        ({"tls_certificate": "nowhere.pem", "tls_key": "nowhere.pem"}, "tls_certificate"),
    ],
)
async def test_a_bad_setting_stops_the_start(tmp_path: Path, settings: dict[str, str], named: str) -> None:
    code, said = await HubProgram(tmp_path / "data", **settings).run()
    assert code == 78
    assert named in said
    assert "Traceback" not in said


async def test_an_unknown_name_in_the_file_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text("queue_limt = 7\n")
    code, said = await HubProgram(tmp_path / "data", config_file=str(file)).run()
    assert code == 78
    assert "QUEUE_LIMT" in said
