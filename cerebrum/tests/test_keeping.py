"""verify names what is damaged; repair keeps what is provably good, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from cerebrum.__main__ import main
from cerebrum.chain import Content
from cerebrum.store import Entry, Store
from tests.serving import free_port

COUNT = 60


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    store = Store(tmp_path / "mind.sqlite3")
    for number in range(1, COUNT + 1):
        text = f"utterance {number} of many " * 9
        store.append([Entry("exchange", "now", Content("c", text, "answer"), f"s:{number:08d}")])
    store.forget(7, "now")
    store.close()
    return ["--data-dir", str(tmp_path), "--port", str(free_port())]


def path_in(place: list[str]) -> Path:
    return Path(place[1]) / "mind.sqlite3"


def texts(place: list[str]) -> dict[int, str | None]:
    store = Store(path_in(place))
    try:
        store.verify()
        return {each.seq: each.content.heard if each.content else None for each in store.records()}
    finally:
        store.close()


def change(place: list[str], old: bytes, new: bytes) -> None:
    path = path_in(place)
    whole = path.read_bytes()
    assert old in whole
    path.write_bytes(whole.replace(old, new))


def test_a_sound_record_is_called_so_and_not_touched(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = path_in(place).read_bytes()

    assert main(["verify", *place]) == 0
    assert main(["repair", *place]) == 0

    printed = capsys.readouterr().out
    assert f"{COUNT + 1} records, 1 of them deletions; the chain holds" in printed
    assert "nothing to repair" in printed
    assert path_in(place).read_bytes() == before


def test_a_changed_text_is_given_up_alone(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = texts(place)
    store = Store(path_in(place))
    epoch = store.epoch
    store.close()
    change(place, b"utterance 20 of", b"utterance 2X of")

    assert main(["verify", *place]) == 65
    told = capsys.readouterr()
    assert "record 20 has another text" in told.out
    assert "cerebrum repair" in told.err

    assert main(["repair", *place]) == 0
    assert texts(place) == before | {20: None, COUNT + 2: None}
    store = Store(path_in(place))
    assert (store.exchanges, store.forgotten, store.epoch != epoch) == (COUNT - 2, 2, True)
    store.close()
    [kept] = path_in(place).parent.glob("mind-damaged-*.sqlite3")
    assert b"utterance 2X of" in kept.read_bytes()
    assert main(["verify", *place]) == 0


def test_pages_that_cannot_be_read_end_what_is_kept(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = texts(place)
    whole = bytearray(path_in(place).read_bytes())
    at = whole.index(b"utterance 41 of many") // 4096 * 4096
    whole[at : at + 4096] = b"\xa5" * 4096
    path_in(place).write_bytes(whole)

    assert main(["verify", *place]) == 65
    assert "cannot be read" in capsys.readouterr().out
    assert main(["repair", *place]) == 0

    after = texts(place)
    assert 7 < len(after) <= 41
    kept = len(after) - 1  # the last one says that 7 was deleted, as its own record of that is gone
    assert {seq: after[seq] for seq in range(1, kept + 1)} == {seq: before[seq] for seq in range(1, kept + 1)}


def test_an_index_that_was_damaged_costs_nothing(place: list[str]) -> None:
    before = texts(place)
    whole = bytearray(path_in(place).read_bytes())
    keys = [at for at in range(0, len(whole), 4096) if whole[at] in (2, 10) and whole.count(b"s:000000", at, at + 4096)]
    assert keys
    for at in keys:
        whole[at + 5 : at + 7] = b"\xff\xff"
    path_in(place).write_bytes(whole)

    assert main(["verify", *place]) == 65
    assert main(["repair", *place]) == 0
    assert texts(place) == before


def test_nothing_is_invented_where_nothing_can_be_proved(
    place: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path_in(place).write_bytes(b"no database at all " * 500)

    assert main(["repair", *place]) == 65
    assert "cerebrum restore" in capsys.readouterr().err
    assert path_in(place).read_bytes().startswith(b"no database")
    assert [path.name for path in tmp_path.iterdir()] == ["mind.sqlite3"]


def test_a_record_in_use_and_one_that_is_not_there_are_left_alone(
    place: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(path_in(place))
    try:
        assert main(["verify", *place]) == 75
        assert main(["repair", *place]) == 75
    finally:
        store.close()
    elsewhere = ["--data-dir", str(tmp_path / "elsewhere")]
    assert main(["verify", *elsewhere]) == 2
    assert "there is no record" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()
