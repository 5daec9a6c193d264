"""`hub backup`: a consistent copy of the database while the hub works."""

from __future__ import annotations

import typer

from hub.cli.output import AsJson, as_json
from hub.cli.remote import Remote, Token, Url


def backup(url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """Copy the database into the hub's data folder, under `backups/`, while the hub works."""
    made = Remote(url, token).post("/admin/backup")
    if json:
        as_json(made)
    else:
        typer.echo(f"{made['file']}  ({made['bytes']} bytes)")
