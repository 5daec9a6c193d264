"""The token of a polling URL: polling URLs that are out there stay valid, whatever the code that makes them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode

import pytest

from hub.entropy import access_token, access_token_matches

TRANSACTION = "0190a0b0-1111-7222-8333-123456789abc"
TOKEN = "hGPtq7XcYzZvvg62dUB1lTytWOmcZ89e"


def test_a_token_stays_what_it_was() -> None:
    assert access_token("sig_fixed", TRANSACTION) == TOKEN
    assert access_token_matches("sig_fixed", TRANSACTION, TOKEN)


@pytest.mark.parametrize("key_length", [1, 47, 64, 65, 200])
@pytest.mark.parametrize("message", ["", TRANSACTION, "é" * 100])
def test_it_is_an_hmac(key_length: int, message: str) -> None:
    """As the standard library has it, for a key below, at and above the hash's block."""
    key = ("sig_" + "kö" * 100)[:key_length]
    mac = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    assert access_token(key, message) == urlsafe_b64encode(mac[:24]).decode()


@pytest.mark.parametrize("wrong", ["", TOKEN[:-1], TOKEN + "A", TOKEN.lower(), "\udcff"])
def test_another_token_does_not_match(wrong: str) -> None:
    assert not access_token_matches("sig_fixed", TRANSACTION, wrong)


def test_neither_another_key_nor_another_transaction_matches() -> None:
    assert not access_token_matches("sig_other", TRANSACTION, TOKEN)
    assert not access_token_matches("sig_fixed", TRANSACTION.replace("9", "8"), TOKEN)
