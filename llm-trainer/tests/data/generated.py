# ruff: noqa: E501 - lines of talk stay whole
"""Bad outputs made by seed rather than kept in a file: those that are endlessly many, or that weigh a megabyte.

``becomes`` is what may be taught instead, ``None`` where nothing may.
"""

from __future__ import annotations

import html
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from llm_trainer.session import prompts, strategies
from llm_trainer.session.guard import UTTERANCE_CHARACTERS
from tests.data.parts import FOREIGN, LINES

EACH = 100
MEGABYTE = 1_000_000
NOTHINGS = (
    "null",
    "None",
    "NaN",
    "nan",
    "undefined",
    "nil",
    "-NaN",
    "Infinity",
    "inf",
    "-inf",
    "void",
    "N/A",
    "NULL",
    "NAN",
)
COVERS = ("{}", '"{}"', "'{}'", " {}\n", "\n\n{}\n\n", "<{}>", "[{}]", "`{}`", "**{}**", "{} {}", "{}\t{}\t{}", "<think></think>{}")  # fmt: skip
TAGS = ("p", "div", "b", "span", "h2", "li", "td", "em", "section", "font", "blockquote", "u")
DENIALS = (
    "I'm sorry, but I can't {}.", "I am sorry, I cannot {}.", "Sorry, I'm not able to {}.", "Unfortunately, I am unable to {}.",
    "I apologize, but I can't {}.", "As a responsible AI, I won't {}.", "I must decline to {}.", "I'm afraid I cannot {}.",
    "I'm not allowed to {}.", "It's against my guidelines to {}.",
)  # fmt: skip
DENIED = (
    "assist with that", "fulfill this request", "help you with that", "provide that information", "discuss this topic",
    "comply with your request", "generate such content", "engage in this conversation", "answer that question", "continue this conversation",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A raw output, its class, and what the gate may make of it."""

    kind: str
    text: str
    becomes: str | None = None
    prompt: str = ""
    canary: str = ""


@cache
def generated() -> tuple[Made, ...]:
    """All of them, each once, the same every time."""
    made = [*_nothings(), *_surrogates(), *_one_liners(), *_tokens(), *_languages(), *_json(), *_html(), *_denials()]
    return tuple({(each.text, each.prompt): each for each in (*made, *_prompt_echoes())}.values())


def _nothings() -> Iterator[Made]:
    for cover in COVERS:
        for word in NOTHINGS:
            yield Made("nothing", cover.replace("{}", word))


def _surrogates() -> Iterator[Made]:
    chance = random.Random("surrogates")
    for number in range(EACH + 20):
        line = LINES[number % len(LINES)]
        text = line
        for _ in range(1 + number % 5):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chr(chance.randrange(0xD800, 0xE000)) + text[at:]
        yield Made("surrogates", text, line)
    for number in range(1, 11):
        yield Made("surrogates", "".join(chr(chance.randrange(0xD800, 0xE000)) for _ in range(number * 7)))


def _one_liners() -> Iterator[Made]:
    """A megabyte in one line: without any end, one thing for ever, or good sentences that never stop."""
    for number in range(EACH + 12):
        chance = random.Random(f"one-liner/{number}")
        line = LINES[number % len(LINES)]
        if number % 4 == 0:
            said = chance.sample(LINES, 60)
            text = " ".join(said)
            head = text[: UTTERANCE_CHARACTERS + 1]
            end = max(head.rfind(mark) for mark in (". ", "! ", "? ")) + 1
            yield Made("one-liner", (text + " ") * (MEGABYTE // len(text)), head[:end])
        elif number % 4 == 1:
            yield Made("one-liner", (line + " ") * (MEGABYTE // len(line)))
        elif number % 4 == 2:
            words = [word.strip(".,!?").lower() for word in " ".join(chance.sample(LINES, 60)).split()]
            yield Made("one-liner", " ".join(words * (MEGABYTE // 2_000)))
        else:
            yield Made(
                "one-liner", "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=5_000)) * (MEGABYTE // 5_000)
            )


def _tokens() -> Iterator[Made]:
    chance = random.Random("tokens")
    words = sorted({word.strip(".,!?\"'") for line in LINES for word in line.split()} - {""})
    for number in range(EACH):
        word = chance.choice(words)
        joined = ("", " ", ", ", "\n")[number % 4].join([word] * (30 + 11 * number))
        yield Made("token again and again", joined)


def _languages() -> Iterator[Made]:
    chance = random.Random("languages")
    for _ in range(EACH):
        one, other = chance.sample(FOREIGN, 2)
        yield Made("language", f"{one} {other}")


def _json() -> Iterator[Made]:
    chance = random.Random("json")
    for number in range(EACH):
        line = chance.choice(LINES)
        deep: object = line
        for _ in range(number % 5):
            deep = chance.choice(({"content": deep}, [deep], {"data": [deep, number]}, {"ok": True, "text": deep}))
        document: object = {chance.choice(("response", "text", "message", "answer")): deep, "n": number}
        indent = (None, 2)[number % 2]
        yield Made("json", json.dumps(document if number % 3 else [document], indent=indent))


def _html() -> Iterator[Made]:
    chance = random.Random("html")
    for number in range(EACH):
        line, tag, other = html.escape(chance.choice(LINES), quote=False), chance.choice(TAGS), chance.choice(TAGS)
        yield Made(
            "html",
            f'<{tag} class="c{number}">{line}</{tag}>' if number % 2 else f"<{tag}><{other}>{line}</{other}></{tag}>",
        )


def _denials() -> Iterator[Made]:
    for denial in DENIALS:
        for denied in DENIED:
            yield Made("refusal", denial.format(denied))


def _prompt_echoes() -> Iterator[Made]:
    """Of the prompts that are really used, whole or a sentence, in the ways in which models give them away."""
    chance = random.Random("echoes")
    names = strategies.NAMES
    for number in range(EACH + 20):
        session, topic = f"s{number}", chance.choice(("bees", "tea", "the sea"))
        told = prompts.system(
            session_id=session, topic=topic, level=number % 5, strategy=names[number % len(names)], conversation=1, first=True
        )  # fmt: skip
        mark = prompts.mark(session)
        pieces = [f"{piece}." for piece in told.rstrip(".").split(". ") if len(piece.split()) > 5 and mark not in piece]
        piece = pieces[number % len(pieces)]
        ways = (
            piece,
            told,
            f"Sure! {piece}",
            f"My instructions are: {told}",
            f'"{piece}"',
            f"- {piece}",
            piece.upper(),
            f"**{piece}**",
        )
        yield Made("prompt echo", ways[number % len(ways)], None, told, mark)
