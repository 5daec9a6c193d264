"""The SQLite store: one file, one writing connection, whole batches of commands as one call on its thread.

One that refuses or fails takes nothing of the others with it. Most refuse before they have written anything, so a batch
is run without savepoints first; if one of its commands fails half done, the batch is rolled back and run again with a
savepoint each. Then one commit makes all of them durable. If that commit fails, nobody can know what is on the disk:
every caller of the batch is told `StoreUnavailable`, and `on_broken` is called so that the process ends and starts
again from the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from hub import log
from hub.clock import Clock
from hub.entropy import Entropy
from hub.errors import StoreUnavailable
from hub.settings import Settings
from hub.store.base import AfterCommit, Command
from hub.store.sqlite.backup import copy
from hub.store.sqlite.batcher import Back, Batcher, Settled
from hub.store.sqlite.connection import OLDEST_SQLITE, ThreadConnection, open_reader, open_writer
from hub.store.sqlite.migration import migrate
from hub.store.sqlite.session import SqliteSession, drive
from hub.store.unit import Repositories, Unit

T = TypeVar("T")

_log = log.get("store")


class _Write:
    """A command that waits for its batch; `unit` is what it worked on, once it has run."""

    __slots__ = ("after_commit", "command", "now", "unit")

    def __init__(self, command: Command[Any], after_commit: AfterCommit, now: int) -> None:
        self.command = command
        self.after_commit = after_commit
        self.now = now
        self.unit: Unit | None = None


class _HalfDone(Exception):
    """A command has failed after it had written, and there is no savepoint to go back to."""


class SqliteStore:
    """Made by `open_sqlite`; close it. Its methods may be called by any number of tasks of one event loop."""

    def __init__(
        self,
        path: Path,
        writer: ThreadConnection,
        reader: ThreadConnection,
        lock: FileLock,
        *,
        clock: Clock,
        settings: Settings,
        entropy: Entropy,
        on_broken: Callable[[], None],
    ) -> None:
        self._path = path
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._clock = clock
        self._settings = settings
        self._entropy = entropy
        self._on_broken = on_broken
        self._broken = False
        self._told_broken = False
        self._writing: tuple[sqlite3.Connection, Repositories] | None = None
        """What remembers rows: on the writer's thread only, and dropped after each rollback."""
        self._careful = False
        self._backing_up = asyncio.Lock()
        self._no_more_backups = threading.Event()
        self._writes: Batcher[_Write] = Batcher(
            self._run_writes,
            batch_limit=settings.batch_limit,
            queue_limit=settings.write_queue_limit,
            after=self._committed,
            failed=self._check_broken,
        )
        self._reads: Batcher[tuple[Command[Any], int]] = Batcher(
            self._run_reads, batch_limit=settings.batch_limit, queue_limit=settings.write_queue_limit
        )

    def write(self, command: Command[T], after_commit: AfterCommit) -> asyncio.Future[T]:
        if self._broken:
            return self._writes.refuse(StoreUnavailable("the store has failed; the hub is restarting"))
        return self._writes.submit(_Write(command, after_commit, self._clock.now_ms()))

    @property
    def waiting(self) -> int:
        return self._writes.waiting

    def read(self, query: Command[T]) -> asyncio.Future[T]:
        return self._reads.submit((query, self._clock.now_ms()))

    async def backup(self, target: Path) -> int:
        """SQLite's own online backup, over a connection of its own: polls and payments go on meanwhile."""
        async with self._backing_up:
            if self._no_more_backups.is_set():
                raise StoreUnavailable("the hub is going down")
            try:
                source = await open_reader(self._path)
                try:
                    return await source.run(lambda connection: copy(connection, target, self._no_more_backups.is_set))
                finally:
                    await source.close()
            except FileExistsError:
                raise
            except (OSError, sqlite3.Error) as error:
                _log.error("backup_broke_off", file=str(target), error=repr(error))
                raise StoreUnavailable(f"the backup broke off: {error}") from error

    def break_off_backups(self) -> None:
        self._no_more_backups.set()

    async def close(self) -> None:
        await self._writes.close()
        await self._reads.close()
        await self._reader.close()
        await self._writer.close()
        self._lock.release()

    @staticmethod
    def _committed(write: _Write) -> None:
        if write.unit is not None:
            write.after_commit(write.unit)

    def _run_writes(self, batch: Sequence[_Write], back: Back) -> None:
        self._writer.hand(lambda connection: self._write_batch(connection, batch), back)

    def _check_broken(self) -> None:
        # Once: what has waited behind the commit that failed is refused in batches of its own.
        if self._broken and not self._told_broken:
            self._told_broken = True
            _log.critical("commit_failed", action="the process ends, to start again from what is on the disk")
            self._on_broken()

    # On the writer's thread.

    def _write_batch(self, connection: sqlite3.Connection, batch: Sequence[_Write]) -> Settled:
        settled: list[tuple[Any, BaseException | None]] = []
        if self._broken:
            # It came while the commit before it failed. After a failed fsync a later one that succeeds proves nothing.
            return [(None, StoreUnavailable("the store has failed; the hub is restarting"))] * len(batch)
        try:
            connection.execute("BEGIN IMMEDIATE")
            with contextlib.suppress(_HalfDone):
                settled = [self._write_one(connection, write) for write in batch]
            if len(settled) < len(batch):
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
                settled = self._write_carefully(connection, batch)
        except sqlite3.Error as error:
            # The transaction is gone (disk full, I/O error on a read): nothing of the batch was kept.
            self._writing = None
            _log.error("batch_rolled_back", commands=len(batch), error=repr(error))
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return [(None, StoreUnavailable(f"the store refused the batch: {error}"))] * len(batch)
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _log.error("commit_failed", commands=len(batch), error=repr(error))
            self._broken = True
            self._writing = None
            return [(None, StoreUnavailable("the store could not make it durable; its fate is unknown"))] * len(batch)
        return settled

    def _write_carefully(
        self, connection: sqlite3.Connection, batch: Sequence[_Write]
    ) -> list[tuple[Any, BaseException | None]]:
        self._careful = True
        try:
            settled = []
            for write in batch:
                connection.execute("SAVEPOINT command")
                settled.append(self._write_one(connection, write))
                connection.execute("RELEASE command")
            return settled
        finally:
            self._careful = False

    def _repositories(self, connection: sqlite3.Connection) -> Repositories:
        if self._writing is None or self._writing[0] is not connection:
            self._writing = connection, Repositories(SqliteSession(connection, remembers=True))
        return self._writing[1]

    def _write_one(self, connection: sqlite3.Connection, write: _Write) -> tuple[Any, BaseException | None]:
        write.unit = None
        unit = Unit(self._repositories(connection), now=write.now, settings=self._settings, entropy=self._entropy)
        changes = connection.total_changes
        try:
            result = drive(write.command(unit))
        except BaseException as problem:
            if not connection.in_transaction:
                # SQLite itself rolled everything back: the commands before this one are gone too.
                raise sqlite3.OperationalError(f"transaction lost: {problem!r}") from problem
            if connection.total_changes != changes:
                self._writing = None
                if not self._careful:
                    raise _HalfDone from problem
                connection.execute("ROLLBACK TO command")
            if isinstance(problem, sqlite3.OperationalError):
                return None, StoreUnavailable(f"the store refused it: {problem}")
            return None, problem
        write.unit = unit
        return result, None

    # On the reader's thread.

    def _run_reads(self, batch: Sequence[tuple[Command[Any], int]], back: Back) -> None:
        self._reader.hand(lambda connection: self._read_batch(connection, batch), back)

    def _read_batch(self, connection: sqlite3.Connection, batch: Sequence[tuple[Command[Any], int]]) -> Settled:
        settled: list[tuple[Any, BaseException | None]] = []
        connection.execute("BEGIN")
        repositories = Repositories(SqliteSession(connection, remembers=False))
        try:
            for query, now in batch:
                unit = Unit(repositories, now=now, settings=self._settings, entropy=self._entropy)
                try:
                    settled.append((drive(query(unit)), None))
                except sqlite3.Error as problem:
                    settled.append((None, StoreUnavailable(f"the store could not be read: {problem}")))
                except BaseException as problem:
                    settled.append((None, problem))
        finally:
            connection.execute("ROLLBACK")
        return settled


def _ignore() -> None:
    pass


def _lock(path: Path) -> FileLock:
    lock = FileLock(f"{path}.lock")
    try:
        # Keys, receipts and baskets are in there: a folder that we make is its owner's alone.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreUnavailable(f"another hub uses {path}") from None
    except OSError as error:
        raise StoreUnavailable(f"{path.parent} cannot be written to: {error}") from error
    return lock


async def open_sqlite(
    path: Path,
    *,
    clock: Clock,
    settings: Settings,
    entropy: Entropy,
    on_broken: Callable[[], None] = _ignore,
) -> SqliteStore:
    """Open (or make) the database file, take its lock, and bring it up to date.

    Raises `StoreUnavailable` with a clear text when another hub has it, the disk or the file is of no use, or the
    SQLite library is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnavailable(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")
    lock = _lock(path)
    try:
        writer = await open_writer(path)
        try:
            version = await writer.run(migrate)
            reader = await open_reader(path)
        except BaseException:
            await writer.close()
            raise
    except sqlite3.Error as error:
        lock.release()
        raise StoreUnavailable(f"{path} cannot be opened: {error}") from error
    except BaseException:
        lock.release()
        raise
    _log.info("store_opened", version=version, sqlite=sqlite3.sqlite_version)
    return SqliteStore(path, writer, reader, lock, clock=clock, settings=settings, entropy=entropy, on_broken=on_broken)
