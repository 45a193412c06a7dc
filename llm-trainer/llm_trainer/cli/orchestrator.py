"""The command line over the middleware's API: every verb is one or two calls of it, and a way to show the answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from llm_trainer.cli import pulling, tables
from llm_trainer.cli.checklearner import check_learner
from llm_trainer.cli.client import Json, Middleware
from llm_trainer.cli.doctor import examine
from llm_trainer.cli.exits import Exit, exit_code, sentence
from llm_trainer.cli.finding import Finding
from llm_trainer.cli.follow import Follower, follow
from llm_trainer.cli.scene import Scene, ending
from llm_trainer.cli.show import make_streams_safe, open_show, say
from llm_trainer.errors import NotFound, TrainerError
from llm_trainer.settings import load

EPILOG = (
    "Exit codes: 0 done; 1 failed; 2 the command or the settings make no sense; 3 a service cannot be reached; "
    "4 not possible now, such as starting while a session runs; 130 interrupted."
)
app = typer.Typer(
    add_completion=True,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    help="Start, steer and follow training sessions. Without a verb: start a session and follow it to its end.",
)


@dataclass(frozen=True)
class Options:
    """What every verb knows."""

    url: str
    as_json: bool


Exchanges = Annotated[int, typer.Option("--exchanges", min=1, max=1_000_000, help="Exchanges to teach.")]
Delay = Annotated[
    float | None, typer.Option("--delay", min=0, max=3600, help="Seconds from one exchange's start to the next.")
]
Topics = Annotated[str | None, typer.Option("--topics", help="Topics to talk about, separated by commas.")]
Strategy = Annotated[str | None, typer.Option("--strategy", help="How to teach.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Makes the session's choices the same each time.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Url = Annotated[
    str | None, typer.Option("--url", help="The middleware's address (else TRAINER_MIDDLEWARE_URL, else this machine).")
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors become a sentence and an exit code, never a traceback."""
    make_streams_safe()
    typed = Path(sys.argv[0]).name
    name = typed if typed.endswith("orchestrator.py") else "llm-trainer"
    try:
        app(args=None if arguments is None else list(arguments), prog_name=name)
    except TrainerError as error:
        say(sentence(error), problem=True)
        return exit_code(error)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE
    return Exit.DONE


@app.callback(invoke_without_command=True)
def _bare(
    context: typer.Context,
    *,
    exchanges: Exchanges = 100,
    delay: Delay = None,
    topics: Topics = None,
    strategy: Strategy = None,
    seed: Seed = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Start, steer and follow training sessions. Without a verb: start a session and follow it to its end."""
    context.obj = Options(url or "", as_json)
    if context.invoked_subcommand is not None:
        return
    options = _options(context, url, as_json)
    with _middleware(options) as middleware:
        started = middleware.start(_plan(exchanges, delay, topics, strategy, seed))
        code = _follow(middleware, started.get("session_id"), options, ours=True)
    raise typer.Exit(code)


@app.command()
def start(
    context: typer.Context,
    *,
    exchanges: Exchanges = 100,
    delay: Delay = None,
    topics: Topics = None,
    strategy: Strategy = None,
    seed: Seed = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Start a session and return at once."""
    plan = _plan(exchanges, delay, topics, strategy, seed)
    _one(context, url, as_json, lambda middleware: middleware.start(plan), tables.started)


@app.command()
def stop(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Stop the session; returns when it has really stopped."""
    _one(context, url, as_json, Middleware.stop, tables.stopped)


@app.command()
def pause(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Hold the session after the exchange in flight."""
    _one(context, url, as_json, Middleware.pause, tables.brief)


@app.command()
def resume(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Go on after a pause."""
    _one(context, url, as_json, Middleware.resume, tables.brief)


@app.command()
def step(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Make one exchange of a paused session."""
    _one(context, url, as_json, Middleware.step, tables.brief)


@app.command()
def status(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Show where the session and the three services stand."""

    def both(middleware: Middleware) -> Json:
        return {"training": middleware.status(), "services": middleware.services()}

    _one(context, url, as_json, both, tables.status)


@app.command()
def log(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many exchanges.")] = 20,
    after: Annotated[int | None, typer.Option("--after", min=0, help="Only those with a greater number.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the exchanges of the present or last session."""
    _one(context, url, as_json, lambda middleware: middleware.log(limit, after), tables.log)


@app.command()
def watch(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Follow the running session; Ctrl+C ends the watching, not the session."""
    options = _options(context, url, as_json)
    with _middleware(options) as middleware:
        code = _follow(middleware, None, options, ours=False)
    raise typer.Exit(code)


@app.command()
def sessions(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """List all sessions."""
    _one(context, url, as_json, lambda middleware: {"sessions": middleware.sessions()}, tables.sessions)


@app.command()
def export(
    context: typer.Context,
    session: Annotated[str, typer.Argument(help="The session's id; the newest when left out.")] = "",
    form: Annotated[str, typer.Option("--format", help="json, jsonl, csv, chat or sharegpt.")] = "json",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output when left out.")] = None,
    url: Url = None,
) -> None:
    """Write a session's record as a file."""
    with _middleware(_options(context, url, False)) as middleware:
        known = [] if session else middleware.sessions()
        if not session and not known:
            raise NotFound("there is no session yet", remedy="start one with --exchanges 100")
        pieces = middleware.export(session or str(known[0].get("session_id") or known[0].get("id")), form)
        if out is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            return
        written = _write(out, b"".join(pieces))
        say(f"{written} bytes written to {out}")


@app.command()
def pull(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="The model; the one that the settings ask for when left out.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Have Ollama fetch a model, and show how far it is."""
    options = _options(context, url, as_json)
    with _middleware(options) as middleware:
        ended = pulling.pull(middleware, model, silent=options.as_json)
    say(_json(ended) if options.as_json else f"{ended['model']} is there.")


@app.command()
def doctor(context: typer.Context, url: Url = None, as_json: AsJson = False) -> None:
    """Examine everything that training needs, and say what to do about what is wrong."""
    options = _options(context, url, as_json)
    findings = examine(load(), options.url)
    _report(findings, options)


@app.command("check-learner")
def check(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help="The learner's address, such as http://localhost:8000.")],
    as_json: AsJson = False,
) -> None:
    """Try a learner, and print what of the contract it supports; nothing said to it is meant to be learned."""
    findings = check_learner(learner)
    options = _options(context, None, as_json)
    _report(findings, options)


def _options(context: typer.Context, url: str | None, as_json: bool) -> Options:
    """A verb's own options, over those before the verb, over the environment, over the settings."""
    before: Options = context.obj or Options("", False)
    found = url or before.url or os.environ.get("TRAINER_MIDDLEWARE_URL", "")
    return Options(found or f"http://127.0.0.1:{load().middleware_port}", as_json or before.as_json)


class _middleware:  # noqa: N801 - reads as a verb in `with _middleware(options)`
    """A connection for the length of a command."""

    def __init__(self, options: Options) -> None:
        self._middleware = Middleware(options.url)

    def __enter__(self) -> Middleware:
        return self._middleware

    def __exit__(self, *_: object) -> None:
        self._middleware.close()


def _plan(
    exchanges: int, delay: float | None, topics: str | None, strategy: str | None, seed: int | None
) -> dict[str, object]:
    names = [name.strip() for name in (topics or "").split(",") if name.strip()]
    wished = {"delay": delay, "topics": names or None, "strategy": strategy, "seed": seed}
    return {"max_exchanges": exchanges} | {key: value for key, value in wished.items() if value is not None}


def _one(
    context: typer.Context,
    url: str | None,
    as_json: bool,
    ask: Callable[[Middleware], Json],
    show: Callable[[Any], str],
) -> None:
    options = _options(context, url, as_json)
    with _middleware(options) as middleware:
        answer = ask(middleware)
    say(_json(answer) if options.as_json else show(answer))


def _follow(middleware: Middleware, session: str | None, options: Options, *, ours: bool) -> int:
    """Follow to the end; an interrupted session is stopped when this command started it."""
    follower = Follower(middleware, session)
    interrupted = False
    try:
        if options.as_json:
            follow(follower, _Silent())
        else:
            with open_show() as show:
                follow(follower, show)
    except KeyboardInterrupt:
        interrupted = True
        if ours:
            say("Stopping the session …", problem=True)
            middleware.stop()
            follower.look(float("inf"))
    scene = follower.scene
    if options.as_json:
        say(_json(dict(scene.status)))
    elif ours or follower.over:
        for line in ending(scene):
            say(line)
    if interrupted:
        return Exit.INTERRUPTED
    return Exit.DONE if scene.complete else Exit.FAILED


def _report(findings: Sequence[Finding], options: Options) -> None:
    say(_json([finding.document() for finding in findings]) if options.as_json else tables.findings(findings))
    raise typer.Exit(Exit.FAILED if any(finding.verdict == "wrong" for finding in findings) else Exit.DONE)


class _Silent:
    """Shows nothing: the answer comes at the end, as JSON."""

    def scene(self, scene: Scene, now: float) -> None: ...

    def note(self, text: str) -> None: ...

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None: ...


def _json(answer: object) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=True)


def _write(out: Path, content: bytes) -> int:
    try:
        return out.write_bytes(content)
    except OSError as error:
        raise TrainerError(
            f"{out} cannot be written: {error.strerror}", remedy="name another file with --out"
        ) from error
