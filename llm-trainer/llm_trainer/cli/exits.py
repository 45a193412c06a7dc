"""Exit codes, the same for every command of the trainer."""

from __future__ import annotations

from enum import IntEnum

from llm_trainer.errors import Conflict, PeerError, PeerRefused, SettingsError, TrainerError


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    CONFLICT = 4
    INTERRUPTED = 130


def exit_code(error: TrainerError) -> Exit:
    """The exit code that tells a script what kind of error it was."""
    if isinstance(error, SettingsError) or error.status == 422:
        return Exit.USAGE
    if error.status == Conflict.status:
        return Exit.CONFLICT
    unreachable = isinstance(error, PeerError) and not isinstance(error, PeerRefused)
    return Exit.UNREACHABLE if unreachable or error.status in (502, 503, 504) else Exit.FAILED


def sentence(error: TrainerError) -> str:
    """What went wrong and what to do, in one or two lines."""
    return f"{error.detail}\n{error.remedy}" if error.remedy else error.detail
