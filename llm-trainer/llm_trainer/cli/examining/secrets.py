"""Secrets, and who may read what: keys live in the environment, what was said lies in files of one's own."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from llm_trainer.cli.examining.machine import existing
from llm_trainer.cli.finding import Finding
from llm_trainer.settings import HOME, Settings

_KEY = re.compile(r"\b(?:sk|pk|gsk|hf|xai|ghp|AIza)[-_]?[A-Za-z0-9_-]{16,}|(?i:bearer)\s+[A-Za-z0-9._-]{16,}")


def secrets(settings: Settings) -> list[Finding]:
    """All of it."""
    return [_config(HOME / "config.json"), _key(settings), _readers(settings.data_dir)]


def _config(path: Path) -> Finding:
    if not path.exists():
        return Finding("config.json", "right", "absent: the defaults hold")
    if _KEY.search(path.read_text("utf-8", "replace")):
        return Finding("config.json", "wrong", "it seems to hold a secret", "keep keys in the environment instead")
    if _open_to(path, stat.S_IWOTH):
        return Finding("config.json", "doubtful", "everybody on this machine may change it", f"chmod o-w {path}")
    return Finding("config.json", "right", "understood, and without a secret")


def _key(settings: Settings) -> Finding:
    variable = settings.openai_key_variable
    if "openai" not in settings.llm_backends:
        return Finding("key", "right", "none is needed: llm_backend does not name openai")
    if os.environ.get(variable):
        return Finding("key", "right", f"{variable} is set here (what the LLM server was started with is its own)")
    advice = f"export {variable}=… where the LLM server is started, unless that server asks for none"
    return Finding("key", "doubtful", f"{variable} is not set here", advice)


def _readers(data_dir: Path) -> Finding:
    """What was said is nobody else's business; other programs of the same person may read it anyway."""
    place = existing(data_dir)
    if os.name != "posix":
        return Finding("privacy", "right", f"{place} has the permissions that Windows gives your own folders")
    if _open_to(place, stat.S_IWOTH) and not _open_to(place, stat.S_ISVTX):
        return Finding("privacy", "wrong", f"everybody may write in {place}", f"chmod o-w {place}")
    files = [*data_dir.glob("record.sqlite3*"), *data_dir.glob("session_*.json")] if data_dir.is_dir() else []
    readable = [each for each in files if _open_to(each, stat.S_IROTH)]
    if readable and _open_to(place, stat.S_IXOTH):
        seen = f"everybody on this machine may read what was said ({len(readable)} files in {place})"
        return Finding("privacy", "doubtful", seen, f"chmod o-rwx {place}, if others use this machine")
    return Finding("privacy", "right", f"nobody else may read what was said in {place}")


def _open_to(path: Path, bit: int) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & bit)
