"""How each answer that docs/openapi.yaml knows can be had: a registry of ways, by operation, status and code."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.contract import resolved
from tests.contracts.answers import openapi, operations
from tests.shop import Shop

Provoke = Callable[[Shop], Awaitable[httpx.Response]]
Key = tuple[str, int, str | None]


@dataclass
class Provoked:
    work: Provoke
    settings: dict[str, Any] = field(default_factory=dict)


PROVOKED: dict[Key, Provoked] = {}


def provokes(operation: str, status: int, code: str | None = None, **settings: Any) -> Callable[[Provoke], Provoke]:
    """Take down a way to that answer, from a hub with these settings."""

    def note(work: Provoke) -> Provoke:
        PROVOKED[operation, status, code] = Provoked(work, settings)
        return work

    return note


def documented() -> set[Key]:
    """Every answer of the document."""
    return {
        (name, int(status), code)
        for name, operation in operations().items()
        for status, reference in operation["responses"].items()
        for code in resolved(openapi(), reference).get("x-codes", [None])
    }


def nowhere(name: str) -> str:
    """An address of that operation, with an id that nobody has."""
    return re.sub(r"{.*?}", "nobody", name.partition(" ")[2])


async def ask(shop: Shop, name: str, **options: Any) -> httpx.Response:
    """Call an operation; the admin API with its token, unless `headers` say otherwise."""
    headers = shop.hub.admin if "/admin/" in name else {}
    options["headers"] = headers | options.get("headers", {})
    return await shop.hub.http.request(name.partition(" ")[0], options.pop("url", nowhere(name)), **options)
