"""Structured logs: every line carries ids, none a secret.

Secrets are kept out at the source (they are never passed to a logger). `_redact` is the second net: it blanks any field
whose name says that it is secret, so a careless line still leaks nothing.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import msgspec
import structlog

from hub.clock import rfc3339, wall_ms
from hub.log_lines import LogLines, Quiet

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


EventDict = structlog.typing.EventDict
Processor = structlog.typing.Processor


def _stamped(event: EventDict, level: str, at_ms: int) -> EventDict:
    event["level"] = level
    event["timestamp"] = rfc3339(at_ms)
    return event


def _stamp(_logger: Any, method: str, event: EventDict) -> EventDict:
    return _stamped(event, "error" if method == "exception" else method, wall_ms())


def _redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for name in SECRET_FIELDS & event.keys():
        event[name] = "[redacted]"
    return event


def _render_with(renderer: Processor) -> Callable[[Quiet], str]:
    """What the processors make of a line, but with the time at which it was said."""

    def render(line: Quiet) -> str:
        event = line.context | line.fields
        event["event"] = line.event
        _stamped(event, line.level, line.at_ms)
        return str(renderer(None, line.level, _redact(None, line.level, event)))

    return render


def _keeping(filtering: type[Any], *names: str) -> type[Any]:
    """The wrapper class, with methods that leave all but the keeping of a line for later."""

    def kept(name: str) -> Callable[..., None]:
        def say(self: Any, event: str, **fields: Any) -> None:
            self._logger.quiet(name, self._context, event, fields)

        return say

    return type("Keeping", (filtering,), {name: kept(name) for name in names})


_format_exc_info = structlog.processors.format_exc_info


def _explain(logger: Any, method: str, event: EventDict) -> EventDict:
    """The traceback, in the few lines that have one."""
    return _format_exc_info(logger, method, event) if "exc_info" in event else event


_encode = msgspec.json.Encoder(enc_hook=repr).encode


def _as_json(_logger: Any, _method: str, event: EventDict) -> str:
    return _encode(event).decode()


def _as_text(_logger: Any, _method: str, event: EventDict) -> str:
    """A line for a file or a supervisor's journal; drawing one for a terminal costs ten times as much."""
    head = f"{event.pop('timestamp')} [{event.pop('level'):<8}] {event.pop('event')}"
    traceback = event.pop("exception", None)
    text = head + "".join([f" {name}={value}" for name, value in event.items()])
    # What a peer sent may be among the values: it shall not begin a line of its own.
    line = text.replace("\n", "\\n").replace("\r", "\\r")
    return line if traceback is None else f"{line}\n{traceback}"


def _renderer(as_json: bool) -> Processor:
    if as_json:
        return _as_json
    return structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else _as_text


class _Behind(logging.StreamHandler[TextIO]):
    """The standard library's lines, behind those that wait."""

    def __init__(self, stream: TextIO, lines: LogLines) -> None:
        super().__init__(stream)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.write_out()
        super().emit(record)


def configure(*, level: str = "info", as_json: bool = False, lasting: bool = False) -> None:
    """Set up structlog for the process, and route the standard library's warnings into the same stream.

    `lasting`: it is not configured again, as in a server. So the loggers need not look how it is set with each line,
    and the quiet lines of a turn of the event loop are rendered and written together.
    """
    global _lines
    numeric = getattr(logging, level.upper())
    renderer = _renderer(as_json)
    shared: list[Processor] = [_stamp, _redact, _explain]
    wrapper: type[Any] = structlog.make_filtering_bound_logger(numeric)
    handler = logging.StreamHandler(sys.stderr)
    factory: Callable[..., Any] = structlog.WriteLoggerFactory(sys.stderr)
    if lasting:
        lines = _lines = LogLines(sys.stderr, _render_with(renderer))
        handler, factory = _Behind(sys.stderr, lines), lambda *_: lines
        wrapper = _keeping(wrapper, "info") if numeric <= logging.INFO else wrapper
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=wrapper,
        logger_factory=factory,
        cache_logger_on_first_use=lasting,
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(numeric, logging.WARNING))


_lines: LogLines | None = None


def write_out() -> None:
    """Write the lines that wait. For the end of a process that ends by a signal."""
    if _lines is not None:
        _lines.write_out()


def get(name: str) -> Any:
    """A bound logger; `name` is the part of the hub that speaks."""
    return structlog.get_logger(part=name)
