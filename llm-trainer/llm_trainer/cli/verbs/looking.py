"""Verbs that show how sessions stand, and what was said in them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from llm_trainer.cli import tables
from llm_trainer.cli.client import Json, Middleware
from llm_trainer.cli.completing import sessions_named
from llm_trainer.cli.following import watch_session
from llm_trainer.cli.numbers import Range
from llm_trainer.cli.reach import Reach, number, verb

MANY = Range(1, 1_000)
Session = Annotated[
    str,
    typer.Argument(
        help="The session's id or name; the present or last one when left out.", autocompletion=sessions_named
    ),
]


class Standing(str, Enum):
    """How a session stands."""

    RUNNING = "running"
    ENDED = "ended"
    INTERRUPTED = "interrupted"


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""

    @verb(app)
    def status(reach: Reach, session: Session = "") -> None:
        """Show where the session and the three services stand."""

        def all_of_it(middleware: Middleware) -> Json:
            return {"training": middleware.status(session), "services": middleware.services()}

        reach.ask(all_of_it, tables.status)

    @verb(app)
    def log(
        reach: Reach,
        session: Session = "",
        limit: Annotated[int, number("--limit", MANY.whole, "How many exchanges.")] = 20,
        after: Annotated[int | None, number("--after", Range(0).whole, "Only those with a greater number.")] = None,
    ) -> None:
        """Show the exchanges of a session."""
        reach.ask(lambda middleware: middleware.log(limit, after, session), tables.log)

    @verb(app)
    def watch(
        reach: Reach,
        session: Session = "",
        plain: Annotated[bool, typer.Option("--plain", help="Lines instead of the whole screen.")] = False,
    ) -> None:
        """Watch a session on the whole screen; q leaves it running."""
        raise typer.Exit(watch_session(reach, session, plain=plain))

    @verb(app)
    def sessions(
        reach: Reach,
        limit: Annotated[int, number("--limit", MANY.whole, "How many.")] = 100,
        status: Annotated[Standing | None, typer.Option("--status", help="Only these.")] = None,
    ) -> None:
        """List all sessions, newest first."""
        wanted = status.value if status else ""
        reach.ask(
            lambda middleware: {"sessions": middleware.sessions(limit, wanted)},
            lambda answer: tables.sessions(answer, wanted),
        )

    @verb(app)
    def learners(reach: Reach) -> None:
        """List whom sessions may teach, and who may speak."""
        reach.ask(Middleware.learners, tables.learners)
