"""Tries a learner over HTTP and says what of the contract it supports, without teaching it anything."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx

from llm_trainer.cli.finding import Finding
from llm_trainer.errors import SettingsError

CAPABILITIES = {
    "idempotency": "a repeated message teaches nothing twice: sessions are exactly-once",
    "cursor": "what it has forgotten can be told again",
    "freeze": "it can be tested without being taught",
    "observe": "it learns from conversations overheard",
    "score": "it says how surprised it is",
    "explain": "it says where its words came from",
    "forget": "an observation can be taken back",
    "snapshot": "its whole mind can be copied",
}
HELLO = "Hello."


def check_learner(url: str) -> list[Finding]:
    """Examine the learner at ``url``. Raises SettingsError where that is no address."""
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"{url!r} is not an http address", remedy="write it as http://localhost:8000")
    try:
        with httpx.Client(base_url=url.rstrip("/"), timeout=10.0, trust_env=False) as http:
            return _examine(http, url)
    except httpx.InvalidURL as error:
        raise SettingsError(
            f"{url!r} is not an address: {error}", remedy="write it as http://localhost:8000"
        ) from error


def _examine(http: httpx.Client, url: str) -> list[Finding]:
    status = _get(http, "/api/status")
    if isinstance(status, str):
        return [
            Finding(
                "learner",
                "wrong",
                f"{url}/api/status: {status}",
                "start it, or say with the setting `learner` how it is talked to",
            )
        ]
    declared = [str(each) for each in status.get("capabilities") or []]
    found = [_told(status)]
    found += [
        Finding(name, "right", meaning)
        if name in declared
        else Finding(name, "doubtful", "not declared", _without(name))
        for name, meaning in CAPABILITIES.items()
    ]
    if "freeze" in declared:
        found.append(_frozen_chat(http, status))
    if "idempotency" in declared:
        found.append(_unknown_key(http))
    return found


def _told(status: dict[str, Any]) -> Finding:
    """What it says of itself; a stage and a count are not asked of every learner, but missed."""
    if status.get("stage") is None and status.get("exchanges") is None:
        advice = "is it a learner at all? one that tells of neither can be taught, but its growth not be followed"
        return Finding("status", "doubtful", "it tells of no stage and of no exchanges", advice)
    return Finding("status", "right", f"stage {status.get('stage')}, {status.get('exchanges')} exchanges learned")


def _without(name: str) -> str:
    return {
        "idempotency": "sessions are at-most-once: an exchange whose outcome is unknown is marked, never repeated",
        "freeze": "nothing can be said to it for a test without teaching it",
    }.get(name, "")


def _frozen_chat(http: httpx.Client, before: dict[str, Any]) -> Finding:
    answer = _ask(http, "POST", "/api/chat", {"message": HELLO, "learn": False})
    if isinstance(answer, str):
        return Finding("frozen chat", "wrong", answer, "POST /api/chat with learn: false must answer 200")
    if not isinstance(answer.get("response"), str):
        return Finding(
            "frozen chat", "wrong", "the answer has no text `response`", "see POST /api/chat in docs/http.md"
        )
    after = _get(http, "/api/status")
    if isinstance(after, str) or after.get("exchanges") != before.get("exchanges"):
        return Finding("frozen chat", "wrong", "it learned from a frozen chat", "learn: false must change nothing")
    return Finding("frozen chat", "right", f"it answered {answer['response'][:60]!r} and learned nothing")


def _unknown_key(http: httpx.Client) -> Finding:
    code = _status_of(http, "/api/exchanges/check-learner-never-used")
    if code == 404:
        return Finding("recorded exchanges", "right", "a key never used is answered 404")
    return Finding("recorded exchanges", "wrong", f"a key never used is answered {code}", "it must be 404")


def _get(http: httpx.Client, path: str) -> dict[str, Any] | str:
    return _ask(http, "GET", path, None)


def _ask(http: httpx.Client, method: str, path: str, body: object) -> dict[str, Any] | str:
    """The JSON object that came back, or in words why there is none."""
    try:
        answer = http.request(method, path, json=body) if body is not None else http.request(method, path)
        found = answer.json() if answer.is_success else None
    except httpx.ConnectError:
        return "nobody listens there"
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    except ValueError:
        return "the answer is not JSON"
    return found if isinstance(found, dict) else f"answered {answer.status_code}"


def _status_of(http: httpx.Client, path: str) -> int:
    try:
        return http.get(path).status_code
    except httpx.HTTPError:
        return 0
