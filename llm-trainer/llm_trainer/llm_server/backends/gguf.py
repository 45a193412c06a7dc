"""A model file (GGUF) run inside this process by llama.cpp, through the optional package xllamacpp.

llama.cpp brings a server of its own, bound to loopback on a free port and locked with a key that only this process
knows; the conversation with it is that of any OpenAI-compatible server. Closing that connection stops the generation.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm_trainer.errors import PeerBusy, PeerError, PeerRefused, SettingsError
from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish
from llm_trainer.llm_server.backends.openai import OpenAI

NAME = "gguf"
QUIET = -1
MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class GgufModel:
    """The file and how it is to be run; ``template`` is a chat template (Jinja) where the file brings none."""

    path: Path
    context_tokens: int = 4096
    template: str = ""
    stop: tuple[str, ...] = ()
    threads: int | None = None


class Gguf:
    """The back end over one model file. Loading starts with the first look or request and happens beside them."""

    name = NAME

    def __init__(self, model: GgufModel) -> None:
        _check_file(model.path)
        self._engine = _import_engine()
        self._model = model
        self._loading: asyncio.Task[None] | None = None
        self._loading_since = 0.0
        self._digest = ""
        self._server: Any = None
        self._client: OpenAI | None = None

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn, piece by piece; waits for the model while it loads."""
        began = time.perf_counter()
        await asyncio.shield(self._start_loading())
        loaded_ms = (time.perf_counter() - began) * 1000
        if self._client is None:
            raise PeerBusy("the model is being put away", peer=NAME, remedy="start this server again")
        chunks = self._client.chat(request)
        try:
            async for chunk in chunks:
                yield chunk if chunk.finish is None else _with_load(chunk, chunk.finish, loaded_ms)
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]

    async def status(self) -> BackendStatus:
        """Say whether the model is loaded, loading, or cannot be loaded."""
        task, name = self._start_loading(), self._model.path.name
        await asyncio.wait({task}, timeout=0.05)
        if not task.done():
            seconds = time.monotonic() - self._loading_since
            return BackendStatus("loading", name, f"loading {name} for {seconds:.0f} s", "wait")
        error = task.exception()
        if error is not None:
            remedy = error.remedy if isinstance(error, PeerError) else ""
            return BackendStatus("refused", name, str(error), remedy)
        detail = f"{name} runs in this process ({self._model.context_tokens} tokens of context)"
        about = {"digest": self._digest, "context_tokens": self._model.context_tokens}
        return BackendStatus("ready", name, detail, models=(name,), about=about)

    async def aclose(self) -> None:
        """Stop llama.cpp and give the memory back."""
        if self._loading is not None:
            await asyncio.wait({self._loading})
        if self._client is not None:
            await self._client.aclose()
        self._server = self._client = None

    def _start_loading(self) -> asyncio.Task[None]:
        if self._loading is None:
            self._loading_since = time.monotonic()
            self._loading = asyncio.create_task(self._load())
        return self._loading

    async def _load(self) -> None:
        key = secrets.token_urlsafe(32)
        try:
            self._digest = await asyncio.to_thread(_digest, self._model.path)
            self._server = await asyncio.to_thread(self._engine.Server, self._parameters(key))
        except Exception as error:  # the engine's own errors are plain RuntimeErrors without a type to catch
            remedy = "try another model file; this server's log has the engine's own words"
            detail = f"llama.cpp could not load {self._model.path}: {error}"
            raise PeerRefused(detail, peer=NAME, remedy=remedy) from error
        self._client = OpenAI(
            f"{self._server.listening_address}/v1",
            self._model.path.name,
            key=key,
            context_tokens=self._model.context_tokens,
            name=NAME,
            stop=self._model.stop,
        )

    def _parameters(self, key: str) -> Any:
        parameters = self._engine.CommonParams()
        parameters.model.path = str(self._model.path)
        parameters.model_alias = {self._model.path.name}
        parameters.port = 0
        parameters.api_keys = [key]
        parameters.n_ctx = self._model.context_tokens
        parameters.n_parallel = 1  # one conversation has the whole context
        parameters.enable_reasoning = 0  # a teacher says what it thinks, or keeps it to itself
        parameters.ui = False
        parameters.endpoint_slots = False
        parameters.verbosity = QUIET
        if self._model.template:
            parameters.chat_template = self._model.template
        threads = self._model.threads or max(1, (os.cpu_count() or 2) // 2)
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        return parameters


def _with_load(chunk: Chunk, finish: Finish, milliseconds: float) -> Chunk:
    return replace(chunk, finish=replace(finish, timings={"load": round(milliseconds, 3), **finish.timings}))


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as error:
        remedy = "set gguf_path (--gguf) to a readable GGUF file"
        raise SettingsError(f"the model {path} cannot be read: {error.strerror}", remedy=remedy) from error
    if begins != MAGIC:
        raise SettingsError(
            f"{path} is not a GGUF file", remedy="set gguf_path (--gguf) to one that llama.cpp can load"
        )


def _digest(path: Path) -> str:
    """SHA-256 of the file, which says in a record what exactly spoke."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _import_engine() -> Any:
    try:
        import xllamacpp  # noqa: PLC0415  (an optional extra of the project)
    except ImportError as error:
        remedy = "start_training.py --teacher gguf:FILE installs it by itself; else install requirements-gguf.lock here"
        raise SettingsError("the gguf back end needs the package xllamacpp", remedy=remedy) from error
    return xllamacpp
