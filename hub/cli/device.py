"""`hub device …`: enrol, rotate, revoke, list, show."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, as_json, fields, table
from hub.cli.remote import Remote, Token, Url

app = typer.Typer(help="Devices: payment terminals and their credentials.", no_args_is_help=True)

DeviceId = Annotated[str, typer.Argument(help="The device's internal id.")]


def _show_credential(answer: dict[str, Any], json: bool) -> None:
    if json:
        as_json(answer)
        return
    fields({"device": answer["device_id"], "credential": answer["credential"]})
    typer.echo("Put the credential into the device now: it is shown once and stored only as a hash.", err=True)


@app.command()
def enrol(
    device_id: DeviceId,
    name: Annotated[str, typer.Option(help="Name that registers see.")] = "",
    business: Annotated[str, typer.Option(help="Only this business's registers may pair with it.")] = "",
    url: Url = "",
    token: Token = "",
    json: AsJson = False,
) -> None:
    """Make a device known; prints its credential."""
    body = {"device_id": device_id, "name": name, "business_name": business or None}
    _show_credential(Remote(url, token).post("/admin/devices", body), json)


@app.command()
def rotate(device_id: DeviceId, url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """Give a device a new credential, and close its live connection at once."""
    _show_credential(Remote(url, token).post(f"/admin/devices/{device_id}/rotate"), json)


@app.command()
def revoke(device_id: DeviceId, url: Url = "", token: Token = "") -> None:
    """Let a device in no more, and close its live connection at once."""
    Remote(url, token).post(f"/admin/devices/{device_id}/revoke")
    typer.echo(f"{device_id} is revoked; `hub device rotate {device_id}` lets it in again.")


@app.command("list")
def list_devices(url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """All devices and what they are doing."""
    remote = Remote(url, token)
    devices: list[dict[str, Any]] = []
    while page := remote.get("/admin/devices", after=devices[-1]["device_id"] if devices else "", limit=500)["devices"]:
        devices += page
    if json:
        as_json(devices)
        return
    table(
        ["DEVICE", "NAME", "STATE", "WAITING", "SERIAL", "FIRMWARE", "LAST SEEN"],
        [
            [
                each["device_id"],
                each["name"],
                "revoked" if each.get("revoked_at") else each["queue_state"],
                each["queue_depth"],
                each.get("serial"),
                each.get("firmware"),
                "now" if each["online"] else each.get("disconnected_at", "never"),
            ]
            for each in devices
        ],
    )


@app.command()
def show(device_id: DeviceId, url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """One device with its registers."""
    device = Remote(url, token).get(f"/admin/devices/{device_id}")
    if json:
        as_json(device)
        return
    pairings = device.pop("pairings", [])
    fields(device)
    table(
        ["PAIRING", "REGISTER", "BUSINESS", "VENDOR", "SINCE"],
        [
            [each["pairing_id"], each["register_name"], each["business_name"], each["vendor_name"], each["paired_at"]]
            for each in pairings
        ],
    )
