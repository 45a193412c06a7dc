"""How to talk with a learner's chat endpoint: presets, templates, and what is read out of an answer."""

from __future__ import annotations

import json
import math
import os
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_trainer.errors import SettingsError

REPLY_CHARACTERS = 20_000
EXTRA_CHARACTERS = 16_000
PARTNER = "partner"


class Mapping(BaseModel):
    """One kind of learner.

    ``request`` is sent as JSON with ``$text``, ``$user`` and ``$conversation`` filled in; ``reply``, ``stage`` and
    ``seq`` are JSON pointers into the answer, where ``*`` joins all entries of a list. A header's value ``$NAME`` is
    taken from the environment, so that no secret stands in ``config.json``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern="^/")] = "/api/chat"
    request: dict[str, Any] = {"message": "$text", "user_id": "$user", "conversation_id": "$conversation"}
    reply: str = "/response"
    stage: str | None = None
    seq: str | None = None
    status: str | None = None
    lookup: str | None = None
    headers: dict[str, str] = {}


PRESETS: dict[str, Mapping] = {
    "cerebrum": Mapping(stage="/stage", seq="/exchange", status="/api/status", lookup="/api/exchanges/{key}"),
    "openai": Mapping(
        path="/v1/chat/completions",
        request={"model": "default", "messages": [{"role": "user", "content": "$text"}]},
        reply="/choices/0/message/content",
        status="/v1/models",
    ),
    "chatterbot": Mapping(path="/api/chatterbot/", request={"text": "$text"}, reply="/text"),
    "rasa": Mapping(
        path="/webhooks/rest/webhook",
        request={"sender": "$conversation", "message": "$text"},
        reply="/*/text",
        status="/status",
    ),
}


def mapping_of(learner: str | dict[str, Any]) -> Mapping:
    """The mapping that the setting ``learner`` names or spells out; ``{"preset": name, …}`` starts from a preset."""
    given = {"preset": learner} if isinstance(learner, str) else dict(learner)
    name = given.pop("preset", "cerebrum" if not given else None)
    if name is not None and name not in PRESETS:
        raise SettingsError(f"learner = {name!r} is no preset", remedy="presets: " + ", ".join(PRESETS))
    base = PRESETS[name].model_dump() if name else {}
    try:
        return Mapping(**{**base, **given})
    except ValidationError as error:
        why = "; ".join(f"learner.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(why, remedy="see docs/http.md, Any learner") from error


def headers_of(mapping: Mapping) -> dict[str, str]:
    """The headers to send, with ``$NAME`` taken from the environment."""
    return {name: _from_environment(name, value) for name, value in mapping.headers.items()}


def _from_environment(header: str, value: str) -> str:
    if not value.startswith("$"):
        return value
    if value[1:] not in os.environ:
        raise SettingsError(f"learner.headers.{header} needs the environment variable {value[1:]}", remedy="set it")
    return os.environ[value[1:]]


def fill(template: Any, values: dict[str, str]) -> Any:
    """The template with each ``$name`` string replaced."""
    if isinstance(template, str):
        return values.get(template[1:], template) if template.startswith("$") else template
    if isinstance(template, dict):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    return template


_MISSING = object()


def point(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer, or None; ``*`` gathers over a list.

    >>> point([{"text": "a"}, {"text": "b"}], "/*/text")
    ['a', 'b']
    """
    found = _find(document, [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]])
    return None if found is _MISSING else found


def _find(document: Any, parts: list[str]) -> Any:
    if not parts:
        return document
    head, rest = parts[0], parts[1:]
    if head == "*" and isinstance(document, list):
        return [found for entry in document if (found := _find(entry, rest)) is not _MISSING]
    if isinstance(document, dict) and head in document:
        return _find(document[head], rest)
    if isinstance(document, list) and head.isdigit() and int(head[:9]) < len(document):
        return _find(document[int(head[:9])], rest)
    return _MISSING


def clean(text: str) -> str:
    """Text that every database and every JSON reader takes: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def read_reply(document: Any, pointer: str) -> tuple[str, str | None]:
    """What the learner said, and what was odd about how it said it (None if nothing)."""
    found = point(document, pointer)
    if isinstance(found, list) and all(isinstance(part, str) for part in found):
        found = "\n".join(found)
    if isinstance(found, str):
        if len(found) > REPLY_CHARACTERS:
            return clean(found[:REPLY_CHARACTERS]), f"a reply of {len(found)} characters was cut to {REPLY_CHARACTERS}"
        return clean(found), None
    if found is None:
        return "", f"the answer has no text at {pointer}"
    written = found if isinstance(found, (int, float)) and not isinstance(found, bool) else json.dumps(found)
    kind = type(found).__name__
    return clean(str(written))[:REPLY_CHARACTERS], f"the reply at {pointer} is of type {kind}, not text"


def read_extra(document: Any, pointer: str) -> dict[str, Any] | None:
    """Whatever else the answer held, kept as it came unless it is too much to keep."""
    if not isinstance(document, dict):
        return None
    reply_field = pointer.split("/")[1] if pointer.count("/") == 1 else None
    extra = {clean(name): value for name, value in document.items() if name != reply_field}
    written = json.dumps(extra)
    if len(written) > EXTRA_CHARACTERS:
        return {"too_large": len(written), "begins": written[:500]}
    return {name: cleaned(value) for name, value in extra.items()} or None


def cleaned(value: Any) -> Any:
    """Any JSON value as every database and every JSON reader takes it: texts cleaned, infinities None."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean(key): cleaned(each) for key, each in value.items()}
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    return value
