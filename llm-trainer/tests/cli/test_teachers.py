"""``--teacher``: one or several, their models and files; what makes no sense is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_trainer import settings
from llm_trainer.cli.teachers import teacher_settings
from llm_trainer.errors import SettingsError


@pytest.mark.parametrize("given", ["ollama:gemma3:1b,tutor", "openai,ollama,tutor", "tutor"])
def test_what_is_told_to_the_services_is_what_their_settings_take(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in teacher_settings(given).items():
        monkeypatch.setenv(name, value)

    assert settings.load().llm_backends == [each.partition(":")[0] for each in given.split(",")]


def test_by_the_environment_several_may_stand_with_commas_between_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINER_LLM_BACKEND", "ollama, tutor")

    assert settings.load().llm_backends == ["ollama", "tutor"]


def test_a_file_name_may_have_commas_and_colons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a,b.jsonl"
    (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)

    assert teacher_settings(f"recorded:{name},tutor") == {
        "TRAINER_LLM_BACKEND": '["recorded", "tutor"]',
        "TRAINER_RECORDED_PATH": str((tmp_path / name).resolve()),
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("tutor,tutor", "once"),
        ("ollama:a,ollama:b", "once"),
        ("auto,tutor", "alone"),
        ("nobody,tutor", "no such teacher"),
        ("tutor,nobody", "colon|no such teacher"),
        ("gguf:/no/such/file,tutor", "no file"),
        ("tutor:x,ollama", "nothing after the colon"),
    ],
)
def test_nonsense_is_refused(given: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        teacher_settings(given)


@pytest.mark.parametrize("given", ["chatgpt", "ollama,chatgpt", '["tutor", "chatgpt"]'])
def test_an_unknown_teacher_in_the_environment_is_refused_in_one_sentence(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINER_LLM_BACKEND", given)

    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert refused.value.detail.endswith("'chatgpt' is none of auto, ollama, openai, gguf, tutor, recorded")
    assert len(refused.value.detail) < 130
