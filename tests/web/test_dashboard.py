"""The dashboard in a real browser: what an operator sees of the machines, and does."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from tests.faults.nursery_client import Nursery
from tests.web.board import TOKEN, Board, Machine
from tests.web.conftest import OpenTill
from tests.web.pages import Faults, Terminal, Till
from tests.web.serving import Serving

QUICK = {"offline_grace_seconds": 0.3, "acknowledge_timeout_seconds": 0.3, "acknowledge_sends": 1}
"""Limits with which a doubt is there at once."""

StartMachine = Callable[..., Awaitable[Machine]]


@pytest_asyncio.fixture(loop_scope="session")
async def serving(tmp_path: Path, nursery: Nursery, request: pytest.FixtureRequest) -> AsyncIterator[Serving]:
    """A hub of its own for each test: the dashboard shows everything that is in it."""
    async with Serving.running(nursery, tmp_path, **getattr(request, "param", {})) as hub:
        yield hub


@pytest_asyncio.fixture(loop_scope="session")
async def board(context: BrowserContext) -> Board:
    """Signed in."""
    shown = Board(await context.new_page())
    await shown.go("")
    await shown.sign_in()
    await shown.headline("Overview")
    return shown


@pytest_asyncio.fixture(loop_scope="session")
async def start_machine(serving: Serving) -> AsyncIterator[StartMachine]:
    machines: list[Machine] = []
    async with httpx.AsyncClient(base_url=serving.url, timeout=None) as http:

        async def start(device_id: str = "7070714000", **hello: Any) -> Machine:
            machines.append(await Machine.start(serving.url, http, device_id, **hello))
            return machines[-1]

        yield start
        for machine in machines:
            await machine.wire.close()


async def test_only_the_right_token_gets_in(context: BrowserContext) -> None:
    board = Board(await context.new_page())
    await board.go("#/devices")
    await board.sign_in("adm_wrong")
    await expect(board.page.locator("dashboard-sign-in").get_by_role("alert")).to_contain_text(
        "The hub does not accept this token."
    )
    await expect(board.page.get_by_label("Admin token")).to_be_focused()
    await expect(board.page.get_by_role("navigation", name="Views")).to_be_hidden()
    await board.sign_in()
    await board.headline("Devices")

    await board.page.reload()
    await board.headline("Devices")
    assert TOKEN not in await board.page.evaluate("JSON.stringify(localStorage)")
    await board.page.get_by_role("button", name="Sign out").click()
    await board.page.reload()
    await expect(board.page.get_by_label("Admin token")).to_be_visible()


async def test_the_overview_moves_with_the_machines(board: Board, start_machine: StartMachine) -> None:
    await expect(board.card("Needs a person")).to_contain_text("Nothing needs a person.")
    await expect(board.tile("Devices online")).to_have_text("0")
    machine = await start_machine()
    await machine.pair()
    await expect(board.tile("Devices online")).to_have_text("1")
    await expect(board.tile("Pairings")).to_have_text("1")
    await machine.pay()
    await machine.pay()
    await expect(board.tile("Open transactions")).to_have_text("2")
    await machine.complete(await machine.take(), "approved")
    outcomes = board.card("Outcomes since the hub started")
    await expect(outcomes.get_by_role("listitem").filter(has_text="Approved")).to_contain_text("1")
    await expect(board.page.locator(".sparkline .line").first).to_have_attribute("d", re.compile("^M"))


async def test_a_payment_step_by_step(board: Board, start_machine: StartMachine) -> None:
    machine = await start_machine()
    await machine.pair()
    await board.view("Transactions")
    await machine.pay(1250)
    transaction_id = await machine.take()
    await machine.stage(transaction_id, "entering_pin")
    row = board.row("$12.50")
    await expect(row).to_contain_text("The customer is entering the PIN")
    await row.get_by_role("link", name="Purchase").click()
    await board.headline("Transaction")
    assert board.page.url.endswith(f"#/transactions/{transaction_id}")
    await board.present("processing")
    receipt = "TOYS SHOP\nPURCHASE     $12.50\nAPPROVED"
    await machine.complete(transaction_id, "approved", auth_id="448812", card_pan="....4242", receipt=receipt)
    await board.present("approved")
    assert await board.walked() == {"queued", "sending", "processing", "approved"}
    assert "dispatch to sending, acknowledge to processing, complete_approved to approved" in await board.said()
    steps = board.card("Timeline").get_by_role("listitem")
    await expect(steps).to_have_count(5)
    expected = ("submit", "dispatch", "acknowledge", "stage:entering_pin", "complete_approved")
    for number, what in enumerate(expected):
        await expect(steps.nth(number)).to_contain_text(what)
        await expect(steps.nth(number)).to_contain_text(re.compile(r"\d\d:\d\d:\d\d\.\d{3}"))
    await expect(steps.nth(4)).to_contain_text(re.compile(r"\+\d+(\.\d+)? m?s"))
    await expect(board.card("Result")).to_contain_text("448812")
    await expect(board.page.get_by_role("region", name="Receipt")).to_have_text(receipt)


@pytest.mark.parametrize("serving", [QUICK], indirect=True)
async def test_a_doubt_is_resolved_and_a_conflict_reviewed(
    board: Board, serving: Serving, start_machine: StartMachine
) -> None:
    machine = await start_machine()
    await machine.pair("Front")
    await machine.pay(4250)
    transaction_id = await machine.take()
    await machine.lose_power()

    doubt = board.matter("Outcome unknown")
    await expect(doubt).to_contain_text("Purchase $42.50")
    await expect(doubt).to_contain_text("The terminal lost its connection")
    count = board.page.get_by_role("navigation", name="Views").get_by_role("link", name="Overview")
    await expect(count).to_contain_text("1 needs a person")
    await doubt.get_by_role("button", name="Resolve").click()
    outcomes = [await label.inner_text() for label in await board.dialog.locator("fieldset strong").all()]
    assert outcomes == ["Approved", "Declined", "Cancelled", "Failed"]
    await board.dialog.get_by_role("button", name="Record the outcome").click()
    await expect(board.dialog).to_be_visible()  # nothing was chosen, nobody has signed
    await board.dialog.get_by_role("radio", name="Declined").check()
    await board.dialog.get_by_label("Your name").fill("Mia Chen")
    await board.dialog.get_by_label("Note").fill("Nothing in the journal")
    await board.dialog.get_by_role("checkbox").check()
    await board.confirm("Record the outcome")
    await expect(board.card("Needs a person")).to_contain_text("Nothing needs a person.")

    # The terminal comes back and says otherwise.
    result = {"transaction_id": transaction_id, "outcome": "approved", "amount_total_cents": 4250}
    await machine.come_back(serving.url, results=[result])
    conflict = board.matter("Conflict")
    await expect(conflict).to_contain_text("On record as declined; the terminal says otherwise.")
    await conflict.get_by_role("link", name="Details").click()
    await board.headline("Transaction")
    await expect(board.card("Conflict")).to_contain_text("The terminal reported later: approved.")
    await expect(board.card("What operators did")).to_contain_text("Nothing in the journal")
    await board.button("Review the conflict").click()
    await expect(board.dialog.get_by_label("Your name")).to_have_value("Mia Chen")
    await board.confirm("It is dealt with")
    await expect(board.card("Conflict, reviewed")).to_be_visible()
    await board.present("declined")
    assert await board.walked() == {"queued", "sending", "processing", "in_doubt", "declined"}
    await expect(count).not_to_contain_text("needs a person")


@pytest.mark.parametrize("serving", [QUICK], indirect=True)
async def test_a_function_that_moves_no_money_has_other_outcomes(board: Board, start_machine: StartMachine) -> None:
    machine = await start_machine()
    await machine.pair()
    await machine.pay(function="Acquirer.Logon")
    await machine.take()
    await machine.lose_power()
    await board.matter("Logon").get_by_role("button", name="Resolve").click()
    outcomes = [await label.inner_text() for label in await board.dialog.locator("fieldset strong").all()]
    assert outcomes == ["Done", "Cancelled", "Failed"]
    await board.page.keyboard.press("Escape")
    await expect(board.dialog).to_have_count(0)
    await expect(board.matter("Logon").get_by_role("button", name="Resolve")).to_be_focused()


@pytest.mark.parametrize("serving", [QUICK], indirect=True)
async def test_a_stalled_device_needs_a_person_and_shows_its_way(board: Board, start_machine: StartMachine) -> None:
    machine = await start_machine(model="A920")
    await machine.pair()
    await machine.pay()
    await machine.pay()
    stalled = board.matter("Stalled")
    await expect(stalled).to_contain_text("1 transaction waits for it.")
    await machine.pay()
    await expect(stalled).to_contain_text("2 transactions wait for it.")
    await stalled.get_by_role("link", name="Details").click()
    await board.headline("Device 7070714000")
    await board.present("stalled")
    assert "stall to stalled" in await board.said()
    work = board.card("On the device, and waiting for it").get_by_role("listitem")
    await expect(work).to_have_count(3)
    await expect(work.first).to_contain_text("Outcome unknown")
    await expect(work.last).to_contain_text("Place 2")
    # It wakes up: the page follows by itself.
    await machine.take()
    await board.present("processing")
    await expect(work.first).to_contain_text("On the terminal")


async def test_a_device_is_enrolled_given_a_new_credential_and_revoked(
    board: Board, start_machine: StartMachine
) -> None:
    await board.view("Devices")
    await expect(board.view_shown).to_contain_text("No devices are enrolled yet.")
    await board.button("Enrol a device").click()
    await board.dialog.get_by_label("Device id").fill("7070714000")
    await board.dialog.get_by_label("Name").fill("Counter 2")
    await board.dialog.get_by_role("button", name="Enrol", exact=True).click()
    credential = board.page.get_by_role("textbox", name="Credential")
    await expect(credential).to_have_value(re.compile("^dev_"))
    first = await credential.input_value()
    await board.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await board.dialog.get_by_role("button", name="Copy").click()
    await expect(board.dialog).to_contain_text("Copied.")
    assert await board.page.evaluate("navigator.clipboard.readText()") == first
    await board.confirm("Done")
    await board.headline("Device 7070714000")
    await expect(board.view_shown).to_contain_text("Counter 2")
    assert first not in await board.page.content()

    await board.button("New credential").click()
    await board.dialog.get_by_role("button", name="Make a new credential").click()
    await expect(credential).not_to_have_value(first)
    await board.confirm("Done")
    await board.button("Revoke").click()
    await board.confirm("Revoke")
    await expect(board.view_shown.locator(".badge").filter(has_text="Revoked")).to_be_visible()

    await board.view("Devices")
    await board.button("Enrol a device").click()
    await board.dialog.get_by_label("Device id").fill("7070714000")
    await board.dialog.get_by_role("button", name="Enrol", exact=True).click()
    await expect(board.dialog.get_by_role("alert")).to_contain_text("enrolled already")


async def test_an_operator_unpairs_and_the_till_is_told(board: Board, paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await board.view("Registers")
    row = board.row("Front counter")
    await row.get_by_role("link").last.click()
    await board.headline("Pairing")
    await board.present("active")
    await board.page.go_back()
    await row.get_by_role("button", name="Unpair").click()
    await board.confirm("Unpair")
    await till.notice("no longer paired")
    await expect(row).to_contain_text("Not paired")
    await board.page.go_forward()
    await board.present("removed")
    assert await board.walked() == {"active", "removed"}
    await expect(board.view_shown).to_contain_text("Operator")


async def test_a_move_is_seen_as_one(board: Board, start_machine: StartMachine) -> None:
    first, second = await start_machine("7070714000"), await start_machine("7070714001")
    await first.pair()
    await board.view("Registers")
    await board.row("Front").get_by_role("link").last.click()
    await board.present("active")
    await second.pair()
    await board.present("moved")
    await expect(board.view_shown).to_contain_text("Paired elsewhere")


async def test_a_code_is_masked_counts_down_and_is_redeemed(board: Board, start_machine: StartMachine) -> None:
    machine = await start_machine()
    await board.go("#/codes")
    await expect(board.view_shown).to_contain_text("No device shows a code now.")
    code: str = (await machine.wire.call("pairing.start"))["code"]
    row = board.row("7070714000")
    await expect(row).to_contain_text("•" * 6 + code[-2:])
    await expect(row).to_contain_text(re.compile(r"[12]:\d\d"))
    assert code not in await board.page.content()
    await row.get_by_role("link", name=re.compile("•")).click()
    await board.headline("Pairing code")
    await board.present("issued")
    machine.register = {"POSRegisterID": "r-1", "POSBusinessName": "Toys Shop", "POSVendorName": "Till2Go"}
    await machine.http.put(f"/POS/Pairing/{code}", data={**machine.register, "POSRegisterName": "Front"})
    await board.present("redeemed")
    assert await board.walked() == {"issued", "redeemed"}


async def test_the_tables_are_drawn_as_the_server_runs_them(board: Board) -> None:
    await board.view("State tables")
    diagrams = board.page.locator("state-diagram")
    await expect(diagrams).to_have_count(4)
    table = board.card("Transaction")
    await expect(table.get_by_role("img", name="State diagram of the transaction")).to_be_visible()
    assert await table.locator(".state").count() == 10
    words = set(await table.locator("text").all_text_contents())
    assert {"dispatch", "lose_contact", "complete_*", "resolve_*", "in_doubt", "cancelling"} <= words
    await table.get_by_text("The 41 steps as a table").click()
    await expect(table.get_by_role("row")).to_have_count(42)


async def test_events_are_followed_filtered_paused_and_cleared(board: Board, start_machine: StartMachine) -> None:
    await board.view("Events")
    machine = await start_machine()
    await machine.pair()
    await expect(board.row("settle")).to_be_visible()
    await expect(board.row("redeem").first).to_be_visible()
    await board.view_shown.locator(".choices label").filter(has_text="Transaction").click()
    await expect(board.row("settle")).to_have_count(0)
    assert board.page.url.endswith("#/events?kinds=transaction")
    await machine.pay()
    await expect(board.row("dispatch")).to_be_visible()
    await board.button("Pause").click()
    await expect(board.view_shown).to_contain_text("Paused.")
    transaction_id = await machine.take()
    await machine.stage(transaction_id, "entering_pin")
    await expect(board.row("entering_pin")).to_have_count(0)
    await board.button("Clear").click()
    await expect(board.row("dispatch")).to_have_count(0)
    await board.button("Go on").click()
    await expect(board.row("entering_pin")).to_be_visible()
    await expect(board.row("dispatch")).to_have_count(0)
    await board.page.get_by_label("Device id").fill("elsewhere")
    await expect(board.row("entering_pin")).to_have_count(0)


async def test_a_phone_shows_an_event_without_scrolling_sideways(board: Board, start_machine: StartMachine) -> None:
    await board.page.set_viewport_size({"width": 390, "height": 844})
    await board.view("Events")
    machine = await start_machine()
    await machine.pair()
    await machine.pay()
    row = board.row("Calling the terminal")
    for text in ("…", "Calling the terminal", "dispatch"):
        await expect(row.get_by_text(text).locator("visible=true")).to_be_in_viewport(ratio=1)
    stream = board.page.get_by_role("region", name="Events, newest first")
    assert await stream.evaluate("({scrollWidth, clientWidth}) => scrollWidth - clientWidth") == 0


async def test_the_export_is_a_csv_of_what_is_filtered(
    board: Board, start_machine: StartMachine, tmp_path: Path
) -> None:
    machine = await start_machine()
    await machine.pair()
    for cents, outcome in ((500, "approved"), (700, "declined")):
        await machine.pay(cents)
        await machine.complete(await machine.take(), outcome)
    await board.view("Transactions")
    await expect(board.row("Declined")).to_be_visible()
    await board.page.get_by_label("State", exact=True).select_option("approved")
    await expect(board.row("Declined")).to_have_count(0)
    async with board.page.expect_download() as waiting:
        await board.button("Export CSV").click()
    download = await waiting.value
    assert download.suggested_filename == "transactions.csv"
    await download.save_as(tmp_path / "transactions.csv")
    rows = list(csv.DictReader((tmp_path / "transactions.csv").read_text().splitlines()))
    assert [(row["amount_cents"], row["state"]) for row in rows] == [("500", "approved")]


async def test_the_page_goes_on_when_the_hub_is_back(
    board: Board, serving: Serving, faults: Faults, start_machine: StartMachine
) -> None:
    faults.hub_goes_away = True
    machine = await start_machine()
    await board.view("Devices")
    await expect(board.row("7070714000")).to_contain_text("Online")
    await serving.kill()
    await expect(board.page.locator("#lost")).to_contain_text("The hub cannot be reached.")
    await expect(board.row("7070714000")).to_contain_text("Online")  # what is shown stays
    await machine.wire.closed()
    await serving.start()
    await expect(board.row("7070714000")).to_contain_text("Offline")
    await expect(board.page.locator("#lost")).to_be_hidden()


async def test_the_longer_a_load_took_the_longer_is_the_rest_after_it_within_reason(context: BrowserContext) -> None:
    """A laptop that was shut in the middle of one shows no page of yesterday for ten nights."""
    page = await context.new_page()
    await page.goto("/dashboard")
    rests = await page.evaluate(
        """async () => {
          const { Refresher } = await import("/web/dashboard/refresher.js");
          const rests = [];
          let now = 0;
          performance.now = () => now;
          window.setTimeout = (wake, rest) => (rests.push(rest), wake());
          for (const took of [10, 200, 8 * 3_600_000]) {
            await new Promise((loaded) => new Refresher(async () => loaded((now += took)), 500).ask());
            while (rests.at(-1) === undefined) await null;
            rests.push(undefined);
          }
          return rests.filter((rest) => rest !== undefined);
        }"""
    )
    assert rests == [500, 2_000, 10_000]


async def test_the_hub_is_drained(board: Board, serving: Serving, faults: Faults) -> None:
    faults.hub_goes_away = True
    await board.button("Drain the hub").click()
    await board.confirm("Drain and end")
    await expect(board.page.locator("#lost")).to_contain_text("The hub cannot be reached.")
    await serving.stop()


async def test_what_is_not_there_is_said_so(board: Board) -> None:
    for address, text in (
        ("#/devices/nobody", "There is no device with the id nobody."),
        ("#/transactions/nothing", "There is no such transaction."),
        ("#/pairings/nothing", "There is no such pairing."),
        ("#/codes/nothing", "There is no such pairing code."),
    ):
        await board.go(address)
        await expect(board.view_shown.get_by_role("alert")).to_have_text(text)
    await board.go("#/nowhere")
    await board.headline("Overview")


async def test_three_pages_at_once(board: Board, paired: tuple[Terminal, Till], open_till: OpenTill) -> None:
    """The whole story: rung up at the till, tapped at the terminal, seen on the dashboard."""
    terminal, till = paired
    device_id = await terminal.id()
    await board.go(f"#/devices/{device_id}")
    await expect(board.card("Registers")).to_contain_text("Front counter")
    await board.present("idle")
    await till.charge(1250)
    await board.present("processing")
    await expect(board.card("On the device, and waiting for it")).to_contain_text("Purchase $12.50")
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await board.present("idle")
    await expect(board.card("Lately")).to_contain_text("complete_approved")
