"""The lines of a streamed chat completion, read without the models that the official client makes of each of them.

Those take four times as long as everything else that is done for a piece of a turn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DATA = "data:"
END = "[DONE]"


@dataclass(frozen=True, slots=True)
class Event:
    """What one line tells: text, and what is known by then of how the turn ends. Empty where it tells nothing."""

    text: str = ""
    reason: str | None = None
    model: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, Any] = field(default_factory=dict)
    is_end: bool = False


NOTHING = Event()


def read(line: str) -> Event:
    """What ``line`` tells. ValueError, with the server's own words, where it tells of a failure or of nothing known.

    >>> read('data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": null}]}').text
    'Hi'
    """
    if not line.startswith(DATA):
        return NOTHING  # comments, names of events, and the blank lines between them
    said = line[len(DATA) :].strip()
    if said.startswith(END):
        return Event(is_end=True)
    document = json.loads(said) if said else {}
    if not isinstance(document, dict):
        raise ValueError(f"not a completion: {said[:200]}")
    if failure := document.get("error"):
        raise ValueError(failure.get("message") or str(failure) if isinstance(failure, dict) else str(failure))
    choices = document.get("choices") or [{}]
    choice = choices[0] if isinstance(choices, list) and isinstance(choices[0], dict) else {}
    delta = choice.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else None
    reason = choice.get("finish_reason")
    return Event(
        text if isinstance(text, str) else "",
        reason if isinstance(reason, str) else None,
        str(document.get("model") or ""),
        _mapping(document.get("usage")),
        _mapping(document.get("timings")),
    )


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}
