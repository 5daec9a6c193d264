"""A recording of a hub at work: what it wrote to its database, when it synced, and what it told to whom, in order.

It is read from strace's output. Order is what matters: a call counts as told when it begins, a sync as done when it
ends, so a lie that is told a microsecond too early is found, and no truth is taken for a lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TRACE = (
    "-y",
    "-xx",
    "-s",
    "1000000",
    "-e",
    "trace=openat,pwrite64,pwritev,write,writev,sendto,sendmsg,fdatasync,fsync,ftruncate,unlink,rename",
    "-e",
    "signal=none",
)
"""For `HubProcess.start(trace=…)`."""


@dataclass(frozen=True, slots=True)
class Create:
    name: str


@dataclass(frozen=True, slots=True)
class Unlink:
    name: str


@dataclass(frozen=True, slots=True)
class Write:
    name: str
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """The sync of a file, or of the folder (`name` empty), is done: everything before operation `since` is durable."""

    name: str
    since: int


@dataclass(frozen=True, slots=True)
class Told:
    """Bytes leave for a socket."""

    socket: str
    content: bytes


Operation = Create | Unlink | Write | Truncate | Sync | Told

_LINE = re.compile(r"^(?P<thread>\d+) +(?:<\.\.\. )?(?P<call>\w+)(?:\((?P<args>.*)| resumed>(?P<rest>.*))$")
_RESULT = re.compile(r"\) += (-?\d+|\?)")
_FD = re.compile(r"^\d+<([^>]*)>")
_LAST_NUMBER = re.compile(r", (\d+)$")

_SOCKET_CALLS = frozenset({"write", "writev", "sendto", "sendmsg"})


class _Reader:
    """Turns lines into operations on files of one folder, and on sockets."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._open: dict[str, tuple[str, int]] = {}
        self._exists: set[str] = set()
        self.operations: list[Operation] = []

    def read(self, line: str) -> None:
        found = _LINE.match(line)
        if found is None:
            return
        thread, call = found["thread"], found["call"]
        if found["rest"] is not None:
            args, began = self._open.pop(thread)
            self._ended(call, args + found["rest"], began)
        elif line.endswith("<unfinished ...>"):
            args = found["args"].removesuffix(" <unfinished ...>")
            self._open[thread] = (args, len(self.operations))
            if call in _SOCKET_CALLS:
                self._told(args)
        else:
            if call in _SOCKET_CALLS:
                self._told(found["args"])
            self._ended(call, found["args"], len(self.operations))

    def _told(self, args: str) -> None:
        target = _target(args)
        if target.startswith("socket:"):
            self.operations.append(Told(target, b"".join(_texts(args))))

    def _ended(self, call: str, args: str, began: int) -> None:
        result = _RESULT.search(args)
        if result is None or result[1] == "-1" or (result[1] == "?" and call != "pwrite64"):
            return
        args = args[: result.start()]
        if call in ("openat", "unlink"):
            name = self._name(next(_texts(args)).decode())
            if call == "openat" and name and "O_CREAT" in args and name not in self._exists:
                self._exists.add(name)
                self.operations.append(Create(name))
            elif call == "unlink" and name:
                self._exists.discard(name)
                self.operations.append(Unlink(name))
            return
        name = self._name(_target(args))
        if name is None or call == "close":
            return
        if call == "pwrite64":
            offset = _LAST_NUMBER.search(args)
            assert offset is not None, args[-80:]
            content = b"".join(_texts(args))
            # "?": killed in the middle of it. Nothing interrupts the kernel in a write to a file, so it is there for
            # the next life to build upon; were it not, that one would write over it.
            written = len(content) if result[1] == "?" else int(result[1])
            self.operations.append(Write(name, int(offset[1]), content[:written]))
        elif call in ("fdatasync", "fsync"):
            self.operations.append(Sync(name, began))
        elif call == "ftruncate":
            size = _LAST_NUMBER.search(args)
            assert size is not None
            self.operations.append(Truncate(name, int(size[1])))
        elif name.startswith("hub.db"):
            raise AssertionError(f"{call} of {name} is not understood")

    def _name(self, path: str) -> str | None:
        """The name within the folder; empty for the folder itself, None for what is elsewhere."""
        if path == self._folder:
            return ""
        name = path.removeprefix(self._folder + "/")
        return None if name == path or name.endswith("-shm") else name


def _target(args: str) -> str:
    found = _FD.match(args)
    return "" if found is None else _plain(found[1]).decode()


def _texts(args: str) -> Iterator[bytes]:
    """What is in quotes; with `-xx` no quote is in a text."""
    _, *rest = args.split('"')
    for text, outside in zip(rest[::2], rest[1::2], strict=True):
        assert not outside.startswith("..."), "strace has cut a text short"
        yield _plain(text)


def _plain(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", "")) if escaped.startswith("\\x") else escaped.encode()


def read(traces: Sequence[Path], folder: Path) -> list[Operation]:
    """The operations that concern `folder` or a socket, of the traces of one hub's lives, one after the other.

    The shared memory file is left out: it is no file of the disk, and SQLite makes it anew after a power cut.
    """
    reader = _Reader(folder)
    for trace in traces:
        with trace.open() as lines:
            for line in lines:
                reader.read(line.rstrip("\n"))
    return reader.operations
