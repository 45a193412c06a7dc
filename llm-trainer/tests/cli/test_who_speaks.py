"""The launcher says who speaks, and why another speaks than was asked for."""

from __future__ import annotations

import pytest

from llm_trainer.cli.launcher import who_speaks

WHY = "tutor speaks instead of ollama: nobody listens; to change that: start it"


@pytest.mark.parametrize(
    ("llm", "line"),
    [
        ({"backend": "ollama", "model": "gemma3:1b", "detail": "is loaded"}, "Teacher: ollama (gemma3:1b), is loaded"),
        ({"backend": "tutor", "model": "tutor", "detail": WHY}, f"Teacher: tutor, {WHY}"),
        ({"backend": "tutor", "model": None, "detail": ""}, "Teacher: tutor"),
        ({"backend": "x\x1b[31m", "model": "x\x1b[31m", "detail": ""}, "Teacher: x [31m"),
        ({"backend": None}, ""),
        (None, ""),
    ],
)
def test_the_teacher_is_named_with_the_reason(llm: object, line: str) -> None:
    assert who_speaks({"llm": llm}) == line
