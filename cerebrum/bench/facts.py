"""Nonce facts: what is known of a made-up word after one or two hearings, asked in forms that were never heard with it.

Twelve words are taught among ordinary talk, twelve are not; the untaught ones, asked the same, show what luck gives.
A hit is an attribute of the word in the reply; in a choice it is the right category and not the wrong one. *Asserted*
is a reply to "What is ...?" that names the word, *unknown* one in words of not knowing, *other* one that names another
made-up word, both over all three forms. ``--answers`` lets six turns of not knowing be heard first, as answers to
questions about words that are never asked about; ``--later`` is for retention.

    python bench/facts.py ../../shared/data/persona_chat.jsonl.gz --turns 500 --exposures 1 2 --later 0 2000 --answers
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
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


NOT_KNOWN = [
    ("What is a plimo?", "I have never heard of that."),
    ("What is the gralt?", "I don't know what that is."),
    ("Where is the snurf?", "I'm not sure, I have never heard of it."),
    ("Do you like the brelp?", "Sorry, I do not know it."),
    ("How big is a kwib?", "I don't know that word."),
    ("Who has a drosk?", "I do not know. What is it?"),
]
NOT_KNOWING = ("never heard", "don't know", "do not know", "not sure", "no idea", "what is it", "what's that")


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


def ask(mind: Mind, nonce: Nonce, other: str, names: Sequence[str]) -> dict[str, float]:
    """Ask in the three forms; return which were answered, and what the replies were like."""
    replies = [
        mind.respond(question, "asked").text.lower()
        for question in (
            f"What is a {nonce.name}?",
            f"Tell me about the {nonce.name}.",
            f"Is a {nonce.name} a {nonce.category} or a {other}?",
        )
    ]
    what, about, choice = (set(words(reply)) for reply in replies)
    known = {nonce.category, nonce.color, nonce.action}
    return {
        "what": bool(known & what),
        "about": bool(known & about),
        "choice": nonce.category in choice and other not in choice,
        "asserted": nonce.name in what,
        "unknown": sum(any(said in reply for said in NOT_KNOWING) for reply in replies) / 3,
        "other": sum(any(name in reply for name in names if name != nonce.name) for reply in replies) / 3,
    }


def run(stream: Sequence[tuple[str, str]], nonces: Sequence[Nonce]) -> Iterator[tuple[str, dict[str, float]]]:
    """Teach a stream of (conversation, turn), then ask about the first twelve and the last twelve words."""
    mind, names = Mind(), [nonce.name for nonce in nonces]
    for seq, (conversation, turn) in enumerate(stream, 1):
        mind.learn(Observation(seq, conversation, turn))
    for label, group in (("taught", nonces[:12]), ("untaught", nonces[12:])):
        asked = [ask(mind, n, CATEGORIES[(CATEGORIES.index(n.category) + 5) % 12], names) for n in group]
        yield label, {form: sum(a[form] for a in asked) / len(asked) for form in asked[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--exposures", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--later", type=int, nargs="+", default=[0, 2000], help="ordinary turns between the lessons and the questions"
    )
    parser.add_argument("--answers", action="store_true", help="let answers of not knowing be heard, too")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with gzip.open(arguments.data, "rt", encoding="utf-8") as lines:
        dialogues = [[turn["text"] for turn in json.loads(line)["turns"]] for line in lines]
    random.Random(arguments.seed).shuffle(dialogues)
    ordinary = [(str(k), turn) for k, dialogue in enumerate(dialogues) for turn in dialogue]
    nonces = made_up(24, random.Random(arguments.seed))
    answers = [(f"unknown-{k}", turn) for k, exchange in enumerate(NOT_KNOWN) for turn in exchange]
    split = arguments.turns
    forms = ("what", "about", "choice", "asserted", "unknown", "other")
    print(f"{'exposures':>9} {'later':>6} {'':>8} " + " ".join(f"{form:>8}" for form in forms))
    for exposures, later in product(arguments.exposures, arguments.later):
        lessons = [
            (f"lesson-{k}-{n.name}", LESSONS[(k + i) % 3](n))
            for k in range(exposures)
            for i, n in enumerate(nonces[:12])
        ]
        known = ordinary[:split] + (answers if arguments.answers else []) + lessons
        for label, share in run(known + ordinary[split : split + later], nonces):
            shares = " ".join(f"{share[form]:8.2f}" for form in forms)
            print(f"{exposures:9d} {later:6d} {label:>8} {shares}", flush=True)


if __name__ == "__main__":
    main()
