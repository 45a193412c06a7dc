"""What does not fit is left out from the oldest turn on; the instructions and the last turn never."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.errors import UtteranceError
from llm_trainer.llm_server.backends.base import ChatRequest, Message
from llm_trainer.llm_server.budget import fit, tokens


def turns(*texts: str) -> tuple[Message, ...]:
    return tuple(Message("user", text) for text in texts)


def test_what_fits_is_left_alone() -> None:
    request = ChatRequest(turns("a", "b"), system="s")

    assert fit(request, 4096, 256) == request


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=40), st.text(max_size=100))
def test_the_kept_turns_are_the_newest_and_they_fit(texts: list[str], system: str) -> None:
    request = ChatRequest(turns(*texts), system=system)
    try:
        kept = fit(request, 1024, 128)
    except UtteranceError:
        assert tokens(system) + tokens(texts[-1]) > 1024 - 128 - 40
        return

    assert kept.system == system
    assert kept.messages == request.messages[-len(kept.messages) :]
    assert tokens(system) + sum(tokens(turn.text) for turn in kept.messages) <= 1024 - 128


def test_what_can_never_fit_is_refused_with_the_numbers() -> None:
    with pytest.raises(UtteranceError, match="512") as refusal:
        fit(ChatRequest(turns("x" * 3000)), 512, 100)

    assert "shorten" in refusal.value.remedy


def test_the_estimate_counts_bytes_where_they_may_be_tokens() -> None:
    assert tokens("abc" * 10) == 10
    assert tokens("日本") == 6
    assert tokens("") == 0
