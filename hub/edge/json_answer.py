"""A JSON answer, encoded by msgspec: several times cheaper than the standard library, and it knows our messages."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

_encode = msgspec.json.Encoder().encode


class JsonAnswer(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return _encode(content)
