"""The middleware's answers as text for people; every function takes an answer and returns lines that fit a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from llm_trainer.cli.finding import Finding
from llm_trainer.cli.scene import duration, exchange_lines, last_error, phase, printable

SERVICES = {"middleware": "middleware", "learner": "learner", "llm": "LLM server"}


def started(answer: Mapping[str, Any]) -> str:
    """What was started."""
    return (
        f"Session {answer.get('session_id')} started: {answer.get('max_exchanges')} exchanges, "
        f"one every {answer.get('delay')} s. `watch` follows it, `stop` stops it."
    )


def stopped(answer: Mapping[str, Any]) -> str:
    """How far the session had come."""
    return f"Stopped after {answer.get('exchanges_completed')} exchanges."


def brief(answer: Mapping[str, Any]) -> str:
    """The one word that pause, resume and step answer, and how far the session is."""
    done = answer.get("exchanges_completed")
    return f"{printable(answer.get('status', 'done'))}" + (f" ({done} exchanges completed)" if done is not None else "")


def status(answer: Mapping[str, Mapping[str, Any]]) -> str:
    """Session and services."""
    training, services = answer["training"], answer["services"]
    total = training.get("max_exchanges") or "?"
    rows = [
        ("session", training.get("session_id") or "none yet"),
        ("phase", phase(training)),
        ("exchanges", f"{training.get('exchanges_completed', 0)} of {total}"),
        ("topic", training.get("current_topic") or "-"),
        ("time left", duration(training.get("eta_seconds"))),
        ("guarantee", training.get("guarantee") or "-"),
    ]
    if last_error(training):
        rows.append(("last error", last_error(training)))
    rows += [
        (name, _service(services[key])) for key, name in SERVICES.items() if isinstance(services.get(key), Mapping)
    ]
    return _grid(rows)


def _service(service: Mapping[str, Any]) -> str:
    words = [str(service.get("state") or service.get("status") or "unknown")]
    words += [str(service[key]) for key in ("backend", "model", "stage") if service.get(key)]
    why = service.get("reason") or service.get("detail")
    return printable(", ".join(words) + (f" ({why})" if why else ""))


def log(answer: Mapping[str, Any]) -> str:
    """A transcript."""
    lines: list[str] = []
    for exchange in answer.get("exchanges", []):
        lines.append(
            f"#{exchange.get('number')}  {exchange.get('topic') or ''}  {exchange.get('timestamp') or ''}".rstrip()
        )
        lines += [f"   {line}" for line in exchange_lines(exchange)]
    lines.append(f"{answer.get('showing', 0)} of {answer.get('total_exchanges', 0)} exchanges")
    return "\n".join(printable(line) if not line.startswith(" ") else line for line in lines)


def sessions(answer: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """All sessions."""
    if not answer["sessions"]:
        return "There is no session yet; --exchanges 100 starts one."
    table = Table(box=None, pad_edge=False, show_header=True, header_style="")
    for title in ("session", "started", "exchanges", "ended"):
        table.add_column(title, overflow="fold")
    for each in answer["sessions"]:
        done, planned = each.get("exchanges_completed", each.get("exchanges", 0)), each.get("max_exchanges", "?")
        end = each.get("end_reason") or ("running" if each.get("running") else each.get("phase") or "-")
        cells = (each.get("session_id") or each.get("id"), each.get("started_at"), f"{done} of {planned}", end)
        table.add_row(*(Text(printable(cell or "-")) for cell in cells))
    return _text(table)


def findings(found: Iterable[Finding]) -> str:
    """What was examined, and what to do."""
    marks = {"right": "ok", "doubtful": "look", "wrong": "WRONG"}
    rows = []
    for finding in found:
        advice = f"\n-> {finding.advice}" if finding.advice else ""
        rows.append((f"{marks[finding.verdict]:5}  {finding.subject}", f"{finding.seen}{advice}"))
    return _grid(rows)


def _grid(rows: Iterable[tuple[str, object]]) -> str:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text(name), Text("\n".join(printable(line) for line in str(value).split("\n"))))
    return _text(grid)


def _text(table: Table) -> str:
    console = Console(file=io.StringIO(), width=Console().width, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))
