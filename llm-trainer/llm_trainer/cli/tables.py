"""The middleware's answers as text for people; every function takes an answer and returns lines that fit a terminal."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from llm_trainer.cli.finding import Finding
from llm_trainer.cli.scene import duration, exchange_lines, last_error, moment, phase, printable

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


def changed(answer: Mapping[str, Any]) -> str:
    """What holds from now on."""
    topics = answer.get("topics") or []
    shown = f"{len(topics)} topics" if len(topics) > 3 else ", ".join(map(str, topics)) or "topics left to the teacher"
    return printable(f"From now on: one exchange every {answer.get('delay')} s, {answer.get('strategy')}, {shown}.")


def status(answer: Mapping[str, Mapping[str, Any]]) -> str:
    """Session and services."""
    training, services = answer["training"], answer["services"]
    rows = [("session", "none yet"), ("phase", phase(training))]
    if training.get("session_id"):
        rows = _session(training)
    if last_error(training):
        rows.append(("last error", last_error(training)))
    if remedy := _remedy(training):
        rows.append(("", f"-> {remedy}"))
    growth = _mapping(_mapping(training.get("learner")).get("growth"))
    said = {"learner": _grown(growth), "llm": _speaks(_mapping(training.get("llm"))), "middleware": ""}
    for key, name in SERVICES.items():
        if isinstance(services.get(key), Mapping):
            rows += _service(name, services[key], said[key])
    return _grid(rows)


def _session(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("session", f"{training['session_id']}  {training.get('name') or ''}".rstrip()),
        ("phase", phase(training)),
        ("exchanges", _progress(training)),
        ("topic", str(training.get("current_topic") or "-")),
    ]
    if training.get("running"):
        rate = training.get("rate_per_second")
        pace = f"{rate:.2f} a second, " if isinstance(rate, int | float) else ""
        rows.append(("pace", f"{pace}{duration(training.get('eta_seconds'))} to go, delay {training.get('delay')} s"))
    rows += _limits(training)
    rows.append(("started", moment(training.get("started_at"))))
    if training.get("ended_at"):
        rows.append(("ended", moment(training.get("ended_at"))))
    rows.append(("teaching", f"{training.get('strategy') or '-'}, {training.get('guarantee') or '-'}"))
    others = [each for each in training.get("sessions") or [] if each.get("session_id") != training["session_id"]]
    for each in others:
        to = f" to {each['learner_name']}" if each.get("learner_name") else ""
        rows.append(("also", f"{each.get('name')}{to}: {_progress(each)}, {phase(each)}"))
    return rows


def _limits(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the session may take, and what it took, where it is limited."""
    limits, spent = _mapping(training.get("limits")), _mapping(training.get("spent"))
    told = [
        f"{spent.get(key) or 0:.0f} of {limits[key]:.0f} {key}"
        for key in ("seconds", "tokens", "failures")
        if isinstance(limits.get(key), int | float)
    ]
    return [("limits", ", ".join(told))] if told else []


def _progress(training: Mapping[str, Any]) -> str:
    told = f"{training.get('exchanges_completed', 0)} of {training.get('max_exchanges') or '?'}"
    for key, meaning in (("uncertain", "uncertain"), ("refused", "refused by the learner")):
        if training.get(key):
            told += f", {training[key]} {meaning}"
    return told


def _remedy(training: Mapping[str, Any]) -> str:
    error = training.get("last_error")
    return printable(error.get("remedy") or "") if isinstance(error, Mapping) else ""


def _grown(growth: Mapping[str, Any]) -> str:
    told = [f"stage {growth['stage']}"] if growth.get("stage") else []
    told += [
        f"{growth[key]} {words}"
        for key, words in (("vocabulary", "words"), ("exchanges", "exchanges"))
        if key in growth
    ]
    return ", ".join(told)


def _speaks(llm: Mapping[str, Any]) -> str:
    """Who speaks; and who should, if that is another."""
    words = [str(llm[key]) for key in ("backend", "model") if llm.get(key)]
    told = " ".join(dict.fromkeys(words))
    if llm.get("requested_model") and llm.get("requested_model") != llm.get("model"):
        told += f", asked for was {llm['requested_model']}: {llm.get('detail') or ''}".rstrip(": ")
    return told


def _service(name: str, service: Mapping[str, Any], said: str) -> list[tuple[str, str]]:
    words = [str(service.get("state") or service.get("status") or "unknown"), said]
    why = service.get("reason") or service.get("detail")
    rows = [(name, ", ".join(word for word in words if word) + (f" ({why})" if why else ""))]
    return rows + ([("", f"-> {service['remedy']}")] if why and service.get("remedy") else [])


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def log(answer: Mapping[str, Any]) -> str:
    """A transcript."""
    lines: list[str] = []
    for exchange in answer.get("exchanges", []):
        doubt = "  (may not have been heard)" if exchange.get("status") == "uncertain" else ""
        topic = exchange.get("topic") or ""
        lines.append(f"#{exchange.get('number')}  {topic}  {moment(exchange.get('timestamp'))}{doubt}".rstrip())
        lines += [f"   {line}" for line in exchange_lines(exchange)]
    lines.append(f"{answer.get('showing', 0)} of {answer.get('total_exchanges', 0)} exchanges")
    return "\n".join(_folded(line) for line in lines)


def _folded(line: str) -> str:
    """A line of a transcript, broken at the terminal's width; what follows stands below what was said."""
    indent = " " * (12 if line.startswith(" ") else 0)
    shown = line if line.startswith(" ") else printable(line)
    return textwrap.fill(shown, max(30, Console().width), subsequent_indent=indent, break_on_hyphens=False)


def learners(answer: Mapping[str, Any]) -> str:
    """Whom sessions may teach and who may speak; who is taught now."""
    rows = []
    for kind in ("learners", "teachers"):
        for each in answer.get(kind) or []:
            lease = _mapping(each.get("lease"))
            taught = f", taught in {lease['session_id']} until {moment(lease.get('expires_at'))}" if lease else ""
            why = f" ({each['reason']})" if each.get("reason") else ""
            url = f" {each['url']}" if each.get("url") else ""
            rows.append((f"{kind[:-1]} {each.get('name')}", f"{each.get('state')}{why}{url}{taught}"))
            rows += [("", f"-> {each['remedy']}")] if why and each.get("remedy") else []
    return _grid(rows)


def sessions(answer: Mapping[str, Sequence[Mapping[str, Any]]], status: str = "") -> str:
    """All sessions, or those of a status: a table where there is room for one, else a few lines for each."""
    listed = answer["sessions"]
    if not listed:
        return f"No session is {status}." if status else "There is no session yet; --exchanges 100 starts one."
    titles = ["session", "started", "exchanges", "status", "teacher"]
    rows = [
        [
            str(each.get("name") or each.get("session_id")),
            moment(each.get("started_at")),
            _progress(each),
            _end(each),
            _who(each),
        ]
        for each in listed
    ]
    taught = [str(_mapping(each.get("learner")).get("name") or "default") for each in listed]
    if set(taught) != {"default"}:
        titles, rows = [*titles, "learner"], [[*row, name] for row, name in zip(rows, taught, strict=True)]
    width = Console().width
    if sum(max(map(len, column)) + 2 for column in zip(titles, *rows, strict=True)) > width + 2:
        return "\n".join(_entry(row, width) for row in rows)
    table = Table(box=None, pad_edge=False, show_header=True, header_style="")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return _text(table)


def _entry(row: Sequence[str], width: int) -> str:
    """A row of a table that does not fit: its first cell, and the others below."""
    below = printable(", ".join(row[1:]))
    return f"{printable(row[0])}\n{textwrap.fill(below, width, initial_indent='   ', subsequent_indent='   ')}"


def _end(session: Mapping[str, Any]) -> str:
    if session.get("status") == "interrupted":
        return "interrupted; `resume` goes on"
    return str(session.get("end_reason") or session.get("status") or "-")


def _who(session: Mapping[str, Any]) -> str:
    teacher = _mapping(session.get("teacher"))
    return str(teacher.get("model") or teacher.get("backend") or "-")


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
