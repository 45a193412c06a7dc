"""Verbs that examine: this machine, a learner; and that fetch what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

from llm_trainer.cli import pulling, tables
from llm_trainer.cli.completing import Shell, script
from llm_trainer.cli.reach import Reach, verb
from llm_trainer.cli.show import say
from llm_trainer.settings import load


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""

    @verb(app)
    def pull(
        reach: Reach,
        model: Annotated[str, typer.Argument(help="The model; the one of the settings when left out.")] = "",
    ) -> None:
        """Have Ollama fetch a model, and show how far it is."""
        with reach.middleware() as middleware:
            ended = pulling.pull(middleware, model, silent=reach.as_json)
        reach.print(ended, lambda _: f"{ended['model']} is there.")

    @verb(app)
    def doctor(
        reach: Reach,
        isolation: Annotated[
            bool, typer.Option("--isolation", help="Examine how far learner and trainer are apart instead.")
        ] = False,
    ) -> None:
        """Examine everything that training needs, and say what to do."""
        from llm_trainer.cli.doctor import examine  # noqa: PLC0415 - both are needed by this verb only
        from llm_trainer.cli.isolation import examine_isolation  # noqa: PLC0415

        settings = load()
        found = examine_isolation(settings, reach.url) if isolation else examine(settings, reach.url)
        reach.report(found, tables.findings)

    @verb(app, "check-learner")
    def check(
        reach: Reach,
        learner: Annotated[str, typer.Argument(help="The learner's address, such as http://localhost:8000.")],
    ) -> None:
        """Say what a learner supports; nothing is taught."""
        from llm_trainer.cli.checklearner import check_learner  # noqa: PLC0415 - needed by this verb only

        reach.report(check_learner(learner), tables.findings)

    @app.command()
    def completion(shell: Annotated[Shell, typer.Argument(help="Whose.")]) -> None:
        """Print what makes a shell complete these commands."""
        say(script(shell))
