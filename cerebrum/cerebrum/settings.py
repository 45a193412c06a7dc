"""Typed settings: defaults, then the environment (``CEREBRUM_…``), then flags. Only entry points read them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cerebrum.errors import SettingsError

PREFIX = "CEREBRUM_"
HOME = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    port: int = Field(8000, ge=1, le=65535, description="port on 127.0.0.1 where CEREBRUM answers")
    data_dir: Path = Field(HOME / "memory", description="folder of the record and the saved minds")
    seed: int = Field(0, ge=0, lt=1 << 63, description="what chance starts from; part of what a mind becomes")
    active_limit: int = Field(20_000, ge=100, le=10_000_000, description="most observations drawn on at once")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least severity logged")


def load(**flags: object) -> Settings:
    """Read all sources; ``flags`` that are None count as not given. Raises SettingsError, never ValidationError."""
    given = {name: value for name, value in flags.items() if value is not None}
    for name in given:
        if name not in Settings.model_fields:
            raise SettingsError(f"unknown setting {name!r}", remedy=nearest(name))
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))} = {e['input']!r}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(faults), remedy="see docs/settings.md for what each setting takes") from error


def misspelt() -> list[str]:
    """Environment variables that look like settings and are none, each with the nearest one."""
    names = [name[len(PREFIX) :].lower() for name in os.environ if name.upper().startswith(PREFIX)]
    return [f"{_variable(name)}: {nearest(name, _variable)}" for name in names if name not in Settings.model_fields]


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def nearest(name: str, written: Callable[[str], str] = str) -> str:
    """A hint at what was meant, as it is ``written`` where the mistake was made."""
    close = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.4)
    return f"did you mean {written(close[0])}?" if close else "known: " + ", ".join(map(written, Settings.model_fields))
