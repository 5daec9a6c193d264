"""The operator's command line against a running hub: what it prints, and how it says no."""

from __future__ import annotations

import asyncio
import json

import pytest

from hub.cli import remote
from hub.cli.backup import backup
from tests.cli.operator import Operator
from tests.running import ADMIN_TOKEN, RunningHub
from tests.shop import Shop, Terminal
from tests.wire import CallFailed


async def test_a_device_from_enrolment_to_revocation(shop: Shop, operator: Operator) -> None:
    enrolled = await operator.sees(
        "device", "enrol", "7070714000", "--name", "Counter 1", "--business", "Toys Shop", COLUMNS="20"
    )
    credential = enrolled.split("credential")[1].split()[0]
    terminal = Terminal(shop.hub, "7070714000", credential=credential)
    await terminal.switch_on()
    await shop.register(terminal)
    listed = await operator.sees("device", "list")
    assert listed.splitlines()[1].split()[:4] == ["7070714000", "Counter", "1", "idle"]
    shown = await operator.sees("device", "show", "7070714000")
    assert "Toys Shop" in shown
    assert len(credential) == 47
    assert credential not in listed + shown

    rotated = await operator.sees("device", "rotate", "7070714000")
    assert await terminal.socket.closed() == (4502, "revoked")
    terminal.credential = rotated.split("credential")[1].split()[0]
    await terminal.switch_on()
    assert "is revoked" in await operator.sees("device", "revoke", "7070714000")
    assert await terminal.socket.closed() == (4502, "revoked")
    with pytest.raises(CallFailed):
        await terminal.switch_on()


async def test_ids_are_never_cut(shop: Shop, operator: Operator) -> None:
    """However narrow the window: what a list shows is what the next command takes."""
    till = await shop.register(await shop.device())
    transaction_id = (await till.pay())["transactionId"]
    pairing_id = json.loads(await operator.sees("pairing", "list", "--json"))[0]["pairing"]["pairing_id"]
    for words, shown in ((["transaction", "list"], transaction_id), (["pairing", "list"], pairing_id)):
        assert shown in await operator.sees(*words, COLUMNS="40")
    assert transaction_id in await operator.sees("transaction", "show", transaction_id)
    await operator.sees("pairing", "remove", pairing_id)


async def test_a_transaction_in_doubt_is_resolved(shop: Shop, operator: Operator) -> None:
    device = await shop.device()
    till = await shop.register(device)
    transaction_id = (await till.pay())["transactionId"]
    await device.started()
    await device.socket.call("ping")
    assert transaction_id not in await operator.sees("transaction", "list", "--attention")
    shop.hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    assert transaction_id in await operator.sees("transaction", "list", "--attention")
    told = await operator.sees("transaction", "resolve", transaction_id, "approved", "--note", "slip 4711")
    assert told == f"{transaction_id} is approved\n"
    assert "slip 4711" in await operator.sees("transaction", "show", transaction_id)
    again = await operator.types("transaction", "resolve", transaction_id, "declined", "--note", "no")
    assert (again.exit_code, again.stderr[:8]) == (1, "refused:")


async def test_backup(operator: Operator) -> None:
    assert ".db" in await operator.sees("backup")


async def test_a_backup_is_waited_for_longer_than_other_answers(
    hub: RunningHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As long as the disk takes, which may be minutes."""
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 1e-6)
    await asyncio.to_thread(backup, url=hub.url, token=ADMIN_TOKEN)
    assert ".db" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("device show nobody", 1),
        ("device enrol a/b", 1),
        ("transaction resolve nothing approved --note x", 1),
        ("transaction resolve nothing perhaps --note x", 2),
        ("transaction list --state paid", 2),
        ("pairing remove nothing", 1),
        ("device enrol", 2),
        ("nonsense", 2),
    ],
)
async def test_wrong_input(operator: Operator, words: str, code: int) -> None:
    """A clear text on the error stream, an exit code, no traceback."""
    result = await operator.types(*words.split())
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr
    assert "Traceback" not in result.stderr


async def test_a_wrong_token(operator: Operator) -> None:
    result = await operator.types("device", "list", HUB_ADMIN_TOKEN="adm_wrong")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("refused: ")


async def test_no_hub(operator: Operator) -> None:
    result = await operator.types("device", "list", HUB_URL="http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no hub answers" in result.stderr


@pytest.mark.parametrize("command", ["", "serve", "transaction resolve", "simulate device"])
async def test_help(operator: Operator, command: str) -> None:
    assert "Usage:" in await operator.sees(*command.split(), "--help")
