"""A pull is followed to its end, shown as it goes, and its failure is a failure."""

from __future__ import annotations

from typing import Any

import pytest

from llm_trainer.cli.pulling import pull
from llm_trainer.errors import PeerError, PeerRefused


def at(state: str, status: str, completed: int = 0, total: int = 0, **more: str) -> dict[str, Any]:
    return {"model": "m", "state": state, "status": status, "completed": completed, "total": total, **more}


class Source:
    """Answers with what it was given, one after the other."""

    def __init__(self, *steps: dict[str, Any] | None) -> None:
        self.steps, self.asked = list(steps), ""

    def pull(self, model: str) -> dict[str, Any]:
        self.asked = model
        return self.pulling()

    def pulling(self) -> dict[str, Any]:
        return {"pull": self.steps.pop(0)}


BEGUN, HALF, DONE = at("pulling", "pulling manifest"), at("pulling", "pulling abc", 5, 10), at("done", "success")


def test_it_is_followed_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    source = Source(BEGUN, BEGUN, HALF, HALF, DONE)

    assert pull(source, "m", look_seconds=0) == DONE
    assert source.asked == "m"
    assert capsys.readouterr().out.splitlines() == [
        "m: pulling manifest",
        "m: pulling abc 50 % of 10 bytes",
        "m: success",
    ]


def test_a_program_is_shown_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    pull(Source(BEGUN, DONE), "m", silent=True, look_seconds=0)

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("end", "said"), [(at("failed", "x", detail="no such model"), "no such model"), (at("cancelled", "x"), "cancelled")]
)
def test_what_fails_is_an_error_that_says_why(end: dict[str, Any], said: str) -> None:
    with pytest.raises(PeerRefused, match=said):
        pull(Source(BEGUN, end), "m", silent=True, look_seconds=0)


def test_one_that_was_forgotten_is_noticed() -> None:
    with pytest.raises(PeerError, match="no longer knows"):
        pull(Source(BEGUN, None), "m", silent=True, look_seconds=0)
