"""Examines everything training needs: this machine, the three services, Ollama, the record's folder."""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx

from llm_trainer.cli.finding import Finding
from llm_trainer.cli.processes import port_taken
from llm_trainer.settings import HOME, Settings

SAFE_OLLAMA = (0, 17, 1)
LEAST_FREE_BYTES = 500_000_000
TIMEOUT_SECONDS = 3.0


def examine(settings: Settings, middleware_url: str) -> list[Finding]:
    """Look at everything once; nothing is changed, nobody is taught."""
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        return [
            _python(),
            _disk(settings.data_dir),
            _clock(),
            _permissions(settings.data_dir),
            _config(),
            _learner(http, settings.cerebrum_url),
            _service(http, "LLM server", settings.llm_server_base_url, "python llm_server.py", "llm_server_port"),
            _service(http, "middleware", middleware_url, "python middleware.py", "middleware_port"),
            *_ollama(http, settings),
        ]


def _python() -> Finding:
    seen = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < (3, 10):  # noqa: UP036 - the doctor examines what others take for granted
        return Finding("Python", "wrong", seen, "install Python 3.10 or newer")
    return Finding("Python", "right", seen)


def _disk(data_dir: Path) -> Finding:
    place = next(folder for folder in (data_dir, *data_dir.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    seen = f"{free / 1e9:.1f} GB free in {place}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "wrong", seen, "make room, or let data_dir lie on another disk")
    return Finding("disk", "right", seen)


def _clock() -> Finding:
    written = Path(__file__).stat().st_mtime
    seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if time.time() < written - 86_400:
        return Finding("clock", "wrong", f"{seen}, before this program was installed", "set the clock")
    return Finding("clock", "right", seen)


def _permissions(data_dir: Path) -> Finding:
    place = next(folder for folder in (data_dir, *data_dir.resolve().parents) if folder.exists())
    if not os.access(place, os.W_OK):
        return Finding("record", "wrong", f"{place} cannot be written", "own it, or set data_dir to a folder you own")
    if os.name == "posix" and stat.S_IMODE(place.stat().st_mode) & stat.S_IWOTH:
        return Finding("record", "doubtful", f"everybody may write in {place}", f"chmod o-w {place}")
    return Finding("record", "right", f"{data_dir} can be written")


def _config() -> Finding:
    path = HOME / "config.json"
    if not path.exists():
        return Finding("config.json", "right", "absent: the defaults hold")
    if re.search(r"\bsk-[A-Za-z0-9_-]{16,}", path.read_text("utf-8", "replace")):
        return Finding("config.json", "wrong", "it seems to hold a secret", "keep keys in the environment instead")
    return Finding("config.json", "right", "understood")


def _learner(http: httpx.Client, url: str) -> Finding:
    status = _ask(http, f"{url}/api/status")
    if isinstance(status, str):
        advice = "start it: `python start.py` one folder up, or `cerebrum serve`; else mend cerebrum_url"
        return Finding("learner", "wrong", f"{url}: {status}", advice)
    missing = {"idempotency", "cursor"} - set(status.get("capabilities") or [])
    if missing:
        advice = "sessions will be at-most-once; `check-learner` tells more"
        return Finding("learner", "doubtful", f"{url} lacks {', '.join(sorted(missing))}", advice)
    return Finding("learner", "right", f"{url}: stage {status.get('stage')}, {status.get('exchanges')} exchanges")


def _service(http: httpx.Client, name: str, url: str, command: str, setting: str) -> Finding:
    status = _ask(http, f"{url.rstrip('/')}/api/status")
    if not isinstance(status, str):
        words = [str(status[key]) for key in ("state", "backend", "model", "detail") if status.get(key)]
        return Finding(name, "right", f"{url}: {', '.join(words) or 'answers'}")
    port = httpx.URL(url).port
    if port is not None and port_taken(port):
        return Finding(name, "wrong", f"{url}: {status}", f"another program has port {port}; end it or move {setting}")
    return Finding(name, "doubtful", f"{url}: {status}", f"start it: `{command}`")


def _ollama(http: httpx.Client, settings: Settings) -> list[Finding]:
    needed = "ollama" in settings.llm_backends
    if not {"auto", "ollama"} & {*settings.llm_backends}:
        return [Finding("Ollama", "right", f"not asked for: llm_backend is {', '.join(settings.llm_backends)}")]
    version = _ask(http, f"{settings.ollama_url}/api/version")
    if isinstance(version, str):
        advice = "install and start Ollama, or leave it: with llm_backend auto the built-in tutor speaks"
        return [Finding("Ollama", "wrong" if needed else "doubtful", f"{settings.ollama_url}: {version}", advice)]
    return [_ollama_version(str(version.get("version", ""))), _ollama_model(http, settings, needed)]


def _ollama_version(version: str) -> Finding:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if numbers and numbers < SAFE_OLLAMA:
        advice = f"update it: versions before {'.'.join(map(str, SAFE_OLLAMA))} have known holes"
        return Finding("Ollama", "doubtful", f"version {version}", advice)
    return Finding("Ollama", "right", f"version {version}")


def _ollama_model(http: httpx.Client, settings: Settings, needed: bool) -> Finding:
    tags = _ask(http, f"{settings.ollama_url}/api/tags")
    models = [] if isinstance(tags, str) else [str(each.get("name")) for each in tags.get("models") or []]
    wanted = settings.ollama_model
    if wanted in models or f"{wanted}:latest" in models:
        return Finding("model", "right", f"{wanted} is there")
    seen = f"{wanted} is not pulled (there: {', '.join(models) or 'none'})"
    return Finding("model", "wrong" if needed else "doubtful", seen, f"ollama pull {wanted}")


def _ask(http: httpx.Client, url: str) -> dict[str, Any] | str:
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
