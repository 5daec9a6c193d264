"""The simulated till at the command line."""

from __future__ import annotations

import asyncio

from tests.cli.operator import Operator
from tests.shop import Shop

WHO = ("--register-id", "till-1", "--business", "Toys Shop", "--vendor", "Till2Go")


async def test_it_pairs_takes_amounts_and_shows_every_outcome(shop: Shop, operator: Operator) -> None:
    device = await shop.device()
    code = await device.code()
    till = asyncio.create_task(
        operator.sees("simulate", "register", *WHO, "--code", code, "--amount", "500", "--amount", "505")
    )
    for outcome in ("approved", "declined"):
        started = await device.started()
        await device.complete(started["transaction_id"], outcome)
    shown = (await till).splitlines()
    assert "[Front] Card.Purchase 5.00: approved" in shown
    assert shown[-1] == "[Front] Card.Purchase 5.05: declined"


async def test_a_wrong_code(operator: Operator) -> None:
    """The hub's text, and no traceback."""
    result = await operator.types("simulate", "register", *WHO, "--code", "00000000")
    assert result.exit_code == 1
    assert result.stderr.startswith("refused: pairing_code_invalid")
    assert "Traceback" not in result.stderr
