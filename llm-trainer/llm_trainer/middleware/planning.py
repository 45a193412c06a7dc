"""From what a person asked for to a session's plan and its first row in the record."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from llm_trainer.middleware import leases, queries
from llm_trainer.middleware.clock import local_name
from llm_trainer.middleware.leases import Claim
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.statements import NEW_SESSION
from llm_trainer.middleware.store import GENESIS
from llm_trainer.middleware.teacher import Teacher
from llm_trainer.session.curriculum import TOPICS
from llm_trainer.session.dialogue import Plan, Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.limits import Limits
from llm_trainer.session.state import encode_plan, encode_state

DEFAULT = "default"
"""The name of the learner and of the teacher that the settings name first."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TOLD = ("backend", "requested_backend", "requested_model", "model", "detail", "state", "about")


@dataclass(frozen=True)
class Wish:
    """What a person asked for when starting a session; None means: as it fits."""

    max_exchanges: int
    tuning: Tuning
    topics: tuple[str, ...] | None = None
    seed: int | None = None
    limits: Limits = field(default_factory=Limits)
    learner: str = DEFAULT
    teacher: str = DEFAULT


async def plan_of(wish: Wish, teacher: Teacher, learner_says: Row, llm_says: Row, now: float) -> Plan:
    """The session's plan, with what nobody asked for chosen; PeerError if the teacher cannot say its topics."""
    topics = wish.topics if wish.topics is not None else await _topics(teacher, llm_says)
    capabilities = learner_says.get("capabilities")
    return Plan(
        session_id=new_id(now),
        max_exchanges=wish.max_exchanges,
        seed=secrets.randbelow(2**31) if wish.seed is None else wish.seed,
        tuning=replace(wish.tuning, topics=topics),
        shuffle=wish.topics is None,
        idempotent=isinstance(capabilities, list) and "idempotency" in capabilities,
    )


async def _topics(teacher: Teacher, llm_says: Row) -> tuple[str, ...]:
    """What to talk about when nobody said: a recording decides for itself, a tutor about what it knows."""
    if llm_says.get("backend") == "recorded":
        return ()
    return await teacher.topics() or TOPICS


def first_row(plan: Plan, wish: Wish, learner: Row, llm_says: Row, now: float) -> Row:
    """The session's row as it begins, but for its name and fence; ``learner`` tells its ``url`` and ``cursor``."""
    said = {field: llm_says[field] for field in _TOLD if field in llm_says}
    return {
        "id": plan.session_id,
        "started_at": now,
        "plan": encode_plan(plan),
        "state": encode_state(Session(plan).state),
        "teacher": {"name": wish.teacher, **said},
        "learner": {"name": wish.learner, **learner},
        "journal_seq": 0,
        "event_seq": 0,
        "head": GENESIS,
        "limits": vars(wish.limits),
        "spent": None,
    }


def create(connection: Connection, claim: Claim, row: Row) -> Row:
    """Take the learner's lease and write the session's row, both or neither; returns it named and fenced.

    SessionActive: another session teaches this learner.
    """
    fence = leases.take(connection, claim)
    name = local_name(row["started_at"])
    taken = queries.names_like(connection, name)
    unlike = name
    while unlike in taken:
        unlike = f"{name}_{secrets.token_hex(2)}"
    made = {**row, "name": unlike, "fence": fence}
    connection.execute(NEW_SESSION, made)
    return {**made, "ended_at": None, "end_reason": None}


def new_id(now: float) -> str:
    """26 characters that sort by time: ten of milliseconds, sixteen of chance."""
    number = (int(now * 1000) << 80) | secrets.randbits(80)
    characters: list[str] = [_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return "".join(characters)
