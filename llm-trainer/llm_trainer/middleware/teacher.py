"""The teacher's side: the port that a session needs, and its adapter over the LLM server's HTTP API."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from llm_trainer.errors import PeerAnswerInvalid, PeerBusy, PeerError, PeerRefused, PeerTimeout
from llm_trainer.middleware.mapping import clean, cleaned
from llm_trainer.middleware.wire import Answer, Wire
from llm_trainer.session.steps import AskTeacher

PEER = "llm"
STATUS_SECONDS = 2.0
FIRST_SECONDS = 30.0
"""What the LLM server allows a model to begin in, beside ``llm_timeout_seconds`` for the whole turn."""
LOOK_SECONDS = 5.0
"""How often a slow turn is looked after: whether its model is still loading."""
LONGEST_SECONDS = 3_600.0
_HOW = ("model", "speaker", "tokens_used", "prompt_tokens", "completion_tokens", "cost", "timings", "finish_reason")


@dataclass(frozen=True)
class Speech:
    """A teacher's turn.

    ``cut``: the model was not done; ``about``: how the turn was made (model, tokens, timings); ``identity``: what the
    model is (digest, parameters …), as far as its back end has told.
    """

    text: str
    topic: str | None = None
    last: bool = False
    cut: bool = False
    about: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)


class Teacher(Protocol):
    """Whoever speaks for the teacher."""

    async def speak(self, step: AskTeacher, session_id: str) -> Speech:
        """The next turn; raises PeerError."""

    async def status(self) -> dict[str, Any]:
        """What it says of itself; raises PeerError."""

    async def topics(self) -> tuple[str, ...]:
        """The topics it can follow; none if it follows any; raises PeerError."""


class HttpTeacher:
    """The LLM server on port 8001."""

    def __init__(self, wire: Wire, url: str, timeout_seconds: float) -> None:
        self._wire, self.url, self._timeout_seconds = wire, url, timeout_seconds

    async def speak(self, step: AskTeacher, session_id: str) -> Speech:
        """One ``POST /api/chat``. It tells the model nothing about who listens."""
        messages = [{"role": message.role, "content": message.content} for message in step.messages]
        body: dict[str, Any] = {"messages": messages, "level": step.level}
        body |= {"seed": step.seed, "session": session_id, "turn": step.number - 1, "delay": step.delay_seconds}
        if step.topic is not None:
            body["topic"] = step.topic
        if step.attempt:
            body["attempt"] = step.attempt
        answer = await self._patiently(self._post("/api/chat", body, session_id, LONGEST_SECONDS))
        text = answer.get("response")
        if not isinstance(text, str):
            raise PeerAnswerInvalid("the LLM server's answer has no text", peer=PEER, remedy="see its log")
        topic, finish, identity = answer.get("topic"), answer.get("finish_reason"), answer.get("about")
        identity = cleaned(identity) if isinstance(identity, dict) else {}
        about = {name: answer.get(name) for name in _HOW} | {"digest": identity.get("digest"), "attempt": step.attempt}
        return Speech(
            clean(text),
            topic=clean(topic)[:200] if isinstance(topic, str) else None,
            last=finish == "dialogue_end",
            cut=finish == "length",
            about=cleaned(about),
            identity=identity,
        )

    async def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        """One question by hand; the LLM server's answer as it came."""
        return await self._post("/api/chat", body, None)

    async def pull(self, model: str | None) -> dict[str, Any]:
        """Have a model fetched; how far it is."""
        return await self._post("/api/pull", {} if model is None else {"model": model}, None)

    async def pulling(self, *, cancel: bool = False) -> dict[str, Any]:
        """How far the model asked for last has come; ``cancel`` calls it off."""
        method = "DELETE" if cancel else "GET"
        answer = await self._wire.call(PEER, method, f"{self.url}/api/pull", deadline_seconds=STATUS_SECONDS)
        return understood(answer, PEER)

    async def speakers(self) -> dict[str, Any]:
        """Who could speak; nobody else where the LLM server has no such route."""
        answer = await self._wire.call(PEER, "GET", f"{self.url}/api/speaker", deadline_seconds=STATUS_SECONDS)
        return {"backend": None, "model": None, "offers": []} if answer.status == 404 else understood(answer, PEER)

    async def turn_to(self, backend: str, model: str | None) -> dict[str, Any]:
        """Have another back end speak from now on; how it is."""
        body = {"backend": backend} | ({} if model is None else {"model": model})
        url, seconds = f"{self.url}/api/speaker", self._timeout_seconds
        return understood(await self._wire.call(PEER, "PUT", url, body=body, deadline_seconds=seconds), PEER)

    async def topics(self) -> tuple[str, ...]:
        """The topics that whoever speaks can follow; none if it follows any, or does not say."""
        answer = await self._wire.call(PEER, "GET", f"{self.url}/api/topics", deadline_seconds=STATUS_SECONDS)
        if answer.status == 404:
            return ()
        topics = understood(answer, PEER).get("topics")
        listed = topics if isinstance(topics, list) else []
        return tuple(clean(topic)[:200] for topic in listed if isinstance(topic, str) and topic.strip())

    async def status(self) -> dict[str, Any]:
        """``GET /api/status``."""
        answer = await self._wire.call(PEER, "GET", f"{self.url}/api/status", deadline_seconds=STATUS_SECONDS)
        return understood(answer, PEER)

    async def _patiently(self, call: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
        """A turn takes as long as its limits allow; a model that is loading takes the time that it takes."""
        asking = asyncio.ensure_future(call)
        patience = self._timeout_seconds + FIRST_SECONDS
        loading_until = asyncio.get_running_loop().time()
        try:
            while not (await asyncio.wait({asking}, timeout=LOOK_SECONDS))[0]:
                now = asyncio.get_running_loop().time()
                if await self._is_loading():
                    loading_until = now
                elif now - loading_until > patience:
                    detail = f"the LLM server did not answer within {patience:g} s"
                    remedy = "see its status and its log; llm_timeout_seconds sets the longest wait"
                    raise PeerTimeout(detail, peer=PEER, remedy=remedy)
            return asking.result()
        finally:
            if not asking.done():
                asking.cancel()
                await asyncio.wait({asking})

    async def _is_loading(self) -> bool:
        try:
            return (await self.status()).get("state") == "loading"
        except PeerError:
            return False

    async def _post(
        self, path: str, body: dict[str, Any], session_id: str | None, seconds: float | None = None
    ) -> dict[str, Any]:
        answer = await self._wire.call(
            PEER,
            "POST",
            self.url + path,
            body=body,
            deadline_seconds=seconds or self._timeout_seconds,
            session_id=session_id,
        )
        return understood(answer, PEER)


def understood(answer: Answer, peer: str) -> dict[str, Any]:
    """The JSON object of a successful answer; else the PeerError that fits, in the peer's own words if it has any."""
    try:
        body = answer.json()
    except ValueError as error:
        if answer.status < 300:
            raise PeerAnswerInvalid(f"{peer} did not answer with JSON", peer=peer, remedy="see its log") from error
        body = None
    said = body if isinstance(body, dict) else {}
    if 200 <= answer.status < 300:
        if not isinstance(body, dict):
            raise PeerAnswerInvalid(f"{peer} did not answer with a JSON object", peer=peer, remedy="see its log")
        return body
    detail = str(said.get("detail") or f"{peer} answered {answer.status}")[:500]
    remedy = str(said.get("remedy") or "see its log")[:500]
    if answer.status in (409, 429, 503):
        raise PeerBusy(detail, peer=peer, remedy=remedy, retry_after_seconds=answer.retry_after)
    if answer.status < 500:
        raise PeerRefused(detail, peer=peer, remedy=remedy)
    raise PeerAnswerInvalid(detail, peer=peer, remedy=remedy)
