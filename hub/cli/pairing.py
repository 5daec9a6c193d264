"""`hub pairing …`: list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.output import AsJson, as_json, table
from hub.cli.remote import Remote, Token, Url

app = typer.Typer(help="Pairings: which register reaches which device.", no_args_is_help=True)


@app.command("list")
def list_pairings(url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """The active pairings, newest first."""
    pairings = Remote(url, token).get("/admin/pairings", limit=500)["pairings"]
    if json:
        as_json(pairings)
        return
    table(
        ["PAIRING", "DEVICE", "REGISTER", "BUSINESS", "VENDOR", "SINCE"],
        [
            [
                each["pairing"]["pairing_id"],
                each["device_id"],
                each["pairing"]["register_name"],
                each["pairing"]["business_name"],
                each["pairing"]["vendor_name"],
                each["pairing"]["paired_at"],
            ]
            for each in pairings
        ],
    )


@app.command()
def remove(
    pairing_id: Annotated[str, typer.Argument(help="As `hub pairing list` shows it.")],
    url: Url = "",
    token: Token = "",
) -> None:
    """Unpair a register; device and register are told at once."""
    Remote(url, token).delete(f"/admin/pairings/{pairing_id}")
    typer.echo("unpaired")
