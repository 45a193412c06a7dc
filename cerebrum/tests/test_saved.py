from __future__ import annotations

from pathlib import Path

import pytest

from cerebrum.dialogue import Observation
from cerebrum.saved import SavedMinds, maker_of
from tests.stand_in import Parrot


def mind(*texts: str) -> Parrot:
    made = Parrot()
    for seq, text in enumerate(texts, 1):
        made.learn(Observation(seq, "", text))
    return made


def save(saved: SavedMinds, seq: int) -> None:
    saved.save(mind("hello"), seq, bytes(32), 1)  # type: ignore[arg-type]


def seqs(saved: SavedMinds) -> list[int]:
    return [about.seq for about, _ in saved.find()]


@pytest.fixture
def saved(tmp_path: Path) -> SavedMinds:
    return SavedMinds(tmp_path / "saved", "maker")


def test_the_newest_two_are_kept_and_found_newest_first(saved: SavedMinds) -> None:
    for seq in (1, 20, 3):
        save(saved, seq)

    assert seqs(saved) == [20, 3]
    about, path = next(saved.find())
    assert Parrot.load(path).state_hash() == about.state_hash == mind("hello").state_hash()


def test_a_damaged_one_is_passed_over_for_the_older(saved: SavedMinds) -> None:
    save(saved, 1)
    save(saved, 2)
    for name in ("mind", "about.json"):
        path = saved.folder / "000000000002" / name
        whole = path.read_bytes()
        for change in (whole[:-1], whole + b" x", b"", bytes([whole[0] ^ 1]) + whole[1:]):
            path.write_bytes(change)
            assert seqs(saved) == [1], (name, change)
        path.write_bytes(whole)
    assert seqs(saved) == [2, 1]


def test_one_of_another_maker_is_passed_over(saved: SavedMinds) -> None:
    save(saved, 1)

    assert seqs(SavedMinds(saved.folder, "another")) == []


def test_parameters_tell_makers_apart() -> None:
    assert maker_of(seed=1) == maker_of(seed=1) != maker_of(seed=2)


def test_a_draft_that_a_crash_left_is_no_saved_mind(saved: SavedMinds) -> None:
    (saved.folder / "draft-1").mkdir(parents=True)

    assert seqs(saved) == []


def test_what_may_hold_an_observation_is_dropped(saved: SavedMinds) -> None:
    save(saved, 5)
    save(saved, 9)

    saved.drop_from(6)

    assert seqs(saved) == [5]


def test_deleting_the_folder_is_no_error(tmp_path: Path) -> None:
    assert seqs(SavedMinds(tmp_path / "nothing", "maker")) == []
