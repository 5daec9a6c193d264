"""Pairing as people meet it: the code and its refresh, success, every refusal, moving, unpairing."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from hub.simulator.pos import Pos
from tests.web.conftest import OpenTerminal, OpenTill
from tests.web.pages import Terminal, Till
from tests.web.serving import Serving


async def test_a_wrong_code_is_refused_clearly_and_the_field_keeps_the_focus(terminal: Terminal, till: Till) -> None:
    await till.pair("11112222")
    box = till.page.locator("till-pairing:visible")
    await expect(box.get_by_role("alert")).to_contain_text("wrong, used or no longer valid")
    await expect(box.get_by_label("Pairing code")).to_be_focused()
    await expect(box.get_by_label("Pairing code")).to_have_attribute("aria-invalid", "true")
    await till.pair(await terminal.code())
    await till.is_online()


@pytest.mark.parametrize("typed", ["", "hello", "123", "12345678901234"])
async def test_what_is_no_code_is_not_even_sent(till: Till, typed: str) -> None:
    await till.pair(typed)
    await expect(till.page.locator("till-pairing:visible").get_by_role("alert")).to_contain_text("only digits")


async def test_the_code_may_be_typed_in_groups(terminal: Terminal, till: Till) -> None:
    code = await terminal.code()
    await till.pair(f" {code[:4]} {code[4:]} ")
    await till.is_online()


async def test_a_used_code_is_refused(paired: tuple[Terminal, Till], open_terminal: OpenTerminal) -> None:
    _, till = paired
    code = await (await open_terminal()).code()
    await till.view("Back office")
    await till.pair(code)
    await expect(till.page.locator("till-pairing:visible").get_by_role("status")).to_contain_text("Paired with")
    await till.pair(code)
    await expect(till.page.locator("till-pairing:visible").get_by_role("alert")).to_contain_text("wrong, used")


@pytest.mark.parametrize("serving", [{"pairing_attempts_per_source": 1}], indirect=True)
async def test_guessing_is_stopped_and_says_so(till: Till) -> None:
    alert = till.page.locator("till-pairing:visible").get_by_role("alert")
    await till.pair("11111111")
    await expect(alert).to_contain_text("wrong, used")
    await till.pair("22222222")
    await expect(alert).to_contain_text("Too many wrong pairing codes")


@pytest.mark.parametrize(
    "serving", [{"pairing_code_ttl_seconds": 10, "pairing_code_overlap_seconds": 8}], indirect=True
)
async def test_the_code_counts_down_and_is_refreshed(terminal: Terminal, till: Till) -> None:
    first = await terminal.code()
    await terminal.says(re.compile(r"Good for 0:(10|0\d)"))
    await expect(terminal.screen.locator(".code")).not_to_have_text(f"{first[:4]} {first[4:]}")
    await till.pair(await terminal.shown_code())
    await till.is_online()


async def test_a_new_code_replaces_the_old_one_at_once(terminal: Terminal, till: Till) -> None:
    first = await terminal.code()
    await terminal.button("New code").click()
    await expect(terminal.screen.locator(".code")).not_to_have_text(f"{first[:4]} {first[4:]}")
    await till.pair(first)
    await expect(till.page.locator("till-pairing:visible").get_by_role("alert")).to_contain_text("wrong, used")


async def test_stopping_withdraws_the_code(terminal: Terminal, till: Till) -> None:
    code = await terminal.code()
    await terminal.button("Stop pairing").click()
    await terminal.says("Ready")
    await till.pair(code)
    await expect(till.page.locator("till-pairing:visible").get_by_role("alert")).to_contain_text("wrong, used")


@pytest.mark.parametrize("serving", [{"pairing_session_seconds": 1}], indirect=True)
async def test_pairing_ends_by_itself_when_nobody_types_the_code(terminal: Terminal) -> None:
    await terminal.button("Pair a register").click()
    await terminal.says("Pairing has ended: nobody typed the code in.")


async def test_the_back_office_shows_the_terminal(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.view("Back office")
    await expect(till.page.locator("till-office .facts")).to_contain_text(await terminal.id())
    await expect(till.page.locator("till-office .facts")).to_contain_text("Ready, 0 waiting")


async def test_unpaired_at_the_terminal_is_told_at_once(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.button("Paired registers (1)").click()
    await terminal.button("Remove Front counter").click()
    await terminal.confirm("Remove")
    await till.notice("Front counter is no longer paired")
    await expect(till.register("Front counter")).to_contain_text("not paired")
    await expect(till.page.locator("till-pairing:visible")).to_be_visible()
    await till.page.get_by_role("button", name="Dismiss").click()
    await expect(till.page.locator("till-notices .notice")).to_have_count(0)


async def test_a_register_that_pairs_again_under_another_name_has_it_in_the_list(
    terminal: Terminal, serving: Serving
) -> None:
    who: dict[str, Any] = {"register_id": str(uuid.uuid4()), "business_name": "Corner Books", "vendor_name": "Till2Go"}
    async with Pos(f"{serving.url}/POS", register_name="Front counter", **who) as pos:
        await pos.pair(await terminal.code())
    await terminal.button("Paired registers (1)").click()
    await expect(terminal.button("Remove Front counter")).to_be_visible()
    await terminal.button("Back").click()
    async with Pos(f"{serving.url}/POS", register_name="Garden bar", **who) as pos:
        await pos.pair(await terminal.code())
    await terminal.button("Paired registers (1)").click()
    await expect(terminal.button("Remove Garden bar")).to_be_visible()
    await expect(terminal.button("Remove Front counter")).to_have_count(0)


async def test_keeping_is_the_safe_answer(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.button("Paired registers (1)").click()
    await terminal.button("Remove Front counter").click()
    await terminal.confirm("Keep")
    await expect(terminal.button("Remove Front counter")).to_be_visible()
    await till.is_online()


async def test_unpaired_while_the_page_was_closed_is_told_when_it_opens(
    paired: tuple[Terminal, Till], open_till: OpenTill
) -> None:
    terminal, till = paired
    await till.page.close()
    await terminal.button("Paired registers (1)").click()
    await terminal.button("Remove Front counter").click()
    await terminal.confirm("Remove")
    await terminal.says("No register is paired with this terminal.")
    again = await open_till()
    await again.notice("Front counter is no longer paired")


async def test_moving_to_another_terminal_tells_both(
    paired: tuple[Terminal, Till], open_terminal: OpenTerminal
) -> None:
    first, till = paired
    second = await open_terminal()
    assert await first.id() != await second.id()
    code = await second.code()
    await till.view("Back office")
    await till.pair(code)
    await expect(till.page.locator("till-office .facts")).to_contain_text(await second.id())
    await expect(first.button("Paired registers (1)")).to_be_hidden()
    await second.says("Paired with Front counter.")


async def test_another_till_moves_the_register_and_this_one_is_told(
    paired: tuple[Terminal, Till], open_terminal: OpenTerminal, open_till: OpenTill
) -> None:
    _, till = paired
    other_page = await open_till()
    await other_page.is_online()
    await other_page.view("Back office")
    await other_page.pair(await (await open_terminal()).code())
    await till.notice("Moved to another terminal")


async def test_removing_all(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.add_register("Garden bar")
    await till.pair(await terminal.code())
    await till.is_online("Garden bar")
    await terminal.button("Paired registers (2)").click()
    await terminal.button("Remove all").click()
    await terminal.confirm("Remove all")
    await till.notice("Front counter is no longer paired")
    await till.notice("Garden bar is no longer paired")


async def test_the_terminal_going_offline_and_back_is_seen(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Pull the network").click()
    await expect(till.register("Front counter")).to_contain_text("terminal offline")
    await terminal.flag("Pull the network").click()
    await till.is_online()
