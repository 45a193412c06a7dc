"""A report on one session, made from the record."""

from __future__ import annotations

from dataclasses import dataclass

from llm_trainer.cli.client import Middleware
from llm_trainer.cli.reporting.curves import curves_of
from llm_trainer.cli.reporting.gathering import gather
from llm_trainer.cli.reporting.page import page
from llm_trainer.evaluation.production import rows_of
from llm_trainer.evaluation.verdict import judge


@dataclass(frozen=True)
class Report:
    """The document, and what it comes to."""

    name: str
    html: str
    verdict: str
    sentence: str


def report_of(middleware: Middleware, session_id: str) -> Report:
    """Make the report. The same record gives the same numbers: chance is drawn from the session's own seed."""
    account = gather(middleware, session_id)
    seed = int(account.session.get("seed") or 0)
    rows = rows_of(account.exchanges, seed, account.lines_before)
    verdict = judge(rows, seed)
    html = page(account, verdict, rows, curves_of(rows, account.measurements, seed))
    return Report(str(account.session.get("name") or session_id), html, verdict.word, verdict.sentence)
