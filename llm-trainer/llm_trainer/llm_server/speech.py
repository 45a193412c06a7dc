"""Listening to a back end as it speaks: every wait has its deadline, and every way to fall silent its name.

An idle deadline is told from a long answer by listening to the stream: a model may speak for a minute, but not fall
silent for half of one. Before the first piece it may be loading, which takes as long as it takes (up to
``cold_seconds``), but only as long as the back end itself says that it is loading.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field

import anyio

from llm_trainer.errors import PeerAnswerInvalid, PeerTimeout
from llm_trainer.llm_server.backends.base import Backend, ChatRequest, Chunk, Finish
from llm_trainer.llm_server.look import look_at

MAX_CHARACTERS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds to wait: for the first piece (warm, or while loading), between pieces, from first piece to last."""

    first_seconds: float = 30
    cold_seconds: float = 330
    gap_seconds: float = 30
    whole_seconds: float = 120


@dataclass(frozen=True, slots=True)
class Spoken:
    """A whole turn.

    ``timings`` in milliseconds: what the back end told (``load``, ``prompt``, ``generation``); ``first`` and ``total``
    as seen here; ``queue``: what the back end's account leaves unexplained of the wait for the first piece.
    ``about`` identifies the model, as far as the back end has told.
    """

    text: str
    finish: Finish
    timings: dict[str, float] = field(default_factory=dict)
    speaker: str = ""
    about: Mapping[str, object] = field(default_factory=dict)


async def listen(backend: Backend, request: ChatRequest, deadlines: Deadlines) -> AsyncGenerator[Chunk | Spoken, None]:
    """Yield the pieces as they come, then the whole turn. Raises PeerError; closing it stops the generation.

    An empty turn, one without an end and one beyond ``MAX_CHARACTERS`` are errors, never answers.
    """
    turn, chunks = _Turn(backend, deadlines), backend.chat(request)
    try:
        chunk = turn.heard(await _first(backend, chunks, deadlines))
        while chunk.finish is None:
            yield chunk
            chunk = turn.heard(await _next(backend, chunks, turn.patience_seconds))
        if chunk.text:
            yield Chunk(chunk.text)
    finally:
        await _close(chunks)
    yield turn.spoken(chunk.finish)


async def whole(backend: Backend, request: ChatRequest, deadlines: Deadlines) -> Spoken:
    """The whole turn at once; as ``listen``, with one deadline moved on from piece to piece instead of one for each."""
    turn, chunks = _Turn(backend, deadlines), backend.chat(request)
    try:
        chunk = turn.heard(await _first(backend, chunks, deadlines))
        with anyio.CancelScope() as patience:
            while chunk.finish is None:
                patience.deadline = anyio.current_time() + turn.patience_seconds
                chunk = turn.heard(await _pull(backend, chunks))
        if chunk.finish is None:
            raise _silent(backend)
    finally:
        await _close(chunks)
    return turn.spoken(chunk.finish)


class _Turn:
    """What has been heard of a turn so far."""

    def __init__(self, backend: Backend, deadlines: Deadlines) -> None:
        self._backend, self._deadlines = backend, deadlines
        self._began = self._first = time.perf_counter()
        self._pieces: list[str] = []
        self._characters = 0

    def heard(self, chunk: Chunk) -> Chunk:
        """Take one more piece in; PeerAnswerInvalid when there are too many."""
        if not self._pieces:
            self._first = time.perf_counter()
        self._pieces.append(chunk.text)
        self._characters += len(chunk.text)
        if max(self._characters, len(self._pieces)) > MAX_CHARACTERS:
            detail = f"{self._backend.name} spoke more than {MAX_CHARACTERS} characters without an end"
            raise PeerAnswerInvalid(detail, peer=self._backend.name, remedy="set max_tokens", kind="endless")
        return chunk

    @property
    def patience_seconds(self) -> float:
        """How long to wait for the next piece."""
        left = self._deadlines.whole_seconds - (time.perf_counter() - self._first)
        return max(0.0, min(self._deadlines.gap_seconds, left))

    def spoken(self, finish: Finish) -> Spoken:
        """The whole turn; PeerAnswerInvalid if it is without a word."""
        text, name = "".join(self._pieces).strip(), self._backend.name
        if not text:
            remedy = "ask again; if it stays empty, try another model"
            detail = f"{name} ended its turn without a word ({finish.reason})"
            raise PeerAnswerInvalid(detail, peer=name, remedy=remedy, kind="empty")
        seen = {"first": _ms(self._first - self._began), "total": _ms(time.perf_counter() - self._began)}
        if "prompt" in finish.timings:
            known = finish.timings["prompt"] + finish.timings.get("load", 0.0)
            seen["queue"] = round(max(0.0, seen["first"] - known), 3)
        return Spoken(text, finish, {**finish.timings, **seen}, name)


async def _first(backend: Backend, chunks: AsyncIterator[Chunk], deadlines: Deadlines) -> Chunk:
    """Wait for the first piece; past the warm deadline, only while the back end says that it is loading."""
    waiting = asyncio.ensure_future(_pull(backend, chunks))
    waited = 0.0
    try:
        while True:
            patience = min(deadlines.first_seconds, deadlines.cold_seconds - waited)
            done, _ = await asyncio.wait({waiting}, timeout=max(0.0, patience))
            if done:
                return waiting.result()
            waited += patience
            if waited >= deadlines.cold_seconds or (await look_at(backend)).state != "loading":
                raise _timeout(backend, f"began no answer within {waited:g} s")
    finally:
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait({waiting})


async def _next(backend: Backend, chunks: AsyncIterator[Chunk], seconds: float) -> Chunk:
    try:
        with anyio.fail_after(seconds):
            return await _pull(backend, chunks)
    except TimeoutError:
        raise _silent(backend) from None


async def _pull(backend: Backend, chunks: AsyncIterator[Chunk]) -> Chunk:
    try:
        return await chunks.__anext__()
    except StopAsyncIteration:
        detail = f"the answer of {backend.name} was cut: it stopped without saying that it is done"
        raise PeerAnswerInvalid(detail, peer=backend.name, remedy="ask again", kind="cut") from None


async def _close(chunks: AsyncIterator[Chunk]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


def _silent(backend: Backend) -> PeerTimeout:
    return _timeout(backend, "fell silent in the middle of its answer or did not come to an end")


def _timeout(backend: Backend, what: str) -> PeerTimeout:
    remedy = f"is {backend.name} overloaded? a smaller model answers sooner; llm_timeout_seconds sets the longest wait"
    return PeerTimeout(f"{backend.name} {what}", peer=backend.name, remedy=remedy)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
