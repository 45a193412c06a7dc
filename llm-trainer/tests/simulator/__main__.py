"""Replays one seed and tells its story: ``python -m tests.simulator SEED`` (or ``run_tests.py --sim SEED``)."""

from __future__ import annotations

import sys

from .simulate import simulate


def main(arguments: list[str]) -> int:
    """0 when every law held."""
    if len(arguments) != 1 or not arguments[0].isdigit():
        sys.stderr.write("python -m tests.simulator SEED\n")
        return 2
    outcome = simulate(int(arguments[0]))
    sys.stdout.write("\n".join(outcome.trace) + "\n\n")
    sys.stdout.write(f"seed {outcome.seed}: {dict(outcome.counted)}\n")
    sys.stdout.write(f"{'all laws held' if outcome.failure is None else f'FAILED: {outcome.failure!r}'}\n")
    return 0 if outcome.failure is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
