"""Ollama, through its official client.

Always streamed, so that a slow answer can be told from none. ``num_ctx`` is always stated: Ollama's own default is
small, and it cuts what does not fit without saying so. Nothing is retried here.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import ollama

from llm_trainer.errors import (
    ModelMissing,
    PeerAnswerInvalid,
    PeerBusy,
    PeerError,
    PeerRefused,
    PeerTimeout,
    PeerUnreachable,
)
from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish
from llm_trainer.llm_server.budget import fit

NAME = "ollama"
CONTEXT_TOKENS = 4096
ANSWER_TOKENS = 256
KEEP_ALIVE = "30m"
SILENCE = "…"
CONNECT_SECONDS = 2.0
LOOK_SECONDS = 4.0
BUSY_SECONDS = 5.0
NOT_OLLAMA = (ValueError, TypeError, AttributeError)  # what the client raises for JSON of another shape
log = logging.getLogger(__name__)


class Ollama:
    """The back end for ``model`` at ``url``."""

    name = NAME

    def __init__(
        self, url: str, model: str, *, context_tokens: int = CONTEXT_TOKENS, stop: tuple[str, ...] = ()
    ) -> None:
        self._url, self._model, self._context_tokens, self._stop = url, model, context_tokens, stop
        self._waiting = 0  # requests that have not got their first piece: if the model is not resident, it is loading
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        self._client = ollama.AsyncClient(url, timeout=timeout, follow_redirects=False, trust_env=False)

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn, piece by piece."""
        answer_tokens = request.max_tokens or ANSWER_TOKENS
        fitting = fit(request, self._context_tokens, answer_tokens)
        self._waiting += 1
        waiting = True
        try:
            async for part in await self._client.chat(
                self._model,
                _messages(fitting),
                stream=True,
                think=False,
                keep_alive=KEEP_ALIVE,
                options=self._options(fitting, answer_tokens),
            ):
                if waiting:
                    waiting = False
                    self._waiting -= 1
                text = part.message.content or ""
                if part.done:
                    yield Chunk(text, self._finish(part, answer_tokens))
                    return
                if text:
                    yield Chunk(text)
        except ollama.ResponseError as error:
            raise self._refusal(error) from error
        except (httpx.HTTPError, ConnectionError) as error:
            raise self._broken(error) from error
        except NOT_OLLAMA as error:
            detail = f"ollama sent a line that is not an answer: {error}"
            raise PeerAnswerInvalid(detail, peer=NAME, remedy=f"is it Ollama that answers at {self._url}?") from error
        finally:
            self._waiting -= waiting

    async def status(self) -> BackendStatus:
        """Ask which models there are and which are loaded."""
        try:
            found = [model.model or "" for model in (await self._client.list()).models]
            resident = [model.model or "" for model in (await self._client.ps()).models]
        except (httpx.HTTPError, ConnectionError, ollama.ResponseError, *NOT_OLLAMA) as error:
            return self._no_answer(error)
        if _full(self._model) not in map(_full, found):
            detail = f"ollama answers at {self._url}, but {self._model} is not pulled"
            return BackendStatus("model-missing", self._model, detail, self._pull(), tuple(found))
        if _full(self._model) in map(_full, resident):
            return BackendStatus("ready", self._model, f"{self._model} is loaded", models=tuple(found))
        if self._waiting:
            detail = f"ollama is loading {self._model}; the first answer may take minutes"
            return BackendStatus("loading", self._model, detail, "wait", tuple(found))
        detail = f"{self._model} is pulled; the first request loads it"
        return BackendStatus("ready", self._model, detail, models=tuple(found))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    def _options(self, request: ChatRequest, answer_tokens: int) -> dict[str, Any]:
        given = {"temperature": request.temperature, "seed": request.seed, "stop": [*request.stop, *self._stop] or None}
        options = {"num_ctx": self._context_tokens, "num_predict": answer_tokens}
        return options | {name: value for name, value in given.items() if value is not None}

    def _pull(self) -> str:
        return f"ollama pull {self._model}"

    def _no_answer(self, error: Exception) -> BackendStatus:
        is_absent = isinstance(error, (ConnectionError, httpx.ConnectError))
        why = "nobody listens there" if is_absent else " ".join(f"{type(error).__name__}: {error}".split())[:200]
        detail = f"ollama does not answer at {self._url} ({why})"
        remedy = f"install it from https://ollama.com/download, start it (ollama serve), then: {self._pull()}"
        return BackendStatus("unreachable", self._model, detail, remedy)

    def _finish(self, part: ollama.ChatResponse, answer_tokens: int) -> Finish:
        prompt_tokens = part.prompt_eval_count or 0
        if prompt_tokens + answer_tokens > self._context_tokens:
            log.warning(
                "cut prompt_tokens=%d num_ctx=%d num_predict=%d", prompt_tokens, self._context_tokens, answer_tokens
            )
        timings = {
            name: nanoseconds / 1e6
            for name, nanoseconds in (
                ("load", part.load_duration),
                ("prompt", part.prompt_eval_duration),
                ("generation", part.eval_duration),
            )
            if nanoseconds is not None
        }
        reason = part.done_reason or "stop"
        return Finish(reason, part.model or self._model, prompt_tokens, part.eval_count or 0, timings)

    def _refusal(self, error: ollama.ResponseError) -> PeerError:
        said = " ".join(str(error.error).split())[:300]
        if error.status_code == 404:
            return ModelMissing(f"ollama does not have {self._model}: {said}", peer=NAME, remedy=self._pull())
        if error.status_code in (429, 503):
            return PeerBusy(f"ollama is busy: {said}", peer=NAME, remedy="wait", retry_after_seconds=BUSY_SECONDS)
        if "memory" in said:
            return PeerRefused(f"ollama cannot run {self._model}: {said}", peer=NAME, remedy="choose a smaller model")
        if 400 <= error.status_code < 500:
            return PeerRefused(f"ollama refused ({error.status_code}): {said}", peer=NAME, remedy="see ollama's log")
        where = "in the middle of its answer" if error.status_code < 0 else f"({error.status_code})"
        return PeerAnswerInvalid(f"ollama failed {where}: {said}", peer=NAME, remedy="see ollama's log", kind="error")

    def _broken(self, error: Exception) -> PeerError:
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, ConnectionError)):
            status = self._no_answer(error)
            return PeerUnreachable(status.detail, peer=NAME, remedy=status.remedy)
        if isinstance(error, httpx.TimeoutException):
            return PeerTimeout(f"ollama at {self._url} did not answer in time", peer=NAME, remedy="is it overloaded?")
        detail = f"the connection to ollama broke before the answer was done ({type(error).__name__})"
        return PeerAnswerInvalid(detail, peer=NAME, remedy="ask again; see ollama's log", kind="cut")


def _messages(request: ChatRequest) -> list[dict[str, str]]:
    turns = [{"role": turn.role, "content": turn.text or SILENCE} for turn in request.messages]
    return [{"role": "system", "content": request.system}, *turns] if request.system else turns


def _full(model: str) -> str:
    return model if ":" in model else f"{model}:latest"
