"""From the learner's values to what goes out over HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cerebrum import __version__
from cerebrum.accounts import Exchange, Explanation, Status
from cerebrum.chain import Record
from cerebrum.learner import CAPABILITIES
from cerebrum.mind import TokenBits


def state(found: Status) -> str:
    """One word; rebuilding counts as ok, because it answers all the while."""
    return "ok" if found.state == "rebuilding" else found.state


def status(found: Status) -> dict[str, Any]:
    """``StatusOut``."""
    progress = None if found.progress is None else asdict(found.progress)
    return {
        "status": state(found),
        "version": __version__,
        "stage": found.stage,
        "exchanges": found.exchanges,
        "observations": found.observations,
        "forgotten": found.forgotten,
        "not_learned": found.not_learned,
        "vocabulary": int(found.measurements.get("vocabulary", 0)),
        "measurements": finite(found.measurements),
        "cursor": asdict(found.cursor),
        "capabilities": list(CAPABILITIES),
        "waking": progress if found.state == "waking" else None,
        "rebuilding": progress if found.state == "rebuilding" else None,
        "checking": None if found.checked is None else asdict(found.checked),
        "problem": found.problem or None,
    }


def exchange(found: Exchange) -> dict[str, Any]:
    """``ChatAnswer``."""
    why = {**found.why, "features": finite(found.why["features"]), "score": finite(found.why)["score"]}
    return {
        "response": found.said,
        "timestamp": found.at,
        "stage": found.stage,
        "exchange": found.seq,
        "why": why,
    }


def recorded(found: Exchange) -> dict[str, Any]:
    """``ExchangeOut``."""
    return exchange(found) | {"message": found.heard}


def explanation(found: Explanation) -> dict[str, Any]:
    """``ExplanationOut``."""
    words = [
        {"text": word.text, "sources": [{"seq": seq, "text": text} for seq, text in word.sources]}
        for word in found.words
    ]
    return recorded(found.exchange) | {"words": words}


def observation(record: Record) -> dict[str, Any]:
    """``ObservationOut``."""
    content = record.content
    assert content is not None
    return {
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind,
        "conversation_id": content.conversation,
        "speaker": content.voice,
        "heard": content.heard,
        "said": content.said,
    }


def score(text: str, tokens: Sequence[TokenBits]) -> dict[str, Any]:
    """``ScoreOut``."""
    bits = math.fsum(token.bits for token in tokens)
    return {
        "bits": bits,
        "characters": len(text),
        "bits_per_character": bits / len(text),
        "tokens": [{"text": token.text, "bits": token.bits} for token in tokens],
    }


def finite(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON can say: None for what is not a number."""
    return {name: None if isinstance(n, float) and not math.isfinite(n) else n for name, n in numbers.items()}
