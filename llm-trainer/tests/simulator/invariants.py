"""The laws of PROMISES, section 4, looked at after every commit, every request and everything that is heard.

The record is read behind the middleware's back; the learner's mind is looked into.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from llm_trainer.middleware.hub import Told
from llm_trainer.middleware.store import GENESIS, chained

if TYPE_CHECKING:
    from .network import Call
    from .world import World


class Breach(AssertionError):
    """A law was broken."""


class Watch:
    """Everything that must always be so."""

    def __init__(self, world: World, database: sqlite3.Connection) -> None:
        self._world, self._db = world, database
        self.texts: dict[str, str] = {}
        self.doubtful: Counter[str] = Counter()
        self.held: set[str] = set()
        self._looked_at = -1
        self.commits = self.requests = self.retold = self.most_at_once = 0

    def law(self, name: str, holds: object, **evidence: Any) -> None:
        """It holds, or this world has failed."""
        if not holds:
            breach = Breach(f"{name}: {evidence}")
            self._world.fail(breach)
            raise breach

    def rows(self, query: str, *values: Any) -> list[Any]:
        return self._db.execute(query, values).fetchall()

    # ------------------------------------------------------------ a request leaves

    def leaves(self, call: Call) -> None:
        """I8 of every call; I1, I3 and I4 of those that teach."""
        self.requests += 1
        digest = hashlib.sha256(call.content).hexdigest()
        begun = self.rows("SELECT digest_sent, status, error FROM wire ORDER BY id DESC LIMIT 4")
        self.law("I8: no call without a row begun before it", (digest, None, None) in begun, path=call.path)
        if call.key is not None:
            self._teaches(call, call.key)

    def _teaches(self, call: Call, key: str) -> None:
        text = call.body["message"]
        self.law("a key has one text for ever", self.texts.setdefault(key, text) == text, key=key)
        found = self.rows("SELECT status, sha256, text, session_id FROM exchanges WHERE key = ?", key)
        self.law("I3: nothing is sent that is not drafted", found, key=key)
        status, digest, drafted, session = found[0]
        self.law(
            "I3: the text drafted is the text sent", (drafted, digest) == (text, _sha256(text)), key=key, text=text
        )
        self.law(
            "I3: the intent is on disk before the bytes leave", status in ("sending", "taught"), key=key, status=status
        )
        self.law("no end before the last request", self._is_open(session) or status == "taught", session=session)
        at_once = 1 + sum(other.life is call.life and other.key is not None for other in call.peer.connections.values())
        self.most_at_once = max(self.most_at_once, at_once)
        self.law("P6: one request that teaches at a time", at_once == 1, at_once=at_once)
        sending = self.rows("SELECT count(*) FROM exchanges WHERE status = 'sending'")[0][0]
        self.law("I4: one exchange at a time is on its way", sending <= 1, sending=sending)
        self.law("a session that holds says nothing", session not in self.held, key=key)
        if status == "taught":
            self.retold += 1
        if not self._world.learner.is_idempotent:
            self.law("no second time by our own hand", not self.doubtful[key] and status == "sending", key=key)
            self.doubtful[key] += call.fault not in ("refused", "busy", "busy, come later")

    def _is_open(self, session: str) -> bool:
        return bool(self.rows("SELECT 1 FROM sessions WHERE id = ? AND ended_at IS NULL", session))

    # ------------------------------------------------------------ something was heard

    def heard(self, call: Call) -> None:
        """Idempotent: each key once; and nothing new before what was forgotten."""
        if call.peer.name != "learner" or call.key is None:
            return
        learner = self._world.learner
        if learner.is_idempotent:
            self.law("nothing is learned twice", learner.effects[call.key] == 1, key=call.key)
        if learner.has_cursor:
            lost = self.lost()
            is_told_again = bool(self.rows("SELECT 1 FROM exchanges WHERE key = ? AND status = 'taught'", call.key))
            is_fine = not lost or is_told_again or self._is_known_to_have_forgotten()
            self.law("P5: what was forgotten comes first", is_fine, key=call.key, lost=lost)

    def lost(self) -> list[str]:
        """What the record says was taught and the learner does not know."""
        known = {observed.key for observed in self._world.learner.heard}
        taught = self.rows("SELECT key FROM exchanges WHERE status = 'taught' ORDER BY row")
        return [key for (key,) in taught if key not in known]

    def _is_known_to_have_forgotten(self) -> bool:
        """A learner that takes no keys cannot be told again: whoever starts a session after that was said wants it."""
        return bool(self.rows("SELECT 1 FROM sessions WHERE end_reason = 'learner-forgot'"))

    # ------------------------------------------------------------ the world is told something

    def told(self, told: Told) -> None:
        """Only what is on disk, and everything in its order."""
        last = self.rows("SELECT max(seq) FROM events WHERE session_id = ?", told.session_id)[0][0] or 0
        self.law("nothing is told before it is on disk", told.seq <= last, seq=told.seq, on_disk=last)

    # ------------------------------------------------------------ something was committed

    def committed(self) -> None:
        """I2 and I5 of every session that is not over, if anything has changed."""
        self.commits += 1
        if self._db.total_changes == self._looked_at:
            return
        self._looked_at = self._db.total_changes
        for session, state in self.rows("SELECT id, state FROM sessions WHERE ended_at IS NULL"):
            self._counts(session, json.loads(state))
            self._order(session)

    def _counts(self, session: str, state: dict[str, Any]) -> None:
        found = dict(self.rows("SELECT status, count(*) FROM exchanges WHERE session_id = ? GROUP BY status", session))
        open_now = found.get("drafted", 0) + found.get("sending", 0)
        refused = found.get("refused", 0) + found.get("abandoned", 0)
        recorded = (found.get("taught", 0), found.get("uncertain", 0), refused, open_now)
        counted = (state["taught"], state["uncertain"], state["refused"], int(state["draft"] is not None))
        self.law("I5: the engine counts what the record holds", counted == recorded, counted=counted, recorded=recorded)
        self.law("I5: drafted = taught + uncertain + refused + open", state["number"] == sum(counted), state=state)

    def _order(self, session: str) -> None:
        if not self._world.learner.has_cursor:
            return
        query = "SELECT learner_seq FROM exchanges WHERE session_id = ? AND status = 'taught' ORDER BY number"
        seqs = [seq for (seq,) in self.rows(query, session) if seq is not None]
        rises = all(earlier < later for earlier, later in pairwise(seqs))
        self.law("I2: the learner's count rises with ours", rises or self._world.restores, seqs=seqs)

    # ------------------------------------------------------------ all is over

    def at_the_end(self) -> None:
        """Record and learner agree, exchange by exchange."""
        for session, state in self.rows("SELECT id, state FROM sessions"):
            self._counts(session, json.loads(state))
        query = "SELECT key, text, status, session_id FROM exchanges ORDER BY row"
        recorded = [row[:3] for row in self.rows(query)]
        heard = [(observed.key, observed.text) for observed in self._world.learner.heard]
        taught = [(key, text) for key, text, status in recorded if status == "taught"]
        maybe = {key for key, _, status in recorded if status == "uncertain"}
        self.law("all drafts are closed", {status for *_, status in recorded} <= CLOSED, recorded=recorded)
        known = set(heard)
        silent = [key for key, text in heard if key not in maybe and (key, text) not in taught]
        self.law("nothing was heard that is not in the record", not silent, silent=silent)
        if not self._world.forgot_for_good:
            self.law("nothing taught is lost", all(said in known for said in taught), taught=taught, heard=heard)
        if self._world.learner.is_idempotent:
            certain = [said for said in heard if said[0] not in maybe]
            self.law("order is kept", certain == taught, heard=certain, taught=taught)
        self._chains()

    def _chains(self) -> None:
        """Each session's exchanges are chained by their hashes, in the order in which they were closed."""
        for session, head in self.rows("SELECT id, head FROM sessions"):
            query = "SELECT key, sha256, status, topic, reply, hash, previous FROM exchanges WHERE session_id = ?"
            before, links = GENESIS, {row[6]: row for row in self.rows(query, session)}
            for _ in range(len(links)):
                self.law("the chain has no gap", before in links, session=session)
                key, digest, status, topic, reply, after, previous = links[before]
                made = chained(previous, key=key, text_sha256=digest, status=status, topic=topic, reply=reply)
                self.law("the chain holds", made == after, key=key)
                before = after
            self.law("the chain ends where the session says", before == head, session=session)


CLOSED = {"taught", "uncertain", "refused", "abandoned"}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
