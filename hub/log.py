"""Structured logs: every line carries ids, none a secret.

Secrets are kept out at the source (they are never passed to a logger). `_redact` is the second net: it blanks any field
whose name says that it is secret, so a careless line still leaks nothing.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

SECRET_FIELDS = frozenset(
    {
        "code",
        "pairing_code",
        "credential",
        "token",
        "register_token",
        "admin_token",
        "access_token",
        "merchant_access_token",
        "authorization",
        "card_pan",
        "sale_data",
        "receipt",
    }
)


def _redact(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in SECRET_FIELDS & event.keys():
        event[name] = "[redacted]"
    return event


def configure(*, level: str = "info", as_json: bool = False) -> None:
    """Set up structlog for the process, and route the standard library's warnings into the same stream."""
    numeric = getattr(logging, level.upper())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(numeric, logging.WARNING))


def get(name: str) -> Any:
    """A bound logger; `name` is the part of the hub that speaks."""
    return structlog.get_logger(part=name)
