"""Verbs that start, steer and end sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from llm_trainer.cli import tables
from llm_trainer.cli.client import Json, Middleware
from llm_trainer.cli.completing import sessions_named, strategies
from llm_trainer.cli.numbers import DELAY, EXCHANGES, SEED, Range
from llm_trainer.cli.reach import Reach, number, verb
from llm_trainer.errors import SettingsError
from llm_trainer.session.strategies import NAMES

Exchanges = Annotated[int, number("--exchanges", EXCHANGES.whole, "Exchanges to teach, 1 to 1,000,000.")]
Delay = Annotated[
    float | None,
    number("--delay", DELAY.seconds, "Seconds from one exchange's start to the next, 0 to 3600.", metavar="S"),
]
Topics = Annotated[str | None, typer.Option("--topics", metavar="A,B,…", help="Topics to talk about.")]
_WAYS = f"How to teach: {', '.join(NAMES)}."
Strategy = Annotated[str | None, typer.Option("--strategy", metavar="NAME", help=_WAYS, autocompletion=strategies)]
Seed = Annotated[int | None, number("--seed", SEED.whole, "Makes the session's choices the same each time.")]
Session = Annotated[
    str,
    typer.Argument(help="The session's id or name; the one started last when left out.", autocompletion=sessions_named),
]
Learner = Annotated[
    str | None, typer.Option("--learner", metavar="NAME", help="Whom to teach, by a name from the settings.")
]
Speaker = Annotated[
    str | None, typer.Option("--teacher", metavar="NAME", help="Who speaks, by a name from the settings.")
]
Seconds = Annotated[float | None, number("--max-seconds", Range(0).seconds, "End after so many seconds.", metavar="S")]
Tokens = Annotated[int | None, number("--max-tokens", Range(1).whole, "End after so many tokens of the model's.")]
Failures = Annotated[int | None, number("--max-failures", Range(1).whole, "End after so many failures in a row.")]


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
        exchanges: Annotated[int, number("--exchanges", EXCHANGES.whole, "How many.")] = 1,
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
        topic: Annotated[str | None, typer.Option("--topic", metavar="NAME", help="What to talk about next.")] = None,
    ) -> None:
        """Change delay, topics or strategy while the session runs."""
        changes = plan_of(None, topics, delay=delay, strategy=strategy, topic=topic)
        if not changes:
            raise SettingsError("nothing to change", remedy="name --delay, --topic, --topics or --strategy")
        reach.ask(lambda middleware: middleware.retune(changes, session), tables.changed)


def _resumed(middleware: Middleware, session: str) -> Json:
    """A session that is named goes on whether it is paused or was cut off by a crash."""
    return middleware.take_up(session) if session else middleware.resume()
