"""What a session told of itself can be read later, each note beside the exchange after which it was made."""

from __future__ import annotations

from llm_trainer.middleware.standins import says
from tests.middleware.conftest import Scene


def speaks(speaker: str, text: str) -> object:
    return says(200, {"response": text, "model": "m", "speaker": speaker, "finish_reason": "stop"})


def test_notes_are_read_with_the_exchange_that_they_stand_by(at_work: Scene) -> None:
    at_work.llm.faults = [speaks("a", "I have a cat."), speaks("a", '{"json": true}'), speaks("b", "Do you like rain?")]  # type: ignore[list-item]
    session = at_work.start(max_exchanges=2)
    at_work.until_over()

    told = at_work.get("/api/training/notes", session=session)
    assert told["session_id"] == session
    found = [(note["code"], note["number"]) for note in told["notes"]]
    assert ("rejected", 1) in found
    assert ("speaker-changed", 1) in found
    assert all(note["id"].startswith(f"{session}:") for note in told["notes"])
    assert len(at_work.get("/api/training/notes", session=session, limit=1)["notes"]) == 1


def test_without_a_session_there_are_none(idle: Scene) -> None:
    assert idle.get("/api/training/notes", session="nowhere") == {"session_id": None, "notes": []}
