"""The command line's tree of commands."""

from __future__ import annotations

import typer

import hub
from hub.cli import backup, demo, device, pairing, serve, simulate, transaction

app = typer.Typer(
    name="hub",
    help="A self-hosted real-time hub between POS registers and payment terminals.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
)
app.command()(serve.serve)
app.add_typer(device.app, name="device")
app.add_typer(pairing.app, name="pairing")
app.add_typer(transaction.app, name="transaction")
app.command()(backup.backup)
app.add_typer(simulate.app, name="simulate")
app.command()(demo.demo)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(hub.__version__)


def main() -> None:
    app()
