"""The command ``python llm_server.py``: read the flags and settings, choose a back end, serve."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_trainer.errors import SettingsError
from llm_trainer.ports import check_port_free

BACKENDS = ("auto", "ollama", "openai", "gguf", "tutor", "recorded")
EXIT_SETTINGS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it; 2 when the settings cannot be used."""
    flags = _parser().parse_args(arguments)
    try:
        return _serve(flags)
    except SettingsError as error:
        sys.stderr.write(f"llm_server: {error.detail}; {error.remedy}\n")
        return EXIT_SETTINGS


def _serve(flags: argparse.Namespace) -> int:
    from llm_trainer import settings as sources  # noqa: PLC0415  (--help answers without it)

    settings = sources.load(flags.config, **_overrides(flags))
    check_port_free(
        settings.llm_server_port, "llm_server_port"
    )  # before the slow imports: a start that fails, fails fast

    from llm_trainer import log, web  # noqa: PLC0415
    from llm_trainer.llm_server.app import create_app  # noqa: PLC0415
    from llm_trainer.llm_server.wiring import casting, chooser, deadlines  # noqa: PLC0415

    log.configure(settings.log_level)
    app = create_app(chooser(settings), settings.llm_server_port, deadlines(settings), casting=casting(settings))
    web.serve(app, settings.llm_server_port, setting="llm_server_port")
    return 0


def _overrides(flags: argparse.Namespace) -> dict[str, Any]:
    """Settings by their names; a path given for a back end chooses that back end."""
    named = flags.backend.split(",") if flags.backend else []
    by_path = "recorded" if flags.recorded else "gguf" if flags.gguf else None
    backend = named if len(named) > 1 else flags.backend or by_path
    return {
        "llm_backend": backend,
        "llm_server_port": flags.port,
        "ollama_model": flags.model,
        "openai_model": flags.model,
        "ollama_url": flags.ollama_url,
        "openai_url": flags.openai_url,
        "recorded_path": flags.recorded,
        "recorded_sides": flags.sides,
        "gguf_path": flags.gguf,
        "log_level": flags.log_level,
    }


def _backends(given: str) -> str:
    unknown = [name for name in given.split(",") if name not in BACKENDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(BACKENDS)}")
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="llm_server.py",
        description="Serve a language model, or something that speaks like one, on one port.",
        epilog="Everything else is set in config.json or the environment (TRAINER_…); flags win. Ctrl+C ends it.",
    )
    add = parser.add_argument
    several = "several with commas between: the next speaks when one fails"
    help_ = f"who speaks: {', '.join(BACKENDS)}; auto (the default) is Ollama if it can, else the tutor; {several}"
    add("--backend", type=_backends, metavar="NAME[,NAME…]", help=help_)
    add("--model", help="the model that Ollama or the OpenAI-compatible server is asked for")
    add("--port", type=int, help="port to listen on (8001)")
    add("--config", type=Path, metavar="FILE", help="settings file (config.json beside llm_server.py)")
    add("--ollama-url", metavar="URL", help="where Ollama answers")
    add("--openai-url", metavar="URL", help="base URL of an OpenAI-compatible server")
    add("--recorded", type=Path, metavar="FILE", help="speak the turns of this JSON Lines file (.gz allowed)")
    add("--sides", choices=("both", "first"), help="whose recorded turns are spoken")
    add("--gguf", type=Path, metavar="FILE", help="run this model inside the process, through llama.cpp")
    add("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="least severity logged")
    return parser
