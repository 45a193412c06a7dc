"""Verbs that start, steer and end sessions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from llm_trainer.cli import tables
from llm_trainer.cli.client import Middleware
from llm_trainer.cli.completing import sessions_named, strategies
from llm_trainer.cli.reach import Reach, verb
from llm_trainer.errors import Conflict, SettingsError

Exchanges = Annotated[int, typer.Option("--exchanges", min=1, max=1_000_000, help="Exchanges to teach.")]
Delay = Annotated[
    float | None, typer.Option("--delay", min=0, max=3600, help="Seconds from one exchange's start to the next.")
]
Topics = Annotated[str | None, typer.Option("--topics", help="Topics to talk about, separated by commas.")]
Strategy = Annotated[str | None, typer.Option("--strategy", help="How to teach.", autocompletion=strategies)]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**31 - 1, help="Makes the session's choices the same each time.")
]
Session = Annotated[
    str,
    typer.Argument(help="The session's id or name; the one that runs when left out.", autocompletion=sessions_named),
]


def plan_of(
    exchanges: int, delay: float | None, topics: str | None, strategy: str | None, seed: int | None
) -> dict[str, object]:
    """The body of a start; what was not said is left to the middleware. Raises SettingsError."""
    names = None if topics is None else [name.strip() for name in topics.split(",") if name.strip()]
    if names == []:
        raise SettingsError(f"--topics {topics!r} names no topic", remedy="write --topics animals,weather")
    wished = {"delay": delay, "topics": names, "strategy": strategy, "seed": seed}
    return {"max_exchanges": exchanges} | {key: value for key, value in wished.items() if value is not None}


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""

    @verb(app)
    def start(
        reach: Reach,
        *,
        exchanges: Exchanges = 100,
        delay: Delay = None,
        topics: Topics = None,
        strategy: Strategy = None,
        seed: Seed = None,
    ) -> None:
        """Start a session and return at once."""
        plan = plan_of(exchanges, delay, topics, strategy, seed)
        reach.ask(lambda middleware: middleware.start(plan), tables.started)

    @verb(app)
    def stop(reach: Reach, session: Session = "") -> None:
        """Stop the session; returns when it has really stopped."""
        reach.ask(lambda middleware: middleware.stop(_sure(middleware, session)), tables.stopped)

    @verb(app)
    def pause(reach: Reach, session: Session = "") -> None:
        """Hold the session after the exchange in flight."""
        reach.ask(lambda middleware: middleware.pause(_sure(middleware, session)), tables.brief)

    @verb(app)
    def resume(reach: Reach, session: Session = "") -> None:
        """Go on after a pause or a crash."""
        reach.ask(lambda middleware: _resumed(middleware, session), tables.brief)

    @verb(app)
    def step(
        reach: Reach,
        session: Session = "",
        exchanges: Annotated[int, typer.Option("--exchanges", min=1, max=1_000_000, help="How many.")] = 1,
    ) -> None:
        """Make one exchange of a paused session, or some."""
        reach.ask(lambda middleware: middleware.step(_sure(middleware, session), exchanges), tables.brief)

    @verb(app)
    def change(
        reach: Reach,
        session: Session = "",
        *,
        delay: Delay = None,
        topics: Topics = None,
        strategy: Strategy = None,
        topic: Annotated[str | None, typer.Option("--topic", help="What to talk about next.")] = None,
    ) -> None:
        """Change delay, topics or strategy while the session runs."""
        changes = plan_of(1, delay, topics, strategy, None) | ({} if topic is None else {"topic": topic})
        del changes["max_exchanges"]
        if not changes:
            raise SettingsError("nothing to change", remedy="name --delay, --topic, --topics or --strategy")
        reach.ask(lambda middleware: middleware.retune(changes, _sure(middleware, session)), tables.changed)


def _sure(middleware: Middleware, session: str) -> str:
    """The id of the session named, if it can be steered; empty where none was named. Raises Conflict."""
    if not session:
        return ""
    found = str(middleware.session(session)["session_id"])
    if middleware.status(found).get("session_id") != found:
        raise Conflict(f"{session} does not run", remedy="`sessions` shows which does")
    return found


def _resumed(middleware: Middleware, session: str) -> dict[str, Any]:
    """A paused session goes on; of an interrupted one the record is taken up. The middleware knows which it is."""
    if session and middleware.session(session).get("status") == "interrupted":
        return middleware.take_up(session)
    return middleware.resume(_sure(middleware, session))
