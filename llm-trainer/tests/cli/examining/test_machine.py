from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from llm_trainer.cli.examining import machine, secrets
from llm_trainer.cli.finding import Finding
from llm_trainer.settings import Settings

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has permissions of another kind")


def found(findings: list[Finding], subject: str) -> Finding:
    return next(each for each in findings if each.subject == subject)


def test_an_environment_made_from_another_lock_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = tmp_path / "made-from.json"
    stamp.write_text(json.dumps({"requirements.lock": "0" * 64}))
    monkeypatch.setattr(machine, "STAMP", stamp)
    packages = found(machine.machine(Settings(data_dir=tmp_path)), "packages")

    assert packages.verdict == "doubtful"
    assert "start_training.py" in packages.advice
    stamp.write_text("nonsense")
    assert found(machine.machine(Settings(data_dir=tmp_path)), "packages").verdict == "right"


def test_two_services_on_one_port_and_a_port_of_others_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = Settings(llm_server_port=20001, middleware_port=20001, data_dir=tmp_path)
    assert found(machine.machine(same), "ports").verdict == "wrong"
    if os.name == "posix":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        low = Settings(llm_server_port=80, middleware_port=20001, data_dir=tmp_path)
        assert found(machine.machine(low), "ports").verdict == "doubtful"


def test_a_full_disk_and_a_clock_before_our_time_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1_000})()
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(machine.time, "time", lambda: 0.0)
    findings = machine.machine(Settings(data_dir=tmp_path))

    assert [found(findings, name).verdict for name in ("disk", "clock")] == ["wrong", "wrong"]


@pytest.mark.parametrize("key", ["sk-" + "a1" * 12, "Bearer abcdefghijklmnopqrst", "hf_" + "x" * 24])
def test_a_key_in_the_settings_file_is_wrong_and_never_shown(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"openai_model": key}))
    monkeypatch.setattr(secrets, "HOME", tmp_path)
    config = found(secrets.secrets(Settings(data_dir=tmp_path)), "config.json")

    assert config.verdict == "wrong"
    assert key not in str(config)


def test_a_key_that_is_needed_is_looked_for_by_its_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(llm_backend="openai", openai_key_variable="THE_KEY", data_dir=tmp_path)
    monkeypatch.delenv("THE_KEY", raising=False)
    assert found(secrets.secrets(settings), "key").verdict == "doubtful"
    monkeypatch.setenv("THE_KEY", "canary")
    assert found(secrets.secrets(settings), "key").verdict == "right"
    assert "canary" not in str(secrets.secrets(settings))


@posix
def test_who_else_may_read_or_write_what_was_said_is_told(tmp_path: Path) -> None:
    data = tmp_path / "logs"
    data.mkdir(mode=0o755)
    (data / "record.sqlite3").write_bytes(b"x")
    (data / "record.sqlite3").chmod(0o644)
    settings = Settings(data_dir=data)

    assert found(secrets.secrets(settings), "privacy").verdict == "doubtful"
    data.chmod(0o700)
    assert found(secrets.secrets(settings), "privacy").verdict == "right"
    data.chmod(0o777)
    assert found(secrets.secrets(settings), "privacy").verdict == "wrong"
