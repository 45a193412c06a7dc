"""How well CEREBRUM converses, beside BM25, in one run and one process: the measures of learner_bench.py, without HTTP.

    python bench/conversation.py ../../shared/bench ../../shared/data/persona_chat.jsonl.gz --checkpoints 100,500,1000

The judges, the sentence encoder and the fluency model are learner_bench.py's own, read from the folder named first.
They never enter the product. ``--seed`` shuffles dialogues and contexts; weights were tuned on seeds 7, 11 and 21.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from cerebrum.dialogue import Observation  # noqa: E402
from cerebrum.mind import Mind  # noqa: E402


class Measure:
    """Judges replies to held-out turns as learner_bench.py does."""

    def __init__(self, tools: Path, data: Path, seed: int, contexts: int) -> None:
        sys.path.insert(0, str(tools))
        self.bench: Any = import_module("learner_bench")
        dialogues = self.bench.read(data)
        random.Random(seed).shuffle(dialogues)
        n = len(dialogues)
        self.taught, held, spare = (
            dialogues[: n * 6 // 10],
            dialogues[n * 6 // 10 : n * 7 // 10],
            dialogues[n * 7 // 10 :],
        )
        pairs = [(d[i], d[i + 1]) for d in held for i in range(1, len(d) - 1)]
        random.Random(seed + 1).shuffle(pairs)
        self.pairs = pairs[:contexts]
        self.words = self.bench.Trigram(turn for dialogue in spare for turn in dialogue)
        self.encoder = self.bench.MiniLM()
        self.lenient, self.strict = (self.bench.Judge(tools / f"{name}.npz") for name in ("relevance", "contingency"))
        self.places = self.encoder.embed([turn for turn, _ in self.pairs])
        self.true_bits = float(np.mean([self.words.bits(answer) for _, answer in self.pairs]))

    def row(self, label: str, replies: list[str], heard: set[str]) -> str:
        """Return one line of the table."""
        tokens, places = self.bench.tokens, self.encoder.embed(replies)
        own = [
            not (self.bench.echo(turn, reply) >= 0.8 and len(tokens(reply)) >= 2)
            for (turn, _), reply in zip(self.pairs, replies, strict=True)
        ]
        masked = float((self.lenient.probability(self.places, places) * np.array(own)).mean())
        strict = float(self.strict.probability(self.places, places).mean())
        bits = float(np.mean([self.words.bits(reply) for reply in replies if tokens(reply)]))
        runs = Counter(run for reply in replies for run in zip(tokens(reply), tokens(reply)[1:], strict=False))
        novel = sum(" ".join(tokens(reply)) not in heard for reply in replies) / len(replies)
        length = float(np.mean([len(tokens(reply)) for reply in replies]))
        return (
            f"{label:>14} {masked:7.3f} {strict:7.3f} {self.true_bits / bits:6.2f} {novel:6.2f}"
            f" {len(runs) / max(1, runs.total()):10.2f} {length:6.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--checkpoints", default="50,100,500,1000")
    parser.add_argument("--contexts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one-sided", action="store_true")
    arguments = parser.parse_args()
    measure = Measure(arguments.tools, arguments.data, arguments.seed, arguments.contexts)
    nearest, mind = import_module("bm25_learner").Nearest(), Mind()
    checkpoints, heard, seq = sorted(map(int, arguments.checkpoints.split(","))), set(), 0
    milliseconds: list[float] = []
    print(
        f"{'turns':>14} {'masked':>7} {'strict':>7} {'ratio':>6} {'novel':>6} {'distinct-2':>10} {'words':>6}  p50 ms"
    )
    print(measure.row("truth", [answer for _, answer in measure.pairs], set()), flush=True)
    for number, dialogue in enumerate(measure.taught):
        for turn in dialogue[::2] if arguments.one_sided else dialogue:
            seq += 1
            start = time.perf_counter()
            said = mind.respond(turn, f"taught-{number}").text
            mind.learn(Observation(seq, f"taught-{number}", turn, said))
            milliseconds.append((time.perf_counter() - start) * 1000)
            nearest.learn(turn, number)
            heard.add(" ".join(measure.bench.tokens(turn)))
            if seq == checkpoints[0]:
                checkpoints.pop(0)
                asked = [turn for turn, _ in measure.pairs]
                print(measure.row(f"{seq} BM25", [nearest.reply(turn) for turn in asked], heard))
                replies = [mind.respond(turn, f"held-{k}").text for k, turn in enumerate(asked)]
                p50 = float(np.percentile(milliseconds[-500:], 50))
                print(f"{measure.row(f'{seq} {mind.stage}', replies, heard)} {p50:7.1f}", flush=True)
                if not checkpoints:
                    return


if __name__ == "__main__":
    main()
