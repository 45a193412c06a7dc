"""What does not fit is left out from the oldest turn on; the instructions and the last turn never."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.errors import UtteranceError
from llm_trainer.llm_server.backends.base import ChatRequest, Message
from llm_trainer.llm_server.budget import Budget, tokens


def turns(*texts: str) -> tuple[Message, ...]:
    return tuple(Message("user", text) for text in texts)


def test_what_fits_is_left_alone() -> None:
    request = ChatRequest(turns("a", "b"), system="s")

    assert Budget(4096).fit(request, 256) == request


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=40), st.text(max_size=100))
def test_the_kept_turns_are_the_newest_and_they_fit(texts: list[str], system: str) -> None:
    request = ChatRequest(turns(*texts), system=system)
    try:
        kept = Budget(1024).fit(request, 128)
    except UtteranceError:
        assert tokens(system) + tokens(texts[-1]) > 1024 - 128 - 40
        return

    assert kept.system == system
    assert kept.messages == request.messages[-len(kept.messages) :]
    assert tokens(system) + sum(tokens(turn.text) for turn in kept.messages) <= 1024 - 128


def test_what_can_never_fit_is_refused_with_the_numbers() -> None:
    with pytest.raises(UtteranceError, match="512") as refusal:
        Budget(512).fit(ChatRequest(turns("x" * 3000)), 100)

    assert "shorten" in refusal.value.remedy


def test_the_estimate_counts_bytes_where_they_may_be_tokens() -> None:
    assert tokens("abc" * 10) == 10
    assert tokens("日本") == 6
    assert tokens("") == 0


TALK = ChatRequest(turns(*["word after word"] * 20), system="Be kind.")


def test_what_the_engine_counted_as_expected_needs_no_word() -> None:
    budget = Budget(4096)

    assert budget.compare(TALK, 256, 120) == budget.warning == ""
    assert budget.ratio == 1.0


def test_an_engine_that_does_not_count_is_believed() -> None:
    assert Budget(4096).compare(TALK, 256, 0) == ""


@pytest.mark.parametrize("read", [4000, 4096])
def test_a_context_full_to_the_brim_is_warned_of_with_the_numbers(read: int) -> None:
    warning = Budget(4096).compare(TALK, 256, read)

    assert f"{read} tokens" in warning
    assert "4096" in warning


def test_fewer_tokens_than_the_text_can_have_means_that_some_was_cut() -> None:
    budget = Budget(4096)
    warning = budget.compare(ChatRequest(turns("word " * 1000)), 256, 300)

    assert "cut" in warning
    assert budget.compare(TALK, 256, 120) == budget.warning == ""  # and it goes when all is well again


def test_a_vocabulary_that_needs_more_makes_the_next_estimates_larger() -> None:
    budget = Budget(1024)
    before = len(budget.fit(TALK, 128).messages)
    budget.compare(TALK, 128, 1000)

    assert before == 20
    assert 0 < len(budget.fit(TALK, 128).messages) < 20
