"""JSON as it is meant: no NaN, no name twice, no bottomless nesting."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

DEPTH_LIMIT = 64


def parse(body: bytes) -> Any:
    """Read one JSON document; HTTPException 400 says what is wrong with it."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)
    except RecursionError:
        raise HTTPException(400, "the body is nested too deeply") from None
    except ValueError as error:
        raise HTTPException(400, f"the body is not JSON: {str(error)[:200]}") from None
    if _is_deep(document, DEPTH_LIMIT):
        raise HTTPException(400, f"the body is nested deeper than {DEPTH_LIMIT}")
    return document


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _is_deep(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return left == 0 or any(_is_deep(item, left - 1) for item in value)


class _StrictRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


class StrictRoute(APIRoute):
    """A route whose JSON body is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As the framework's, on a strict request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strict
