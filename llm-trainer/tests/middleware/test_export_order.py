"""The exported file is whole at every instant: on disk before it has its name, its name there before anybody knows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from llm_trainer.middleware import export


@pytest.mark.skipif(os.name == "nt", reason="Windows does not open folders")
def test_the_file_is_on_disk_before_its_name_and_its_name_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    rename = Path.replace

    def sync(descriptor: int) -> None:
        done.append("folder" if os.path.samestat(os.fstat(descriptor), tmp_path.stat()) else "file")

    def replace(partial: Path, target: Any) -> Path:
        done.append("name")
        return rename(partial, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    partial = tmp_path / "session.json.partial"
    with partial.open("w", encoding="utf-8") as file:
        file.write("{}")
        export._to_disk(file)
    export._into_place(partial, tmp_path / "session.json")

    assert done == ["file", "name", "folder"]
