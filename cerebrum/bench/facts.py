"""Nonce facts: what is known of a made-up word after one or two hearings, asked in forms that were never heard with it.

Twelve words are taught among ordinary talk, twelve are not; the untaught ones, asked the same, show what luck gives.
A hit is an attribute of the word in the reply; in a choice it is the right category and not the wrong one.

    python bench/facts.py ../../shared/data/persona_chat.jsonl.gz --turns 500 --exposures 1 2 --later 0
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cerebrum.dialogue import Observation
from cerebrum.mind import Mind
from cerebrum.tokenizer import words

CATEGORIES = ["flower", "bird", "tool", "boat", "cake", "fish", "drum", "hat", "cloud", "chair", "soup", "stone"]
COLORS = ["red", "purple", "yellow", "green", "white", "black", "blue", "orange", "grey", "brown", "pink", "golden"]
ACTIONS = ["swims", "sings", "shines", "floats", "spins", "smells", "jumps", "rings", "glows", "melts", "rolls", "hums"]
LESSONS: list[Callable[[Nonce], str]] = [
    lambda n: f"A {n.name} is a {n.color} {n.category}.",
    lambda n: f"My {n.name} is a {n.category} that {n.action}.",
    lambda n: f"I saw a {n.name} today. It was a {n.color} {n.category}. It {n.action}.",
]


@dataclass(frozen=True)
class Nonce:
    """A made-up word and what it means."""

    name: str
    category: str
    color: str
    action: str


def made_up(count: int, chance: random.Random) -> list[Nonce]:
    """Make words that no language has, each with attributes."""
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(chance.choice(c) + chance.choice("aeiou") for c in ("bdfgklmnprstvz", "bdgkmnprtvz")) + "x"] = (
            None
        )
    return [
        Nonce(name, CATEGORIES[k % 12], chance.choice(COLORS), chance.choice(ACTIONS)) for k, name in enumerate(names)
    ]


def ask(mind: Mind, nonce: Nonce, other: str) -> dict[str, bool]:
    """Ask in the three forms; return which were answered."""

    def said(question: str) -> set[str]:
        return set(words(mind.respond(question, "asked").text))

    known = {nonce.category, nonce.color, nonce.action}
    choice = said(f"Is a {nonce.name} a {nonce.category} or a {other}?")
    return {
        "what": bool(known & said(f"What is a {nonce.name}?")),
        "about": bool(known & said(f"Tell me about the {nonce.name}.")),
        "choice": nonce.category in choice and other not in choice,
        "asserted": nonce.name in said(f"What is a {nonce.name}?"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--exposures", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--later", type=int, default=0, help="ordinary turns heard between the lessons and the questions"
    )
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with gzip.open(arguments.data, "rt", encoding="utf-8") as lines:
        dialogues = [[turn["text"] for turn in json.loads(line)["turns"]] for line in lines]
    random.Random(arguments.seed).shuffle(dialogues)
    ordinary = [(str(k), turn) for k, dialogue in enumerate(dialogues) for turn in dialogue]
    print(f"{'exposures':>9} {'later':>6} {'':>8} {'what':>6} {'about':>6} {'choice':>6} {'asserted':>8}")
    for exposures in arguments.exposures:
        chance = random.Random(arguments.seed)
        nonces = made_up(24, chance)
        mind = Mind()
        lessons = [
            (f"lesson-{k}-{n.name}", LESSONS[(k + i) % 3](n))
            for k in range(exposures)
            for i, n in enumerate(nonces[:12])
        ]
        split = arguments.turns
        stream = ordinary[:split] + lessons + ordinary[split : split + arguments.later]
        for seq, (conversation, turn) in enumerate(stream, 1):
            mind.learn(Observation(seq, conversation, turn))
        for label, group in (("taught", nonces[:12]), ("untaught", nonces[12:])):
            asked = [ask(mind, n, CATEGORIES[(CATEGORIES.index(n.category) + 5) % 12]) for n in group]
            share = {form: sum(a[form] for a in asked) / len(asked) for form in asked[0]}
            print(
                f"{exposures:9d} {arguments.later:6d} {label:>8} {share['what']:6.2f} {share['about']:6.2f}"
                f" {share['choice']:6.2f} {share['asserted']:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
