"""Typed settings: defaults, then ``config.json``, then environment (``TRAINER_…``), then flags.

Only entry points read them; everything else takes plain arguments. Nothing ever writes ``config.json``.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from llm_trainer.errors import SettingsError

HOME = Path(__file__).resolve().parent.parent
BACKENDS = ("auto", "ollama", "openai", "gguf", "tutor", "recorded")
BackendName = Literal["auto", "ollama", "openai", "gguf", "tutor", "recorded"]


class Settings(BaseSettings):
    """Everything that can be configured. Secrets are named here, never held: see ``openai_key_variable``."""

    model_config = SettingsConfigDict(env_prefix="TRAINER_", extra="forbid", frozen=True, env_ignore_empty=True)

    cerebrum_url: str = Field("http://localhost:8000", description="where the learner answers")
    llm_server_port: int = Field(8001, ge=1, le=65535, description="port of the LLM server")
    middleware_port: int = Field(8002, ge=1, le=65535, description="port of the middleware and its dashboard")
    ollama_url: str = Field("http://localhost:11434", description="where Ollama answers")
    ollama_model: str = Field("gemma3:1b", description="the model Ollama is asked for")
    conversation_delay: float = Field(2.0, ge=0, le=3600, description="seconds from one exchange's start to the next")
    topic_switch_interval: int = Field(10, ge=1, le=1_000_000, description="exchanges before the topic changes")

    llm_backend: BackendName | list[BackendName] = Field(
        "auto", description="who speaks for the teacher; of a list, the first that can"
    )
    openai_url: str = Field("http://localhost:8080/v1", description="base URL of an OpenAI-compatible server")
    openai_model: str = Field("default", description="the model asked for there")
    openai_key_variable: str = Field("OPENAI_API_KEY", description="environment variable that holds the key")
    recorded_path: Path | None = Field(None, description="JSON Lines file of dialogues (.gz allowed) to speak from")
    recorded_sides: Literal["both", "first"] = Field("both", description="whose recorded turns are spoken")
    gguf_path: Path | None = Field(None, description="model file (GGUF) that the gguf back end runs in the process")
    gguf_threads: int | None = Field(None, ge=1, le=1024, description="threads it runs on; else half the cores")
    gguf_template_path: Path | None = Field(None, description="chat template (Jinja) where the model file has none")
    context_tokens: int = Field(4096, ge=256, le=1_000_000, description="tokens of context a model is run with")
    llm_stop: list[str] = Field([], description="texts that end a model's turn, beside its own")
    llm_server_url: str | None = Field(None, description="LLM server elsewhere; else this machine's llm_server_port")
    llm_timeout_seconds: float = Field(120, gt=0, le=3600, description="longest wait for one teacher's turn")
    learner: str | dict[str, Any] = Field("cerebrum", description="learner preset or mapping of its chat endpoint")
    learner_timeout_seconds: float = Field(60, gt=0, le=3600, description="longest wait for one learner's answer")
    learners: dict[str, str | dict[str, Any]] = Field(
        {}, description="more learners by name: an address, or a mapping with its url"
    )
    teachers: dict[str, str] = Field({}, description="more LLM servers by name: their addresses")
    max_sessions: int = Field(16, ge=1, le=1_000, description="sessions that may run at once, one for each learner")
    resume_sessions: bool = Field(True, description="go on by itself with sessions that a crash cut off")
    record_url: str | None = Field(None, description="database of the record; else record.sqlite3 in data_dir")
    alert_url: str | None = Field(None, description="address that alerts are posted to; $NAME is taken from there")
    alert_command: list[str] = Field([], description="command that gets each alert as JSON on its standard input")
    alert_after_seconds: float = Field(300, gt=0, le=86_400, description="outage or standstill that makes an alert")
    data_dir: Path = Field(HOME / "training_logs", description="record, exported session logs, service logs")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least severity logged")

    @field_validator("llm_backend", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        """``ollama, tutor``, as the environment and people write it, is a list."""
        found = [name.strip() for name in given.split(",")] if isinstance(given, str) and "," in given else given
        for name in found if isinstance(found, list) else [found]:
            if name not in BACKENDS:
                raise ValueError(f"{name!r} is none of {', '.join(BACKENDS)}")
        return found

    @property
    def llm_backends(self) -> list[str]:
        """Who may speak, in order, whether one was named or several."""
        return [self.llm_backend] if isinstance(self.llm_backend, str) else [*self.llm_backend]

    @property
    def llm_server_base_url(self) -> str:
        """Where the middleware finds the LLM server."""
        return self.llm_server_url or f"http://127.0.0.1:{self.llm_server_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags beat the environment; ``config.json`` is merged in by ``load``."""
        return init_settings, env_settings, _ConfigFile(settings_cls)


class _ConfigFile(PydanticBaseSettingsSource):
    path: Path = HOME / "config.json"

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        if not self.path.exists():
            return {}
        try:
            found = json.loads(self.path.read_text("utf-8-sig"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{self.path} is not JSON: {error}", remedy="mend or delete the file") from error
        if not isinstance(found, dict):
            raise SettingsError(f"{self.path} must hold one JSON object", remedy='write {"key": value, …}')
        for key in found:
            if key not in Settings.model_fields:
                raise SettingsError(f"{self.path}: unknown key {key!r}", remedy=_nearest(key))
        if "@" in (url := str(found.get("record_url", ""))) and ":" in url.partition("://")[2].rpartition("@")[0]:
            remedy = "give the whole URL by the environment: TRAINER_RECORD_URL, or the password by PGPASSWORD"
            raise SettingsError(f"{self.path}: record_url holds a password", remedy=remedy)
        return found


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, Settings.model_fields, n=1, cutoff=0.4)
    return f"did you mean {close[0]!r}?" if close else "known keys: " + ", ".join(Settings.model_fields)


def load(config: Path | None = None, **flags: Any) -> Settings:
    """Read all sources; ``flags`` that are None count as not given. Raises SettingsError, never ValidationError."""
    _ConfigFile.path = config or HOME / "config.json"
    if config is not None and not config.exists():
        raise SettingsError(f"{config} does not exist", remedy="give --config a file that does")
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc']))} = {e['input']!r}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(lines), remedy="see docs/settings.md for what each key takes") from error
