"""Ollama, through its official client.

Always streamed, so that a slow answer can be told from none. ``num_ctx`` is always stated: Ollama's own default is
small, and it cuts what does not fit without saying so. Nothing is retried here.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, cast

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
from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish, Progress, State
from llm_trainer.llm_server.budget import Budget
from llm_trainer.llm_server.plain_http import drain, plainly

NAME = "ollama"
CONTEXT_TOKENS = 4096
KEEP_ALIVE_SECONDS = 1800  # where nobody says how far apart the turns will be
KEEP_ALIVE_AT_LEAST_SECONDS = 300
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
        self._url, self._model, self._stop = url, model, stop
        self._budget = Budget(context_tokens)
        self._waiting = 0  # requests that have not got their first piece: if the model is not resident, it is loading
        self._waiting_since = 0.0
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        self._client = ollama.AsyncClient(
            url, timeout=timeout, follow_redirects=False, trust_env=False, transport=plainly(httpx)
        )

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn, piece by piece."""
        answer_tokens = request.max_tokens or self._budget.answer_tokens
        fitting = self._budget.fit(request, answer_tokens)
        self._waiting_since = self._waiting_since if self._waiting else time.monotonic()
        self._waiting += 1
        waiting = True
        try:
            stream = await self._client.chat(
                self._model,
                _messages(fitting),
                stream=True,
                think=False,
                keep_alive=_keep_alive(request.delay_seconds),
                options=self._options(fitting, answer_tokens),
            )
            async with contextlib.aclosing(cast("AsyncGenerator[ollama.ChatResponse, None]", stream)) as parts:
                async for part in parts:
                    if waiting:
                        waiting = False
                        self._waiting -= 1
                    text = part.message.content or ""
                    if part.done:
                        await drain(parts)
                        yield Chunk(text, self._finish(part, fitting, answer_tokens))
                        return
                    if text:
                        yield Chunk(text)
        except ollama.ResponseError as error:
            raise self._refusal(error) from error
        except (httpx.HTTPError, ConnectionError) as error:
            raise self._broken(error) from error
        except NOT_OLLAMA as error:
            raise self._no_ollama(error) from error
        finally:
            self._waiting -= waiting

    async def status(self) -> BackendStatus:
        """Ask which models there are and which are loaded."""
        try:
            listed = (await self._client.list()).models
            found = [model.model or "" for model in listed]
            resident = [model.model or "" for model in (await self._client.ps()).models]
        except (httpx.HTTPError, ConnectionError, ollama.ResponseError, *NOT_OLLAMA) as error:
            return self._no_answer(error)
        if _full(self._model) not in map(_full, found):
            detail = f"ollama answers at {self._url}, but {self._model} is not pulled"
            return BackendStatus("model-missing", self._model, detail, self._pull(), tuple(found))
        about = next(_about(model) for model in listed if _full(model.model or "") == _full(self._model))
        about["context_tokens"] = self._budget.context_tokens
        state, detail = self._readiness(_full(self._model) in map(_full, resident))
        remedy = "wait" if state == "loading" else ""
        warning = self._budget.warning
        return BackendStatus(state, self._model, detail, remedy, tuple(found), about=about, warning=warning)

    async def pull(self, model: str, *, insecure: bool = False) -> AsyncIterator[Progress]:
        """Fetch ``model`` through Ollama; each step as it tells it."""
        try:
            async for part in await self._client.pull(model, insecure=insecure, stream=True):
                yield Progress(part.status or "", part.completed or 0, part.total or 0)
        except ollama.ResponseError as error:
            said = " ".join(str(error.error).split())[:300]
            remedy = "see the name at https://ollama.com/library, and whether this machine reaches it"
            raise PeerRefused(f"ollama cannot pull {model}: {said}", peer=NAME, remedy=remedy) from error
        except (httpx.HTTPError, ConnectionError) as error:
            raise self._broken(error) from error
        except NOT_OLLAMA as error:
            raise self._no_ollama(error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    def _options(self, request: ChatRequest, answer_tokens: int) -> dict[str, Any]:
        given = {"temperature": request.temperature, "seed": request.seed, "stop": [*request.stop, *self._stop] or None}
        options = {"num_ctx": self._budget.context_tokens, "num_predict": answer_tokens}
        return options | {name: value for name, value in given.items() if value is not None}

    def _pull(self) -> str:
        return f"ollama pull {self._model}"

    def _no_answer(self, error: Exception) -> BackendStatus:
        is_absent = isinstance(error, (ConnectionError, httpx.ConnectError))
        why = "nobody listens there" if is_absent else " ".join(f"{type(error).__name__}: {error}".split())[:200]
        detail = f"ollama does not answer at {self._url} ({why})"
        remedy = f"install it from https://ollama.com/download, start it (ollama serve), then: {self._pull()}"
        return BackendStatus("unreachable", self._model, detail, remedy)

    def _readiness(self, is_resident: bool) -> tuple[State, str]:
        if is_resident:
            return "ready", f"{self._model} is loaded"
        if self._waiting:
            seconds = time.monotonic() - self._waiting_since
            return "loading", f"ollama is loading {self._model} for {seconds:.0f} s; the first answer may take minutes"
        return "ready", f"{self._model} is pulled; the first request loads it"

    def _finish(self, part: ollama.ChatResponse, sent: ChatRequest, answer_tokens: int) -> Finish:
        prompt_tokens = part.prompt_eval_count or 0
        warning = self._budget.compare(sent, answer_tokens, prompt_tokens)
        if warning:
            log.warning("model=%s %s", self._model, warning)
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

    def _no_ollama(self, error: Exception) -> PeerError:
        detail = f"ollama sent a line that is not an answer: {error}"
        return PeerAnswerInvalid(detail, peer=NAME, remedy=f"is it Ollama that answers at {self._url}?")

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


def _keep_alive(delay_seconds: float | None) -> int:
    """Seconds that the model stays loaded after a turn: long enough for the next one, however late it comes."""
    if delay_seconds is None:
        return KEEP_ALIVE_SECONDS
    return max(KEEP_ALIVE_AT_LEAST_SECONDS, round(3 * delay_seconds) + 60)


def _about(model: ollama.ListResponse.Model) -> dict[str, object]:
    details = model.details
    told: Mapping[str, object] = {
        "digest": model.digest,
        "bytes": model.size,
        "parameters": details.parameter_size if details else None,
        "quantization": details.quantization_level if details else None,
        "family": details.family if details else None,
    }
    return {name: value for name, value in told.items() if value}
