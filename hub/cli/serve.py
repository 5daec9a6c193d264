"""`hub serve`: run the hub until it is told to stop."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from hub import log, open_files
from hub.errors import HubError
from hub.settings import Settings, unknown_variables

EXIT_BAD_SETTINGS = 78
"""EX_CONFIG: starting again will not help."""


def load_settings() -> Settings:
    """The settings, or the end of the process with a clear message."""
    for name in unknown_variables(os.environ):
        typer.echo(f"bad setting: {name} is not a setting (see docs/settings.md)", err=True)
        raise typer.Exit(EXIT_BAD_SETTINGS)
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            shown = f"HUB_{name.upper()}: " if name else ""
            typer.echo(f"bad setting: {shown}{problem['msg']}", err=True)
    except (SettingsError, ValueError) as error:
        typer.echo(f"bad setting: {error}", err=True)
    raise typer.Exit(EXIT_BAD_SETTINGS)


def _welcome(settings: Settings, url: str) -> str:
    lines = [
        "",
        f"  The hub is running at {url}",
        "",
        f"  Terminal   {url}/terminal    a virtual terminal: switch it on and start pairing",
        f"  Till       {url}/till        type the code there, take a first payment",
        f"  POS API    {url}/POS         base URL for POS software",
        f"  Data       {settings.data_dir.resolve()}    (the admin token is in admin.token there)",
        "",
        f"  Or watch the whole story in another terminal:  {_program()} demo{_elsewhere(url)}",
        "  Ctrl-C stops the hub.",
        "",
    ]
    return "\n".join(lines)


def _program() -> str:
    """How this `hub` is called in a shell: its name where the shell finds it, else the path from here."""
    beside = Path(sys.executable).with_name("hub")
    if not beside.exists() or shutil.which("hub") == str(beside):
        return "hub"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


def _elsewhere(url: str) -> str:
    """What to add for a hub that does not listen where another shell would look for it."""
    return "" if url.endswith(":8420") else f" --url {url}"


def serve() -> None:
    """Run the hub in the foreground. Settings come from HUB_… variables and hub.toml (see docs/settings.md)."""
    from hub.server import EXIT_STORE_BROKEN, HubServer  # a third of all there is to import, and no other command's

    settings = load_settings()
    log.configure(level=settings.log_level, as_json=settings.log_json, lasting=True)
    open_files.raise_limit()
    quiet = settings.log_json
    server = HubServer(settings, on_ready=lambda url: None if quiet else typer.echo(_welcome(settings, url), err=True))
    try:
        server.run()
    except KeyboardInterrupt:
        return
    except HubError as error:
        typer.echo(f"the hub cannot start: {error.text}", err=True)
        sys.exit(1)
    if server.broken:
        sys.exit(EXIT_STORE_BROKEN)
