"""docs/settings.md says what hub/settings.py does; and a bad setting is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.settings import Settings, documentation, unknown_variables

ROOT = Path(__file__).parents[2]


def test_the_documented_settings_are_the_real_ones() -> None:
    assert (ROOT / "docs/settings.md").read_text() == documentation(), "run: .venv/bin/python scripts/settings"


def test_every_setting_has_a_meaning_and_a_usable_default() -> None:
    Settings()
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_PORT", "70000"),
        ("HUB_PORT", "none"),
        ("HUB_QUEUE_LIMIT", "0"),
        ("HUB_PAIRING_CODE_DIGITS", "4"),
        ("HUB_PAIRING_CODE_TTL_SECONDS", "-1"),
        ("HUB_PAIRING_CODE_OVERLAP_SECONDS", "120"),
        ("HUB_LOG_LEVEL", "loud"),
        ("HUB_PUBLIC_URL", "hub.example"),
        ("HUB_TLS_KEY", "key.pem"),
        ("HUB_SILENCE_SECONDS", "nan"),
    ],
)
def test_a_bad_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("queue_limit = 7\nport = 9000\n")
    monkeypatch.setenv("HUB_CONFIG_FILE", str(file))
    monkeypatch.setenv("HUB_PORT", "9001")
    settings = Settings()
    assert (settings.queue_limit, settings.port) == (7, 9001)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("queue_limt = 7\n")
    monkeypatch.setenv("HUB_CONFIG_FILE", str(file))
    with pytest.raises(ValidationError, match="queue_limt"):
        Settings()


def test_a_variable_that_sets_nothing_is_named() -> None:
    assert unknown_variables(["PATH", "HUB_PORT", "HUB_URL", "HUB_QUEUE_LIMT"]) == ["HUB_QUEUE_LIMT"]


def test_a_configuration_file_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody named it: to go on without it would be a hub with other settings."""
    monkeypatch.setenv("HUB_CONFIG_FILE", str(tmp_path / "hub.toml"))
    with pytest.raises(ValueError, match="HUB_CONFIG_FILE: there is no file"):
        Settings()


@pytest.mark.parametrize("content", [None, "", "not PEM"])
def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    if content is not None:
        certificate.write_text(content)
        key.write_text(content)
    with pytest.raises(ValidationError, match="tls_certificate and tls_key cannot be used"):
        Settings(tls_certificate=certificate, tls_key=key)
