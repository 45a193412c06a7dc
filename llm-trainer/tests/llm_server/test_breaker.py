"""The breaker keeps calls away from a back end that fails, lets one try it, and believes what it hears."""

from __future__ import annotations

import pytest

from llm_trainer.errors import ModelMissing, PeerAnswerInvalid, PeerBusy, PeerUnreachable
from llm_trainer.llm_server.breaker import FAILURES, FLOOR, REST_SECONDS, SHARE, Breaker

GONE = PeerUnreachable("gone", peer="p")
BROKEN = PeerAnswerInvalid("cut", peer="p", kind="cut")


def failing(*errors: PeerAnswerInvalid | PeerUnreachable | PeerBusy) -> Breaker:
    breaker = Breaker()
    for error in errors:
        assert breaker.admit(0)
        breaker.failed(error, 0)
    return breaker


def test_a_few_failures_change_nothing() -> None:
    assert failing(*[GONE] * (FAILURES - 1)).admit(0)


def test_too_many_in_a_row_keep_calls_away_until_the_rest_is_over() -> None:
    breaker = failing(*[BROKEN] * FAILURES)

    assert not breaker.admit(0)
    assert not breaker.admit(REST_SECONDS - 0.1)
    assert breaker.admit(REST_SECONDS)


def test_then_one_call_tries_and_nobody_else_meanwhile() -> None:
    breaker = failing(*[BROKEN] * FAILURES)

    assert breaker.admit(REST_SECONDS)
    assert not breaker.admit(REST_SECONDS)


def test_a_trial_that_succeeds_closes_it() -> None:
    breaker = failing(*[BROKEN] * FAILURES)
    breaker.admit(REST_SECONDS)
    breaker.succeeded()

    assert (breaker.is_open, breaker.last) == (False, None)
    assert breaker.admit(REST_SECONDS)
    assert breaker.admit(REST_SECONDS)


def test_a_trial_that_fails_opens_it_for_as_long_again() -> None:
    breaker = failing(*[BROKEN] * FAILURES)
    breaker.admit(REST_SECONDS)
    breaker.failed(BROKEN, REST_SECONDS)

    assert breaker.wait_seconds(REST_SECONDS) == REST_SECONDS


def test_a_trial_that_was_given_up_is_free_for_another() -> None:
    breaker = failing(*[BROKEN] * FAILURES)
    breaker.admit(REST_SECONDS)
    breaker.abandoned()

    assert breaker.admit(REST_SECONDS)


def test_a_success_between_failures_begins_the_count_anew() -> None:
    breaker = failing(*[BROKEN] * (FAILURES - 1))
    breaker.succeeded()
    breaker.failed(BROKEN, 0)

    assert breaker.admit(0)


@pytest.mark.parametrize(("said", "waits"), [(5.0, 5.0), (0.0, 1.0), (10_000.0, 60.0)])
def test_who_says_when_to_come_back_is_believed_within_reason(said: float, waits: float) -> None:
    breaker = failing(PeerBusy("busy", peer="p", retry_after_seconds=said))

    assert breaker.wait_seconds(0) == waits


@pytest.mark.parametrize("kind", ["empty", "endless"])
def test_a_model_that_now_and_then_has_nothing_to_say_is_no_failure_of_the_back_end(kind: str) -> None:
    assert failing(*[PeerAnswerInvalid("x", peer="p", kind=kind)] * FLOOR).admit(0)


@pytest.mark.parametrize("error", [GONE, ModelMissing("m", peer="p")])
def test_what_a_look_can_see_need_not_be_waited_for(error: PeerUnreachable) -> None:
    breaker = failing(*[error] * FAILURES)
    breaker.seen_well(2)

    assert breaker.admit(2)


def test_what_a_look_cannot_see_must() -> None:
    breaker = failing(*[BROKEN] * FAILURES)
    breaker.seen_well(2)

    assert not breaker.admit(2)


def test_one_that_says_when_to_come_back_again_and_again_is_left_alone_for_longer() -> None:
    busy, now = PeerBusy("busy", peer="p", retry_after_seconds=2), 0.0
    breaker, waits = Breaker(), []
    for _ in range(5):
        now += breaker.wait_seconds(now)
        assert breaker.admit(now)
        breaker.failed(busy, now)
        waits.append(breaker.wait_seconds(now))

    assert waits == [2, 2, REST_SECONDS, REST_SECONDS, REST_SECONDS]


@pytest.mark.parametrize("error", [BROKEN, PeerAnswerInvalid("", peer="p", kind="empty")])
@pytest.mark.parametrize("every", [2, 3, 4])
def test_however_failures_are_mixed_with_successes_the_repeated_calls_of_a_minute_stay_within_the_budget(
    every: int, error: PeerAnswerInvalid
) -> None:
    breaker, calls, now = Breaker(), list[tuple[float, bool]](), 0.0
    while now < 600:
        if not breaker.admit(now):
            now += 1
            continue
        is_bad = len(calls) % every == 0
        calls.append((now, is_bad))
        if is_bad:
            breaker.failed(error, now)
        else:
            breaker.succeeded()
        now += 1

    for begin in range(540):
        minute = [is_bad for at, is_bad in calls if begin <= at < begin + 60]
        trials = 60 / REST_SECONDS  # one call after each rest is let through to find out, whatever the budget
        assert sum(minute) <= FLOOR + SHARE * len(minute) + trials
