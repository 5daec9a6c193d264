"""Virtual registers: one till, several terminals; and several registers queueing for one terminal."""

from __future__ import annotations

from playwright.async_api import expect

from tests.web.conftest import OpenTerminal
from tests.web.pages import Terminal, Till


async def test_each_virtual_register_has_its_own_terminal(
    paired: tuple[Terminal, Till], open_terminal: OpenTerminal
) -> None:
    first, till = paired
    second = await open_terminal()
    await till.add_register("Garden bar")
    await till.pair(await second.code())
    await till.is_online("Garden bar")

    await till.charge(1100)
    await second.says("$11.00")
    await till.choose_register("Front counter")
    await till.charge(2200)
    await first.says("$22.00")
    await expect(till.register("Garden bar")).to_contain_text("payment under way")

    await first.tap_and_approve()
    await till.headline("Approved")
    await till.choose_register("Garden bar")
    await till.headline("Waiting for the card")
    await second.tap_and_approve()
    await till.headline("Approved")


async def test_the_choice_survives_a_reload(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.add_register("Garden bar")
    await till.choose_register("Garden bar")
    await till.page.reload()
    await expect(till.page.get_by_role("radio", name="Garden bar")).to_be_checked()


async def test_registers_queue_for_one_terminal_in_order(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    for name in ("Garden bar", "Kiosk"):
        await till.add_register(name)
        await till.pair(await terminal.code())
        await till.is_online(name)
    await till.choose_register("Front counter")
    await till.charge(1000)
    await till.headline("Waiting for the card")
    await till.choose_register("Garden bar")
    await till.charge(2000)
    await expect(till.payment).to_contain_text("Next in line.")
    await till.choose_register("Kiosk")
    await till.charge(3000)
    await expect(till.payment).to_contain_text("1 transaction is ahead of it.")

    await terminal.tap_and_approve()
    await expect(till.payment).to_contain_text("Next in line.")
    await terminal.says("$20.00")
    await terminal.button("Cancel").click()
    await terminal.says("$30.00")
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await till.choose_register("Garden bar")
    await till.headline("Cancelled")
    await till.choose_register("Front counter")
    await till.headline("Approved")


async def test_cancelling_in_the_queue_is_certain(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.add_register("Garden bar")
    await till.pair(await terminal.code())
    await till.is_online("Garden bar")
    await till.charge(1000)
    await till.headline("Waiting for the card")
    await till.choose_register("Front counter")
    await till.charge(2000)
    await till.headline("Waiting for the terminal")
    await till.press("Cancel payment")
    await till.headline("Cancelled")
    await expect(till.payment).to_contain_text("before it reached the terminal. Nothing was charged.")
    await terminal.tap_and_approve()
    await terminal.button("Done").click()
    await terminal.says("Waiting for a payment.")


async def test_another_business_name_is_another_register(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.view("Back office")
    await till.page.get_by_label("Business name").fill("Another Shop")
    await till.page.get_by_role("button", name="Save").click()
    await expect(till.register("Front counter")).to_contain_text("not paired")


async def test_a_new_name_keeps_the_pairing(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.view("Back office")
    await till.page.get_by_label("Register name").fill("Back counter")
    await till.page.get_by_role("button", name="Save").click()
    await till.is_online("Back counter")


async def test_removing_a_register(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.add_register("Garden bar")
    await till.view("Back office")
    await till.page.get_by_role("button", name="Remove this register").click()
    await till.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(till.page.locator("till-registers label")).to_have_count(1)
    await expect(till.page.get_by_role("button", name="Remove this register")).to_be_disabled()


async def test_a_full_queue_is_answered_clearly(paired: tuple[Terminal, Till]) -> None:
    """The hub's limit is the queue's length; here it is reached over the same register's own socket."""
    _, till = paired
    await till.charge(1000)
    await till.headline("Waiting for the card")
    refusal = await till.page.evaluate(
        """async () => {
          const { RegisterClient, VolatileShelf } = await import("/web/sdk/index.js");
          const { register_name, ...identity } = JSON.parse(localStorage["smartconnect.till"]).registers[0];
          const client = new RegisterClient({ identity, shelf: new VolatileShelf() });
          client.open();
          const purchase = { function: "Card.Purchase", amount_total_cents: 100 };
          let error;
          for (let i = 0; i < 60 && !error; i++) await client.submit(purchase).catch((refused) => (error = refused));
          client.close();
          return [error.code, error.retryable];
        }"""
    )
    assert refusal == ["device_busy", True]
