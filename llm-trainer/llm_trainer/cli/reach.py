"""What every verb knows: where the middleware is, and whether a person or a program reads the answer."""

from __future__ import annotations

import functools
import inspect
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import typer

from llm_trainer.cli.client import Json, Middleware
from llm_trainer.cli.exits import Exit
from llm_trainer.cli.finding import Finding
from llm_trainer.cli.show import say
from llm_trainer.errors import SettingsError
from llm_trainer.settings import load

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Url = Annotated[
    str,
    typer.Option(
        "--url", metavar="URL", help="The middleware's address (else TRAINER_MIDDLEWARE_URL, else this machine)."
    ),
]


def number(flag: str, read: Callable[[object], float], help_: str, metavar: str = "N") -> Any:
    """An option that takes a number; what is none is told by its value, with what is meant."""

    def convert(text: object) -> float:
        try:
            return read(text)
        except ValueError as why:
            raise typer.BadParameter(str(why)) from why

    return typer.Option(flag, parser=convert, metavar=metavar, help=help_)


@dataclass(frozen=True)
class Reach:
    """One call of the command line."""

    url: str
    as_json: bool

    @contextmanager
    def middleware(self) -> Iterator[Middleware]:
        """A connection for the length of a command."""
        opened = Middleware(self.url)
        try:
            yield opened
        finally:
            opened.close()

    def ask(self, question: Callable[[Middleware], Json], show: Callable[[Any], str]) -> None:
        """Ask the middleware, and print its answer: as JSON, or as ``show`` puts it."""
        with self.middleware() as middleware:
            answer = question(middleware)
        self.print(answer, show)

    def print(self, answer: object, show: Callable[[Any], str]) -> None:
        """Print an answer."""
        say(json.dumps(answer, indent=2, ensure_ascii=True) if self.as_json else show(answer))

    def report(self, findings: Sequence[Finding], show: Callable[[Sequence[Finding]], str]) -> NoReturn:
        """Print what was examined; exit code 1 if anything is wrong."""
        self.print([finding.document() for finding in findings], lambda _: show(findings))
        raise typer.Exit(Exit.FAILED if any(finding.verdict == "wrong" for finding in findings) else Exit.DONE)


def reach(url: str, as_json: bool, before: Reach | None = None) -> Reach:
    """A verb's own options, over those before the verb, over the environment, over the settings."""
    found = url or (before.url if before else "") or os.environ.get("TRAINER_MIDDLEWARE_URL", "")
    if found and not found.startswith(("http://", "https://")):
        raise SettingsError(f"{found!r} is not the address of a middleware", remedy="write it as http://localhost:8002")
    return Reach(found or f"http://127.0.0.1:{load().middleware_port}", as_json or bool(before and before.as_json))


def verb(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a verb. Its first argument, a ``Reach``, is made from ``--url`` and ``--json``."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

        @functools.wraps(function)
        def command(context: typer.Context, *, url: str, as_json: bool, **given: Any) -> None:
            function(reach(url, as_json, context.obj), **given)

        keyword = inspect.Parameter.KEYWORD_ONLY
        shared = [
            inspect.Parameter("url", keyword, default="", annotation=Url),
            inspect.Parameter("as_json", keyword, default=False, annotation=AsJson),
        ]
        first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        every = [first, *(each.replace(kind=keyword) for each in own), *shared]
        command.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in every}
        del command.__wrapped__
        app.command(name)(command)
        return function

    return register
