"""A report as one HTML document: nothing is fetched, nothing runs, every word that somebody said is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from llm_trainer.cli.client import Json
from llm_trainer.cli.reporting.charts import Chart, svg
from llm_trainer.cli.reporting.gathering import Account
from llm_trainer.cli.scene import duration, moment, printable, took
from llm_trainer.evaluation.production import Row, Stretch
from llm_trainer.evaluation.statistics import Interval
from llm_trainer.evaluation.verdict import SURE, Verdict, percent

SAMPLE = 6
SHOWN_INCIDENTS = 60
SECURITY = "default-src 'none'; style-src 'unsafe-inline'"


def page(account: Account, verdict: Verdict, rows: Sequence[Row], charts: Sequence[Chart]) -> str:
    """The document."""
    session = account.session
    name = _text(session.get("name"))
    style = resources.files(__package__).joinpath("page.css").read_text("utf-8")
    body = [
        f"<header><p class=kicker>A learner's session</p><h1>{name}</h1><p>{_begun(session, account)}</p></header>",
        _verdict(verdict),
        _section("Then and now", _then_and_now(verdict)) if verdict.early else "",
        _section("Curves", "".join(map(_figure, charts))),
        _section("What was expected, and what was measured", _phases(rows, verdict)),
        _section("How it talked", _samples(account.exchanges)),
        _section("Incidents", _incidents(account)),
        _section("Settings", _facts(_settings(session))),
        _section("Versions and hashes", _facts(_identity(account))),
        _section("How this was measured", _method(account)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{SECURITY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Report: {name}</title><style>{style}</style></head>\n<body><main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main></body></html>\n"
    )


def _begun(session: Json, account: Account) -> str:
    teacher = _dict(session.get("teacher"))
    seconds = took(session)
    lasted = f", {duration(seconds)}" if seconds is not None else ""
    return (
        f"{session.get('exchanges_completed')} of {session.get('max_exchanges')} exchanges, begun "
        f"{_text(moment(session.get('started_at')))}{lasted}; the teacher was "
        f"{_text(teacher.get('model') or teacher.get('backend') or 'not told')}; it ended: "
        f"{_text(session.get('end_reason') or 'not yet')}. Written {_text(moment(account.made_at))}."
    )


def _verdict(verdict: Verdict) -> str:
    questions = "".join(
        f"<tr><td>{_text(each.name)}</td><td>{_text(each.answer)}</td>"
        f"<td>{'yes' if each.held < SURE else 'not shown'}</td><td class=number>{each.held:.2g}</td></tr>"
        for each in verdict.questions
    )
    table = (
        "<table><thead><tr><th>Asked</th><th>First third to last</th><th>Shown?</th><th>p</th></tr></thead>"
        f"<tbody>{questions}</tbody></table>"
    )
    return (
        f'<section class="verdict"><p class=kicker>Did it learn?</p><h2>{_text(verdict.word)}</h2>'
        f"<p class=lead>{_text(verdict.sentence)}</p>{table if questions else ''}"
        f"<p class=quiet>Confidence: {_text(verdict.confidence)} ({_text(verdict.because)}). "
        "Whether sentences are grammatical was not judged.</p></section>"
    )


def _then_and_now(verdict: Verdict) -> str:
    assert verdict.early is not None and verdict.late is not None  # noqa: PT018 - both or neither
    early, late = verdict.early, verdict.late
    lines = [
        ("words in an utterance", _number(early.length), _number(late.length), _range(verdict.length, "{:.1f}")),
        ("line found for its reply", percent(early.relevance), percent(late.relevance), _range(verdict.relevance, "%")),
    ]
    shares = (
        ("answered", "answered"),
        ("imitates", "imitation"),
        ("repeats itself", "repetition"),
        ("new word pairs", "novelty"),
        ("sentences heard whole", "whole"),
    )
    lines += [(name, _share(early, key), _share(late, key), "") for name, key in shares]
    rows = "".join(
        f"<tr><td>{name}</td><td class=number>{then}</td><td class=number>{now}</td><td class=number>{band}</td></tr>"
        for name, then, now, band in lines
    )
    return (
        f"<table><thead><tr><th></th><th>exchanges {early.first} to {early.last}</th>"
        f"<th>exchanges {late.first} to {late.last}</th><th>95 % interval</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _share(stretch: Stretch, key: str) -> str:
    value = getattr(stretch, key)
    return "not measured" if value is None else percent(value)


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f}"


def _range(interval: Interval | None, form: str) -> str:
    if interval is None:
        return ""
    if form == "%":
        return f"{percent(interval.lower)} to {percent(interval.upper)}"
    return f"{form.format(interval.lower)} to {form.format(interval.upper)}"


def _figure(chart: Chart) -> str:
    drawn = svg(chart)
    if not drawn:
        return f"<figure><h3>{_text(chart.title)}</h3><p class=quiet>Too few measurements to draw.</p></figure>"
    keys = "".join(
        f'<span><i class="key c{each.colour}"></i>{_text(each.name)}</span>'
        for each in chart.series
        if len(each.points) > 1
    )
    legend = f"<p class=legend>{keys}</p>" if len(chart.series) > 1 else ""
    told = f"<figcaption>{_text(chart.explained)}</figcaption>"
    return f"<figure><h3>{_text(chart.title)}</h3>{drawn}{legend}{told}</figure>"


def _phases(rows: Sequence[Row], verdict: Verdict) -> str:
    late = verdict.late
    first = rows[:50]
    echoed = sum(row.echo for row in first) / len(first) if first else 0.0
    heard = (
        f"{first[-1].counts.heard} words heard, replies echo {percent(echoed)} of the line" if first else "nothing yet"
    )
    made = [row for row in rows[50:100] if row.is_spontaneous]
    pairs = sum(row.pairs for row in made)
    fresh = (
        f"{percent(sum(row.fresh_pairs for row in made) / pairs)} of its word pairs were new"
        if pairs
        else "not reached"
    )
    grew = (
        "; ".join(f"{each.name}: {each.answer}" for each in verdict.questions[:2])
        if len(rows) >= 200
        else "not reached"
    )
    fluent = "not reached"
    if late is not None and len(rows) >= 500:
        fluent = (
            f"line found for its reply {percent(late.relevance)} (wanted 80 %), repetitions {percent(late.repetition)} "
            "(at most 5 %); whether it is grammatical was not judged"
        )
    lines = (
        ("0 to 50", "builds its observations", heard),
        ("50 to 100", "composes from patterns", fresh),
        ("100 to 500", "answers more and more naturally", grew),
        ("500 and more", "converses fluently", fluent),
    )
    cells = "".join(
        f"<tr><td class=number>{span}</td><td>{hope}</td><td>{_text(seen)}</td></tr>" for span, hope, seen in lines
    )
    head = "<thead><tr><th>Exchanges</th><th>Expected</th><th>Measured</th></tr></thead>"
    return f"<table>{head}<tbody>{cells}</tbody></table>"


def _samples(exchanges: Sequence[Json]) -> str:
    if len(exchanges) <= 3 * SAMPLE:
        return _talk("All of it", exchanges)
    middle = len(exchanges) // 2 - SAMPLE // 2
    return (
        _talk("At the start", exchanges[:SAMPLE])
        + _talk("In the middle", exchanges[middle : middle + SAMPLE])
        + _talk("At the end", exchanges[-SAMPLE:])
    )


def _talk(title: str, exchanges: Sequence[Json]) -> str:
    said = "".join(
        f"<li><p class=about>{each.get('number')} · {_text(each.get('topic') or 'free talk')}</p>"
        f"<p class=teacher>{_text(each.get('llm_to_cerebrum') or '')}</p>"
        f"<p class=learner>{_text(each.get('cerebrum_response') or '') or '<i>(silent)</i>'}</p></li>"
        for each in exchanges
    )
    return f"<h3>{title}</h3><ol class=talk>{said}</ol>"


def _incidents(account: Account) -> str:
    session = account.session
    counts = [
        f"{session.get(key) or 0} {words}"
        for key, words in (("uncertain", "exchanges uncertain"), ("refused", "refused"))
    ]
    if not account.incidents:
        return f"<p>None; {', '.join(counts)}.</p>"
    kinds = Counter(each.what for each in account.incidents)
    told = ", ".join(f"{count} × {_text(what)}" for what, count in kinds.most_common())
    rows = "".join(
        f"<tr><td>{_text(moment(each.at))}</td><td>{_text(each.what)}</td><td>{_text(each.detail)[:600]}</td></tr>"
        for each in account.incidents[:SHOWN_INCIDENTS]
    )
    more = len(account.incidents) - SHOWN_INCIDENTS
    rest = f"<p class=quiet>And {more} more in the record.</p>" if more > 0 else ""
    head = "<thead><tr><th>When</th><th>What</th><th>Detail</th></tr></thead>"
    return f"<p>{told}; {', '.join(counts)}.</p><table>{head}<tbody>{rows}</tbody></table>{rest}"


def _settings(session: Json) -> list[tuple[str, object]]:
    teacher = _dict(session.get("teacher"))
    topics = session.get("topics") or []
    return [
        ("exchanges planned", session.get("max_exchanges")),
        ("delay", f"{session.get('delay')} s from one start to the next"),
        ("strategy", session.get("strategy")),
        ("topics", ", ".join(map(str, topics)) or "chosen by the teacher"),
        ("topic changes after", f"{session.get('topic_switch_interval')} exchanges"),
        ("seed", session.get("seed")),
        ("guarantee", session.get("guarantee")),
        ("teacher", teacher.get("backend")),
        ("model asked for, and used", f"{teacher.get('requested_model')}, {teacher.get('model')}"),
        ("teacher says", teacher.get("detail")),
        *((f"model {key}", value) for key, value in _dict(teacher.get("about")).items()),
    ]


def _identity(account: Account) -> list[tuple[str, object]]:
    session = account.session
    cursor = _dict(_dict(session.get("learner")).get("cursor"))
    return [
        ("trainer", account.version),
        ("learner", account.learner_version),
        ("session", session.get("session_id")),
        ("chain over all that was said", session.get("head")),
        ("SHA-256 of its export as JSON", account.export_sha256),
        ("learner's chain before the session", cursor.get("head") or "not told"),
        ("heard before the session", cursor.get("seq") if cursor else "not told"),
    ]


def _method(account: Account) -> str:
    before = f"{len(account.lines_before)} lines of earlier sessions were compared with, too."
    if account.unknown_before:
        before += (
            f" The learner had heard {account.unknown_before} more of which this record knows nothing, "
            "so what is called its own may stem from there."
        )
    return (
        "<p>Words are letters and digits in lower case; punctuation does not count. A reply imitates when four fifths "
        "of its words stand in the line it answers, in the same order. Trends are Mann-Kendall's over bins that do not "
        "overlap, against 5,000 orders by chance; intervals are moving-block bootstraps of 2,000 samples; the p-values "
        f"are held together by Holm's method. {_text(before)}</p>"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _facts(facts: Iterable[tuple[str, object]]) -> str:
    known = ((name, value) for name, value in facts if value not in (None, ""))
    return "<dl>" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in known) + "</dl>"


def _text(value: object) -> str:
    return escape(printable(value)).replace(" %", "\u00a0%")


def _dict(found: object) -> Json:
    return found if isinstance(found, dict) else {}
