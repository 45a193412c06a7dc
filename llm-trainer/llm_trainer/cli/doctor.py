"""Examines everything training needs: this machine, secrets, the three services, Ollama."""

from __future__ import annotations

import httpx2 as httpx

from llm_trainer.cli.examining.machine import machine
from llm_trainer.cli.examining.ollama import ollama
from llm_trainer.cli.examining.secrets import secrets
from llm_trainer.cli.examining.services import services
from llm_trainer.cli.finding import Finding
from llm_trainer.settings import Settings

TIMEOUT_SECONDS = 3.0


def examine(settings: Settings, middleware_url: str) -> list[Finding]:
    """Look at everything once; nothing is changed, nobody is taught."""
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        return [
            *machine(settings),
            *secrets(settings),
            *services(http, settings, middleware_url),
            *ollama(http, settings),
        ]
