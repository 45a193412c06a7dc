"""The record of sessions: what is written when, and the questions it answers.

Laws

* A transaction is all or nothing; what failed stays pending, in order, and is written first next time.
* An exchange is DRAFTED, then SENDING, then closed, never otherwise; the text drafted is the text sent (I1, I3).
* Closed exchanges are hash-chained per session.
* One thread does all of it; ``Record`` is its asynchronous door.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Executable, bindparam, insert, update

from llm_trainer.middleware.database import open_database, translated
from llm_trainer.middleware.tables import exchanges, sessions
from llm_trainer.session.transitions import EngineBreach

GENESIS = "0" * 64
P = ParamSpec("P")
T = TypeVar("T")

Row = dict[str, Any]
Write = tuple[Executable, Row]
"""A statement and its parameters; the same statement object each time, so that it is compiled once."""

DRAFT = insert(exchanges)
SEND = (
    update(exchanges)
    .where(
        exchanges.c.key == bindparam("the_key"),
        exchanges.c.sha256 == bindparam("the_sha256"),
        exchanges.c.status.in_(("drafted", "sending")),
    )
    .values(status="sending", sent_at=bindparam("now"), attempts=bindparam("attempt"))
)
_OUTCOME = ("status", "closed_at", "reply", "stage", "learner_seq", "learner_ms", "odd", "extra", "previous", "hash")
CLOSE = (
    update(exchanges)
    .where(exchanges.c.key == bindparam("the_key"), exchanges.c.status.in_(("drafted", "sending")))
    .values({name: bindparam(f"new_{name}") for name in _OUTCOME})
)
RETOLD = (
    update(exchanges).where(exchanges.c.key == bindparam("the_key")).values(learner_seq=bindparam("new_learner_seq"))
)
SESSION = (
    update(sessions)
    .where(sessions.c.id == bindparam("the_id"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "journal_seq", "event_seq", "head")})
)
_EXACTLY_ONE = (SEND, CLOSE, RETOLD, SESSION)


def sha256(text: str) -> str:
    """Hex digest of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def chained(previous: str, *, key: str, text_sha256: str, status: str, topic: str | None, reply: str | None) -> str:
    """The hash of a closed exchange: over the one before and everything that was said."""
    content = json.dumps([previous, key, text_sha256, status, topic, reply], ensure_ascii=True, separators=(",", ":"))
    return sha256(content)


class Record:
    """The open record. Call everything from one event loop.

    ``write`` only remembers; ``commit`` puts all that is remembered on disk in one transaction; ``read`` does too, and
    then asks. What is handed to ``then`` is called once everything remembered before it is on disk, in order.
    """

    def __init__(self, connection: Connection, executor: ThreadPoolExecutor, place: str) -> None:
        self._connection, self._executor, self._place = connection, executor, place
        self._pending: list[Write] = []
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._promised = 0

    @classmethod
    async def open(cls, url: str) -> Record:
        """Open or create the record at an SQLAlchemy URL; StoreError says why not."""
        executor = ThreadPoolExecutor(1, "record")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(executor, open_database, url)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(connection, executor, connection.engine.url.render_as_string(hide_password=True))

    async def close(self) -> None:
        """Write what is pending and let go of the file."""
        try:
            await self.commit()
        finally:
            await self._run(self._close)
            self._executor.shutdown(wait=False)

    def _close(self) -> None:
        engine = self._connection.engine
        self._connection.close()
        engine.dispose()

    def write(self, statement: Executable, row: Row) -> None:
        """Remember one write for the next transaction."""
        self._pending.append((statement, row))

    def then(self, call: Callable[[], None]) -> None:
        """Call this when everything remembered so far is on disk."""
        self._promised += 1
        self._waiting.append((self._promised, call))

    async def commit(self) -> None:
        """Put everything remembered on disk. On StoreError nothing was written and everything is still remembered."""
        promised = self._promised
        if self._pending:
            await self._run(self._flush)
        self._keep_promises(promised)

    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask ``question`` of the database, after everything remembered so far."""

        def ask() -> T:
            self._flush()
            with translated(self._place), self._connection.begin():
                return question(self._connection, *args, **kwargs)

        promised = self._promised
        answer = await self._run(ask)
        self._keep_promises(promised)
        return answer

    def _keep_promises(self, upto: int) -> None:
        while self._waiting and self._waiting[0][0] <= upto:
            self._waiting.popleft()[1]()

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _flush(self) -> None:
        taken = len(self._pending)  # the loop's thread may append meanwhile; only these are ours
        if not taken:
            return
        with translated(self._place), self._connection.begin():
            _execute(self._connection, self._pending[:taken])
        del self._pending[:taken]


def _execute(connection: Connection, writes: Sequence[Write]) -> None:
    for statement, row in writes:
        changed = connection.execute(statement, row).rowcount
        if changed != 1 and any(statement is single for single in _EXACTLY_ONE):
            raise EngineBreach(f"a write that must change one row changed {changed}: {row.get('the_key', row)}")
