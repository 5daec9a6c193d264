"""Who may administer: the one with the admin token, and nobody else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hub.edge.admin_api import routes
from tests.admin.desk import assert_refused
from tests.clock import ManualClock
from tests.running import ADMIN_TOKEN, RunningHub, running
from tests.shop import Shop

CALLS = [(method, route.path) for route in routes for method in sorted(route.methods or ()) if method != "HEAD"]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_every_call_asks_for_the_token(hub: RunningHub, method: str, path: str) -> None:
    """Before anything else is looked at."""
    text = assert_refused(await hub.http.request(method, path, content=b"{"), 401, "unauthorised")
    assert text == "The admin token is required."


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {ADMIN_TOKEN}x",
        f"Bearer {ADMIN_TOKEN[:-1]}",
        f"Bearer {ADMIN_TOKEN.upper()}",
        f"Basic {ADMIN_TOKEN}",
        ADMIN_TOKEN,
        "Bearer \u00e9",
    ],
)
async def test_wrong_tokens(hub: RunningHub, shown: str) -> None:
    answer = await hub.http.get("/admin/devices", headers=[(b"Authorization", shown.encode("latin-1"))])
    assert_refused(answer, 401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_other_credentials_are_none(shop: Shop) -> None:
    """Neither a device's credential nor a register's token opens this door."""
    device = await shop.device()
    till = await shop.register(device)
    token = (await till.pair(await device.code())).headers["SmartConnect-Register-Token"]
    for shown in (device.credential, token, (await till.pay())["merchantAccessToken"]):
        answer = await shop.hub.http.get("/admin/devices", headers={"Authorization": f"Bearer {shown}"})
        assert_refused(answer, 401, "unauthorised")


async def test_the_scheme_s_letter_case(hub: RunningHub) -> None:
    answer = await hub.http.get("/admin/devices", headers={"Authorization": f"bearer {ADMIN_TOKEN}"})
    assert answer.status_code == 200


async def test_a_token_of_the_hub_s_own(tmp_path: Path, clock: ManualClock) -> None:
    """Made at the first start, readable by the owner only, and the same at the next."""
    async with running(tmp_path / "data", clock, admin_token=None) as hub:
        path = hub.settings.data_dir / "admin.token"
        token = path.read_text().strip()
        assert token.startswith("adm_")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        shown = {"Authorization": f"Bearer {token}"}
        assert (await hub.http.get("/admin/devices", headers=shown)).status_code == 200
        assert (await hub.http.get("/admin/devices", headers=hub.admin)).status_code == 401
        await hub.stop()
        await hub.start()
        assert (await hub.http.get("/admin/devices", headers=shown)).status_code == 200


async def test_wrong_method(hub: RunningHub) -> None:
    """405 with the methods that there are."""
    answer = await hub.http.delete("/admin/devices", headers=hub.admin)
    assert_refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


async def test_unknown_path(hub: RunningHub) -> None:
    assert_refused(await hub.http.get("/admin/nothing", headers=hub.admin), 404, "not_found")
