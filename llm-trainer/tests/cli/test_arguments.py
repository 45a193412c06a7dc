from __future__ import annotations

from pathlib import Path

import pytest

from llm_trainer.cli.arguments import read
from llm_trainer.cli.teachers import teacher_settings


def test_what_is_not_asked_for_is_left_to_the_settings() -> None:
    assert read([]).plan == {"max_exchanges": 100}
    assert read([]).environment == {}


def test_flags_become_the_plan_of_the_session() -> None:
    wish = read(["--exchanges", "500", "--delay", "0", "--topics", "sea, sky ,", "--seed", "7", "--strategy", "talk"])

    assert wish.plan == {
        "max_exchanges": 500,
        "delay": 0.0,
        "topics": ["sea", "sky"],
        "seed": 7,
        "strategy": "talk",
    }


def test_a_recorded_teacher_is_told_the_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "talk.jsonl").write_text("")
    monkeypatch.chdir(tmp_path)

    told = teacher_settings("recorded:talk.jsonl")

    assert told == {
        "TRAINER_LLM_BACKEND": "recorded",
        "TRAINER_RECORDED_PATH": str((tmp_path / "talk.jsonl").resolve()),
    }


def test_a_model_may_hold_colons_of_its_own() -> None:
    assert teacher_settings("ollama:gemma3:1b")["TRAINER_OLLAMA_MODEL"] == "gemma3:1b"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--exchanges", "0"], "1 to 1000000"),
        (["--exchanges", "many"], "1 to 1000000"),
        (["--delay", "-1"], "0 to 3600"),
        (["--delay", "nan"], "0 to 3600"),
        (["--topics", " , "], "topic"),
        (["--teacher", "nobody"], "tutor"),
        (["--teacher", "tutor:x"], "colon"),
        (["--teacher", "recorded:/no/such/file"], "no file"),
        (["--teach"], "unrecognized"),
    ],
)
def test_nonsense_is_refused_with_exit_code_2_and_the_reason(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(arguments)

    assert ended.value.code == 2
    assert word in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "value", "meant"),
    [
        ("--exchanges", "x", "a whole number from 1 to 1000000"),
        ("--exchanges", "0", "a whole number from 1 to 1000000"),
        ("--delay", "-1", "a number of seconds from 0 to 3600"),
        ("--delay", "nan", "a number of seconds from 0 to 3600"),
        ("--seed", "1.5", "a whole number from 0 to 2147483647"),
        ("--strategy", "shouting", "choose from"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_value_and_what_is_meant(
    flag: str, value: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read([flag, value])

    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"argument {flag}: " in told
    assert f"'{value}'" in told
    assert meant in told
