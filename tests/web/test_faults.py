"""Terminals that misbehave, and what the cashier is told: never more than what is known."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web.conftest import OpenTerminal
from tests.web.pages import Terminal, Till

IMPATIENT = {
    "offline_grace_seconds": 0.5,
    "silence_seconds": 3,
    "acknowledge_timeout_seconds": 0.4,
    "heartbeat_seconds": 1,
}
impatient = pytest.mark.parametrize("serving", [IMPATIENT], indirect=True)


async def _unknown(till: Till, why: str) -> None:
    await till.headline("Outcome unknown")
    await expect(till.payment).to_contain_text(why)
    await expect(till.payment).to_contain_text("do not charge again")
    await expect(till.payment).to_have_attribute("data-tone", "wary")


@impatient
async def test_the_plug_is_pulled_and_the_payment_goes_on_afterwards(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await terminal.tap()
    await till.headline("Asking the bank")
    await terminal.bench("Pull the plug").click()
    await terminal.says("No power")
    await _unknown(till, "lost its connection in the middle of it")
    await terminal.button("Plug it in").click()
    await till.headline("Asking the bank")
    await terminal.approve()
    await till.headline("Approved")


@impatient
async def test_the_network_is_pulled_and_the_result_comes_with_it_back(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await terminal.flag("Pull the network").click()
    await terminal.tap_and_approve()
    await terminal.says("The hub does not know yet")
    await _unknown(till, "lost its connection")
    await terminal.flag("Pull the network").click()
    await till.headline("Approved")
    await terminal.is_recorded()


@impatient
async def test_a_silent_terminal(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Be silent").click()
    await till.charge(1250)
    await _unknown(till, "gone silent")
    await expect(till.register("Front counter")).to_contain_text("outcome unknown")
    await terminal.tap_and_approve()
    await terminal.flag("Be silent").click()
    await till.headline("Approved")


@impatient
async def test_a_slow_terminal_is_delayed_then_known(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Be slow").click()
    await till.charge(1250)
    await _unknown(till, "gone silent")
    await terminal.tap_and_approve()
    await till.headline("Approved")


@impatient
async def test_signs_of_life_keep_a_long_wait_from_being_taken_for_silence(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await expect(till.payment.locator(".meta")).to_contain_text(re.compile("0:0[5-9]"))
    await till.headline("Waiting for the card")
    await terminal.tap_and_approve()
    await till.headline("Approved")


@impatient
async def test_answering_late_survives_a_reload(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Answer late").click()
    await till.charge(1250)
    await terminal.tap_and_approve()
    await terminal.says("Held back")
    await _unknown(till, "gone silent")
    await terminal.page.reload()
    await terminal.says("Held back")
    await terminal.button("Tell the hub now").click()
    await till.headline("Approved")
    await terminal.is_recorded()


@impatient
async def test_swapped_hardware_leaves_the_payment_unknown_and_takes_the_next(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await terminal.tap()
    await till.headline("Asking the bank")
    facts = terminal.page.locator("terminal-bench .facts")
    before = await facts.inner_text()
    await terminal.bench("Swap the hardware").click()
    await terminal.confirm("Swap")
    await expect(facts).not_to_have_text(before)
    await _unknown(till, "exchanged in the middle of it")
    await till.press("Put aside, go on")
    await till.is_online()
    await till.charge(300)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await till.view("History")
    await expect(till.page.locator("till-history tbody")).to_contain_text("Outcome unknown")


@impatient
async def test_what_was_put_aside_is_told_when_it_is_known(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await terminal.flag("Pull the network").click()
    await _unknown(till, "lost its connection")
    await till.press("Put aside, go on")
    await expect(till.sale).to_contain_text("Nothing rung up yet.")
    await terminal.tap_and_approve()
    await terminal.flag("Pull the network").click()
    await till.notice("Now known: approved")


@impatient
async def test_an_absent_terminal_never_reached_is_certainly_not_charged(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.bench("Switch off").click()
    await expect(till.register("Front counter")).to_contain_text("terminal offline")
    await till.ring(1250)
    await expect(till.sale).to_contain_text("is offline: if it stays away, this is cancelled and nothing is charged")
    await till.charge()
    await till.headline("Cancelled")
    await expect(till.payment).to_contain_text("The terminal was not connected. Nothing was charged.")


async def test_cancelling_before_the_card_is_shown(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await till.press("Cancel payment")
    await till.headline("Cancelled")
    await terminal.headline("Cancelled")
    await terminal.says("Cancelled by the register")


async def test_cancelling_too_late_is_answered_so_and_the_payment_wins(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await terminal.tap()
    await till.headline("Asking the bank")
    await till.press("Cancel payment")
    await expect(till.payment).to_contain_text("Too late to cancel: the payment goes on.")
    await expect(till.payment.get_by_role("button", name="Cancel payment")).to_be_hidden()
    await terminal.approve()
    await till.headline("Approved")


@impatient
async def test_cancelling_what_is_unknown_is_answered_so(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await terminal.flag("Pull the network").click()
    await _unknown(till, "lost its connection")
    await till.press("Cancel payment")
    await expect(till.payment).to_contain_text("Whether it can be cancelled is unknown")
    await terminal.flag("Pull the network").click()
    await till.headline("Cancelled")


async def test_cancelling_at_the_terminal(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await terminal.page.get_by_role("button", name="Cancel key").click()
    await till.headline("Cancelled")
    await expect(till.payment).to_contain_text("Cancelled at the terminal.")


@pytest.mark.parametrize(
    ("cents", "headline", "detail"),
    [
        ("05", "Declined", "Not enough funds."),
        ("08", "Approved", ""),
        ("17", "Cancelled", "Cancelled at the terminal."),
        ("51", "Declined", "Refused by the bank."),
        ("54", "Declined", "The card has expired."),
        ("55", "Declined", "Wrong PIN."),
        ("91", "Failed", "The bank could not be reached."),
        ("96", "Failed", "The terminal has a fault."),
    ],
)
async def test_test_amounts_play_by_themselves(
    paired: tuple[Terminal, Till], cents: str, headline: str, detail: str
) -> None:
    terminal, till = paired
    # Looked for by the page, at each change: a play may be over between two looks from here.
    await terminal.page.evaluate(
        """() => {
          const look = () => (window.played ||= document.body.innerText.includes("Plays by itself"));
          new MutationObserver(look).observe(document.body, { attributes: true, childList: true, subtree: true });
        }"""
    )
    await till.charge(int(f"12{cents}"))
    await till.headline(headline)
    assert await terminal.page.evaluate("window.played")
    await expect(till.payment).to_contain_text(detail)


async def test_auto_play_approves_everything_else(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Auto play").click()
    await till.charge(1230)
    await till.headline("Approved")


async def test_a_second_tab_of_the_same_terminal_takes_over(
    paired: tuple[Terminal, Till], open_terminal: OpenTerminal
) -> None:
    first, till = paired
    device_id = await first.id()
    page = await first.page.context.new_page()
    await page.add_init_script(f"sessionStorage.setItem('smartconnect.terminal', '{device_id}')")
    await page.goto("/terminal")
    second = Terminal(page)
    await second.says("Waiting for a payment.")
    await first.says("Another connection of the same terminal has taken over.")
    await till.is_online()
    await first.button("Take over again").click()
    await first.says("Waiting for a payment.")


@pytest.mark.parametrize("serving", [{"development": False}], indirect=True)
async def test_a_terminal_that_the_hub_does_not_know_is_told(open_terminal: OpenTerminal, till: Till) -> None:
    page = await till.page.context.new_page()
    await page.goto("/terminal")
    terminal = Terminal(page)
    await terminal.button("Switch on").click()
    await terminal.says("Not connected")
    await terminal.says("credential")
