"""Verbs that write what was recorded into files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from llm_trainer.cli.client import Json, Middleware
from llm_trainer.cli.completing import sessions_named
from llm_trainer.cli.reach import Reach, verb
from llm_trainer.cli.scene import printable
from llm_trainer.cli.show import say
from llm_trainer.errors import NotFound, TrainerError

Session = Annotated[
    str, typer.Argument(help="The session's id or name; the newest when left out.", autocompletion=sessions_named)
]


class Format(str, Enum):
    """What a session can be written as."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    CHAT = "chat"
    SHAREGPT = "sharegpt"


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""

    @verb(app)
    def export(
        reach: Reach,
        session: Session = "",
        form: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.JSON,
        out: Annotated[Path | None, typer.Option("--out", help="File to write; else standard output.")] = None,
    ) -> None:
        """Write a session's record as a file."""
        with reach.middleware() as middleware:
            pieces = middleware.export(chosen(middleware, session), form.value)
            if out is None:
                _to_output(pieces)
                return
            written = _to_file(out, pieces)
        reach.print({"file": str(out), "bytes": written}, lambda _: f"{written} bytes written to {out}")

    @verb(app)
    def report(
        reach: Reach,
        session: Session = "",
        out: Annotated[
            Path | None, typer.Option("--out", help="File to write; else the session's name with .html here.")
        ] = None,
    ) -> None:
        """Write an HTML file that tells whether it learned."""
        from llm_trainer.cli.reporting.report import report_of  # noqa: PLC0415 - needed by this verb only

        with reach.middleware() as middleware:
            made = report_of(middleware, chosen(middleware, session))
        target = out or Path(f"{made.name}.html")
        written = _to_file(target, [made.html.encode()])
        answer = {"file": str(target), "bytes": written, "verdict": made.verdict, "sentence": made.sentence}
        reach.print(answer, lambda _: f"{printable(made.sentence)}\n{written} bytes written to {target}")

    @verb(app)
    def delete(
        reach: Reach,
        session: Annotated[str, typer.Argument(help="The session's id or name.", autocompletion=sessions_named)],
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Remove a session; the learner keeps what it learned."""
        with reach.middleware() as middleware:
            found = middleware.session(session)
            if not yes:
                _ask(found)
            answer = middleware.delete(str(found["session_id"]))
        reach.print(answer, lambda _: f"{answer.get('name')} is removed; the learner keeps what it learned.")


def chosen(middleware: Middleware, session: str) -> str:
    """The id of the session named, or of the newest; NotFound where there is none."""
    if session:
        return str(middleware.session(session)["session_id"])
    known = middleware.sessions(1)
    if not known:
        raise NotFound("there is no session yet", remedy="start one with --exchanges 100")
    return str(known[0]["session_id"])


def _ask(session: Json) -> None:
    said = f"Remove {session.get('name')} with its {session.get('exchanges_completed')} exchanges for good?"
    if not sys.stdin.isatty():
        raise TrainerError(f"{session.get('name')} was not removed: nobody here to ask", remedy="add --yes")
    typer.confirm(said, abort=True)


def _to_output(pieces: Iterable[bytes]) -> None:
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    except (OSError, ValueError):
        say("")  # nobody reads any more


def _to_file(out: Path, pieces: Iterable[bytes]) -> int:
    """Write all of it or nothing; return how many bytes."""
    partial = out.with_name(f".{out.name}.part")
    try:
        with partial.open("wb") as file:
            written = sum(file.write(piece) for piece in pieces)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TrainerError(
            f"{out} cannot be written: {error.strerror or error}", remedy="name another file with --out"
        ) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return written
