"""Puts together what is seen of the processes, of our code and of the record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import llm_trainer
from llm_trainer.cli.client import Middleware, Refused
from llm_trainer.cli.finding import Finding
from llm_trainer.cli.isolation import judging, source
from llm_trainer.cli.isolation.judging import LEARNER, LLM, MIDDLEWARE, Scene
from llm_trainer.cli.isolation.seen import Seen, look
from llm_trainer.errors import PeerError
from llm_trainer.settings import HOME, Settings

PACKAGE = Path(llm_trainer.__file__).parent
SERVICES = ("middleware", "llm_server", "session", "web")
DOORS = frozenset({"http1.py"})
"""The only file of the middleware that opens connections."""
STARTERS = frozenset({"alerts.py"})
"""The only file of the services that starts a program: the one that the settings name for alerts."""
COUNTED = 1_000


def examine_isolation(settings: Settings, middleware_url: str) -> list[Finding]:
    """Each guarantee of the README with what was seen of it."""
    with ThreadPoolExecutor(1) as asking:  # the middleware's answers take their time, reading does not wait for them
        rows = asking.submit(recorded, middleware_url)
        seen = [*judging.judge(scene_of(settings, middleware_url)), *sources(PACKAGE)]
        return [*seen, rows.result(), *elsewhere()]


def scene_of(settings: Settings, middleware_url: str) -> Scene:
    """The three processes, and whom each may call."""
    urls = {LEARNER: settings.cerebrum_url, LLM: settings.llm_server_base_url, MIDDLEWARE: middleware_url}
    ports = {name: _port(url) for name, url in urls.items()}
    backends = frozenset({_port(settings.ollama_url), _port(settings.openai_url)})
    ends = {ports[LEARNER], ports[LLM]} | ({_port(settings.alert_url)} if settings.alert_url else set())
    may_call = {LEARNER: frozenset[int](), LLM: backends, MIDDLEWARE: frozenset(ends)}
    return Scene({name: _look(url, ports[name]) for name, url in urls.items()}, str(HOME), may_call)


def sources(package: Path) -> list[Finding]:
    """What our code itself proves."""
    modules = source.read(package)
    services = [module for module in modules if module.folder in SERVICES]
    imports = source.imports_of(modules, source.LEARNER_PACKAGE)
    running = [place for place in source.dangers(services) if not _is_known(place)]
    reaching = source.network_doors([module for module in modules if module.folder == "middleware"], DOORS)
    return [
        _clean("no shared code: imports", imports, f"{len(modules)} files, none imports the learner"),
        _clean(
            "no injection: our code",
            running,
            "the services run no text as code, unpickle nothing, and start no program but the settings' alert command",
        ),
        _clean("monitorable: one door", reaching, f"in the middleware only {', '.join(DOORS)} reaches the network"),
    ]


def recorded(middleware_url: str) -> Finding:
    """Whether each call of the newest session that ended has its row."""
    subject = "monitorable: rows"
    middleware = Middleware(middleware_url)
    try:
        ended = middleware.sessions(1, "ended")
        if not ended:
            return Finding(subject, "doubtful", "unknown: no session has ended yet", "look again after one")
        return _rows(middleware, str(ended[0]["session_id"]), str(ended[0].get("name")), subject)
    except (PeerError, Refused) as error:
        return Finding(subject, "doubtful", f"unknown: {error.detail}", "start the middleware")
    finally:
        middleware.close()


def _rows(middleware: Middleware, session: str, name: str, subject: str) -> Finding:
    exchanges = middleware.log(COUNTED, 0, session).get("exchanges") or []
    attempts = sum(int(each.get("attempts") or 0) for each in exchanges)
    before: int | None = None
    rows = 0
    while calls := middleware.calls(session=session, peer=LEARNER, method="POST", limit=COUNTED, before=before):
        rows += len(calls)
        before = int(calls[-1]["id"])
    seen = f"{name}: {len(exchanges)} exchanges, sent {attempts} times, {rows} rows"
    return (
        Finding(subject, "wrong", seen, "tell us: a call without a row")
        if rows < attempts
        else Finding(subject, "right", seen)
    )


def elsewhere() -> list[Finding]:
    """What can only be tried by breaking something; the repository's tests do."""
    advice = "`python run_tests.py` one folder up tries it"
    return [
        Finding(
            "separate processes: ended alone", "doubtful", "unknown: not tried, it would end your services", advice
        ),
        Finding(
            "deletable: without the trainer", "doubtful", "unknown: not tried, it would delete this folder", advice
        ),
    ]


def _is_known(place: source.Place) -> bool:
    return place.file in STARTERS and place.what == "subprocess.Popen"


def _clean(subject: str, places: list[source.Place], seen: str) -> Finding:
    if not places:
        return Finding(subject, "right", seen)
    return Finding(subject, "wrong", "; ".join(map(str, places[:5])), "tell us: this must not be")


def _look(url: str, port: int) -> Seen | None:
    return look(port) if urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1") else None


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
