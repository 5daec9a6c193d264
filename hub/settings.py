"""Settings: from the environment (`HUB_…`), then a TOML file, then the defaults below.

The file is `hub.toml` in the working directory, or the one that `HUB_CONFIG_FILE` names. A bad or unknown setting stops
the start and says which. docs/settings.md is generated from this class.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

Seconds = Annotated[float, Field(gt=0, le=31_536_000)]
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]


class Settings(BaseSettings):
    """All settings, each with a sane default."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="forbid", frozen=True)

    # Server
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8420, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str = Field(
        "", description="Base of the URLs that the hub hands out, such as `https://hub.shop.example`. Empty: as asked."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the database, the admin token and backups.")
    development: bool = Field(False, description="Devices may enrol themselves. For a developer's machine only.")
    admin_token: SecretStr | None = Field(
        None, description="Credential of the admin API. Empty: made at the first start, in `data_dir/admin.token`."
    )
    require_register_token: bool = Field(
        False, description="Registers must show the token that their pairing granted, not only the triple."
    )
    allowed_origins: list[str] = Field(
        ["*"],
        description="Origins whose browser pages may use the POS API and the register socket; `*` is any.",
    )
    allowed_device_origins: list[str] = Field(
        [],
        description="Origins, besides the hub's own, whose browser pages may use the device and dashboard sockets.",
    )
    tls_certificate: Path | None = Field(None, description="PEM certificate chain; with it the hub serves TLS.")
    tls_key: Path | None = Field(None, description="PEM private key of the certificate.")
    trusted_proxies: str = Field(
        "127.0.0.1", description="Proxies whose X-Forwarded-For and -Proto count, comma separated."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")
    log_json: bool = Field(False, description="Log lines as JSON, for a collector.")

    # Pairing
    pairing_code_digits: int = Field(8, ge=6, le=12, description="Digits of a pairing code.")
    pairing_code_ttl_seconds: Seconds = Field(120, description="How long one pairing code is accepted.")
    pairing_code_overlap_seconds: Seconds = Field(
        15, description="How long before its end a code is replaced on the screen; both are accepted meanwhile."
    )
    pairing_session_seconds: Seconds = Field(600, description="How long a device may keep pairing open.")
    pairing_attempts_per_minute: Count = Field(
        30, description="Wrong pairing codes let through hub-wide, a minute; more are answered with 429."
    )
    pairing_attempts_per_source: Count = Field(10, description="The same for one source address.")

    # Devices
    hello_timeout_seconds: Seconds = Field(10, description="How long a new connection may take to say hello.")
    heartbeat_seconds: Seconds = Field(25, description="WebSocket ping interval; no pong for as long: connection lost.")
    offline_grace_seconds: Seconds = Field(
        15,
        description="How long a device may be away before its never-sent transactions are cancelled as "
        "FAILED-INTERFACE, its pairing code withdrawn, and what it had in flight called in doubt.",
    )
    acknowledge_timeout_seconds: Seconds = Field(5, description="How long a device may take to answer a request.")
    acknowledge_sends: Annotated[int, Field(ge=1, le=20)] = Field(
        3, description="How often the same request is sent before the device counts as stalled."
    )
    silence_seconds: Seconds = Field(
        60, description="Silence about a begun transaction before it is shown as OK-DELAYED."
    )
    busy_retry_seconds: Seconds = Field(3, description="How soon a device that refused to start is asked again.")
    max_devices: Count = Field(100_000, description="Devices that may be enrolled.")

    # Transactions
    queue_limit: Annotated[int, Field(ge=1, le=10_000)] = Field(
        50, description="Transactions that may wait for one device; more are answered with 429."
    )
    start_deadline_seconds: Seconds = Field(
        180, description="How long a transaction may wait in the queue before it is cancelled, never sent."
    )
    amount_limit_cents: int = Field(
        999_999_999_999, gt=0, le=999_999_999_999, description="Largest amount of one transaction, in cents."
    )
    retention_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        180, description="How long the record of a finished transaction is kept."
    )
    event_retention_hours: Annotated[int, Field(ge=1, le=87_600)] = Field(
        168, description="How long a register's events can be replayed; after that it gets a snapshot."
    )
    sweep_seconds: Seconds = Field(3600, description="How often old records are swept.")

    # POS API
    synchronous_wait_seconds: Seconds = Field(
        175, description="How long a synchronous-mode POST is held; then it is answered as it stands."
    )
    long_poll_limit_seconds: Seconds = Field(60, description="Longest `?wait=`.")
    polls_per_second: Annotated[float, Field(gt=0, le=1000)] = Field(
        2, description="Sustained polls of one transaction; more are answered with 429."
    )
    poll_burst: Count = Field(10, description="Polls that may come at once before the pace counts.")
    keep_alive_seconds: Seconds = Field(
        75,
        description="How long an HTTP connection is kept without a request. Longer than a proxy keeps its own to the "
        "hub, or a request may meet the end of its connection.",
    )
    max_idle_connections: Count = Field(
        5_000,
        description="HTTP connections that are kept without a request, but no more than half of the open files that "
        "the process may have; of more, the one that has been so for longest is closed.",
    )
    request_arrival_seconds: Seconds = Field(
        30, description="How long a request may take to arrive, and a new connection to begin one."
    )
    request_head_bytes: Count = Field(
        524_288,
        description="How much of a request's head, or of trailers, may come after the piece that it began in. "
        "SaleData in a query string, escaped, takes 300 KB.",
    )
    unread_seconds: Seconds = Field(
        30, description="How long a client may take no more of its answers, and all of them once the connection ends."
    )
    request_body_bytes: Count = Field(65_536, description="Largest request body.")

    max_waiting_requests: Count = Field(
        5_000, description="HTTP requests that may be held (long polls, synchronous mode); more are answered at once."
    )

    # Sockets
    message_bytes: Count = Field(65_536, description="Largest WebSocket message.")
    inbox_limit: Count = Field(64, description="Messages of one connection that may wait to be worked on.")
    outbox_limit: Count = Field(256, description="Frames that may wait for one connection; more close it.")
    malformed_limit: Count = Field(10, description="Malformed messages in a row before a connection is closed.")
    max_connections: Count = Field(20_000, description="WebSocket connections at a time.")
    drain_seconds: Seconds = Field(
        5, description="Over how long at most the connections are closed, one after the other, when the hub stops."
    )

    # Callbacks
    callback_attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        12, description="How often a callback is tried, with growing pauses."
    )
    callback_timeout_seconds: Seconds = Field(20, description="How long one callback may take.")
    callback_allow_private: bool = Field(
        False, description="Callbacks may go to private and loopback addresses. For a developer's machine only."
    )

    # Store
    batch_limit: Count = Field(256, description="Commands that are committed together at most.")
    write_queue_limit: Count = Field(10_000, description="Commands that may wait for the store; more are refused.")

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        if self.pairing_code_overlap_seconds >= self.pairing_code_ttl_seconds:
            raise ValueError("pairing_code_overlap_seconds must be shorter than pairing_code_ttl_seconds")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.tls_certificate is not None and self.tls_key is not None:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.tls_certificate, self.tls_key)
            except OSError as error:  # ssl.SSLError is one
                raise ValueError(f"tls_certificate and tls_key cannot be used: {error}") from None
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = os.environ.get("HUB_CONFIG_FILE")
        if named is not None and (not Path(named).exists() or Path(named).is_dir()):
            raise ValueError(f"HUB_CONFIG_FILE: there is no file {named}")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, named or "hub.toml")


NOT_SETTINGS = frozenset({"HUB_CONFIG_FILE", "HUB_URL"})
"""Variables of the command line that share the prefix."""


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Variables with our prefix that set nothing: most likely a typing error."""
    known = {f"HUB_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    return sorted(name for name in environment if name.upper().startswith("HUB_") and name.upper() not in known)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


_INTRODUCTION = """# Settings

Generated from `hub/settings.py` by `scripts/settings`; a test fails when it drifts.

A setting comes from the environment (`HUB_` and its name in capitals), then from a TOML file, then from the default.
The file is `hub.toml` in the working directory, or the one that `HUB_CONFIG_FILE` names. A bad or unknown setting stops
the start with exit code 78 and says which one. Lists are JSON in the environment: `HUB_ALLOWED_ORIGINS='["https://pos.example"]'`.

```toml
# hub.toml
host = "0.0.0.0"
public_url = "https://hub.shop.example"
queue_limit = 20
```

| setting | default | meaning |
| --- | --- | --- |
"""


def documentation() -> str:
    """docs/settings.md, as it should be."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "" if default is None or default == "" else f"`{_shown(default)}`"
        rows.append(f"| `{name}` | {shown} | {field.description} |")
    return _INTRODUCTION + "\n".join(rows) + "\n"


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return str(default).replace("'", '"')
    return str(default)
