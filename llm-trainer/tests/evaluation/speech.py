"""Made-up transcripts whose kind is known: what a verdict must say of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

NOUNS = re.findall(
    r"\w+", "dog cat sea tree bread river house bird stone song lamp road wind boat door hill king leaf moon fire"
)
VERBS = re.findall(r"\w+", "likes sees finds takes keeps hears eats draws wants holds")

Reply = Callable[[int, str, list[str], Random], str]


def talk(count: int, reply: Reply, seed: int = 1) -> list[dict[str, Any]]:
    """``count`` exchanges: a teacher who says two plain sentences, and a learner who answers by ``reply``."""
    chance = Random(seed)
    lines: list[str] = []
    said = []
    for number in range(1, count + 1):
        one, other = (f"the {chance.choice(NOUNS)} {chance.choice(VERBS)} the {chance.choice(NOUNS)}" for _ in range(2))
        line = f"{one.capitalize()}. {other.capitalize()}."
        said.append(
            {"number": number, "llm_to_cerebrum": line, "cerebrum_response": reply(number, line, lines, chance)}
        )
        lines.append(line)
    return said


def repeats_the_line(number: int, line: str, lines: list[str], chance: Random) -> str:
    return line


def says_what_it_heard(number: int, line: str, lines: list[str], chance: Random) -> str:
    """A sentence heard earlier; as it learns, one about something that the line is about."""
    heard = [sentence.lower() + "." for each in lines for sentence in each.rstrip(".").split(". ")]
    about = chance.choice([word for word in re.findall(r"\w+", line.lower()) if word in NOUNS])
    fitting = [each for each in heard if about in each]
    return chance.choice(fitting if fitting and chance.random() < number / 200 else heard or ["yes."])


def makes_its_own(number: int, line: str, lines: list[str], chance: Random) -> str:
    """New sentences about what the line is about, longer and nearer to it as it learns."""
    nouns = [word.strip(".").lower() for word in line.split() if word.strip(".").lower() in NOUNS]
    about = chance.choice(nouns) if chance.random() < min(0.9, number / 200) else chance.choice(NOUNS)
    more = " ".join(f"and {chance.choice(NOUNS)}" for _ in range(number // 60))
    return f"my {about} and your {chance.choice(NOUNS)} {more} sleep."


def babbles(number: int, line: str, lines: list[str], chance: Random) -> str:
    """Words by chance, as many at the end as at the beginning."""
    return " ".join(chance.choice(NOUNS + VERBS) for _ in range(chance.randint(2, 6))) + "."


def is_silent(number: int, line: str, lines: list[str], chance: Random) -> str:
    return ""
