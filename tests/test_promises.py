from __future__ import annotations

import json
import os
from pathlib import Path

from launch.promises import FILE, FULL, TITLES, figures, table, telling
from tests.places import ROOT


def told(place: Path, *lines: tuple[str, dict[str, object]]) -> None:
    with place.open("a", encoding="utf-8") as file:
        for promise, said in lines:
            file.write(json.dumps({"promise": promise, "test": "tests/a/test_b.py::test_c", "figures": said}) + "\n")


def test_figures_are_shown_in_the_order_of_the_promises_and_a_promise_without_one_is_named() -> None:
    with telling(full=False) as place:
        told(place, ("P11", {"hangs": 0}), ("P4", {"seeds": 2000, "seconds": 1.5}))
        shown = table(figures(place), missing=True).splitlines()

    assert shown[0] == "P4   seeds 2,000, seconds 1.5  (b: c)"
    assert shown[1].startswith("P11  hangs 0")
    assert len(shown) == len(TITLES)
    assert any(line.startswith("P1   NO FIGURE") for line in shown)


def test_the_tests_learn_where_to_tell_and_how_much_to_do_and_afterwards_nothing_is_left() -> None:
    before = dict(os.environ)
    with telling(full=True) as place:
        assert (os.environ[FILE], os.environ[FULL]) == (str(place), "1")

    assert dict(os.environ) == before
    assert not place.parent.exists()


def test_all_tell_in_the_same_way() -> None:
    copies = [ROOT / name / "tests" / "promises.py" for name in ("", "cerebrum", "llm-trainer")]
    here = {copy.read_text("utf-8") for copy in copies if copy.exists()}

    assert len(here) == 1
