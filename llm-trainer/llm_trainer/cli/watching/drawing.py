"""What ``watch`` draws, as text that fits where it stands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from llm_trainer.cli.scene import duration, last_error, phase, printable
from llm_trainer.cli.watching.picture import Curve, Picture

EIGHTHS = " ▁▂▃▄▅▆▇█"
CURVE_ROWS = 4
INDENT = 6


def plot(values: Sequence[float], width: int, rows: int = CURVE_ROWS) -> list[str]:
    """``values`` as columns of at most ``rows`` lines, the lowest value at the bottom, the highest at the top.

    >>> plot([0, 1, 2], 3, 1)
    ['▁▄█']
    """
    if not values or width < 1:
        return [""] * rows
    count = min(width, len(values))
    picked = [values[(i + 1) * len(values) // count - 1] for i in range(count)]
    low, high = min(picked), max(picked)
    spread = (high - low) or 1.0
    heights = [1 + round((value - low) / spread * (8 * rows - 1)) for value in picked]
    return ["".join(EIGHTHS[max(0, min(8, height - 8 * row))] for height in heights) for row in reversed(range(rows))]


def headline(picture: Picture, width: int) -> Text:
    """Where the session stands, in two lines."""
    status = picture.status
    if not status.get("session_id"):
        return Text("No session yet; it is shown here as soon as one begins.")
    done, total = int(status.get("exchanges_completed") or 0), int(status.get("max_exchanges") or 0)
    state = "bold green" if picture.is_running else "bold"
    name = printable(status.get("name") or status["session_id"])
    first = Text.assemble((name, "bold"), "  ", (phase(status), state))
    rate = status.get("rate_per_second")
    told = f" {done}/{total or '?'}"
    if picture.is_running:
        told += f"  {rate:.1f}/s" if isinstance(rate, int | float) else ""
        told += f"  {duration(status.get('eta_seconds'))} to go"
    topic = printable(status.get("current_topic") or "")
    told += f"  {topic}" if topic else ""
    length = max(8, min(40, width - len(told) - 2))
    filled = round(length * min(1.0, done / total)) if total else 0
    bar = Text.assemble(("█" * filled, "green"), ("░" * (length - filled), "dim"), told)
    for line in (first, bar):
        line.truncate(max(10, width), overflow="ellipsis")
    return Text("\n").join([first, bar])


def spoken(exchange: Mapping[str, Any], width: int) -> list[Text]:
    """An exchange as it stands in the transcript, broken into lines of ``width``."""
    said, reply = printable(exchange.get("llm_to_cerebrum") or ""), printable(exchange.get("cerebrum_response") or "")
    lines = _below(said, width, "cyan")
    lines[0] = Text.assemble((f"{exchange.get('number'):>5} ", "dim"), lines[0][INDENT:])
    lines += _below(reply, width, "bold") if reply else _below("(silent)", width, "dim")
    if exchange.get("status") == "uncertain":
        lines += _below("may not have been heard", width, "yellow")
    return lines


def aside(note: str, width: int) -> list[Text]:
    """A remark between exchanges."""
    return _below(printable(note), width, "dim italic")


def _below(text: str, width: int, style: str) -> list[Text]:
    """Lines that begin below what was said."""
    room = max(10, width - INDENT)
    return [
        Text(" " * INDENT + line, style=style) for line in textwrap.wrap(text, room, break_on_hyphens=False) or [""]
    ]


def growth(picture: Picture, width: int) -> Group:
    """The curves, and how both ends are."""
    status = picture.status
    body: list[Text] = []
    for name, curve, form in (
        ("words known", picture.vocabulary, "{:.0f}"),
        ("words a reply", picture.length, "{:.1f}"),
        ("bits a character", picture.surprise, "{:.2f}"),
    ):
        body += _curve(name, curve, form, width)
    if picture.surprise.values:
        body[-1] = Text(body[-1].plain.rstrip() + ", less is better\n", style="dim")
    learner, llm = _mapping(status.get("learner")), _mapping(status.get("llm"))
    stage = printable(status.get("stage") or _mapping(learner.get("growth")).get("stage") or "-")
    speaks = printable(llm.get("model") or llm.get("backend") or "-")
    body.append(Text(f"stage    {stage}"))
    body.append(_end("learner", learner, ""))
    body.append(_end("teacher", llm, speaks))
    body += [Text(f"teaching {printable(status.get('strategy') or '-')}, every {status.get('delay', '-')} s")]
    body += [Text(f"{printable(status.get('guarantee') or '')}", style="dim")]
    if last_error(status):
        body.append(Text(f"\nlast error: {last_error(status)}", style="yellow"))
    return Group(*body)


def _curve(name: str, curve: Curve, form: str, width: int) -> list[Text]:
    if not curve.values:
        return [Text(name, style="bold"), Text("not measured yet\n", style="dim")]
    low, high = min(curve.values), max(curve.values)
    head = Text.assemble((form.format(curve.values[-1]), "bold"), f" {name}")
    shape = Text("\n".join(plot(curve.values, max(8, width))), style="green")
    return [head, shape, Text(f"{form.format(low)} to {form.format(high)}\n", style="dim")]


def _end(name: str, end: Mapping[str, Any], who: str) -> Text:
    state = str(end.get("state") or "unknown")
    style = {"up": "green", "down": "red"}.get(state, "dim")
    why = printable(end.get("reason") or "")
    return Text.assemble(f"{name:8} ", (state, style), f" {who}" if who else "", f": {why}" if why else "")


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
