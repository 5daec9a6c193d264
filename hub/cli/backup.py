"""`hub backup`: a consistent copy of the database while the hub works."""

from __future__ import annotations

import typer

from hub.cli.output import AsJson, as_json
from hub.cli.remote import Remote, Token, Url

BACKUP_SECONDS = 6 * 3600.0
"""It takes as long as the hub's disk takes, and the hub makes one at a time."""


def backup(url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """Copy the database into the hub's data folder, under `backups/`, while the hub works."""
    made = Remote(url, token).post("/admin/backup", answer_seconds=BACKUP_SECONDS)
    if json:
        as_json(made)
    else:
        typer.echo(f"{made['file']}  ({made['bytes']} bytes)")
