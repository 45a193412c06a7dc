"""Whether a record says what was written: pages, each session's chain, its counters, its journal; and the learner.

    for fault in faults(connection):
        print(fault)

Each fault is one sentence that names its place. Nothing here writes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.exc import DatabaseError

from llm_trainer.errors import PeerRefused, StoreCorrupt
from llm_trainer.middleware import queries
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import GENESIS, Record, chained, sha256
from llm_trainer.middleware.tables import exchanges, journal, sessions
from llm_trainer.middleware.trouble import MENDING
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Taught, decode
from llm_trainer.session.state import decode_plan, encode_state

PAGE = 1_000
START_BYTES = 32 << 20
MOST_PAGES = 100
NONSENSE = (ValueError, KeyError, TypeError, AttributeError)
"""What reading a row ends in that is not what was written."""
_FOLLOWING = (
    select(exchanges)
    .where(exchanges.c.session_id == bindparam("the_session"), exchanges.c.number > bindparam("after"))
    .order_by(exchanges.c.number)
    .limit(PAGE)
)
CLOSED = ("taught", "uncertain", "refused", "abandoned")
OPEN = ("drafted", "sending")


@dataclass
class Chain:
    """How far a session's exchanges hold: ``good`` are in order, ``head`` is the last closed one's hash."""

    head: str = GENESIS
    good: int = 0
    open: Row | None = None
    counts: Counter[str] = field(default_factory=Counter)
    fault: str = ""


def faults(connection: Connection) -> Iterator[str]:
    """Everything that is wrong with the record."""
    found = page_faults(connection)
    yield from found
    try:
        for row in connection.execute(select(sessions).order_by(sessions.c.started_at)).mappings():
            yield from session_faults(connection, dict(row))
    except NONSENSE as error:
        yield f"a row cannot be understood: {error}"
    except DatabaseError as error:
        if not found:
            raise
        yield f"the rest cannot be read: {error.orig}"


def refuse_damage(connection: Connection) -> None:
    """StoreCorrupt if the record is damaged, as far as a start can wait for the answer.

    A small record is looked at whole, but for its journals; of a large one, the ends of the sessions to go on with.
    """
    found = page_faults(connection) if (is_small := _weight(connection) <= START_BYTES) else []
    try:
        if not found:
            found += _whole_chains(connection) if is_small else _tails(connection)
    except NONSENSE as error:
        found.append(f"a row cannot be understood: {error}")
    if found:
        raise StoreCorrupt(f"the record is damaged: {found[0]}", remedy=MENDING)


def _whole_chains(connection: Connection) -> Iterator[str]:
    for row in connection.execute(select(sessions)).mappings():
        chain = chain_of(connection, row["id"])
        for fault in [chain.fault] if chain.fault else _ends(chain, dict(row)):
            yield f"session {row['name']}: {fault}"


def _tails(connection: Connection) -> Iterator[str]:
    for row in queries.unfinished(connection):
        yield from _tail_faults(connection, row)


def _weight(connection: Connection) -> int:
    """Bytes of an SQLite file; no other server's data are looked at whole at a start."""
    if connection.dialect.name != "sqlite":
        return START_BYTES + 1
    pages, size = (connection.execute(text(f"PRAGMA {name}")).scalar() or 0 for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def _tail_faults(connection: Connection, row: Row) -> Iterator[str]:
    """Whether the last exchanges of a session lead to its head."""
    query = select(exchanges).where(exchanges.c.session_id == row["id"]).order_by(exchanges.c.number.desc())
    last = [dict(each) for each in connection.execute(query.limit(PAGE)).mappings()][::-1]
    closed = [each for each in last if each["status"] in CLOSED]
    if not closed:
        return
    chain = Chain(closed[0]["previous"], closed[0]["number"] - 1)
    for each in last:
        chain.fault = chain.fault or _next(chain, each)
    if chain.fault or chain.head != row["head"]:
        yield f"session {row['name']}: {chain.fault or 'its last exchange is missing'}"


def count(connection: Connection) -> int:
    """How many exchanges there are."""
    return connection.execute(select(func.count()).select_from(exchanges)).scalar() or 0


def page_faults(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its own pages; another server looks after its own."""
    if connection.dialect.name != "sqlite":
        return []
    try:
        said = connection.execute(text(f"PRAGMA integrity_check({MOST_PAGES})")).scalars().all()
    except DatabaseError as error:
        return [f"the file: {error.orig}"]
    return [f"the file: {each}" for each in said if each != "ok"]


def session_faults(connection: Connection, row: Row) -> list[str]:
    """What is wrong with one session: its chain, its counters, its journal."""
    chain = chain_of(connection, row["id"])
    if chain.fault:
        return [f"session {row['name']}: {chain.fault}"]
    found = [*_ends(chain, row), *_journal_faults(connection, row)]
    return [f"session {row['name']}: {each}" for each in found]


def chain_of(connection: Connection, session_id: str) -> Chain:
    """Follow a session's exchanges from the first to the first that does not fit."""
    chain, after = Chain(), 0
    while page := _page(connection, session_id, after):
        for row in page:
            chain.fault = _next(chain, row)
            if chain.fault:
                return chain
        after = page[-1]["number"]
    return chain


def _page(connection: Connection, session_id: str, after: int) -> list[Row]:
    given = {"the_session": session_id, "after": after}
    return [dict(row) for row in connection.execute(_FOLLOWING, given).mappings()]


def _next(chain: Chain, row: Row) -> str:
    """Take one more exchange into the chain; what is wrong with it, or nothing."""
    number, is_open = row["number"], row["status"] in OPEN
    said = {"key": row["key"], "text_sha256": row["sha256"], "topic": row["topic"]}
    made = chain.head if is_open else chained(chain.head, **said, status=row["status"], reply=row["reply"])
    wrongs = {
        f"exchange {chain.good} is still open, and exchange {number} follows": chain.open is not None,
        f"exchange {chain.good + 1} is missing; the next one is {number}": number != chain.good + 1,
        f"exchange {number} has another key than it was given": row["key"] != f"{row['session_id']}:{number:08d}",
        f"exchange {number} has another text than was written": sha256(row["text"]) != row["sha256"],
        f"exchange {number} has no status that there is": row["status"] not in (*OPEN, *CLOSED),
        f"exchange {number} does not follow from those before it": not is_open
        and (row["previous"], row["hash"]) != (chain.head, made),
    }
    for wrong, is_so in wrongs.items():
        if is_so:
            return wrong
    chain.good, chain.head, chain.open = number, made, row if is_open else None
    chain.counts[row["status"]] += 1
    return ""


def _ends(chain: Chain, row: Row) -> Iterator[str]:
    """Whether the session's own row says what its exchanges say."""
    state = row["state"]
    if chain.head != row["head"]:
        yield f"its exchanges end at {chain.good}, and another one should follow"
    lost = chain.counts["refused"] + chain.counts["abandoned"]
    found = (chain.counts["taught"], chain.counts["uncertain"], lost)
    counted = (state["taught"], state["uncertain"], state["refused"])
    if found != counted:
        yield f"its counters say {counted} taught, uncertain and refused; its exchanges {found}"


def _journal_faults(connection: Connection, row: Row) -> Iterator[str]:
    """Whether the engine, told the journal again, comes to where the session stands."""
    if row["journal_seq"] == 0:
        return  # nothing happened yet, or a repair took it away
    session, seq = Session(decode_plan(row["plan"])), 0
    for seq, body in _journal(connection, row["id"]):
        try:
            event = decode(body)
            session.apply(event)
        except Exception as error:
            yield f"its journal cannot be followed at {seq}: {error}"
            return
        if isinstance(event, Taught):
            yield from _unlike(connection, row["id"], session.state.number, event)
    if seq != row["journal_seq"]:
        yield f"its journal ends at {seq} instead of {row['journal_seq']}"
    elif _plain(encode_state(session.state)) != row["state"]:
        yield "it stands elsewhere than its journal leads to"


def _journal(connection: Connection, session_id: str) -> Iterator[tuple[int, Any]]:
    after = 0
    query = select(journal.c.seq, journal.c.body).where(journal.c.session_id == session_id).order_by(journal.c.seq)
    while page := connection.execute(query.where(journal.c.seq > after).limit(PAGE)).all():
        for seq, body in page:
            if seq != after + 1:
                return
            after = seq
            yield seq, body


def _unlike(connection: Connection, session_id: str, number: int, event: Taught) -> Iterator[str]:
    """What an exchange tells that is not in its key, texts and topic stands in the journal, too."""
    named = (exchanges.c.closed_at, exchanges.c.stage, exchanges.c.odd)
    query = select(*named).where(exchanges.c.session_id == session_id, exchanges.c.number == number)
    if connection.execute(query).one_or_none() != (event.at, event.stage, event.odd):
        yield f"exchange {number} tells another time, stage or oddity than its journal"


def _plain(state: dict[str, Any]) -> Any:
    return json.loads(json.dumps(state))


# ---------------------------------------------------------------- record and learner


@dataclass
class Comparison:
    """What the learner says of the exchanges that the record calls taught."""

    same: int = 0
    deleted: int = 0
    faults: list[str] = field(default_factory=list)


async def compare(record: Record, learner: Learner) -> Comparison:
    """Ask the learner for each exchange that it was taught; PeerError if it cannot be asked.

    What it deleted on request is counted apart. What an earlier learner at this address was taught is not asked for.
    """
    found, url = Comparison(), learner.url
    row = await record.read(queries.first_row_of, url) - 1
    while (said := await record.read(queries.taught_after, url, 0, row)) is not None:
        row = said["row"]
        try:
            known = await learner.knows(said["key"])
        except PeerRefused:
            found.deleted += 1
            continue
        if known is None:
            found.faults.append(f"the learner does not know {said['key']}, which it was taught")
        elif known.reply != said["reply"]:
            found.faults.append(f"the learner remembers another reply to {said['key']} than it gave")
        else:
            found.same += 1
    return found
