"""The one way out: every call to the learner or the LLM server goes through here and leaves a row in the record.

No retries, no redirects, no proxies, no cookies, no compression; a cap on what an answer may weigh and a deadline on
every call. Nobody else in the middleware makes requests.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import anyio

from llm_trainer.errors import PeerAnswerInvalid, PeerTimeout, PeerUnreachable
from llm_trainer.middleware import leases
from llm_trainer.middleware.bodies import Bodies
from llm_trainer.middleware.http1 import Broken, Client, Renewed, Unreachable
from llm_trainer.middleware.statements import CALL_BEGUN, CALL_FINISHED
from llm_trainer.middleware.store import Record

ANSWER_LIMIT_BYTES = 1 << 20
CONNECT_SECONDS = 2.0
IDS_AT_ONCE = 1_000
IDLE_SECONDS = 3.0
"""Shorter than common servers keep an idle connection, so that a request never meets one that is just closing."""

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "http"}


@dataclass(frozen=True)
class Answer:
    """What came back. ``cut`` when it was heavier than the limit and the rest was not read.

    ``generation`` is the connection's, see ``http1.Received``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    milliseconds: float
    cut: bool = False
    generation: int | None = None

    def json(self) -> Any:
        """The body as JSON; ValueError if it is none. NaN and infinities become None, as JSON has none."""
        try:
            return json.loads(self.body, parse_constant=lambda _: None)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def retry_after(self) -> float | None:
        """Seconds that the peer asked to wait."""
        said = self.headers.get("retry-after", "")
        return float(said) if said.isdigit() and len(said) < 7 else None


class Wire:
    """Calls peers and records that it did; the words themselves are in ``bodies`` for a while."""

    def __init__(self, record: Record, last_id: int, bodies: Bodies) -> None:
        self._record, self._bodies = record, bodies
        self._last_id, self._ids_end = last_id, last_id
        self._client = Client(
            _HEADERS, connect_seconds=CONNECT_SECONDS, idle_seconds=IDLE_SECONDS, limit_bytes=ANSWER_LIMIT_BYTES
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def call(
        self,
        peer: str,
        method: str,
        url: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float,
        session_id: str | None = None,
        since: int | None = None,
    ) -> Answer:
        """Make one call, after its row and all that is pending is on disk.

        ``since``: only over a connection of this generation. PeerUnreachable: surely not received (``renewed`` among
        its extras if for that reason). PeerTimeout, PeerAnswerInvalid: may have been received. StoreError: the
        row could not be written, nothing was sent.
        """
        sent = b"" if body is None else json.dumps(body).encode()
        number = await self._begin(peer, method, url, sent, session_id)
        await self._record.commit(session_id)
        began = time.perf_counter()
        try:
            with anyio.fail_after(deadline_seconds):
                answer = await self._send(method, url, sent, headers or {}, since)
        except TimeoutError as error:
            self._finish(number, began, error="timeout")
            detail = f"{peer} did not answer within {deadline_seconds:g} s at {_place(url)}"
            raise PeerTimeout(detail, peer=peer, remedy="see whether it is overloaded, or raise the limit") from error
        except Renewed as error:
            self._finish(number, began, error="renewed")
            detail = f"{peer} is reached over a new connection"
            raise PeerUnreachable(detail, peer=peer, remedy="it is looked at first", renewed=True) from error
        except Unreachable as error:
            self._finish(number, began, error="unreachable")
            detail = f"{peer} cannot be reached at {_place(url)}: {error}"
            raise PeerUnreachable(
                detail, peer=peer, remedy=f"start it, or correct its address ({_place(url)})"
            ) from error
        except Broken as error:
            self._finish(number, began, error="broken")
            detail = f"{peer} at {_place(url)} broke off: {error}"
            raise PeerAnswerInvalid(detail, peer=peer, remedy="see its log") from error
        except BaseException:
            self._finish(number, began, error="cancelled")
            raise
        self._finish(number, began, answer)
        return answer

    async def _send(self, method: str, url: str, sent: bytes, headers: Mapping[str, str], since: int | None) -> Answer:
        given = {"Content-Type": "application/json", **headers} if sent else headers
        began = time.perf_counter()
        received = await self._client.request(method, url, sent, given, since)
        spent = (time.perf_counter() - began) * 1000
        return Answer(received.status, received.headers, received.body, spent, received.cut, received.generation)

    async def _number(self) -> int:
        """A number that no call has yet: the next, out of a block of our own where others write the record too."""
        if not self._record.is_exclusive and self._last_id >= self._ids_end:
            first = await self._record.read(leases.reserve, "wire", IDS_AT_ONCE, self._last_id + 1)
            self._last_id, self._ids_end = first - 1, first - 1 + IDS_AT_ONCE
        self._last_id += 1
        return self._last_id

    async def _begin(self, peer: str, method: str, url: str, sent: bytes, session_id: str | None) -> int:
        number = await self._number()
        row = {
            "id": number,
            "session_id": session_id,
            "at": time.time(),
            "peer": peer,
            "method": method,
            "path": urlsplit(url).path,
            "bytes_sent": len(sent),
            "digest_sent": sha256(sent).hexdigest(),
        }
        self._record.write(CALL_BEGUN, row, session_id)
        self._bodies.begin(number, method, sent, session_id)
        return number

    def _finish(self, number: int, began: float, answer: Answer | None = None, error: str | None = None) -> None:
        row: dict[str, Any] = {
            "the_id": number,
            "new_status": answer.status if answer else None,
            "new_milliseconds": round((time.perf_counter() - began) * 1000, 3),
            "new_bytes_received": len(answer.body) if answer else None,
            "new_digest_received": sha256(answer.body).hexdigest() if answer else None,
            "new_error": error or ("answer-too-large" if answer and answer.cut else None),
        }
        self._record.write(CALL_FINISHED, row)
        if answer is not None:
            self._bodies.finish(number, answer.body, cut=answer.cut)


def _place(url: str) -> str:
    """The address without what might be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
