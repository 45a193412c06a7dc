"""What a recorded session looks like outside: log entries, the session document, and its formats.

The same record gives the same bytes. ``training_logs/session_….json`` is replaced whole, so it is valid at every
instant.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import Record

FORMAT = "llm-trainer-session/1"
CSV_FIELDS = (
    "number", "timestamp", "topic", "conversation", "level", "status", "llm_to_cerebrum", "cerebrum_response", "stage",
    "model", "tokens_used", "llm_ms", "learner_ms", "attempts", "key", "odd",
)  # fmt: skip


def entry(row: Row) -> Row:
    """One exchange as the log, the events and the exports show it."""
    teacher = row["teacher"]
    return {
        "number": row["number"],
        "timestamp": iso(row["closed_at"] or row["drafted_at"]),
        "topic": row["topic"],
        "llm_to_cerebrum": row["text"],
        "cerebrum_response": row["reply"],
        "status": row["status"],
        "stage": row["stage"],
        "level": row["level"],
        "conversation": row["conversation"],
        "attempts": row["attempts"],
        "model": teacher.get("model"),
        "tokens_used": teacher.get("tokens_used"),
        "timings": teacher.get("timings"),
        "speaker": teacher.get("speaker"),
        "cost": teacher.get("cost"),
        "mended": teacher.get("mended") or [],
        "llm_ms": teacher.get("milliseconds"),
        "learner_ms": row["learner_ms"],
        "learner_seq": row["learner_seq"],
        "key": row["key"],
        "odd": row["odd"],
        "extra": row["extra"] or {},
        "hash": row["hash"],
    }


def summary(row: Row) -> Row:
    """A session without its exchanges."""
    plan, state = row["plan"], row["state"]
    return {
        "format": FORMAT,
        "session_id": row["id"],
        "name": row["name"],
        "started_at": iso(row["started_at"]),
        "ended_at": iso(row["ended_at"]),
        "end_reason": row["end_reason"],
        "phase": state["phase"],
        "guarantee": "exactly-once" if plan["idempotent"] else "at-most-once",
        "max_exchanges": plan["max_exchanges"],
        "seed": plan["seed"],
        "delay": state["tuning"]["delay_seconds"],
        "topic_switch_interval": state["tuning"]["topic_switch_interval"],
        "topics": list(state["tuning"]["topics"]),
        "strategy": state["tuning"]["strategy"],
        "exchanges_completed": state["taught"],
        "uncertain": state["uncertain"],
        "refused": state["refused"],
        "stage": state["stage"],
        "teacher": row["teacher"],
        "learner": row["learner"],
        "head": row["head"],
    }


async def pages(record: Record, session_id: str) -> AsyncIterator[list[Row]]:
    """All exchanges of a session as log entries, a page at a time so that the session goes on meanwhile."""
    after = 0
    while rows := await record.read(queries.said, session_id, after):
        yield [entry(row) for row in rows]
        after = rows[-1]["number"]


async def as_json(record: Record, session: Row) -> AsyncIterator[str]:
    """The whole session as one JSON document."""
    yield json.dumps(summary(session), indent=1)[:-2] + ',\n "exchanges": ['
    separator = "\n  "
    async for page in pages(record, session["id"]):
        yield separator + ",\n  ".join(json.dumps(each) for each in page)
        separator = ",\n  "
    yield "\n ]\n}\n"


async def as_jsonl(record: Record, session: Row) -> AsyncIterator[str]:
    """One exchange a line."""
    async for page in pages(record, session["id"]):
        yield "".join(json.dumps(each) + "\n" for each in page)


async def as_csv(record: Record, session: Row) -> AsyncIterator[str]:
    """A table; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    yield _csv_lines([dict(zip(CSV_FIELDS, CSV_FIELDS, strict=True))])
    async for page in pages(record, session["id"]):
        yield _csv_lines([{name: _unformulated(each[name]) for name in CSV_FIELDS} for each in page])


def _csv_lines(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, CSV_FIELDS, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _unformulated(value: object) -> object:
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


async def as_sharegpt(record: Record, session: Row) -> AsyncIterator[str]:
    """One conversation a line, in the shape that fine-tuning tools read: ``human`` is the teacher."""
    turns: list[Row] = []
    current = None
    async for page in pages(record, session["id"]):
        for each in page:
            if turns and each["conversation"] != current:
                yield _sharegpt(session, current, turns)
                turns = []
            current = each["conversation"]
            turns += [
                {"from": "human", "value": each["llm_to_cerebrum"]},
                {"from": "gpt", "value": each["cerebrum_response"] or ""},
            ]
    if turns:
        yield _sharegpt(session, current, turns)


def _sharegpt(session: Row, conversation: int | None, turns: list[Row]) -> str:
    return json.dumps({"id": f"{session['id']}-{conversation}", "conversations": turns}) + "\n"


async def as_chat(record: Record, session: Row) -> AsyncIterator[str]:
    """A CHAT transcript (.cha): the learner is the child, the teacher the adult."""
    yield (
        "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tCHI Learner Target_Child, TEA Teacher Adult\n"
        "@ID:\teng|llm-trainer|CHI|||||Target_Child|||\n@ID:\teng|llm-trainer|TEA|||||Adult|||\n"
    )
    topic: str | None = None
    async for page in pages(record, session["id"]):
        lines = []
        for each in page:
            if each["topic"] != topic:
                topic = each["topic"]
                lines.append(f"@G:\t{_spoken(topic or 'free talk')}")
            lines.append(f"*TEA:\t{_utterance(each['llm_to_cerebrum'])}")
            lines.append(f"*CHI:\t{_utterance(each['cerebrum_response'] or '')}")
        yield "\n".join(lines) + "\n"
    yield "@End\n"


def _utterance(text: str) -> str:
    words = _spoken(text)
    if not any(character.isalnum() for character in words):
        return "0 ."
    mark = words[-1] if words[-1] in ".?!" else "."
    return words.rstrip(".?! ") + f" {mark}"


def _spoken(text: str) -> str:
    """The words of a text without the characters that CHAT gives a meaning."""
    return " ".join("".join(" " if c in '[]<>()&+/@%*^"“”:;\t\n\r' else c for c in text).split())


FORMATS = {
    "json": (as_json, "application/json"),
    "jsonl": (as_jsonl, "application/x-ndjson"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "chat": (as_chat, "text/plain; charset=utf-8"),
    "sharegpt": (as_sharegpt, "application/x-ndjson"),
}
EXTENSIONS = {"json": "json", "jsonl": "jsonl", "csv": "csv", "chat": "cha", "sharegpt": "sharegpt.jsonl"}


async def write_session_file(record: Record, session: Row, folder: Path) -> Path:
    """Put the session's JSON document at ``folder/<name>.json``: all of it or nothing. OSError if the disk says no."""
    target = folder / f"{session['name']}.json"
    partial = folder / f".{session['name']}.json.part"
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:  # in a thread, a cancel would leak it
            async for text in as_json(record, session):
                await asyncio.to_thread(file.write, text)
            await asyncio.to_thread(_to_disk, file)
        await asyncio.to_thread(_into_place, partial, target)
    except OSError:
        with suppress(OSError):
            partial.unlink()
        raise
    return target


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _into_place(partial: Path, target: Path) -> None:
    partial.replace(target)
    with suppress(PermissionError):  # Windows does not open folders
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
