"""Whether a learner knows what it was taught, told by how many entries it says to have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from llm_trainer.middleware import check, statements
from llm_trainer.middleware.learner import Standing
from tests.middleware.test_store import URL, begun, with_record

ROW = {
    "session_id": "s", "status": "taught", "topic": None, "conversation": 1, "level": 0, "text": "", "sha256": "",
    "attempts": 1, "drafted_at": 1.0, "teacher": {},
}  # fmt: skip


def learner_at(seq: int) -> Any:
    """A learner that takes no keys and says how many entries it has."""

    async def standing() -> Standing:
        return Standing(seq=seq)

    return SimpleNamespace(url=URL, standing=standing)


@pytest.mark.parametrize(
    ("told", "entries", "lost"),
    [
        ((1, 2, 3), 3, 0),
        ((1, 2, 3), 2, 1),
        ((1, 2, None), 3, 0),
        ((1, 2, None), 2, 1),
        ((4, None, None), 6, 0),
        ((4, None, None), 4, 2),
        ((None, None, None), 3, 0),
        ((None, None, None), 1, 2),
    ],
)
def test_what_a_learner_forgot_is_found_even_if_its_answers_told_no_count(record_url, told, entries, lost):
    async def play(record):
        await begun(record, "s")
        for number, seq in enumerate(told, 1):
            row = {**ROW, "number": number, "key": f"s:{number}"}
            record.write(statements.DRAFT, row, "s")
            if seq is not None:
                record.write(statements.RETOLD, {"the_key": row["key"], "new_learner_seq": seq}, "s")
        await record.commit("s")
        return await check.examine(record, learner_at(entries), begun=True)

    found = with_record(record_url, play)

    assert found.lost == lost
    assert found.lost_key == (f"s:{len(told) - lost + 1}" if lost else None)
