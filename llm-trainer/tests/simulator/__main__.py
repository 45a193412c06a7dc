"""Replays one seed and tells its story: ``python -m tests.simulator SEED`` (or ``run_tests.py --sim SEED``).

``--hunt FIRST COUNT`` goes through many and ends with code 1 at the first in which a law is broken.
"""

from __future__ import annotations

import sys

from .simulate import Outcome, seldom_collected, simulate


def main(arguments: list[str]) -> int:
    """0 when every law held."""
    if not all(argument.isdigit() for argument in arguments if argument != "--hunt"):
        arguments = []
    if len(arguments) == 1:
        outcome = simulate(int(arguments[0]))
        sys.stdout.write("\n".join(outcome.trace) + "\n\n")
        return _told(outcome)
    if len(arguments) == 3 and arguments[0] == "--hunt":
        first, count = int(arguments[1]), int(arguments[2])
        seldom_collected()
        broken = (outcome for outcome in map(simulate, range(first, first + count)) if outcome.failure is not None)
        found = next(broken, None)
        return 0 if found is None else _told(found)
    sys.stderr.write("python -m tests.simulator SEED | --hunt FIRST COUNT\n")
    return 2


def _told(outcome: Outcome) -> int:
    sys.stdout.write(f"seed {outcome.seed}: {dict(outcome.counted)}\n")
    sys.stdout.write(f"{'all laws held' if outcome.failure is None else f'FAILED: {outcome.failure!r}'}\n")
    return 0 if outcome.failure is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
