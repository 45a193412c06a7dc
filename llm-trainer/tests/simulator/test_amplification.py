"""P10, the learner's side: how many calls a fault costs that strikes a tenth of them, one fault at a time."""

from __future__ import annotations

import pytest

from tests.promises import Figure, Scale

from . import network
from .simulate import simulate
from .weather import FAULTS, Weather

SHARE = 0.1
MOST, MOST_OF_ONE = 1.15, 1.35
"""Calls an exchange, of all faults and of the worst: a tenth fails and is repeated, and chance adds its part."""


@pytest.mark.promise("P10")
def test_faults_in_a_tenth_of_the_calls_cost_about_a_tenth_more(
    figure: Figure, scale: Scale, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges, costs, all_sent, all_taught = scale(20, 1_000), {}, 0, 0
    for fault in FAULTS:
        monkeypatch.setattr(network, "FAULTS", (fault,))
        calm_at = 3.0 * exchanges
        outcome = simulate(7, Weather(exchanges=exchanges, calls=SHARE, calm_at=calm_at, outage_seconds=0.1))
        assert outcome.failure is None, (fault, outcome.failure)
        sent, taught = sum("learner <- POST" in line for line in outcome.trace), outcome.counted["taught"]
        costs[fault] = sent / taught
        all_sent, all_taught = all_sent + sent, all_taught + taught

    worst, average = max(costs, key=costs.__getitem__), all_sent / all_taught
    figure("P10", teach_calls_an_exchange=round(average, 3), worst_fault=worst, its_calls=round(costs[worst], 2))
    assert average <= MOST, costs
    assert costs[worst] <= MOST_OF_ONE, costs
