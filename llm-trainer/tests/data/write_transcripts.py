# ruff: noqa: E501, SIM905 - lines of talk stay whole
"""Writes transcripts.jsonl: talks of a teacher (who begins) and a learner that go wrong in one named way, or do not.

Each starts well; ``begin`` is the first turn (counted from 0) that is part of what goes wrong, ``onset`` the first
that shows it: the same turn, but for a two-cycle the first that was said before. Both are null in healthy ones.
Run: ``python tests/data/write_transcripts.py``; the same file comes out.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from parts import FOREIGN, GOOD, LINES, USER_LINES

HERE = Path(__file__).parent
EACH = 60
HEALTHY = 320
TURNS_AFTER = 16
MANNERS = (
    """
Thank you so much!|You're welcome!|Thanks, you too!|Have a nice day!|Goodbye!|Bye bye!|See you soon!|Take care!
It was nice talking to you.|Thank you, it was lovely talking to you too.|Have a great evening!|You too, goodbye!
No problem, bye!|Thanks again!|My pleasure.|Good night!|See you tomorrow!|Thank you for the chat.|Cheers, bye!
I appreciate it, thank you.|Same to you!|Thanks a lot, take care!|Farewell, my friend!|You are very welcome.
Thank you! Have a wonderful day!|Bye, see you next time!|Goodbye and thank you!|Likewise, take care!
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
STRETCHED = (
    ("I think the {} soup needs a little more salt today.", "hot red green thick thin cold new old good bad".split()),
    (
        "My brother has a {} dog that likes to run in the park.",
        "big small black white wild young old fat thin brown".split(),
    ),
    (
        "Do you want to see my {} garden after lunch?",
        "little green lovely old wild secret new pretty quiet long".split(),
    ),
    ("We walked to the {} river and looked at the boats.", "blue wide deep slow cold grey brown old long calm".split()),
    ("The {} train was late again, so I read my book.", "first last early slow red long night morning old new".split()),
    ("I would like a {} cup of tea with milk, please.", "big small nice hot warm good large fresh strong weak".split()),
)
FEW = (
    ("cake", ("nice", "sweet")), ("dog", ("big", "good")), ("rain", ("wet", "cold")), ("tree", ("tall", "green")),
    ("car", ("fast", "red")), ("cat", ("soft", "small")), ("soup", ("hot", "tasty")), ("boat", ("blue", "old")),
)  # fmt: skip
SMALL = (
    "I like {n}.", "{N} is {a}.", "{A} {n} is {b}.", "The {n} is {a} and {b}.", "{N}, {a} {n}.", "I like {a} {n}.", "Is the {n} {b}?",
    "Yes, {n} is {b}.", "{B}, {a} {n}!", "We like {b} {n}.", "{N} is {a}, very {a}.", "{A} {n}, {b} {n}.",
    "A {a}, {b} {n}!", "The {n} is {b} and {a}.", "So {b}, the {a} {n}.", "{B} is the {n}, {a} {n}.",
)  # fmt: skip


def talk(chance: random.Random, turns: int) -> list[str]:
    """A talk where nothing is said twice."""
    teacher = chance.sample(LINES, turns)
    learner = chance.sample([*USER_LINES, *GOOD[30:]], turns)
    return [(teacher if turn % 2 == 0 else learner)[turn // 2] for turn in range(turns)]


def other_answer(chance: random.Random) -> str:
    return chance.choice(GOOD[20:])


def repetition(chance: random.Random, start: list[str]) -> Iterator[str]:
    said = start[-2] if chance.random() < 0.5 else chance.choice(LINES)
    yield from _answered(chance, lambda: said)


def near_repetition(chance: random.Random, start: list[str]) -> Iterator[str]:
    frame, fillings = chance.choice(STRETCHED)
    order = iter(chance.sample(fillings, len(fillings)))
    yield from _answered(chance, lambda: frame.format(next(order)))


def two_cycle(chance: random.Random, start: list[str]) -> Iterator[str]:
    mine, yours = chance.sample(LINES, 2), chance.sample(USER_LINES, 2)
    fixed = chance.random() < 0.5
    for number in range(TURNS_AFTER // 2):
        yield mine[number % 2]
        yield yours[number % 2] if fixed else other_answer(chance)


def echo(chance: random.Random, start: list[str]) -> Iterator[str]:
    heard = start[-1]
    for _ in range(TURNS_AFTER // 2):
        yield heard if chance.random() < 0.7 else heard.rstrip(".!?") + "!"
        heard = chance.choice([line for line in GOOD[20:] if len(line.split()) >= 3])
        yield heard


def politeness_spiral(chance: random.Random, start: list[str]) -> Iterator[str]:
    yield from chance.sample(MANNERS, TURNS_AFTER)


def topic_collapse(chance: random.Random, start: list[str]) -> Iterator[str]:
    noun, (first, second) = chance.choice(FEW)
    order = iter(chance.sample(SMALL, len(SMALL)))

    def small() -> str:
        frame = next(order)
        return frame.format(n=noun, N=noun.title(), a=first, A=first.title(), b=second, B=second.title())

    for _ in range(TURNS_AFTER // 2):
        yield small()
        yield small()


def drift(chance: random.Random, start: list[str]) -> Iterator[str]:
    said = chance.sample(FOREIGN, TURNS_AFTER)
    mixed = chance.random() < 0.4
    for number in range(TURNS_AFTER // 2):
        yield f"{chance.choice(LINES)} {said[number]}" if mixed and number < 2 else said[number]
        yield said[-1 - number] if chance.random() < 0.5 else other_answer(chance)


def _answered(chance: random.Random, speak: Callable[[], str]) -> Iterator[str]:
    for _ in range(TURNS_AFTER // 2):
        yield speak()
        yield other_answer(chance)


WAYS = {
    "repetition": repetition, "near repetition": near_repetition, "two-cycle": two_cycle, "echo": echo,
    "politeness spiral": politeness_spiral, "topic collapse": topic_collapse, "drift of language": drift,
}  # fmt: skip


def healthy(chance: random.Random) -> list[str]:
    """Small talk with what looks like trouble and is none: short answers, a good-bye, a beginner that echoes."""
    turns = talk(chance, 2 * chance.randint(6, 12))
    kind = chance.randrange(6)
    if kind == 0:
        turns[-3:] = ["It was nice talking to you.", "Thank you! Bye!", "Goodbye!"]
    elif kind == 1:
        for turn in range(1, len(turns), 2):
            turns[turn] = chance.choice(("yes", "no", "ok", "I like it", turns[turn - 1]))
    elif kind == 2:
        turns[4], turns[8] = "That is nice!", "That is nice!"
    elif kind == 3:
        noun, _ = chance.choice(FEW)
        turns[2:9:2] = [
            f"Do you have a {noun}?",
            f"My {noun} comes from my aunt.",
            f"Where did you see that {noun}?",
            "I see!",
        ]
    elif kind == 4:
        turns[0:2] = ["Hello!", "Hello!"]
        turns[6] = f"You said: {turns[5]} Tell me more about it, please."
    return turns


def transcripts() -> Iterator[dict[str, object]]:
    for name, way in WAYS.items():
        for number in range(EACH):
            chance = random.Random(f"{name}/{number}")
            start = talk(chance, 2 * chance.randint(1, 5))
            begin = len(start)
            onset = begin + 4 if name == "two-cycle" else begin
            yield {"class": name, "begin": begin, "onset": onset, "turns": [*start, *way(chance, start)]}
    for number in range(HEALTHY):
        yield {"class": "healthy", "begin": None, "onset": None, "turns": healthy(random.Random(f"healthy/{number}"))}


if __name__ == "__main__":
    with (HERE / "transcripts.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for row in transcripts():
            digest = hashlib.sha256(json.dumps(row["turns"]).encode()).digest()
            file.write(json.dumps({**row, "part": "held" if digest[0] % 2 else "develop"}) + "\n")
