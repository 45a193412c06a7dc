"""The middleware as the command line sees it: its documented HTTP API and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from llm_trainer.cli.events import Event, read_events
from llm_trainer.errors import PeerAnswerInvalid, PeerTimeout, PeerUnreachable, TrainerError

Json = dict[str, Any]
STOP_SECONDS = 180.0
SILENCE_SECONDS = 5.0
"""The middleware says something every second; longer silence means that nobody is there."""


_ROUTE = re.compile(r"(?:GET|POST|PATCH|DELETE) /api/(?:training/|(?=sessions))([a-z]+)(?!\S)")
"""What a remedy calls a route, and what those who type commands call it."""


_FIELD = re.compile(r"\b(?:body|query)\.(\w+)")
"""What a refusal calls a field."""


def _option(field: re.Match[str]) -> str:
    """The option that fills it."""
    name = field.group(1)
    return "--exchanges" if name == "max_exchanges" else f"--{name.replace('_', '-')}"


class Refused(TrainerError):
    """The middleware answered with a problem document; its words are ours."""

    def __init__(self, document: Mapping[str, Any], status: int) -> None:
        said = str(document.get("detail") or document.get("title") or f"the middleware answered {status}")
        super().__init__(_FIELD.sub(_option, said))
        remedy = str(document.get("remedy") or "")
        self.remedy = "--help tells what each takes" if document.get("faults") else _ROUTE.sub(r"`\1`", remedy)
        self.status, self.code = status, str(document.get("code") or "refused")
        self.title = str(document.get("title") or "Refused")


class Middleware:
    """One connection to the middleware at ``url``. Every method raises PeerError or Refused, nothing else."""

    def __init__(self, url: str, timeout: float = 10.0, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False, transport=transport)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def status(self, session: str = "") -> Json:
        """Where a session stands; the present or last one when none is named."""
        return self._json("GET", "/api/training/status", params=_given(session_id=session))

    def services(self) -> Json:
        """Middleware, learner and LLM server, as last seen."""
        return self._json("GET", "/api/status")

    def learner(self) -> Json:
        """What the learner says of itself."""
        return self._json("GET", "/api/cerebrum/status")

    def start(self, plan: Mapping[str, object]) -> Json:
        """Start a session."""
        return self._json("POST", "/api/training/start", json=dict(plan), timeout=60.0)

    def stop(self, session: str = "", timeout: float = STOP_SECONDS) -> Json:
        """Stop a session; answers when it has really stopped, which may take as long as the call in flight."""
        return self._json("POST", "/api/training/stop", params=_given(session_id=session), timeout=timeout)

    def pause(self, session: str = "") -> Json:
        """Hold a session after the exchange in flight."""
        return self._json("POST", "/api/training/pause", params=_given(session_id=session), timeout=STOP_SECONDS)

    def resume(self, session: str = "") -> Json:
        """Go on after a pause."""
        return self._json("POST", "/api/training/resume", params=_given(session_id=session), timeout=60.0)

    def step(self, session: str = "", exchanges: int = 1) -> Json:
        """Some exchanges of a paused session."""
        body, params = {"exchanges": exchanges}, _given(session_id=session)
        return self._json("POST", "/api/training/step", json=body, params=params, timeout=STOP_SECONDS)

    def retune(self, changes: Mapping[str, object], session: str = "") -> Json:
        """Change delay, topics or strategy while a session runs."""
        return self._json("PATCH", "/api/training", json=dict(changes), params=_given(session_id=session))

    def log(self, limit: int, after: int | None = None, session: str = "") -> Json:
        """Exchanges of a session: the newest ``limit``, or the first ``limit`` beyond ``after``."""
        return self._json("GET", "/api/training/log", params=_given(limit=limit, after=after, session_id=session))

    def measurements(self, after: int, session: str = "", limit: int = 1_000) -> list[Json]:
        """What the learner measured of itself in a session, oldest first, from row ``after`` + 1 on."""
        params = _given(after=after, session_id=session, limit=limit)
        return _objects(self._json("GET", "/api/training/measurements", params=params).get("measurements"))

    def events(self, after: str, session: str = "") -> Iterator[Event]:
        """What happens from event ``after`` on, what was missed first: in ``session``, or in the latest and the next.

        Ends when the middleware ends it.
        """
        params = _given(session_id=session)
        headers, patience = {"Last-Event-ID": after}, httpx.Timeout(10.0, read=SILENCE_SECONDS)
        with (
            self._translated(),
            self._http.stream(
                "GET", "/api/training/events", headers=headers, params=params, timeout=patience
            ) as answer,
        ):
            if answer.is_error:
                answer.read()
                raise _refusal(answer)
            yield from read_events(answer.iter_lines())

    def session(self, session: str) -> Json:
        """One session, by id or by name."""
        return self._json("GET", f"/api/sessions/{quote(session, safe='')}")

    def take_up(self, session: str) -> Json:
        """Go on with a session that is paused, or that a crash cut off."""
        return self._json("POST", f"/api/sessions/{quote(session, safe='')}/resume", timeout=60.0)

    def delete(self, session: str) -> Json:
        """Remove a session and all that was kept of it."""
        return self._json("DELETE", f"/api/sessions/{quote(session, safe='')}", timeout=60.0)

    def calls(self, **wanted: object) -> list[Json]:
        """Calls made to learner and LLM server, newest first."""
        return _objects(self._json("GET", "/api/traffic", params=_given(**wanted)).get("calls"))

    def pull(self, model: str) -> Json:
        """Have the LLM server fetch a model; empty means the one that its settings ask for."""
        return self._json("POST", "/api/llm/pull", json={"model": model} if model else {}, timeout=60.0)

    def pulling(self) -> Json:
        """How far that is."""
        return self._json("GET", "/api/llm/pull")

    def sessions(self, limit: int = 100, status: str = "") -> list[Json]:
        """Sessions, newest first; only those of a status (running, ended, interrupted) where one is given."""
        params = _given(limit=limit, status=status)
        return _objects(self._json("GET", "/api/sessions", params=params).get("sessions"))

    def learners(self) -> Json:
        """Whom a session may teach, who may speak in it, and who is taught now."""
        return self._json("GET", "/api/learners")

    def export(self, session: str, form: str) -> Iterator[bytes]:
        """The session's record in one of the formats, piece by piece."""
        with (
            self._translated(),
            self._http.stream(
                "GET", f"/api/sessions/{quote(session, safe='')}/export", params={"format": form}, timeout=60.0
            ) as answer,
        ):
            if answer.is_error:
                answer.read()
                raise _refusal(answer)
            yield from answer.iter_bytes()

    def _json(self, method: str, path: str, **options: Any) -> Json:
        with self._translated():
            answer = self._http.request(method, path, **options)
        if answer.is_error and not _is_strange(answer):
            raise _refusal(answer)
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or answer.is_error:
            raise PeerAnswerInvalid(
                f"{self.url} answered something that is not the middleware's",
                peer="middleware",
                remedy="is another program on that port? --url names the middleware's address",
            )
        return body

    def _translated(self) -> _Translated:
        return _Translated(self.url)


class _Translated:
    """Turns the HTTP library's exceptions into ours."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            raise PeerTimeout(
                f"the middleware at {self.url} did not answer in time",
                peer="middleware",
                remedy="its log in training_logs/services says what it is busy with",
            ) from error
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
            raise PeerUnreachable(
                f"the middleware does not answer at {self.url}",
                peer="middleware",
                remedy="start it with `python middleware.py`, or everything with `python start_training.py`",
            ) from error


def _is_strange(answer: httpx.Response) -> bool:
    """Whether a program answers that has no such route: the middleware has all that are asked for here."""
    return answer.status_code == 404 and '"remedy"' not in answer.text


def _refusal(answer: httpx.Response) -> Refused:
    try:
        document = answer.json()
    except ValueError:
        document = {}
    return Refused(document if isinstance(document, dict) else {}, answer.status_code)


def _given(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value != ""}


def _objects(listed: object) -> list[Json]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
