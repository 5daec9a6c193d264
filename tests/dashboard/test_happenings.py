"""What happens is pushed to who watches: filtered, coalesced, bounded, and remembered for a while."""

from __future__ import annotations

import asyncio

import pytest

from hub.commands import overview
from hub.edge.dashboard_socket import ITEMS_A_PUSH
from hub.edge.happenings import REMEMBERED, TRACK_STEPS, TRACKS, UNREAD_COMMITS, Filter, Tracks
from hub.store.unit import Unit
from tests.dashboard.desk import PUSH_SECONDS, Desk, happened
from tests.running import RunningHub
from tests.shop import Shop, until
from tests.wire import Json


def subjects(desk: Desk) -> list[str]:
    pushes = desk.wire.waiting("happenings")
    return [item["subject"] for push in pushes for item in push["params"]["items"]]


def next_push(hub: RunningHub) -> int:
    return hub.clock.now_ms() + round(PUSH_SECONDS * 1000)


async def test_nothing_is_pushed_before_it_is_asked_for(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.happen(happened(1))
    await desk.time_for_a_push()
    assert subjects(desk) == []


FILTERS: list[tuple[Json, list[str]]] = [
    ({}, ["a", "b", "c", "d"]),
    ({"kinds": ["transaction"]}, ["a", "b"]),
    ({"kinds": ["transaction", "pairing"]}, ["a", "b", "d"]),
    ({"kinds": []}, []),
    ({"device_id": "dev-1"}, ["a", "c"]),
    ({"subject": "b"}, ["b"]),
    ({"kinds": ["transaction"], "device_id": "dev-1"}, ["a"]),
    ({"device_id": "dev-1", "subject": "b"}, []),
]
PAUSED: list[tuple[Json, list[str]]] = [({"paused": True}, []), ({"paused": True, "subject": "a"}, [])]


async def test_what_matches_all_given_fields_is_pushed(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    told = (
        happened(subject="a", device_id="dev-1"),
        happened(subject="b", device_id="dev-2"),
        happened(kind="device_queue", subject="c", device_id="dev-1"),
        happened(kind="pairing", subject="d", device_id=None),
    )
    await desk.happen(*told)
    for wanted, seen in FILTERS:
        recent = await desk.ask("recent", **wanted)
        assert [item["subject"] for item in recent["items"]] == seen, wanted
    for wanted, seen in FILTERS + PAUSED:
        before = len(subjects(desk))
        await desk.ask("watch", **wanted)
        await desk.happen(*told)
        await desk.time_for_a_push()
        assert subjects(desk)[before:] == seen, wanted


async def test_another_watch_takes_the_place_of_the_first(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.ask("watch", subject="a")
    await desk.happen(happened(subject="a"))
    await desk.ask("watch", subject="b")
    await desk.happen(happened(subject="a"), happened(subject="b"))
    await desk.time_for_a_push()
    assert subjects(desk) == ["b"]


async def test_what_happened_before_a_watch_is_not_its_own(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.ask("watch", subject="a")
    await desk.happen(happened(subject="b", what="before"))
    await desk.ask("watch", subject="b")
    await desk.happen(happened(subject="b", what="after"))
    await desk.time_for_a_push()
    (push,) = desk.wire.waiting("happenings")
    assert [item["what"] for item in push["params"]["items"]] == ["after"]


async def test_what_nobody_looks_at_is_bounded(hub: RunningHub) -> None:
    happenings = hub.edge.happenings
    for number in range(UNREAD_COMMITS):
        await hub.edge.engine.execute(_one, number)
        assert len(happenings._unread) < UNREAD_COMMITS
    recent = happenings.recent(Filter(kinds=frozenset({"transaction"})), UNREAD_COMMITS + 1)
    assert [item.subject for item in recent] == [f"tx-{number}" for number in range(UNREAD_COMMITS)]
    assert happenings._unread == []


async def _one(unit: Unit, number: int) -> None:
    unit.signal(happened(number))


async def test_a_flood_is_coalesced_and_what_is_left_out_is_counted(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.ask("watch")
    for quarter in range(5 * 4):
        await desk.happen(*(happened(quarter * 250 + number) for number in range(250)))
        await desk.time_for_a_push()
    pushes = [message["params"] for message in desk.wire.waiting("happenings")]
    assert len(pushes) == 5 * 4
    assert [len(push["items"]) for push in pushes] == [ITEMS_A_PUSH] * 20
    assert sum(push["skipped"] for push in pushes) == 20 * (250 - ITEMS_A_PUSH)


async def test_all_dashboards_share_one_count_of_the_store(hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    desks = [await Desk.open(hub) for _ in range(5)]
    counted = 0
    query = hub.edge.engine.query

    async def counting(asked: object, *args: object, **kwargs: object) -> object:
        nonlocal counted
        counted += asked is overview.counts  # the engine's own deadlines are looked up as well
        return await query(asked, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(hub.edge.engine, "query", counting)
    for _ in range(3):
        for _ in range(4):
            await until(
                lambda: (
                    sum(not handle.cancelled for when, _, _, handle in hub.clock._due if when == next_push(hub)) == 5
                )
            )
            hub.clock.advance(PUSH_SECONDS)
        await asyncio.gather(*(desk.wire.pushed("overview") for desk in desks))
    assert counted == 3


async def test_the_latest_are_remembered_and_no_more(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    await desk.happen(*(happened(number) for number in range(REMEMBERED + 10)))
    recent = (await desk.ask("recent", limit=3))["items"]
    assert [item["subject"] for item in recent] == [f"tx-{REMEMBERED + number}" for number in (7, 8, 9)]
    assert (await desk.ask("recent", subject="tx-9"))["items"] == []
    assert len((await desk.ask("recent", subject="tx-10"))["items"]) == 1


async def test_the_way_of_a_quiet_thing_outlives_a_flood(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    steps = [("connect", "reconciling"), ("settle", "idle"), ("dispatch", "sending"), ("stall", "stalled")]
    for what, state in steps:
        await desk.happen(happened(kind="device_queue", subject="dev-1", device_id="dev-1", what=what, state=state))
    await desk.happen(*(happened(number) for number in range(REMEMBERED)))
    assert (await desk.ask("recent", device_id="dev-1"))["items"] == []
    walked = (await desk.ask("recent", subject="dev-1", kinds=["device_queue"]))["items"]
    assert [(item["what"], item["state"]) for item in walked] == steps
    await desk.happen(happened(kind="device_queue", subject="dev-1", what="settle", state="idle"))
    walked = (await desk.ask("recent", subject="dev-1", limit=2))["items"]
    assert [item["what"] for item in walked] == ["stall", "settle"]
    walked = (await desk.ask("recent", subject="dev-1"))["items"]
    assert [item["what"] for item in walked] == ["connect", "settle", "dispatch", "stall", "settle"]


def test_tracks_are_bounded() -> None:
    tracks = Tracks()
    for number in range(TRACKS):
        tracks.note(happened(kind="pairing", subject=f"p-{number}"))
    for number in range(TRACK_STEPS + 5):
        tracks.note(happened(kind="pairing", subject="p-0", what=f"step-{number}"))
    assert [each.what for each in tracks.of("p-0")] == [f"step-{number}" for number in range(5, TRACK_STEPS + 5)]
    tracks.note(happened(kind="pairing", subject="fresh"))
    assert (tracks.of("p-1"), len(tracks.of("p-2")), len(tracks.of("p-0"))) == ([], 1, TRACK_STEPS)
    tracks.note(happened(subject="tx"))
    assert tracks.of("tx") == []


async def test_a_payment_is_followed_step_by_step(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    till = await shop.register(terminal)
    await desk.ask("watch", device_id="7070714000", kinds=["transaction"])
    await till.pay(500)
    started = await terminal.started()
    await terminal.complete(started["transaction_id"], "approved")
    await desk.time_for_a_push()
    pushes = desk.wire.waiting("happenings")
    steps = [(item["what"], item["state"]) for push in pushes for item in push["params"]["items"]]
    assert steps == [
        ("submit", "queued"),
        ("dispatch", "sending"),
        ("acknowledge", "processing"),
        ("complete_approved", "approved"),
    ]
