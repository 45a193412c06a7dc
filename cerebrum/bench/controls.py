"""Streams with nothing to learn from must not open the gates: real talk beside three that look like it.

    python bench/controls.py ../../shared/data/persona_chat.jsonl.gz

*shuffled*: the same turns in any order. *scrambled*: the words of each turn in any order. *repeated*: the first forty
turns again and again. Prints order gain and recall of the next turn, both on turns never heard before with their lower
90 % bounds, the stage at each mark and the furthest stage ever reached. Run it with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from cerebrum.dialogue import Observation  # noqa: E402
from cerebrum.growth import STAGES  # noqa: E402
from cerebrum.mind import Mind  # noqa: E402

Stream = list[tuple[str, str]]


def streams(path: Path, turns: int, seed: int) -> Mapping[str, Stream]:
    """Return each stream as (conversation, turn)."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        dialogues = [[turn["text"] for turn in json.loads(line)["turns"]] for line in lines]
    chance = random.Random(seed)
    chance.shuffle(dialogues)
    real = [(str(number), turn) for number, dialogue in enumerate(dialogues) for turn in dialogue][:turns]
    names, said = [name for name, _ in real], [turn for _, turn in real]
    return {
        "real": real,
        "shuffled": list(zip(names, chance.sample(said, len(said)), strict=True)),
        "scrambled": [(name, " ".join(chance.sample(t.split(), len(t.split())))) for name, t in real],
        "repeated": [(f"{at // 40}-{real[at % 40][0]}", real[at % 40][1]) for at in range(turns)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--turns", type=int, nargs="+", default=[200, 500, 1000])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{'stream':>10} {'turns':>6} {'unheard':>8}  order gain (90 % above)  recall (90 % above)  stage, furthest")
    for name, stream in streams(given.data, max(given.turns), given.seed).items():
        mind, furthest = Mind(), 0
        for seq, (conversation, turn) in enumerate(stream, 1):
            mind.learn(Observation(seq, conversation, turn))
            furthest = max(furthest, STAGES.index(mind.stage))
            if seq in given.turns:
                found = mind.measurements()
                print(
                    f"{name:>10} {seq:6d} {found['unheard']:8d} {found['order_gain']:10.3f}"
                    f" ({found['order_gain_lower']:.3f}) {found['recall_at_1']:16.2f}"
                    f" ({found['recall_at_1_lower']:.2f})  {mind.stage}, {STAGES[furthest]}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
