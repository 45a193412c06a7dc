"""Ollama: whether it answers, how old it is, who else it answers, and whether it has the model."""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress

import httpx2 as httpx

from llm_trainer.cli.examining.services import ask
from llm_trainer.cli.finding import Finding
from llm_trainer.settings import Settings

SAFE = (0, 17, 1)
KNOCK_SECONDS = 0.3


def ollama(http: httpx.Client, settings: Settings) -> list[Finding]:
    """All of it, as far as the settings want it."""
    backends = settings.llm_backends
    if not {"auto", "ollama"} & {*backends}:
        return [Finding("Ollama", "right", f"not asked for: llm_backend is {', '.join(backends)}")]
    url, needed = settings.ollama_url.rstrip("/"), "ollama" in backends
    version = ask(http, f"{url}/api/version")
    if isinstance(version, str):
        advice = "install and start Ollama, or leave it: with llm_backend auto the built-in tutor speaks"
        if needed:
            advice = "start it (`ollama serve`), mend ollama_url, or set llm_backend to auto or tutor"
        return [Finding("Ollama", "wrong" if needed else "doubtful", f"{url} {version}", advice)]
    return [_version(str(version.get("version", ""))), _model(http, settings, needed), _strangers(url)]


def _version(version: str) -> Finding:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if not numbers:
        return Finding("Ollama", "doubtful", "it does not tell its version", "is it Ollama that answers there?")
    if numbers < SAFE:
        advice = f"update it: versions before {'.'.join(map(str, SAFE))} have known holes"
        return Finding("Ollama", "doubtful", f"version {version}", advice)
    return Finding("Ollama", "right", f"version {version}")


def _model(http: httpx.Client, settings: Settings, needed: bool) -> Finding:
    tags = ask(http, f"{settings.ollama_url.rstrip('/')}/api/tags")
    models = [] if isinstance(tags, str) else [str(each.get("name")) for each in tags.get("models") or []]
    wanted = settings.ollama_model
    if wanted in models or f"{wanted}:latest" in models:
        return Finding("model", "right", f"{wanted} is there")
    seen = f"{wanted} is not pulled (there: {', '.join(models) or 'none'})"
    return Finding("model", "wrong" if needed else "doubtful", seen, f"ollama pull {wanted}")


def _strangers(url: str) -> Finding:
    """Whether Ollama answers others than this machine: it asks nobody who they are."""
    parsed = httpx.URL(url)
    if parsed.host != "localhost" and not _is_loopback(parsed.host):
        advice = "what is said travels over the network, and Ollama asks nobody for a password"
        return Finding("Ollama's door", "doubtful", f"it is another machine: {parsed.host}", advice)
    outside = [address for address in _own_addresses() if _knock(address, parsed.port or 80)]
    if outside:
        advice = "start it with OLLAMA_HOST=127.0.0.1, unless others are meant to use it"
        return Finding("Ollama's door", "doubtful", f"it answers others, too, at {', '.join(outside)}", advice)
    return Finding("Ollama's door", "right", "it answers this machine only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_addresses() -> list[str]:
    """This machine's addresses that others might reach, as far as its name tells."""
    with suppress(OSError):
        found = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)}
        return sorted(address for address in found if "%" not in address and not _is_loopback(address))
    return []


def _knock(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), KNOCK_SECONDS):
        return True
    return False
