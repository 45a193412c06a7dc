"""``/v1``: the shape that OpenAI's clients speak, so that ordinary ones work. Unknown fields are ignored, as there."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from llm_trainer.errors import PeerBusy, PeerError, RequestError, TrainerError
from llm_trainer.llm_server.backends.base import ChatRequest, Chunk, Finish, Message
from llm_trainer.llm_server.lean import LeanRoute
from llm_trainer.llm_server.routes import NOBODY_WAITS, talk_of
from llm_trainer.llm_server.schemas import MAX_TURNS, Text
from llm_trainer.llm_server.speech import Spoken
from llm_trainer.llm_server.talk import ClientGone, unless_gone
from llm_trainer.web.problems import malformed_request

Parts = AsyncGenerator[Chunk | Spoken, None]


class CompatibleRoute(LeanRoute):
    """A route whose errors have OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler so that no error leaves it in another shape."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _failed(malformed_request(error), 400)
            except TrainerError as error:
                return _failed(error, 400 if isinstance(error, RequestError) else error.status)

        return answer


router = APIRouter(prefix="/v1", route_class=CompatibleRoute)


class Part(BaseModel):
    """A part of a message; only text can be spoken to."""

    type: Literal["text"]
    text: Text


class CompatibleMessage(BaseModel):
    """One message with its role."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[Part] | None = None

    @property
    def text(self) -> str:
        """The content as one text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream brings beside text."""

    include_usage: bool = False


class CompletionBody(BaseModel):
    """The fields of a chat completion request that mean something here."""

    messages: list[CompatibleMessage] = Field(min_length=1, max_length=MAX_TURNS)
    model: str = ""
    temperature: float | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    max_tokens: int | None = Field(None, ge=1, le=100_000)
    max_completion_tokens: int | None = Field(None, ge=1, le=100_000)
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: str | list[str] | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None

    def to_request(self) -> ChatRequest:
        """The conversation to be continued."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return ChatRequest(
            messages=tuple(
                Message("assistant" if each.role == "assistant" else "user", each.text)
                for each in self.messages
                if each.role in ("user", "assistant")
            ),
            system="\n\n".join(each.text for each in self.messages if each.role in ("system", "developer")),
            temperature=self.temperature,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            seed=None if self.seed is None else self.seed % 2**31,
            stop=tuple(stop),
        )


@router.get("/models")
async def models(request: Request) -> dict[str, Any]:
    """Name the model that speaks first, then the others that the back end has."""
    reading = talk_of(request).watch.reading
    names = dict.fromkeys(filter(None, (reading.status.model, *reading.status.models)))
    owner = talk_of(request).watch.roster.speaker.backend.name
    data = [{"id": name, "object": "model", "created": 0, "owned_by": owner} for name in names]
    return {"object": "list", "data": data}


@router.post("/chat/completions", response_model=None)
async def complete(body: CompletionBody, request: Request) -> Response:
    """Speak the next turn in OpenAI's shape, whole or as server-sent events."""
    talk = talk_of(request)
    try:
        if not body.stream:
            return JSONResponse(_completion(await unless_gone(request.receive, talk.whole(body.to_request()))))
        parts = talk.listen(body.to_request())
        first = await unless_gone(request.receive, parts.__anext__())
    except ClientGone:
        return Response(status_code=NOBODY_WAITS)
    wants_usage = body.stream_options is not None and body.stream_options.include_usage
    events = _events(first, parts, talk.watch.reading.status.model, wants_usage)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _events(first: Chunk | Spoken, parts: Parts, model: str, wants_usage: bool) -> AsyncGenerator[str, None]:
    shell = _shell("chat.completion.chunk", model)

    def event(delta: dict[str, str], reason: str | None = None) -> str:
        return _event(shell | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    async with aclosing(parts):
        yield event({"role": "assistant", "content": ""})
        part = first
        try:
            while isinstance(part, Chunk):
                if part.text:
                    yield event({"content": part.text})
                part = await parts.__anext__()
        except PeerError as error:
            yield _event(_error(error))
            return
    yield event({}, _reason(part.finish))
    if wants_usage:
        yield _event(shell | {"choices": [], "usage": _usage(part.finish)})
    yield "data: [DONE]\n\n"


def _completion(spoken: Spoken) -> dict[str, Any]:
    message = {"role": "assistant", "content": spoken.text}
    choice = {"index": 0, "message": message, "finish_reason": _reason(spoken.finish)}
    return _shell("chat.completion", spoken.finish.model) | {"choices": [choice], "usage": _usage(spoken.finish)}


def _shell(kind: str, model: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def _usage(finish: Finish) -> dict[str, int]:
    total = finish.prompt_tokens + finish.completion_tokens
    return {
        "prompt_tokens": finish.prompt_tokens,
        "completion_tokens": finish.completion_tokens,
        "total_tokens": total,
    }


def _reason(finish: Finish) -> str:
    return "length" if finish.reason == "length" else "stop"


def _event(document: dict[str, Any]) -> str:
    return f"data: {json.dumps(document)}\n\n"


def _error(error: TrainerError) -> dict[str, Any]:
    kind = "invalid_request_error" if isinstance(error, RequestError) else "server_error"
    message = f"{error.detail}; {error.remedy}" if error.remedy else error.detail
    return {"error": {"message": message, "type": kind, "param": None, "code": error.code}}


def _failed(error: TrainerError, status: int) -> JSONResponse:
    headers = {}
    if isinstance(error, PeerBusy) and error.retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_seconds)))
    return JSONResponse(_error(error), status, headers)
