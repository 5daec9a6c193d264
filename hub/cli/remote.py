"""The operator's way to a running hub: its admin API.

The command line never opens the database: one process writes it, and that is the hub.
"""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import typer

from hub.cli.serve import load_settings
from hub.settings import Settings

Url = Annotated[
    str, typer.Option("--url", envvar="HUB_URL", help="Base URL of the hub; by default the one of its settings.")
]
Token = Annotated[
    str,
    typer.Option("--token", envvar="HUB_ADMIN_TOKEN", help="Admin token; by default read from the data folder."),
]

_CONNECT_SECONDS = 60.0
ANSWER_SECONDS = 60.0


def base_url(url: str) -> str:
    """The URL given, or the one that a hub with these settings listens on."""
    if url:
        return url.rstrip("/")
    settings = load_settings()
    scheme = "https" if settings.tls_certificate is not None else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return f"{scheme}://{host}:{settings.port}"


def _token(settings: Settings) -> str:
    path = settings.data_dir / "admin.token"
    try:
        return path.read_text().strip()
    except OSError:
        typer.echo(f"no admin token: give --token, or run this where {path} can be read", err=True)
        raise typer.Exit(2) from None


class Remote:
    """The admin API; an error ends the command with its text and exit code 1."""

    def __init__(self, url: str, token: str) -> None:
        self.url = base_url(url)
        self._headers = {"Authorization": f"Bearer {token or _token(load_settings())}"}

    def get(self, path: str, **query: object) -> Any:
        given = {name: str(value) for name, value in query.items() if value not in (None, "", False)}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: object | None = None, *, answer_seconds: float | None = None) -> Any:
        return self._ask("POST", path, answer_seconds, json=body if body is not None else {})

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, answer_seconds: float | None = None, **options: Any) -> Any:
        timeout = httpx.Timeout(_CONNECT_SECONDS, read=answer_seconds or ANSWER_SECONDS)
        try:
            answer = httpx.request(method, self.url + path, headers=self._headers, timeout=timeout, **options)
        except httpx.TransportError as error:
            typer.echo(f"no hub answers at {self.url} ({error}); is it running? (hub serve)", err=True)
            raise typer.Exit(1) from None
        if answer.is_success:
            return answer.json()
        try:
            text = answer.json()["error"]
        except (ValueError, KeyError, TypeError):
            text = f"HTTP {answer.status_code}"
        typer.echo(f"refused: {text}", err=True)
        raise typer.Exit(1)
