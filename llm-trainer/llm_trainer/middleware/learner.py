"""The learner's side: the port that a session needs, and its adapter over any HTTP chat endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import quote

from llm_trainer.errors import PeerAnswerInvalid, PeerBusy, PeerRefused
from llm_trainer.middleware.mapping import PARTNER, Mapping, clean, fill, headers_of, point, read_extra, read_reply
from llm_trainer.middleware.teacher import understood
from llm_trainer.middleware.wire import Answer, Wire
from llm_trainer.session.events import Cursor

PEER = "learner"
STATUS_SECONDS = 2.0


@dataclass(frozen=True)
class Heard:
    """A learner's answer as far as it could be read. ``odd`` says what could not."""

    reply: str
    stage: str | None = None
    seq: int | None = None
    odd: str | None = None
    extra: dict[str, Any] | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Standing:
    """What a learner says of itself; the defaults are those of one that says nothing.

    ``generation`` is that of the connection over which it said so.
    """

    capabilities: frozenset[str] = frozenset()
    stage: str | None = None
    seq: int | None = None
    epoch: str | None = None
    head: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    generation: int | None = None

    @property
    def cursor(self) -> Cursor | None:
        """How far its own record goes, if it says."""
        return None if self.seq is None else Cursor(self.epoch or "", self.seq, self.head or "")

    @property
    def is_idempotent(self) -> bool:
        """Whether the same key may be sent twice without teaching twice."""
        return "idempotency" in self.capabilities


class Learner(Protocol):
    """Whoever is taught."""

    url: str

    async def teach(
        self, text: str, key: str, conversation: str, session_id: str | None, *, since: int | None = None
    ) -> Heard:
        """Say one utterance; raises PeerError, whose kind says whether it may have been heard.

        ``since``: only over a connection of this generation, else PeerUnreachable with ``renewed`` among its extras.
        """

    async def standing(self) -> Standing:
        """What it says of itself; raises PeerError."""

    async def knows(self, key: str) -> Heard | None:
        """The exchange it recorded under ``key``, or None; raises PeerError. Only for idempotent learners."""


class HttpLearner:
    """A learner behind an HTTP chat endpoint that ``mapping`` describes."""

    def __init__(self, wire: Wire, url: str, mapping: Mapping, timeout_seconds: float) -> None:
        self._wire, self.url, self._mapping, self._timeout_seconds = wire, url, mapping, timeout_seconds
        self._headers = headers_of(mapping)

    async def teach(
        self,
        text: str,
        key: str,
        conversation: str,
        session_id: str | None = None,
        *,
        learn: bool = True,
        since: int | None = None,
    ) -> Heard:
        """One utterance. Whatever a success answers counts as heard; what could not be read is said in ``odd``."""
        values = {"text": text, "user": PARTNER, "conversation": conversation}
        body = fill(self._mapping.request, values)
        if not learn:
            body["learn"] = False
        answer = await self._wire.call(
            PEER,
            "POST",
            self.url + self._mapping.path,
            body=body,
            headers={**self._headers, "Idempotency-Key": key},
            deadline_seconds=self._timeout_seconds,
            session_id=session_id,
            since=since,
        )
        return self._heard(answer)

    def _heard(self, answer: Answer) -> Heard:
        if not 200 <= answer.status < 300:
            raise _failure(answer)
        if answer.cut:
            return Heard("", odd="the answer was too large to read", milliseconds=answer.milliseconds)
        try:
            document = answer.json()
        except ValueError:
            begins = clean(answer.body[:200].decode("utf-8", "replace"))
            odd = "the answer is empty" if not begins.strip() else "the answer is not JSON"
            return Heard("", odd=odd, extra={"begins": begins} if begins else None, milliseconds=answer.milliseconds)
        return self._read(document, answer.milliseconds)

    def _read(self, document: Any, milliseconds: float) -> Heard:
        reply, odd = read_reply(document, self._mapping.reply)
        stage = point(document, self._mapping.stage) if self._mapping.stage else None
        seq = point(document, self._mapping.seq) if self._mapping.seq else None
        return Heard(
            reply,
            stage=clean(stage)[:40] if isinstance(stage, str) else None,
            seq=seq if isinstance(seq, int) and not isinstance(seq, bool) and abs(seq) < 2**62 else None,
            odd=odd,
            extra=read_extra(document, self._mapping.reply),
            milliseconds=milliseconds,
        )

    async def standing(self) -> Standing:
        """What the learner says of itself; one without a status address only has to open its door."""
        path = self._mapping.status
        answer = await self._get(path or "/")
        if path is None:
            return Standing(generation=answer.generation)
        return replace(_standing(understood(answer, PEER)), generation=answer.generation)

    async def explain(self, seq: int) -> dict[str, Any]:
        """Where the words of reply ``seq`` came from, in the learner's own terms; PeerRefused if it cannot say."""
        return understood(await self._get(f"/api/explain/{seq}"), PEER)

    async def knows(self, key: str) -> Heard | None:
        """Look one exchange up."""
        if self._mapping.lookup is None:
            return None
        answer = await self._get(self._mapping.lookup.format(key=quote(key, safe=":")))
        if answer.status == 404:
            return None
        return self._read(understood(answer, PEER), answer.milliseconds)

    async def _get(self, path: str) -> Answer:
        return await self._wire.call(
            PEER, "GET", self.url + path, headers=self._headers, deadline_seconds=STATUS_SECONDS
        )


def _failure(answer: Answer) -> Exception:
    """409, 429 and 503 mean *not now*; other 4xx and redirects mean *no*; other 5xx leave open whether it was heard."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    said = body.get("detail") if isinstance(body, dict) else None
    detail = f"the learner answered {answer.status}" + (f": {clean(said)[:300]}" if isinstance(said, str) else "")
    if answer.status in (409, 429, 503):
        return PeerBusy(detail, peer=PEER, remedy="it is asked again", retry_after_seconds=answer.retry_after)
    if 300 <= answer.status < 500:
        return PeerRefused(detail, peer=PEER, remedy="see whether the setting learner fits it")
    return PeerAnswerInvalid(detail, peer=PEER, remedy="see its log", answered=True)


def _standing(body: dict[str, Any]) -> Standing:
    capabilities, cursor = body.get("capabilities"), body.get("cursor")
    cursor = cursor if isinstance(cursor, dict) else {}
    stage, seq, epoch, head = body.get("stage"), cursor.get("seq"), cursor.get("epoch"), cursor.get("head")
    listed = capabilities if isinstance(capabilities, list) else []
    return Standing(
        capabilities=frozenset(each for each in listed if isinstance(each, str)),
        stage=clean(stage)[:40] if isinstance(stage, str) else None,
        seq=seq if isinstance(seq, int) else None,
        epoch=epoch if isinstance(epoch, str) else None,
        head=head if isinstance(head, str) else None,
        body=body,
    )
