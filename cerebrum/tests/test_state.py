"""A state on disk and its fingerprint."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cerebrum.state import digest, read, write

STATE = {"words": ["a", "\ud800", "日"], "inner": {"numbers": np.arange(6, dtype=np.float32).reshape(2, 3), "n": 3}}


def test_what_was_written_is_read_bit_for_bit(tmp_path: Path) -> None:
    write(STATE, tmp_path / "state")

    again = read(tmp_path / "state")

    assert again["words"] == STATE["words"]
    assert (again["inner"]["numbers"] == STATE["inner"]["numbers"]).all()  # type: ignore[index]
    assert digest(again) == digest(STATE)


def test_the_fingerprint_sees_every_bit() -> None:
    changed = {**STATE, "inner": {"numbers": np.nextafter(STATE["inner"]["numbers"], np.float32(9)), "n": 3}}  # type: ignore[index]

    assert digest(changed) != digest(STATE)
    assert digest({**STATE, "words": ["a"]}) != digest(STATE)
