"""The three services, as they say themselves; and what the learner can do of its contract."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx

from llm_trainer.cli.checklearner import CAPABILITIES, check_learner
from llm_trainer.cli.finding import Finding
from llm_trainer.cli.processes import port_taken
from llm_trainer.errors import SettingsError
from llm_trainer.settings import Settings


def services(http: httpx.Client, settings: Settings, middleware_url: str) -> list[Finding]:
    """All of them."""
    return [
        *_learner(http, settings),
        _service(http, "LLM server", settings.llm_server_base_url, "python llm_server.py", "llm_server_port"),
        _service(http, "middleware", middleware_url, "python middleware.py", "middleware_port"),
    ]


def ask(http: httpx.Client, url: str) -> dict[str, Any] | str:
    """The JSON object that ``url`` answers, or in words why there is none."""
    try:
        answer = http.get(url)
        found = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL):
        return "does not answer"
    except ValueError:
        return "answers, but not as it should"
    if not answer.is_success or not isinstance(found, dict):
        return f"answers {answer.status_code}"
    return found


def _learner(http: httpx.Client, settings: Settings) -> list[Finding]:
    url = settings.cerebrum_url
    if settings.learner != "cerebrum":
        return [_mapped(http, url)]
    status = ask(http, f"{url.rstrip('/')}/api/status")
    if isinstance(status, str):
        advice = "start it: `python start.py` one folder up, or `cerebrum serve`; else mend cerebrum_url"
        return [Finding("learner", "wrong", f"{url} {status}", advice)]
    known = f"{url}: stage {status.get('stage')}, {status.get('exchanges')} exchanges"
    if problem := status.get("problem"):
        return [Finding("learner", "wrong", f"{known}: {problem}", "see its log"), _contract(url)]
    return [Finding("learner", "right", known), _contract(url)]


def _mapped(http: httpx.Client, url: str) -> Finding:
    """A learner of another kind need only open its door; the mapping says how it is talked to."""
    try:
        code = http.get(url).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return Finding("learner", "wrong", f"{url} does not answer", "start it, or mend cerebrum_url")
    return Finding("learner", "right", f"{url} answers {code}; it is talked to as the setting learner says")


def _contract(url: str) -> Finding:
    try:
        found = check_learner(url)
    except SettingsError as error:
        return Finding("contract", "wrong", error.detail, error.remedy)
    broken = [each for each in found if each.verdict == "wrong"]
    missing = [each.subject for each in found if each.verdict == "doubtful"]
    if broken:
        return Finding(
            "contract", "wrong", "; ".join(f"{each.subject}: {each.seen}" for each in broken), broken[0].advice
        )
    if missing:
        advice = "`check-learner` says what that costs"
        weak = "; sessions are at-most-once" if "idempotency" in missing else ""
        return Finding("contract", "doubtful", f"it lacks {', '.join(missing)}{weak}", advice)
    return Finding("contract", "right", f"all {len(CAPABILITIES)} capabilities; a frozen chat taught it nothing")


def _service(http: httpx.Client, name: str, url: str, command: str, setting: str) -> Finding:
    status = ask(http, f"{url.rstrip('/')}/api/status")
    if not isinstance(status, str):
        return _running(name, url, status)
    port = httpx.URL(url).port
    if port is not None and httpx.URL(url).host in ("127.0.0.1", "localhost") and port_taken(port):
        return Finding(name, "wrong", f"{url} {status}", f"another program has port {port}; end it or move {setting}")
    return Finding(name, "doubtful", f"{url} {status}", f"start it: `{command}`")


def _running(name: str, url: str, status: dict[str, Any]) -> Finding:
    words = [str(status[key]) for key in ("backend", "model", "state", "detail", "warning") if status.get(key)]
    seen = f"{url}: {', '.join(dict.fromkeys(words)) or 'answers'}"
    if status.get("ready") is False or status.get("warning"):
        return Finding(name, "doubtful", seen, str(status.get("remedy") or "see its status: `status --json`"))
    return Finding(name, "right", seen)
