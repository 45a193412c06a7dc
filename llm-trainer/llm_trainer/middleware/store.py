"""The record of sessions: the one door to the database, used by all sessions of a middleware.

Laws

* A transaction is all or nothing; what failed stays pending, in order, and is written first next time.
* An exchange is DRAFTED, then SENDING, then closed, never otherwise; the text drafted is the text sent (I1, I3).
* Closed exchanges are hash-chained per session.
* One thread does all of it; ``Record`` is its asynchronous door. Sessions that commit at the same time share a
  transaction.
* What one session wrote wrongly harms that session alone: its writes are thrown away, the others' are kept.
* A write that the disk did not confirm ends the process, and nothing is written after it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Executable

from llm_trainer.errors import LeaseLost, StoreError, StoreInDoubt, StoreUnsafe
from llm_trainer.middleware import writing
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.trouble import translated
from llm_trainer.middleware.writing import Refused, Unlike, Write
from llm_trainer.session.transitions import EngineBreach

log = logging.getLogger(__name__)

GENESIS = "0" * 64
UNSAFE_EXIT_CODE = 74
P = ParamSpec("P")
T = TypeVar("T")

Row = dict[str, Any]
Opener = Callable[[str], Connection]


def sha256(text: str) -> str:
    """Hex digest of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def chained(previous: str, *, key: str, text_sha256: str, status: str, topic: str | None, reply: str | None) -> str:
    """The hash of a closed exchange: over the one before and everything that was said."""
    content = json.dumps([previous, key, text_sha256, status, topic, reply], ensure_ascii=True, separators=(",", ":"))
    return sha256(content)


def end_process(error: StoreUnsafe) -> None:
    """Nobody knows what is on the disk: end at once, before anything is sent or written on top of it."""
    log.critical("the disk did not confirm a write; ending now detail=%s", error.detail)
    os._exit(UNSAFE_EXIT_CODE)


class Record:
    """The open record. Call everything from one event loop.

    ``write`` only remembers; ``commit`` puts all that is remembered on disk in one transaction; ``read`` does too, and
    then asks. What is handed to ``then`` is called once everything remembered before it is on disk, in order.
    ``trouble`` is what keeps the record from being written just now.
    """

    def __init__(
        self,
        connection: Connection,
        executor: ThreadPoolExecutor,
        place: str,
        on_unsafe: Callable[[StoreUnsafe], object] = end_process,
    ) -> None:
        self.trouble: StoreError | None = None
        self._connection, self._executor, self._place, self._on_unsafe = connection, executor, place, on_unsafe
        self._pending: list[Write] = []
        self._remembered = self._upto = self._written = 0
        self._in_doubt = 0
        self._unsafe: StoreUnsafe | None = None
        self._waiting: deque[tuple[int, str | None, Callable[[], None]]] = deque()
        self._promised = 0
        self._refused: dict[str | None, EngineBreach | LeaseLost] = {}

    @classmethod
    async def open(
        cls, url: str, *, opener: Opener | None = None, on_unsafe: Callable[[StoreUnsafe], object] = end_process
    ) -> Record:
        """Open or create the record at an SQLAlchemy URL; StoreError says why not.

        ``opener`` opens the database instead of ``open_database``, for tests that own the disk.
        """
        executor = ThreadPoolExecutor(1, "record")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(executor, opener or open_database, url)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(connection, executor, connection.engine.url.render_as_string(hide_password=True), on_unsafe)

    @property
    def is_exclusive(self) -> bool:
        """Whether no other process can have this record open."""
        return self._connection.dialect.name == "sqlite"

    async def close(self) -> None:
        """Write what is pending and let go of the database."""
        try:
            await self.commit()
        finally:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._close)
            self._executor.shutdown(wait=False)

    def _close(self) -> None:
        engine = self._connection.engine
        self._connection.close()
        engine.dispose()

    def write(self, statement: Executable, row: Row, session_id: str | None = None) -> None:
        """Remember one write for the next transaction."""
        self._pending.append(Write(statement, row, session_id))
        self._remembered += 1

    def then(self, call: Callable[[], None], session_id: str | None = None) -> None:
        """Call this when everything remembered so far is on disk; never if that session's writes are refused."""
        self._promised += 1
        self._waiting.append((self._promised, session_id, call))

    async def commit(self, session_id: str | None = None) -> None:
        """Put everything remembered on disk.

        On StoreError nothing was written and everything is still remembered. EngineBreach or LeaseLost: what this
        session wrote cannot be had; it is forgotten.
        """
        promised = self._promised
        if self._pending or self.trouble is not None:
            self._upto = self._remembered
            self._keep_promises(promised, await self._run(self._flush))
        else:
            self._keep_promises(promised, {})
        if session_id in self._refused:
            raise self._refused.pop(session_id)

    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask ``question`` of the database, in a transaction after everything remembered so far."""
        refused: dict[str | None, EngineBreach | LeaseLost] = {}

        self._upto = self._remembered

        def ask() -> T:
            refused.update(self._flush())
            with translated(self._place), self._connection.begin():
                return question(self._connection, *args, **kwargs)

        promised = self._promised
        answer = await self._run(ask)
        self._keep_promises(promised, refused)
        return answer

    def _keep_promises(self, upto: int, refused: dict[str | None, EngineBreach | LeaseLost]) -> None:
        self._refused |= refused
        while self._waiting and self._waiting[0][0] <= upto:
            _, session_id, call = self._waiting.popleft()
            if session_id is None or session_id not in refused:
                call()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._executor, self._guarded, work)
        except StoreError as error:
            self.trouble = error
            raise
        self.trouble = None
        return answer

    def _guarded(self, work: Callable[[], T]) -> T:
        if self._unsafe is not None:
            raise self._unsafe
        try:
            return work()
        except StoreUnsafe as error:
            self._unsafe = error
            self._on_unsafe(error)
            raise

    # ------------------------------------------------------------ in the record's thread

    def _flush(self) -> dict[str | None, EngineBreach | LeaseLost]:
        """Write what was remembered when somebody last waited; returns the sessions whose writes were refused, and why.

        Not what was remembered since: the loop's thread may be in the midst of writes that belong together.
        """
        self._settle_doubt()
        taken = max(0, self._upto - self._written)
        if taken == 0 and self.trouble is None:  # another session's transaction took ours along
            return {}
        batch = self._pending[:taken]
        refused: dict[str | None, EngineBreach | LeaseLost] = {}
        execute = writing.together
        while True:
            kept = [write for write in batch if write.session_id not in refused]
            try:
                with translated(self._place), self._connection.begin():
                    execute(self._connection, kept)
                break
            except Unlike:
                execute = writing.one_by_one
            except Refused as refusal:
                refused[refusal.write.session_id] = refusal.reason
                log.error("writes refused session=%s reason=%s", refusal.write.session_id, refusal.reason)
            except StoreInDoubt:
                self._in_doubt = taken
                raise
        self._forget(taken)
        return refused

    def _forget(self, count: int) -> None:
        del self._pending[:count]
        self._written += count

    def _settle_doubt(self) -> None:
        """Find out whether the transaction that was on its way when the connection broke was committed."""
        if self._in_doubt:
            with translated(self._place), self._connection.begin():
                if writing.are_written(self._connection, self._pending[: self._in_doubt]):
                    self._forget(self._in_doubt)
            self._in_doubt = 0
