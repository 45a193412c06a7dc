"""The command line over the middleware's API: every verb is one or two calls of it, and a way to show the answer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from llm_trainer.cli.completing import answer_shells
from llm_trainer.cli.exits import Exit, exit_code, sentence
from llm_trainer.cli.following import follow_ours
from llm_trainer.cli.reach import AsJson, Reach, Url, reach
from llm_trainer.cli.show import say
from llm_trainer.cli.streams import make_streams_safe
from llm_trainer.cli.verbs import examining, keeping, looking, steering
from llm_trainer.cli.verbs.steering import Delay, Exchanges, Seed, Strategy, Topics, plan_of
from llm_trainer.errors import TrainerError

HELP = "Start, steer and follow training sessions. Without a verb: start a session and follow it to its end."
EPILOG = (
    "Exit codes: 0 done; 1 failed; 2 the command or the settings make no sense; 3 a service cannot be reached; "
    "4 not possible now, such as starting while a session runs; 130 interrupted."
)
app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    help=HELP,
)
for each in (steering, looking, keeping, examining):
    each.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors become a sentence and an exit code, never a traceback."""
    make_streams_safe()
    answer_shells()
    typed = Path(sys.argv[0]).name
    name = typed if typed.endswith("orchestrator.py") else "llm-trainer"
    try:
        app(args=None if arguments is None else list(arguments), prog_name=name)
    except TrainerError as error:
        say(sentence(error), problem=True)
        return exit_code(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE
    return Exit.DONE


@app.callback(invoke_without_command=True, help=HELP)
def _bare(
    context: typer.Context,
    *,
    exchanges: Exchanges = 100,
    delay: Delay = None,
    topics: Topics = None,
    strategy: Strategy = None,
    seed: Seed = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    context.obj = Reach(url, as_json)
    if context.invoked_subcommand is None:
        plan = plan_of(exchanges, topics, delay=delay, strategy=strategy, seed=seed)
        raise typer.Exit(follow_ours(reach(url, as_json), plan))
