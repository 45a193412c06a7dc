"""What a request body must be before anything reads it: small, in time, and JSON without traps.

The traps are legal or half-legal JSON that costs a reader dearly or means two things: nesting without end, numbers
of a million digits, NaN and Infinity, an object with one key twice, halves of surrogate pairs.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any, NoReturn

from starlette.types import Message, Receive

MAX_DEPTH = 64
MAX_DIGITS = 400


class BodyTooLarge(Exception):
    """More bytes came than are let in."""


class BodyTooSlow(Exception):
    """The body did not arrive in time."""


class BodyNotJson(Exception):
    """The body cannot be used; the message says why."""


async def read(receive: Receive, limit_bytes: int, deadline_seconds: float) -> bytes:
    """Collect the whole body, counting what really arrives; a client that goes away leaves what it had sent."""
    parts: list[bytes] = []

    async def collect() -> None:
        seen, more = 0, True
        while more:
            message = await receive()
            part = message.get("body", b"")
            seen += len(part)
            if seen > limit_bytes:
                raise BodyTooLarge
            parts.append(part)
            more = bool(message.get("more_body", False))

    try:
        await asyncio.wait_for(collect(), deadline_seconds)
    except asyncio.TimeoutError:
        raise BodyTooSlow from None
    return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that hands ``body`` over once, then whatever really comes (the news that the client has gone)."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


def check_json(body: bytes) -> None:
    """Raise BodyNotJson unless ``body`` is plain JSON in UTF-8.

    >>> check_json(b'{"message": NaN}')
    Traceback (most recent call last):
    llm_trainer.web.body.BodyNotJson: NaN is not a JSON number
    """
    try:
        found = json.loads(
            body.decode(),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_each_key_once,
        )
    except RecursionError:
        raise BodyNotJson(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise BodyNotJson(f"not JSON: {error}") from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deeper(found, MAX_DEPTH):
        raise BodyNotJson(f"nested deeper than {MAX_DEPTH}")
    if b"\\u" in body and not _is_text(found):
        raise BodyNotJson("half of a surrogate pair is not a character")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise BodyNotJson(f"a number of {len(digits)} digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= MAX_DIGITS else math.inf
    if math.isinf(value):
        raise BodyNotJson("a number too large to be held")
    return value


def _no_constant(name: str) -> NoReturn:
    raise BodyNotJson(f"{name} is not a JSON number")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BodyNotJson("an object names one key twice")
    return found


def _is_deeper(found: object, depth: int) -> bool:
    level = [found]
    for _ in range(depth):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _is_text(found: object) -> bool:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
