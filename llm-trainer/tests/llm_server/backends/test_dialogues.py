"""What a recording must look like, and what is said about one that does not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from llm_trainer.errors import SettingsError
from llm_trainer.llm_server.backends.dialogues import Dialogue, read

SHARED = Path(__file__).parents[4].parent / "shared" / "data"


def line(name: str, *turns: tuple[str, str]) -> str:
    return json.dumps({"id": name, "turns": [{"speaker": who, "text": text} for who, text in turns]})


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "d.jsonl"
    path.write_text(
        line("one", ("A", "Hi."), ("B", "Hello  \n you."), ("A", "Bye."))
        + "\n\n"
        + line("two", ("B", " "), ("C", "Yes."))
        + "\n"
        + line("silent", ("A", ""))
        + "\n",
        "utf-8",
    )
    return path


def test_both_speakers_turns_are_read_in_order(recording: Path) -> None:
    assert read(recording) == [Dialogue("one", ("Hi.", "Hello you.", "Bye.")), Dialogue("two", ("Yes.",))]


def test_or_only_the_firsts(recording: Path) -> None:
    assert read(recording, "first") == [Dialogue("one", ("Hi.", "Bye."))]


def test_a_compressed_recording_reads_the_same(recording: Path, tmp_path: Path) -> None:
    compressed = tmp_path / "d.jsonl.gz"
    compressed.write_bytes(gzip.compress(recording.read_bytes()))

    assert read(compressed) == read(recording)


@pytest.mark.parametrize(
    "bad", ["{", "[]", "5", "{}", '{"turns": 5}', '{"turns": [5]}', '{"turns": [{"text": "x"}]}', '{"turns": null}']
)
def test_a_line_that_is_no_dialogue_is_named_by_its_number(bad: str, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(line("one", ("A", "Hi.")) + "\n" + bad + "\n")

    with pytest.raises(SettingsError, match="line 2") as refusal:
        read(path)
    assert '"turns"' in refusal.value.remedy


def test_two_dialogues_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text((line("one", ("A", "Hi.")) + "\n") * 2)

    with pytest.raises(SettingsError, match="one"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.jsonl", None),
        ("empty.jsonl", b""),
        ("cut.jsonl.gz", gzip.compress(b"x" * 999)[:-9]),
        ("not.jsonl.gz", b"plain"),
        ("latin.jsonl", b"\xff"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(name: str, content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(SettingsError, match=name):
        read(tmp_path / name)


@pytest.mark.skipif(not SHARED.exists(), reason="needs the recorded conversations beside the project (../shared/data)")
@pytest.mark.parametrize(("name", "dialogues", "turns"), [("persona_chat", 965, 26520), ("topical_chat", 600, 13082)])
def test_the_recorded_conversations_are_read_whole(name: str, dialogues: int, turns: int) -> None:
    found = read(SHARED / f"{name}.jsonl.gz")

    assert (len(found), sum(len(each.turns) for each in found)) == (dialogues, turns)
