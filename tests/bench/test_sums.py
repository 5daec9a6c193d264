"""The sums behind the figures, the plots and the page: what the scenarios themselves do not check."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.bench import figures, report
from tests.bench.bench import TINY, Scale
from tests.bench.cost import shares
from tests.bench.http import Http
from tests.bench.orders import Json
from tests.bench.percentiles import medians, percentiles
from tests.bench.plot import line_plot


def test_percentiles_are_times_that_were_measured() -> None:
    assert percentiles([n / 1000 for n in range(1000, 0, -1)]) == {"p50": 500, "p99": 990, "p99.9": 999}
    assert percentiles([0.002]) == {"p50": 2, "p99": 2, "p99.9": 2}
    assert percentiles([]) == {}


def test_medians_go_through_nested_figures_and_keep_words() -> None:
    runs: list[Json] = [
        {"rate": 3, "ms": {"p50": 1.0}, "door": "pos"},
        {"rate": 9, "ms": {"p50": 5.0}, "door": "pos"},
        {"rate": 4, "ms": {"p50": 2.0}, "door": "pos"},
    ]
    assert medians(runs) == {"rate": 4, "ms": {"p50": 2.0}, "door": "pos"}


async def _answered(*pieces: bytes) -> tuple[int, bytes]:
    http = Http()
    http.connection_made(_Swallows())
    asking = asyncio.create_task(http.ask(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)
    for piece in pieces:
        http.data_received(piece)
    return await asking


class _Swallows(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass


@pytest.mark.parametrize("cut", range(1, 60, 7))
async def test_an_answer_may_come_in_any_pieces(cut: int) -> None:
    whole = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 11\r\n\r\nhello world"
    assert await _answered(whole[:cut], whole[cut:]) == (200, b"hello world")


async def test_a_connection_that_ends_fails_the_request() -> None:
    http = Http()
    http.connection_made(_Swallows())
    asking = asyncio.create_task(http.ask(b""))
    await asyncio.sleep(0)
    http.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        await asking


def test_a_plot_is_a_picture_with_every_point() -> None:
    svg = line_plot("A <title>", "x", "y", {"one": [(1, 10), (16, 40), (256, 1234)], "two": [(1, 0.5)]})
    root = ElementTree.fromstring(svg)
    assert len(root.findall("{*}circle")) == 4
    assert "A <title>" in [text.text for text in root.findall("{*}text")]
    heights = [float(circle.attrib["cy"]) for circle in root.findall("{*}circle")[:3]]
    assert heights == sorted(heights, reverse=True)


def test_a_look_counts_for_the_innermost_named_part() -> None:
    looks = (
        "main (hub/server.py:1);run (uvloop/loop.pyx:9) 3\n"
        "main (hub/server.py:1);_post (hub/edge/pos_api.py:2);info (structlog/stdlib.py:4);write (x.py:1) 1\n"
        "_write_batch (hub/store/sqlite/store.py:5);one (hub/store/sqlite/session.py:7) 4\n"
    )
    assert shares(looks) == {
        "store: SQLite at work on a statement": 0.5,
        "event loop and sockets": 0.375,
        "logs": 0.125,
    }


def _phase(rate: float, cpu: float) -> Json:
    times = {"p50": 1.0, "p99": 2.0, "p99.9": 3.0}
    return {
        "in_flight": 256,
        "rate": 0,
        "per_second": rate,
        "server_cpu_us_each": cpu,
        "server_cpu": 0.9,
        "generator_cpu": 0.5,
        "whole_ms": times,
        "to_device_ms": times,
    }


def _results() -> Json:
    idle = {"connections": 10_000, "rss_before_mib": 60, "rss_mib": 320, "kib_each": 26.0, "idle_cpu": 0.02}
    return {
        "machine": {
            "processor": "P",
            "cores": 2,
            "memory_gib": 4,
            "system": "S",
            "python": "3",
            "libraries": {"uvicorn": "1"},
            "durability": "synchronous=FULL",
            "pinning": "none",
            "load_before": 0.1,
            "seed": 1,
            "commit": "abc",
        },
        "scale": asdict(Scale()),
        "throughput": {
            "median": {"pos-256": _phase(2000, 500), "pos-alone": _phase(100, 900)},
            "runs": [{}] * 3,
        },
        "idle": {"10000": {"median": idle | {"connected_seconds": 4}, "runs": [{}]}},
        "storm": {"refused": "3 errors"},
    }


def test_what_was_reached_is_told_and_what_was_not_measured_too() -> None:
    text = report.reached(_results())
    assert "| 1,800 | 3,500 | 2,000 (500 µs of CPU each) |" in text
    assert "26.0 KiB at 10,000" in text
    assert text.count(figures.MISSING) == 6


def test_a_size_follows_from_the_figures() -> None:
    rows = figures.sizing(_results())
    # A core, 60 % of it used, 2 % of it for 10,000 idle connections: 0.58 s a second at 500 µs each.
    assert rows[-1] == ["a core as measured", "10,000", "1,160", "568 MiB"]
    assert figures.sizing({"scale": asdict(TINY)}) == []


def test_the_page_gets_the_figures_between_its_marks() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "performance.md").read_text()
    written = report.into_page(_results(), page)
    assert "2,000 (500 µs of CPU each)" in written
    assert "No figures: 3 errors" in written
    assert "](performance/throughput.svg)" in written
    assert written.count("Only 1 run of some of these") == 1
    assert report.into_page(_results(), written) == written
    with pytest.raises(ValueError, match="no marks"):
        report.into_page(_results(), "a page")
