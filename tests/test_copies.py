"""What the tests of both programs need is written twice, as the programs share nothing; the copies stay equal."""

from __future__ import annotations

import pytest

from tests.places import ROOT


@pytest.mark.parametrize("name", ["disk.py", "stock.py"])
def test_the_failing_disk_is_the_same_for_both_programs(name: str) -> None:
    copies = [ROOT / project / "tests" / "faults" / name for project in ("cerebrum", "llm-trainer")]

    assert len({copy.read_text("utf-8") for copy in copies if copy.exists()}) == 1


def test_figures_are_told_the_same_way_everywhere() -> None:
    copies = [ROOT / folder / "promises.py" for folder in ("tests", "cerebrum/tests", "llm-trainer/tests")]

    assert len({copy.read_text("utf-8") for copy in copies if copy.exists()}) == 1


def test_both_programs_read_a_write_ahead_log_in_the_same_way() -> None:
    copies = [ROOT / place / "wal.py" for place in ("cerebrum/cerebrum", "llm-trainer/llm_trainer/middleware")]

    assert len({copy.read_text("utf-8") for copy in copies if copy.exists()}) == 1
