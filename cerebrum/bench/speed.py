"""What one taught exchange costs, and what a mind weighs, as it grows: processor time, beside BM25 in the same run.

    python bench/speed.py ../../shared/data --turns 1000 10000

Real dialogues of all three sets in one shuffled order; when they are used up, they come again with one word of each
turn exchanged for a made-up one. At each mark the last 300 exchanges are answered and learned, before it all are only
learned; *longest* is the longest time that learning one took since the mark before. The mind is then saved, and a
program of its own tells how long it takes to load, what it weighs alone, and what the next 100 exchanges cost at the
least of five runs, which tells more of the program than of who else ran. Run it with OMP_NUM_THREADS=1.
10^5 turns take a quarter of an hour to half an hour, 10^6 a morning: ``--turns 1000000``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cerebrum.dialogue import Observation
from cerebrum.mind import Mind

_SETS = ("persona_chat", "botbots", "topical_chat")
_MEASURED = 300
_NEXT, _RUNS = 100, 5


def talk(folder: Path, seed: int) -> Iterator[tuple[str, str]]:
    """Yield (conversation, turn) for ever: first what was really said, then variations of it."""
    dialogues = []
    for name in _SETS:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            dialogues += [[turn["text"] for turn in json.loads(line)["turns"]] for line in lines]
    chance = random.Random(seed)
    again = 0
    while True:
        chance.shuffle(dialogues)
        for number, dialogue in enumerate(dialogues):
            for turn in dialogue:
                yield f"{again}-{number}", _varied(turn, chance) if again else turn
        again += 1


def _varied(turn: str, chance: random.Random) -> str:
    parts = turn.split(" ")
    parts[chance.randrange(len(parts))] = "".join(
        chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in "123"
    )
    return " ".join(parts)


def megabytes() -> float:
    """Return the memory this process holds now (Linux), or the most it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        resource = import_module("resource")
        return (
            float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024) / 1e6
        )


def percentiles(seconds: Sequence[float]) -> str:
    """Return p50 and p95 in milliseconds."""
    p50, p95 = np.percentile(np.array(seconds) * 1000, (50, 95))
    return f"{p50:6.1f} {p95:6.1f}"


def saved(mind: Mind, data: Path, seed: int, heard: int) -> str:
    """Return how long saving takes, and what a program of its own sees of the mind that was saved."""
    with tempfile.TemporaryDirectory() as folder:
        path, start = Path(folder) / "mind", time.process_time()
        mind.save(path)
        took = time.process_time() - start
        command = [
            sys.executable,
            __file__,
            str(data),
            "--seed",
            str(seed),
            "--saved",
            str(path),
            "--heard",
            str(heard),
        ]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        same = told.endswith(mind.state_hash())
        return f"save {took:.2f} s, {path.stat().st_size / 1e6:.0f} MB, same {same}; {told.rpartition(',')[0]}"


def look(path: Path, turns: Sequence[tuple[str, str]], heard: int) -> str:
    """Return how long a saved mind takes to load, what it weighs, and what the next exchanges cost at the least."""
    empty, start = (Mind(), megabytes())[1], time.process_time()
    found = Mind.load(path)
    loaded, grown, whole = time.process_time() - start, megabytes() - empty, found.state_hash()
    runs = []
    for _ in range(_RUNS):
        mind, took = Mind.load(path), []
        for seq, (conversation, turn) in enumerate(turns, heard + 1):
            start = time.thread_time()
            reply = mind.respond(turn, conversation)
            answered = time.thread_time()
            mind.learn(Observation(seq, conversation, turn, reply.text))
            took.append((answered - start, time.thread_time() - answered))
        runs.append(took)
    answer, learn = np.array(runs).min(0).T
    return (
        f"load {loaded:.2f} s, {grown:.0f} MB, {grown * 1000 / heard:.1f} KB/turn; least of {_RUNS}:"
        f" both {percentiles(answer + learn)} answer {percentiles(answer)} learn {percentiles(learn)}, {whole}"
    )


class Bm25:
    """The learner of ``bm25_learner.py``, read from the folder beside the data; costs nothing when it is not there."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self.nearest: Any = import_module("bm25_learner").Nearest() if (folder / "bm25_learner.py").exists() else None

    def exchange(self, turn: str, conversation: str, *, answer: bool) -> float:
        """Answer if asked to, and learn; the seconds it took."""
        start = time.process_time()
        if self.nearest is not None:
            if answer:
                self.nearest.reply(turn)
            self.nearest.learn(turn, conversation)
        return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--turns", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--active-limit", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--saved", type=Path, help="only look at this saved mind")
    parser.add_argument("--heard", type=int, default=0, help="how many turns the saved mind has heard")
    parser.add_argument("--no-baseline", action="store_true", help="leave BM25 out, and its memory")
    arguments = parser.parse_args()
    if arguments.saved is not None:
        upcoming = islice(talk(arguments.data, arguments.seed), arguments.heard, arguments.heard + _NEXT)
        print(look(arguments.saved, list(upcoming), arguments.heard))
        return
    bm25 = Bm25(Path("nowhere") if arguments.no_baseline else arguments.data.parent / "bench")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores")
    print(
        f"{'turns':>8} {'both p50 p95':>13} {'answer':>13} {'learn':>13} {'BM25':>13}"
        "  MB grown KB/turn  load replay s longest ms"
    )
    marks, mind, empty = sorted(arguments.turns), Mind(active_limit=arguments.active_limit), megabytes()
    times: dict[str, list[float]] = {name: [] for name in ("answer", "learn", "both", "bm25")}
    replay = longest = 0.0
    for seq, (conversation, turn) in enumerate(talk(arguments.data, arguments.seed), 1):
        near_mark = marks[0] - seq < _MEASURED
        baseline = bm25.exchange(turn, conversation, answer=near_mark)
        start = time.process_time()
        said = mind.respond(turn, conversation).text if near_mark else None
        answered = time.process_time()
        mind.learn(Observation(seq, conversation, turn, said))
        learned = time.process_time()
        replay += learned - answered
        longest = max(longest, learned - answered)
        if near_mark:
            seconds = (answered - start, learned - answered, learned - start, baseline)
            for name, one in zip(times, seconds, strict=True):
                times[name].append(one)
        if seq == marks[0]:
            marks.pop(0)
            grown = megabytes() - empty
            both, answer, learn, other = (percentiles(times[name]) for name in ("both", "answer", "learn", "bm25"))
            busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
            print(
                f"{seq:8d} {both} {answer} {learn} {other}"
                f" {grown:9.0f} {grown * 1000 / seq:7.1f} {busy:5.1f} {replay:8.1f} {longest * 1000:10.0f}"
            )
            print(f"{'':8} {saved(mind, arguments.data, arguments.seed, seq)}", flush=True)
            times, longest = {name: [] for name in times}, 0.0
            if not marks:
                return


if __name__ == "__main__":
    main()
