"""Any server that speaks OpenAI's chat completions, through the official client with its own retries off."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import openai

from llm_trainer.errors import (
    ModelMissing,
    PeerAnswerInvalid,
    PeerBusy,
    PeerError,
    PeerRefused,
    PeerTimeout,
    PeerUnreachable,
    UtteranceError,
)
from llm_trainer.llm_server.backends import events
from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish
from llm_trainer.llm_server.budget import Budget
from llm_trainer.llm_server.plain_http import drain, plainly

log = logging.getLogger(__name__)
NAME = "openai"
CONTEXT_TOKENS = 4096
OVERFLOWS = 2
SHORTEST_ANSWER_TOKENS = 24
SILENCE = "…"
CONNECT_SECONDS = 2.0
BUSY_SECONDS = 5.0
LONGEST_RETRY_AFTER_SECONDS = 60.0
ANY_MODEL = "default"  # asked for where a server has just one model and does not care for its name
NO_KEY = "none"  # the client insists on one; servers that need none do not look at it


class OpenAI:
    """The back end for ``model`` at ``url``; ``key_variable`` is named where a key is missing, never the key.

    ``stop`` is added to the stop strings of each request; ``name`` is what errors call the other side.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        key_variable: str = "",
        context_tokens: int = CONTEXT_TOKENS,
        stop: tuple[str, ...] = (),
        name: str = NAME,
    ) -> None:
        self._url, self._model, self._key_variable = url, model, key_variable
        self._budget, self._stop, self.name = Budget(context_tokens), stop, name
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        client = httpx2.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False, transport=plainly(httpx2))
        self._client = openai.AsyncOpenAI(
            base_url=url, api_key=key or NO_KEY, max_retries=0, timeout=timeout, http_client=client
        )

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn, piece by piece."""
        reason, model = None, self._model
        usage: Mapping[str, Any] = {}
        timings: Mapping[str, Any] = {}
        answer_tokens = request.max_tokens or self._budget.answer_tokens
        try:
            async with contextlib.AsyncExitStack() as opened:
                request, answer_tokens, lines = await self._begin(request, answer_tokens, opened)
                async for line in lines:
                    told = events.read(line)
                    if told.is_end:
                        await drain(lines)
                        break
                    reason, model = told.reason or reason, told.model or model
                    usage, timings = told.usage or usage, told.timings or timings
                    if told.text:
                        yield Chunk(told.text)
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise self._translated(error) from error
        if reason is not None:  # without one the stream was cut, which is for the caller to see
            read, spoken = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
            if warning := self._budget.compare(request, answer_tokens, read):
                log.warning("model=%s %s", model, warning)
            yield Chunk("", Finish(reason, model, read, spoken, _timings(timings), cost=_cost(usage)))

    async def _begin(
        self, request: ChatRequest, answer_tokens: int, opened: contextlib.AsyncExitStack
    ) -> tuple[ChatRequest, int, AsyncIterator[str]]:
        """Send what fits; again, shorter, where the engine counts more tokens or reads fewer than was thought."""
        for tries_left in range(OVERFLOWS, -1, -1):
            sent, answer_tokens = self._fitting(request, answer_tokens)
            asked = self._client.chat.completions.with_streaming_response.create(**self._arguments(sent, answer_tokens))
            try:
                answer = await opened.enter_async_context(asked)
                return sent, answer_tokens, answer.iter_lines()
            except openai.BadRequestError as error:
                if not _is_overflow(error) or not tries_left:
                    raise
                self._budget.overflowed(sent, _told(error, "n_prompt_tokens"), _told(error, "n_ctx"))
        raise AssertionError("the last try answers or raises")

    def _fitting(self, request: ChatRequest, answer_tokens: int) -> tuple[ChatRequest, int]:
        """What fits beside the answer; in a context so small that nothing does, beside a shorter one."""
        while True:
            try:
                return self._budget.fit(request, answer_tokens), answer_tokens
            except UtteranceError:
                if answer_tokens <= SHORTEST_ANSWER_TOKENS:
                    raise
                answer_tokens = max(SHORTEST_ANSWER_TOKENS, answer_tokens // 2)

    async def status(self) -> BackendStatus:
        """Ask which models there are."""
        try:
            found = tuple([model.id async for model in self._client.models.list()])
        except openai.NotFoundError:
            found = ()
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            why = self._translated(error)
            is_silent = isinstance(why, (PeerUnreachable, PeerTimeout))
            return BackendStatus("unreachable" if is_silent else "refused", self._model, why.detail, why.remedy)
        model = found[0] if found and self._model == ANY_MODEL else self._model
        detail = f"answers at {self._url}"
        if found and model not in found:
            detail += f", but does not list {model}; it has {', '.join(found[:5])}"
        about = {"context_tokens": self._budget.context_tokens}
        warning = self._budget.warning
        return BackendStatus("ready", model, detail, models=found[:100], about=about, warning=warning)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _arguments(self, request: ChatRequest, answer_tokens: int) -> dict[str, Any]:
        turns = [{"role": turn.role, "content": turn.text or SILENCE} for turn in request.messages]
        system = [{"role": "system", "content": request.system}] if request.system else []
        arguments: dict[str, Any] = {
            "model": self._model,
            "messages": system + turns,
            "max_tokens": answer_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        given = {"temperature": request.temperature, "seed": request.seed, "stop": [*request.stop, *self._stop] or None}
        return arguments | {name: value for name, value in given.items() if value is not None}

    def _translated(self, error: Exception) -> PeerError:
        # The client says "connection error" of whatever broke; what it was stands in the cause.
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)):
            remedy = "start it, or set openai_url to where it answers"
            return PeerUnreachable(f"nobody answers at {self._url}", peer=self.name, remedy=remedy)
        if isinstance(cause, httpx2.TimeoutException):
            return PeerTimeout(f"{self._url} did not answer in time", peer=self.name, remedy="is it overloaded?")
        if isinstance(cause, httpx2.HTTPError):
            detail = f"the connection to {self._url} broke before the answer was done ({type(cause).__name__})"
            return PeerAnswerInvalid(detail, peer=self.name, remedy="ask again", kind="cut")
        if isinstance(error, openai.APIStatusError):
            return self._refusal(error)
        detail = f"{self._url} failed in the middle of its answer: {_short(error)}"
        return PeerAnswerInvalid(detail, peer=self.name, remedy="see that server's log", kind="error")

    def _refusal(self, error: openai.APIStatusError) -> PeerError:
        status, said = error.status_code, _short(error)
        if status in (401, 403):
            remedy = f"put a valid key into the environment variable {self._key_variable}, then start this server again"
            return PeerRefused(f"{self._url} does not accept our key ({status})", peer=self.name, remedy=remedy)
        if status == 404:
            remedy = "set openai_model to a model it has, and openai_url to its base URL (…/v1)"
            return ModelMissing(f"{self._url} does not have {self._model}: {said}", peer=self.name, remedy=remedy)
        if status in (429, 503):
            seconds = _retry_after(error)
            return PeerBusy(f"{self._url} is busy: {said}", peer=self.name, remedy="wait", retry_after_seconds=seconds)
        if status < 500:
            return PeerRefused(
                f"{self._url} refused ({status}): {said}", peer=self.name, remedy="see that server's log"
            )
        detail = f"{self._url} failed ({status}): {said}"
        return PeerAnswerInvalid(detail, peer=self.name, remedy="see that server's log", kind="error")


def _timings(told: Mapping[str, Any]) -> dict[str, float]:
    """What llama.cpp tells beside the standard: milliseconds for reading the prompt and for speaking."""
    named = {"prompt": told.get("prompt_ms"), "generation": told.get("predicted_ms")}
    return {name: float(value) for name, value in named.items() if isinstance(value, (int, float))}


def _is_overflow(error: openai.BadRequestError) -> bool:
    told = error.body if isinstance(error.body, Mapping) else {}
    return {told.get("type"), told.get("code")} & {"exceed_context_size_error", "context_length_exceeded"} != set()


def _told(error: openai.BadRequestError, name: str) -> int:
    """A number that the engine tells beside its refusal, as llama.cpp does; 0 where it does not."""
    told = error.body.get(name) if isinstance(error.body, Mapping) else None
    return told if isinstance(told, int) else 0


def _count(usage: Mapping[str, Any], name: str) -> int:
    told = usage.get(name)
    return told if isinstance(told, int) else 0


def _cost(usage: Mapping[str, Any]) -> float | None:
    """What the turn cost, where the provider tells it beside the standard (OpenRouter does)."""
    told = usage.get("cost")
    return float(told) if isinstance(told, (int, float)) and not isinstance(told, bool) else None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _retry_after(error: openai.APIStatusError) -> float:
    with contextlib.suppress(ValueError):
        return min(max(float(error.response.headers.get("retry-after", "")), 1), LONGEST_RETRY_AFTER_SECONDS)
    return BUSY_SECONDS
