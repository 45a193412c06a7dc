"""Completion: what may follow at the cursor, and the script that makes a shell ask for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum

import typer

from llm_trainer.cli.client import Middleware
from llm_trainer.cli.reach import reach
from llm_trainer.errors import TrainerError
from llm_trainer.session.strategies import NAMES

PROGRAM = "llm-trainer"
VARIABLE = "_LLM_TRAINER_COMPLETE"
"""Set by the script while the shell asks what may follow."""
PATIENCE_SECONDS = 0.7


class Shell(str, Enum):
    """A shell that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


HOW = {
    Shell.BASH: """\
# now:       eval "$(llm-trainer completion bash)"
# for good:  llm-trainer completion bash >> ~/.bash_completion""",
    Shell.ZSH: """\
# now:       eval "$(llm-trainer completion zsh)"
# for good:  llm-trainer completion zsh > _llm-trainer, in a folder of $fpath""",
    Shell.FISH: """\
# now:       llm-trainer completion fish | source
# for good:  llm-trainer completion fish > ~/.config/fish/completions/llm-trainer.fish""",
    Shell.POWERSHELL: """\
# now:       llm-trainer completion powershell | Out-String | Invoke-Expression
# for good:  llm-trainer completion powershell >> $PROFILE""",
}


def script(shell: Shell) -> str:
    """What to have the shell read so that it completes ``llm-trainer``."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # noqa: PLC0415

    lines = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell.value).split("\n")
    first = 1 if lines[0].startswith("#compdef") else 0  # zsh reads that line only where it is the first
    return "\n".join([*lines[:first], HOW[shell], *lines[first:]])


def answer_shells() -> None:
    """Be ready for a shell's question. The library does this where its own options for it are switched on; those
    would edit a person's shell settings, so they are off."""
    if VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # noqa: PLC0415

        completion_init()


def sessions_named(context: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Names of sessions, where the middleware answers at once."""
    try:
        middleware = Middleware(reach(context.params.get("url") or "", False, context.obj).url, PATIENCE_SECONDS)
        for each in middleware.sessions():
            if (name := str(each.get("name"))).startswith(incomplete):
                yield name, f"{each.get('exchanges_completed')} exchanges, {each.get('status')}"
    except TrainerError:
        return


def strategies(incomplete: str) -> list[str]:
    """Ways to teach."""
    return [name for name in NAMES if name.startswith(incomplete)]
