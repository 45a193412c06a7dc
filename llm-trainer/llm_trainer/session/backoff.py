"""How long to wait before asking a peer again."""

from __future__ import annotations

FIRST_SECONDS = 0.1
STEADY_SECONDS = 15.0
SPREAD_SECONDS = 3.0
LONGEST_ASKED_SECONDS = 60.0


def wait_seconds(failures: int, chance: float, retry_after: float | None = None) -> float:
    """Seconds before the next try after ``failures`` (≥ 1) in a row.

    Doubles from FIRST_SECONDS; the upper half of each wait is left to ``chance`` (0 ≤ x < 1), so that many callers do
    not come back together. From the ninth failure on a peer is asked once in STEADY_SECONDS and up to SPREAD_SECONDS
    more. A peer that says when to come back is believed, within a limit.
    """
    grown = FIRST_SECONDS * 2.0 ** min(failures - 1, 30)
    steady = grown >= STEADY_SECONDS
    wait = STEADY_SECONDS + SPREAD_SECONDS * chance if steady else grown * (0.5 + 0.5 * chance)
    if retry_after is None:
        return wait
    return max(wait, min(LONGEST_ASKED_SECONDS, max(0.0, retry_after)))
