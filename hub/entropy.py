"""Randomness and secrets: ids, pairing codes, credentials, tokens.

A simulation passes a seeded `Entropy`; the default draws from the operating system.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import uuid
from base64 import b64encode, urlsafe_b64encode
from functools import lru_cache


class Entropy:
    """Source of everything unguessable."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._random = source if source is not None else random.SystemRandom()

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def ordered_uuid(self, at_ms: int) -> str:
        """A UUID of version 7 (RFC 9562): later ones sort behind, so an index of them grows at its end."""
        bits = self._random.getrandbits(74)
        form = f"{at_ms << 80 | 7 << 76 | bits >> 62 << 64 | 2 << 62 | bits & (1 << 62) - 1:032x}"
        return f"{form[:8]}-{form[8:12]}-{form[12:16]}-{form[16:20]}-{form[20:]}"

    def pairing_code(self, digits: int) -> str:
        """Decimal digits, the first not zero: a person may drop a leading zero, or a POS keep it in an integer."""
        return str(self._random.randrange(10 ** (digits - 1), 10**digits))

    def webhook_secret(self) -> str:
        """32 bytes in the form that Standard Webhooks libraries take."""
        return "whsec_" + b64encode(self._random.getrandbits(256).to_bytes(32, "big")).decode()

    def secret(self, prefix: str) -> str:
        """A credential or token with 256 bits; the prefix lets a secret scanner and a person see what it is."""
        raw = self._random.getrandbits(256).to_bytes(32, "big")
        return prefix + urlsafe_b64encode(raw).decode().rstrip("=")


def digest(secret: str) -> str:
    """What is stored of a secret. One SHA-256 is enough: the secret itself has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored_digest: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest(secret), stored_digest)


@lru_cache(maxsize=4096)
def register_key(register_id: str, business_name: str, vendor_name: str) -> str:
    """The register's key in the store, made of the triple: exactly the same triple, exactly the same register."""
    parts = "\x00".join(f"{len(part)}:{part}" for part in (register_id, business_name, vendor_name))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def access_token(signing_key: str, transaction_id: str) -> str:
    """`merchantAccessToken` of a polling URL: derived, so it is valid as long as the record exists."""
    mac = _keyed(signing_key).copy()
    mac.update(transaction_id.encode())
    return urlsafe_b64encode(mac.digest()[:24]).decode()


@lru_cache(maxsize=16)
def _keyed(signing_key: str) -> hmac.HMAC:
    """Copy it before use. `hmac.digest` has OpenSSL look its algorithm up and sets the key up anew for each message."""
    return hmac.new(signing_key.encode(), digestmod="sha256")


def access_token_matches(signing_key: str, transaction_id: str, token: str) -> bool:
    expected = access_token(signing_key, transaction_id)
    return hmac.compare_digest(expected.encode(), token.encode("utf-8", "surrogatepass"))
