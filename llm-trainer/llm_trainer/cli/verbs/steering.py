"""Verbs that start, steer and end sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from llm_trainer.cli import tables
from llm_trainer.cli.client import Json, Middleware
from llm_trainer.cli.completing import sessions_named, strategies
from llm_trainer.cli.reach import Reach, verb
from llm_trainer.errors import SettingsError

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
    typer.Argument(help="The session's id or name; the one started last when left out.", autocompletion=sessions_named),
]


Learner = Annotated[str | None, typer.Option("--learner", help="Whom to teach, by a name from the settings.")]
Speaker = Annotated[str | None, typer.Option("--teacher", help="Who speaks, by a name from the settings.")]
Seconds = Annotated[float | None, typer.Option("--max-seconds", min=0, help="End after so many seconds.")]
Tokens = Annotated[int | None, typer.Option("--max-tokens", min=1, help="End after so many tokens of the model's.")]
Failures = Annotated[int | None, typer.Option("--max-failures", min=1, help="End after so many failures in a row.")]


def plan_of(exchanges: int | None, topics: str | None, **wished: object) -> Json:
    """The body of a start or a change; what was not said is left to the middleware. Raises SettingsError."""
    names = None if topics is None else [name.strip() for name in topics.split(",") if name.strip()]
    if names == []:
        raise SettingsError(f"--topics {topics!r} names no topic", remedy="write --topics animals,weather")
    every: Mapping[str, object] = {"max_exchanges": exchanges, "topics": names, **wished}
    return {key: value for key, value in every.items() if value is not None}


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
        learner: Learner = None,
        teacher: Speaker = None,
        max_seconds: Seconds = None,
        max_tokens: Tokens = None,
        max_failures: Failures = None,
    ) -> None:
        """Start a session and return at once."""
        plan = plan_of(
            exchanges,
            topics,
            delay=delay,
            strategy=strategy,
            seed=seed,
            learner=learner,
            teacher=teacher,
            max_seconds=max_seconds,
            max_tokens=max_tokens,
            max_failures=max_failures,
        )
        reach.ask(lambda middleware: middleware.start(plan), tables.started)

    @verb(app)
    def stop(reach: Reach, session: Session = "") -> None:
        """Stop the session; returns when it has really stopped."""
        reach.ask(lambda middleware: middleware.stop(session), tables.stopped)

    @verb(app)
    def pause(reach: Reach, session: Session = "") -> None:
        """Hold the session after the exchange in flight."""
        reach.ask(lambda middleware: middleware.pause(session), tables.brief)

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
        reach.ask(lambda middleware: middleware.step(session, exchanges), tables.brief)

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
        changes = plan_of(None, topics, delay=delay, strategy=strategy, topic=topic)
        if not changes:
            raise SettingsError("nothing to change", remedy="name --delay, --topic, --topics or --strategy")
        reach.ask(lambda middleware: middleware.retune(changes, session), tables.changed)


def _resumed(middleware: Middleware, session: str) -> Json:
    """A session that is named goes on whether it is paused or was cut off by a crash."""
    return middleware.take_up(session) if session else middleware.resume()
