"""How often it says again what it said, or contradicts itself: a conversation of 200 exchanges, beside real people.

The partner's turns are those of dialogues it never heard, one dialogue after another, in one conversation.

- again: share of replies with a sentence of three words or more that it had said before, end marks aside.
- otherwise: share of replies with a claim about itself that an earlier reply made otherwise: another answer to where it
  is from, where it lives, its name, its age, its work, its favourite of something, how many of something it has; or the
  same sentence with and without "not". Found by the patterns below, which the product does not know.

    python bench/claims.py ../../shared/data/persona_chat.jsonl.gz --turns 500 --exchanges 200 --seed 3
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from cerebrum.dialogue import Observation
from cerebrum.mind import Mind

_NUMBER = r"(\d+|no|one|two|three|four|five|six|a|an)"
CLAIMS = {
    "from": r"\bi(?:'m| am| come) from ((?:the )?\w+)",
    "lives": r"\bi live in (?!a\b|an\b)((?:the )?\w+)",
    "name": r"\b(?:my name is|my name's) (\w+)",
    "age": r"\bi(?:'m| am) (\d+)",
    "work": r"\bi(?:'m| am| work as) an? ((?!big|huge|little|bit|fan|great|good)\w+)(?=[.!,]| and| for| at| in)",
    "favorite": r"\bmy favou?rite (\w+) (?:is|are) ((?:the |a )?\w+)",
    "has": rf"\bi have {_NUMBER} (\w+?)s?\b",
}


def claims(reply: str) -> dict[tuple[str, str], str]:
    """Return what a reply claims: (what, of what) and the value."""
    text = reply.lower().replace("’", "'")
    found: dict[tuple[str, str], str] = {}
    for what, pattern in CLAIMS.items():
        for match in re.finditer(pattern, text):
            groups = match.groups()
            if what == "has":
                found[what, groups[1]] = {"a": "one", "an": "one", "1": "one", "2": "two"}.get(groups[0], groups[0])
            else:
                found[what, groups[0] if len(groups) > 1 else ""] = groups[-1]
    for sentence in sentences(reply):
        plain = re.sub(r" not\b|n't\b", "", sentence).replace(" do ", " ")
        if plain.startswith("i "):
            found["denied", plain] = str(plain != sentence)
    return found


def sentences(reply: str) -> list[str]:
    """Return the sentences of a reply of three words or more, without end marks."""
    cut = [" ".join(re.findall(r"[\w'\[\]]+", part)) for part in re.split(r"[.!?]+", reply.lower().replace("’", "'"))]
    return [part for part in cut if len(part.split()) > 2]


def shares(runs: Iterable[list[str]]) -> tuple[float, float]:
    """Return the shares of replies that say again, and say otherwise, what was said before in the same run."""
    again = otherwise = count = 0
    for replies in runs:
        said: set[str] = set()
        claimed: dict[tuple[str, str], set[str]] = {}
        for reply in replies:
            own, made = sentences(reply), claims(reply)
            count += 1
            again += any(sentence in said for sentence in own)
            otherwise += any(claimed.get(about, {value}) != {value} for about, value in made.items())
            said.update(own)
            for about, value in made.items():
                claimed.setdefault(about, set()).add(value)
    return again / count, otherwise / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--exchanges", type=int, default=200)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    with gzip.open(arguments.data, "rt", encoding="utf-8") as lines:
        dialogues = [[turn["text"] for turn in json.loads(line)["turns"]] for line in lines]
    random.Random(arguments.seed).shuffle(dialogues)
    held = dialogues[len(dialogues) * 6 // 10 :]
    mind = Mind()
    taught = ((str(k), turn) for k, dialogue in enumerate(dialogues) for turn in dialogue)
    for seq, (conversation, turn) in zip(range(1, arguments.turns + 1), taught, strict=False):
        mind.learn(Observation(seq, conversation, turn))
    replies: list[str] = []
    heard = (turn for dialogue in held for turn in dialogue[::2])
    for seq, turn in zip(range(arguments.exchanges), heard, strict=False):
        replies.append(mind.respond(turn, "run").text)
        mind.learn(Observation(arguments.turns + 1 + seq, "run", turn, replies[-1]))
    people = [turns for dialogue in held for turns in (dialogue[0::2], dialogue[1::2])]
    several = [list(chain(*people[k : k + 25])) for k in range(0, 1000, 25)]
    print(f"{'':>40} {'replies':>8} {'again':>6} {'otherwise':>9}")
    for label, runs in (
        (f"CEREBRUM after {arguments.turns} turns, one run", [replies]),
        ("one person, one dialogue", people),
        ("25 people taken for one", several),
    ):
        again, otherwise = shares(runs)
        print(f"{label:>40} {sum(map(len, runs)):8d} {again:6.3f} {otherwise:9.3f}", flush=True)


if __name__ == "__main__":
    main()
