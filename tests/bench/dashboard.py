"""The dashboard in a real browser, beside a hub with many devices at work: `python -m tests.bench.dashboard`.

The hub, the load generator and Chromium are processes of their own and share the machine's cores, as they would on a
developer's desk. Each view is watched for a while: what it costs the hub, what it costs the browser, and whether the
page stays in hand. It prints a table for docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from hub import log
from tests.bench import machine
from tests.bench.fill import fill
from tests.bench.fleet import name_of
from tests.bench.generator import FiguresLie, generate
from tests.bench.orders import ADMIN_TOKEN, Json, Orders, Phase
from tests.bench.report import table
from tests.bench.serving import Cores, Served, hub
from tests.web.chromium import ARGUMENTS, chromium

REGISTERS = 200
SETTLE_SECONDS = 3.0
PATIENCE_MS = 120_000
VIEWS = {
    "none": "",
    "overview": "#/",
    "devices": "#/devices",
    "transactions": "#/transactions",
    "events": "#/events",
    "one device": "#/devices/bench-000000",
}

METER = """() => {
  const meter = { frames: 0, longest: 0, last: performance.now(), from: performance.now(), tasks: [] };
  const frame = (now) => {
    meter.frames += 1;
    meter.longest = Math.max(meter.longest, now - meter.last);
    meter.last = now;
    meter.handle = requestAnimationFrame(frame);
  };
  meter.handle = requestAnimationFrame(frame);
  meter.observer = new PerformanceObserver((list) => meter.tasks.push(...list.getEntries().map((e) => e.duration)));
  meter.observer.observe({ type: "longtask" });
  window.meter = meter;
}"""
READ = """() => {
  const { meter } = window;
  cancelAnimationFrame(meter.handle);
  meter.observer.disconnect();
  const seconds = (performance.now() - meter.from) / 1000;
  return { frames: meter.frames / seconds, longest_frame_ms: meter.longest, long_tasks: meter.tasks.length,
           longest_task_ms: Math.max(0, ...meter.tasks), nodes: document.querySelectorAll("*").length };
}"""


@dataclass
class Gauge:
    """Processor seconds of the hub, and of the browser's page, between two looks."""

    hub: psutil.Process
    browser: list[psutil.Process]

    def look(self) -> tuple[float, ...]:
        renderer = [each for each in self.browser if "--type=renderer" in each.cmdline()]
        return time.perf_counter(), *(_spent(some) for some in ([self.hub], renderer, self.browser))


def _spent(processes: list[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in processes)


def _chromium() -> list[psutil.Process]:
    """Its processes; they are this process' own children."""
    mine = psutil.Process().children(recursive=True)
    return [each for each in mine if each.is_running() and "chrom" in each.name()]


class Desk:
    """The page, and what reads its figures."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self._served = served
        context = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 860})
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self._session: CDPSession = context.new_cdp_session(self.page)
        self._session.send("Performance.enable")
        self.page.goto("/dashboard")
        self.page.get_by_label("Admin token").fill(ADMIN_TOKEN)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Overview", level=1).wait_for()

    def until_at_work(self, devices: int) -> None:
        """Wait until every device is online and payments flow."""
        tile = self.page.locator(".tile")
        online = tile.filter(has_text="Devices online").locator(".value")
        expect(online).to_have_text(f"{devices:,}", timeout=PATIENCE_MS)
        finished = tile.filter(has_text="Finished a second").locator(".value")
        expect(finished).not_to_have_text("0.0", timeout=PATIENCE_MS)

    def watch(self, address: str, seconds: float) -> Json:
        """Stay at this view; what it cost, and how it felt."""
        self.page.goto(f"/dashboard{address}" if address else "about:blank")
        time.sleep(SETTLE_SECONDS)
        gauge = Gauge(psutil.Process(self._served.pid), _chromium())
        counted = self._events()
        self.page.evaluate(METER)
        began = gauge.look()
        time.sleep(seconds)
        ended = gauge.look()
        felt: Json = self.page.evaluate(READ)
        passed = ended[0] - began[0]
        names = ("hub_cpu", "renderer_cpu", "browser_cpu")
        spent = {
            name: (after - before) / passed for name, after, before in zip(names, ended[1:], began[1:], strict=True)
        }
        events = {"events_per_second": (self._events() - counted) / passed} if address == VIEWS["events"] else {}
        return {**spent, **felt, "heap_mib": self._heap_mib(), **events}

    def search_ms(self, device_id: str) -> float:
        """From the last key of a search among all devices to its only row."""
        self.page.goto(f"/dashboard{VIEWS['devices']}")
        rows = self.page.locator("#view tbody tr")
        expect(rows).to_have_count(50)
        began = time.perf_counter()
        self.page.get_by_label("Id, name or serial").fill(device_id)
        expect(rows).to_have_count(1)
        return (time.perf_counter() - began) * 1000

    def _events(self) -> int:
        """Shown and skipped, as the events view counts them."""
        counted: int = self.page.evaluate(
            """() => [...(document.querySelector("#view")?.innerText ?? "").matchAll(/([\\d,]+) (since|more came)/g)]
               .reduce((sum, [, number]) => sum + Number(number.replaceAll(",", "")), 0)"""
        )
        return counted

    def _heap_mib(self) -> float:
        self._session.send("HeapProfiler.collectGarbage")
        metrics: dict[str, Any] = self._session.send("Performance.getMetrics")
        return next(float(each["value"]) for each in metrics["metrics"] if each["name"] == "JSHeapUsedSize") / 2**20


def measure(folder: Path, devices: int, rate: float, seconds: float) -> Json:
    filled = fill(folder, devices=devices, registers=devices, transactions=20_000)
    lasts = len(VIEWS) * (seconds + SETTLE_SECONDS + 1) + 30
    with hub(filled.folder, Cores(None, None)) as served:
        orders = Orders(
            play="phases",
            url=served.url,
            pid=served.pid,
            seed=1,
            devices=devices,
            registers=REGISTERS,
            limit_seconds=lasts + 180,
            acknowledged=str(folder / "acknowledged.txt"),
            credential=filled.credential,
            phases=[Phase(rate=rate, seconds=lasts, door="socket")],
        )
        played: list[Json | Exception] = []

        def play() -> None:
            try:
                played.append(generate(orders))
            except FiguresLie as problem:
                played.append(problem)

        load = threading.Thread(target=play)
        load.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
                desk = Desk(browser, served)
                desk.until_at_work(devices)
                views = {name: desk.watch(address, seconds) for name, address in VIEWS.items()}
                search = desk.search_ms(name_of(devices - 1))
                version = browser.version
                browser.close()
        finally:
            load.join()
    [report] = played
    if isinstance(report, Exception):
        raise report
    [phase] = report["phases"]
    if phase["errors"]:
        raise FiguresLie(f"{phase['errors']} errors: {phase['error_kinds']}")
    return {"views": views, "search_ms": search, "chromium": version, "payments_per_second": phase["per_second"]}


def written(found: Json) -> str:
    head = [
        "view",
        "hub cores",
        "page cores",
        "browser cores",
        "frames/s",
        "longest frame ms",
        "tasks > 50 ms",
        "longest task ms",
        "heap MiB",
        "elements",
    ]
    rows = [
        [
            name,
            *(f"{each[key]:.2f}" for key in ("hub_cpu", "renderer_cpu", "browser_cpu")),
            f"{each['frames']:.0f}",
            f"{each['longest_frame_ms']:.0f}",
            str(each["long_tasks"]),
            f"{each['longest_task_ms']:.0f}",
            f"{each['heap_mib']:.1f}",
            str(each["nodes"]),
        ]
        for name, each in found["views"].items()
    ]
    events = found["views"]["events"]["events_per_second"]
    return (
        f"{table(head, rows)}\n\n{events:,.0f} events/s came in, at {found['payments_per_second']:.0f} payments/s. "
        f"A search among all devices took {found['search_ms']:.0f} ms. Chromium {found['chromium']}, headless.\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dashboard", description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000, help="connected all the while")
    parser.add_argument("--rate", type=float, default=260, help="payments a second; each is five events")
    parser.add_argument("--seconds", type=float, default=8, help="how long each view is watched")
    asked = parser.parse_args()
    log.configure(level="warning")
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        found = measure(Path(folder), asked.devices, asked.rate, asked.seconds)
    print(msgspec.json.encode(machine.describe(Cores(None, None), 1)).decode())
    print(written(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
