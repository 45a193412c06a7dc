"""Everything a report tells of, asked of the middleware once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from llm_trainer import __version__
from llm_trainer.cli.client import Json, Middleware
from llm_trainer.errors import PeerAnswerInvalid, PeerError, TrainerError

LINES_BEFORE = 50_000
"""Lines of earlier sessions that are compared with; more would take minutes."""


@dataclass(frozen=True)
class Incident:
    """Something that did not go as it should."""

    at: str
    what: str
    detail: str


@dataclass(frozen=True)
class Account:
    """A session as it stands in the record. ``unknown_before``: what the learner heard of which there is no record."""

    session: Json
    exchanges: Sequence[Json]
    measurements: Sequence[Json]
    incidents: Sequence[Incident]
    lines_before: Sequence[str]
    unknown_before: int
    export_sha256: str
    learner_version: str
    made_at: str
    version: str = __version__


def gather(middleware: Middleware, session_id: str) -> Account:
    """Ask for one session. Raises PeerError, Refused, or PeerAnswerInvalid where the record cannot be read."""
    exported = b"".join(middleware.export(session_id, "json"))
    try:
        session = json.loads(exported)
        exchanges = session.pop("exchanges")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise PeerAnswerInvalid(
            f"the export of {session_id} cannot be read", peer="middleware", remedy="`doctor` says what is wrong"
        ) from error
    before = _lines_before(middleware, session)
    return Account(
        session=session,
        exchanges=exchanges,
        measurements=_measurements(middleware, session_id),
        incidents=_incidents(middleware, session_id, exchanges),
        lines_before=before,
        unknown_before=max(0, _heard_before(session) - len(before)),
        export_sha256=hashlib.sha256(exported).hexdigest(),
        learner_version=_learner_version(middleware),
        made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _measurements(middleware: Middleware, session_id: str) -> list[Json]:
    found: list[Json] = []
    while page := middleware.measurements(found[-1]["row"] if found else 0, session_id):
        found += page
    return found


def _incidents(middleware: Middleware, session_id: str, exchanges: Sequence[Json]) -> list[Incident]:
    """Notes and waits, out of the session's events from the first to the newest that there is now."""
    last = str(middleware.log(1, session=session_id).get("last_event_id") or "")
    newest = int(last.rpartition(":")[2] or 0)
    found = [
        Incident(str(each.get("timestamp")), "odd answer", f"exchange {each.get('number')}: {each['odd']}")
        for each in exchanges
        if each.get("odd")
    ]
    if newest:
        for event in middleware.events(f"{session_id}:0", session_id):
            if event.session_id != session_id or not event.id:
                continue
            incident = _incident(event.type, event.body)
            found += [incident] if incident else []
            if int(event.id.rpartition(":")[2]) >= newest:
                break
    return sorted(found, key=lambda each: each.at)


def _incident(type_: str, body: dict[str, Any]) -> Incident | None:
    at = str(body.get("at") or "")
    if type_ == "note" and body.get("code") != "odd-answer":
        return Incident(at, str(body.get("code")), str(body.get("detail") or ""))
    if type_ == "phase" and str(body.get("phase")).startswith("waiting"):
        return Incident(at, str(body.get("phase")).replace("_", " "), str(body.get("reason") or ""))
    return None


def _lines_before(middleware: Middleware, session: Json) -> list[str]:
    """What the same learner was told in earlier sessions, so that nothing it took from there is called its own."""
    url = _learner(session).get("url")
    earlier = [
        each
        for each in middleware.sessions(1_000)
        if _learner(each).get("url") == url and str(each.get("started_at")) < str(session.get("started_at"))
    ]
    lines: list[str] = []
    for each in earlier:
        if len(lines) + int(each.get("exchanges_completed") or 0) > LINES_BEFORE:
            break
        exported = b"".join(middleware.export(str(each["session_id"]), "jsonl")).decode("utf-8", "replace")
        lines += [str(json.loads(line).get("llm_to_cerebrum")) for line in exported.splitlines()]
    return lines


def _heard_before(session: Json) -> int:
    cursor = _learner(session).get("cursor")
    seq = cursor.get("seq") if isinstance(cursor, dict) else None
    return seq if isinstance(seq, int) else 0


def _learner(session: Json) -> Json:
    found = session.get("learner")
    return found if isinstance(found, dict) else {}


def _learner_version(middleware: Middleware) -> str:
    try:
        return str(middleware.learner().get("version") or "not told")
    except (PeerError, TrainerError):
        return "not told: it does not answer now"
