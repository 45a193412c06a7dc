"""The lines of a streamed completion: what each tells, and that odd ones are failures or nothing, never a crash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.llm_server.backends.events import NOTHING, read


def line(**document: object) -> str:
    return "data: " + json.dumps(document)


def test_text_reason_counts_and_times_are_told() -> None:
    told = read(
        line(
            model="m",
            choices=[{"delta": {"content": "Hi"}, "finish_reason": "stop"}],
            usage={"prompt_tokens": 3},
            timings={"prompt_ms": 1.5},
        )
    )

    assert (told.text, told.reason, told.model, told.usage["prompt_tokens"]) == ("Hi", "stop", "m", 3)
    assert told.timings == {"prompt_ms": 1.5}


@pytest.mark.parametrize("silent", ["", ": keep-alive", "event: message", "retry: 3", "data:", "id: 1"])
def test_lines_around_the_events_tell_nothing(silent: str) -> None:
    assert read(silent) == NOTHING


def test_the_end_is_known() -> None:
    assert read("data: [DONE]").is_end
    assert read("data:[DONE]").is_end


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"error": {"message": "out of memory"}}, "out of memory"),
        ({"error": "overloaded"}, "overloaded"),
        ({"error": {"code": 5}}, "5"),
        ([1], "not a completion"),
    ],
)
def test_a_failure_is_told_in_the_servers_own_words(failure: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read("data: " + json.dumps(failure))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("delta", "content", "x")), inner),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("choices", "usage", "timings", "model"), ANYTHING)))
@settings(max_examples=150, deadline=None)
def test_odd_shapes_are_read_as_far_as_they_go(document: dict[str, object]) -> None:
    told = read("data: " + json.dumps(document))

    assert isinstance(told.text, str)
    assert told.reason is None or isinstance(told.reason, str)
