"""The most who may come at once: whoever comes beyond is told at once when to come again, and costs nothing more."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_trainer.web.problems import bare_problem

REQUESTS, STREAMS = 64, 64
RETRY_AFTER_SECONDS = 1
ALWAYS = ("/healthz", "/readyz")


class Crowd:
    """ASGI middleware: at most ``requests`` are answered at once, and ``streams`` of events followed.

    Health is always told. A stream counts as a request until it begins to flow.
    """

    def __init__(self, app: ASGIApp, *, requests: int = REQUESTS, streams: int = STREAMS) -> None:
        self.app, self.requests, self.streams = app, requests, streams
        self._answering = self._flowing = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
        elif self._answering >= self.requests:
            await self._refuse(scope, receive, send, f"{self.requests} requests are being answered")
        elif scope["path"].endswith("/events") and self._flowing >= self.streams:
            await self._refuse(scope, receive, send, f"{self.streams} streams of events are being followed")
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        flows = False
        self._answering += 1

        async def sending(message: Message) -> None:
            nonlocal flows
            if message["type"] == "http.response.start" and not flows and _is_stream(message):
                flows = True
                self._answering -= 1
                self._flowing += 1
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            if flows:
                self._flowing -= 1
            else:
                self._answering -= 1

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, detail: str) -> None:
        answer = bare_problem(503, "crowded", detail, "come again in a second")
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        await answer(scope, receive, send)


def _is_stream(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in message["headers"])
