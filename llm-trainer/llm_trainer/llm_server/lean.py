"""Routes without the framework's general machinery: the body is read once, checked once, and handed over.

FastAPI's own handler parses the body, solves dependencies and copies the result for every request; for a route that
takes one body and answers with a ready ``Response`` that is most of what a short call costs. The route stays declared
as any other, so that the documentation of the interface is still made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError


class LeanRoute(APIRoute):
    """A route whose endpoint is ``async def endpoint(body: Model, request: Request) -> Response``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the checked body to the endpoint; other endpoints are served as usual."""
        body_type = get_type_hints(self.endpoint).get("body")
        if body_type is None:
            return super().get_route_handler()
        endpoint = self.endpoint

        async def answer(request: Request) -> Response:
            found: Response = await endpoint(body=checked(body_type, await request.body()), request=request)
            return found

        return answer


def checked(body_type: type[BaseModel], body: bytes) -> BaseModel:
    """The body as its model; RequestValidationError naming each field at fault."""
    try:
        return body_type.model_validate_json(body or b"{}")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults]) from None
