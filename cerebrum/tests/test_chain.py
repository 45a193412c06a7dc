from __future__ import annotations

from dataclasses import replace

import pytest

from cerebrum.chain import Content, Record, Verifier, chained
from cerebrum.errors import StoreCorrupt

GENESIS = bytes(32)


def chain(*texts: str) -> list[Record]:
    records: list[Record] = []
    for seq, text in enumerate(texts, 1):
        content, salt = Content("c", text), bytes([seq]) * 16
        bare = Record(seq, "exchange", "now", None, None, content.digest(salt), b"", salt, content)
        records.append(chained(records[-1].head if records else GENESIS, bare))
    return records


def test_an_untouched_chain_holds() -> None:
    records = chain("one", "two", "three")

    verifier = Verifier(GENESIS).check_all(records)

    verifier.finish(3, records[-1].head)


@pytest.mark.parametrize("seq", [1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [
        {"content": Content("c", "other")},
        {"content": Content("other", "one")},
        {"at": "later"},
        {"key": "k"},
        {"kind": "overheard"},
        {"salt": bytes(16)},
        {"digest": bytes(32)},
        {"head": bytes(32)},
    ],
)
def test_a_changed_record_is_named(seq: int, change: dict[str, object]) -> None:
    records = chain("one", "two", "three")
    records[seq - 1] = replace(records[seq - 1], **change)

    with pytest.raises(StoreCorrupt, match=f"record {seq} "):
        Verifier(GENESIS).check_all(records)


def test_a_lost_record_is_named() -> None:
    first, _, third = chain("one", "two", "three")

    with pytest.raises(StoreCorrupt, match="record 2 is missing"):
        Verifier(GENESIS).check_all([first, third])


def test_a_lost_end_is_found() -> None:
    records = chain("one", "two", "three")
    verifier = Verifier(GENESIS).check_all(records[:2])

    with pytest.raises(StoreCorrupt, match="record 3 is missing"):
        verifier.finish(3, records[-1].head)


def test_an_emptied_record_holds_only_with_its_deletion() -> None:
    records = chain("one", "two")
    records[0] = replace(records[0], content=None, salt=None)
    deletion = chained(records[-1].head, Record(3, "forgotten", "now", None, 1, bytes(32), b"", None, None))

    Verifier(GENESIS).check_all([*records, deletion]).finish(3, deletion.head)

    with pytest.raises(StoreCorrupt, match="record 1 has lost its text"):
        Verifier(GENESIS).check_all(records).finish(2, records[-1].head)


def test_what_is_left_of_a_deleted_text_does_not_tell_it() -> None:
    content = Content("c", "yes")

    assert content.digest(b"a" * 16) != content.digest(b"b" * 16)
