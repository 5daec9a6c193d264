"""The browser SDK at its edges: close codes, gaps in the sequence, outdated tokens, texts that are no amounts."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect

from tests.web.conftest import OpenTill
from tests.web.pages import Faults, Terminal, Till


async def test_close_codes_say_whether_to_come_back(till: Till) -> None:
    codes = [1000, 1003, 1006, 1007, 1009, 1011, 1012, 4000, 4499, 4500, 4999]
    answers = await till.page.evaluate(
        """async (codes) => {
          const { mayComeBack } = await import("/web/sdk/index.js");
          return [undefined, ...codes].map(mayComeBack);
        }""",
        codes,
    )
    assert answers == [True, False, False, True, False, False, True, True, True, True, False, False]


async def test_the_reason_says_how_soon(till: Till) -> None:
    answers = await till.page.evaluate(
        """async () => {
          const { retryAfterMs } = await import("/web/sdk/index.js");
          return ["draining retry_after_ms=250", "", "retry_after_ms=x"].map((reason) => retryAfterMs(reason) ?? null);
        }"""
    )
    assert answers == [250, None, None]


async def test_amounts_as_people_type_them(till: Till) -> None:
    typed = {
        "12": 1200,
        "12.5": 1250,
        "$1,234.56": 123_456,
        ".5": 50,
        "0.29": 29,
        " 7 ": 700,
        "9999999999.99": 999_999_999_999,
        "99999999999": None,
    } | dict.fromkeys(["", ".", "1.005", "1,23", "-1", "1e3", "twelve"])
    answers = await till.page.evaluate(
        """async (typed) => {
          const { cents } = await import("/web/view/money.js");
          return typed.map((text) => cents(text) ?? null);
        }""",
        list(typed),
    )
    assert answers == list(typed.values())


async def test_a_missing_event_is_replayed(context: BrowserContext, terminal: Terminal, open_till: OpenTill) -> None:
    """One event is lost on the way; the next shows the gap, and the client catches up."""
    lost: list[int] = []
    hellos: list[int | None] = []

    def route(page_side: WebSocketRoute) -> None:
        hub_side = page_side.connect_to_server()

        def from_page(text: str | bytes) -> None:
            message = json.loads(text)
            if message.get("method") == "hello":
                hellos.append(message["params"].get("last_event"))
            hub_side.send(text)

        def from_hub(text: str | bytes) -> None:
            message = json.loads(text)
            stage = message.get("params", {}).get("transaction", {}).get("stage")
            if stage == "waiting_for_card" and not lost:
                lost.append(message["params"]["event"])
                return
            page_side.send(text)

        page_side.on_message(from_page)
        hub_side.on_message(from_hub)

    await context.route_web_socket("**/ws/register", route)
    till = await open_till()
    await till.pair(await terminal.code())
    await till.is_online()
    await till.charge(1250)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    assert hellos[-1] == lost[0] - 1


async def test_the_hub_is_come_back_to_as_the_close_code_says(context: BrowserContext, open_till: OpenTill) -> None:
    """Also after 4502: another page may have got a newer token. The hub says at the hello that there is none."""
    codes = [4000, 4001, 1012, 4502, 4501]
    opened: list[int] = []

    async def route(page_side: WebSocketRoute) -> None:
        opened.append(len(opened))
        await page_side.close(code=codes[opened[-1]], reason="retry_after_ms=10")

    await context.route_web_socket("**/ws/register", route)
    till = await open_till()
    await expect(till.page.locator("link-badge")).to_contain_text("Not let in")
    await expect(till.sale).to_contain_text("The credential is not accepted.")
    assert opened == [0, 1, 2, 3, 4]


async def test_an_outdated_token_is_given_up_for_the_triple(paired: tuple[Terminal, Till], open_till: OpenTill) -> None:
    _, till = paired
    await till.page.evaluate(
        """() => {
          for (const key of Object.keys(localStorage)) {
            if (!key.startsWith("smartconnect.register/")) continue;
            localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), token: "reg_outdated" });
          }
        }"""
    )
    await till.page.close()
    await (await open_till()).is_online()


@pytest.mark.parametrize("serving", [{"require_register_token": True}], indirect=True)
async def test_a_newer_token_that_another_page_keeps_during_the_hello_is_not_lost(
    paired: tuple[Terminal, Till], context: BrowserContext, open_till: OpenTill
) -> None:
    """The hub closes this page's socket in the commit of the other's pairing, whose answer may come later than that."""
    _, till = paired
    key, token = await till.page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((key) => key.startsWith("smartconnect.register/"));
          const kept = JSON.parse(localStorage[key]);
          localStorage[key] = JSON.stringify({ ...kept, token: "reg_outdated" });
          return [key, kept.token];
        }"""
    )
    await till.page.close()
    await context.add_init_script(
        """{
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (text) {
            send.call(this, text);
            if (JSON.parse(text).params?.register_token !== "reg_outdated") return;
            localStorage[KEY] = JSON.stringify({ ...JSON.parse(localStorage[KEY]), token: TOKEN });
          };
        }""".replace("KEY", json.dumps(key)).replace("TOKEN", json.dumps(token))
    )
    await (await open_till()).is_online()


@pytest.mark.parametrize("serving", [{"require_register_token": True}], indirect=True)
async def test_a_hub_that_requires_the_token_lets_the_paired_page_in(
    paired: tuple[Terminal, Till], open_till: OpenTill
) -> None:
    _, till = paired
    await till.page.reload()
    await till.is_online()


@pytest.mark.parametrize("serving", [{"require_register_token": True}], indirect=True)
async def test_a_page_that_has_lost_the_token_is_let_in_again_by_a_code(
    paired: tuple[Terminal, Till], open_till: OpenTill, faults: Faults
) -> None:
    """No socket is open to it then, and a cashier has nothing but the terminal."""
    terminal, till = paired
    await till.page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((key) => key.startsWith("smartconnect.register/"));
          localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), token: undefined });
        }"""
    )
    await till.page.close()
    till = await open_till()
    await expect(till.sale).to_contain_text("This register is not let in.")
    async with till.page.expect_console_message(lambda said: "400" in said.text):
        await till.pair("00000000")
    await expect(till.sale).to_contain_text("That code is wrong, used or no longer valid.")
    assert len(faults.seen) == 1, "browsers tell what was refused"
    faults.seen.clear()
    await till.pair(await terminal.code())
    await till.is_online()
    await till.charge(1250)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await till.page.reload()
    await till.is_online()


async def test_a_register_of_its_own_without_storage(terminal: Terminal, till: Till) -> None:
    """The SDK on somebody's own page: ten lines, no storage, typed events."""
    code = await terminal.code()
    submitted = await till.page.evaluate(
        """async (code) => {
          const { RegisterClient, VolatileShelf } = await import("/web/sdk/index.js");
          const identity = { register_id: "own-1", business_name: "Toys Shop", vendor_name: "Till2Go" };
          const register = new RegisterClient({ identity, shelf: new VolatileShelf() });
          window.seen = [];
          register.on("transaction", (view) => window.seen.push(view.state));
          register.open();
          await register.whenOnline();
          await register.redeem({ code, register_name: "Own page" });
          const { transaction_id } = await register.submit({ function: "Card.Purchase", amount_total_cents: 500 });
          const same = await register.get(transaction_id);
          return same.idempotency_key === same.transaction_reference;
        }""",
        code,
    )
    assert submitted
    await terminal.says("Own page")
    await terminal.tap_and_approve()
    await till.page.wait_for_function("window.seen.at(-1) === 'approved'")
