"""With 10,000 devices and 1,000 events a second a dashboard costs no more than with ten."""

from __future__ import annotations

import time

from hub.edge.dashboard_socket import ITEMS_A_PUSH
from tests.dashboard.desk import Desk, enrol_many, happened
from tests.running import RunningHub
from tests.wire import Json

DEVICES = 10_000
EVENTS_A_SECOND = 1_000
SECONDS = 5
QUICK_MS = 250
"""Of processor time, the client's part included; ten times what it takes. Not of a clock: other tests run beside it."""


async def timed(desk: Desk, method: str, **params: object) -> tuple[Json, float]:
    started = time.process_time()
    answer = await desk.ask(method, **params)
    return answer, (time.process_time() - started) * 1000


async def test_pages_are_bounded_and_quick_with_many_devices(hub: RunningHub) -> None:
    await hub.edge.engine.execute(enrol_many, DEVICES)
    desk = await Desk.open(hub)
    assert desk.welcome["overview"]["devices_by_state"] == {"idle": 900, "offline": 9000, "stalled": 100}
    took: dict[str, float] = {}
    pages: dict[str, Json] = {
        "first page": {},
        "largest page": {"limit": 200},
        "last page": {"after": "dev-09950"},
        "search": {"text": "9876"},
        "search in vain": {"text": "no such"},
        "by state": {"state": "stalled", "limit": 200},
    }
    for name, asked in pages.items():
        page, took[name] = await timed(desk, "devices", **asked)
        assert len(page["devices"]) <= asked.get("limit", 50)
    started = time.process_time()
    await desk.a_second()
    took["a second with its overview"] = (time.process_time() - started) * 1000
    assert max(took.values()) < QUICK_MS, took


async def test_all_pages_together_are_all_devices(hub: RunningHub) -> None:
    await hub.edge.engine.execute(enrol_many, DEVICES)
    desk = await Desk.open(hub)
    seen, after = 0, ""
    while page := (await desk.ask("devices", after=after, limit=200))["devices"]:
        assert page[0]["device_id"] > after
        seen, after = seen + len(page), page[-1]["device_id"]
    assert seen == DEVICES


async def test_many_events_are_few_pushes(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.ask("watch")
    quarter = EVENTS_A_SECOND // 4
    for number in range(0, EVENTS_A_SECOND * SECONDS, quarter):
        await desk.happen(*(happened(each) for each in range(number, number + quarter)))
        await desk.time_for_a_push()
    pushes = [message["params"] for message in desk.wire.waiting("happenings")]
    assert len(pushes) <= 4 * SECONDS
    assert max(len(push["items"]) for push in pushes) <= ITEMS_A_PUSH
    assert sum(len(push["items"]) + push["skipped"] for push in pushes) == EVENTS_A_SECOND * SECONDS


async def test_a_burst_is_one_push(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.ask("watch")
    await desk.happen(*(happened(number) for number in range(EVENTS_A_SECOND)))
    await desk.time_for_a_push()
    (push,) = desk.wire.waiting("happenings")
    assert [item["subject"] for item in push["params"]["items"]] == [f"tx-{number}" for number in range(ITEMS_A_PUSH)]
    assert push["params"]["skipped"] == EVENTS_A_SECOND - ITEMS_A_PUSH
