"""Bits per character, measured before each turn is learned, beside PPMd in the same run.

    python bench/bits.py [--data ../../shared/data/persona_chat.jsonl.gz] [--checkpoints 500,1000,5000]

The text is the turns that learner_bench.py teaches (dialogues shuffled by its seed, the first 60 %), one a line. Bits
are all bits from the first turn to the checkpoint, over all characters, line ends included. `window` is the same over
the last 100 turns. PPMd (order 8, 64 MB; 7-zip's) compresses the same lines; it is left out where pyppmd is not
installed. `ms` is processor time a turn over the last 500 turns, tokens to counts, median and 95th percentile.
Controls: the same words shuffled within each turn, and the same 40 turns again and again, must not look like language.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from cerebrum.evaluation import Prequential  # noqa: E402
from cerebrum.models import Meter  # noqa: E402
from cerebrum.tokenizer import encode  # noqa: E402

PERSONA = HERE.parents[2] / "shared" / "data" / "persona_chat.jsonl.gz"


def taught(path: Path, seed: int) -> list[str]:
    """Turns in the order in which learner_bench.py teaches them, each on one line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        dialogues = [[turn["text"].strip() for turn in json.loads(line)["turns"]] for line in lines]
    random.Random(seed).shuffle(dialogues)
    turns = [turn for dialogue in dialogues[: int(len(dialogues) * 0.6)] for turn in dialogue if turn]
    return [" ".join(turn.split("\n")) for turn in turns]


def ppmd(turns: list[str]) -> float | None:
    """Bits per character of PPMd, order 8; None where it is not installed."""
    try:
        encoder = import_module("pyppmd").Ppmd7Encoder(8, 64 << 20)
    except ImportError:
        return None
    lines = "".join(f"{turn}\n" for turn in turns)
    return 8 * len(encoder.encode(lines.encode()) + encoder.flush()) / len(lines)


def scrambled(turn: str) -> str:
    words = [token.strip() for token in encode(turn)]
    random.Random(turn).shuffle(words)
    return " ".join(words)


def run(name: str, turns: list[str], checkpoints: list[int]) -> None:
    meter, sums, took, heard = Meter(), Prequential(), [], set()
    print(f"\n{name}\n turns bits/char  PPMd o8  window   order gain (90 % above)   ms p50    p95")
    for count, turn in enumerate(turns[: checkpoints[-1]], 1):
        started = time.process_time()
        measured = meter.learn(encode(turn))
        took.append((time.process_time() - started) * 1000)
        sums.note(measured, len(turn), heard_before=turn in heard)
        heard.add(turn)
        if count in checkpoints:
            baseline, gain, ms = ppmd(turns[:count]), sums.order_gain(), np.percentile(took[-500:], [50, 95])
            print(
                f"{count:6d} {sums.bits_per_character():9.3f} {f'{baseline:8.3f}' if baseline else '       -'}"
                f" {sums.bits_per_character_recently():7.3f} {gain.value:14.3f} ({gain.lower:.3f})"
                f"   {ms[0]:7.2f} {ms[1]:6.2f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=PERSONA)
    parser.add_argument("--checkpoints", default="50,100,500,1000,5000")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-controls", action="store_true")
    options = parser.parse_args()
    if not options.data.exists():
        parser.exit(2, f"{options.data} is not there; name a file of dialogues with --data\n")
    checkpoints = sorted(int(number) for number in options.checkpoints.split(","))
    turns = taught(options.data, options.seed)
    run("as heard", turns, checkpoints)
    if not options.no_controls:
        short = [number for number in checkpoints if number <= 1000]
        run("control: words scrambled within each turn", [scrambled(turn) for turn in turns], short)
        run("control: forty turns repeated", [turns[at % 40] for at in range(1000)], short)


if __name__ == "__main__":
    main()
