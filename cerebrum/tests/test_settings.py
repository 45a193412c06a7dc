from __future__ import annotations

from pathlib import Path

import pytest

from cerebrum.errors import SettingsError
from cerebrum.settings import load, misspelt


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "DATA_DIR", "SEED", "ACTIVE_LIMIT", "LOG_LEVEL"):
        monkeypatch.delenv(f"CEREBRUM_{name}", raising=False)


def test_the_promised_port_is_the_default() -> None:
    assert load().port == 8000


def test_flags_beat_the_environment_and_it_beats_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CEREBRUM_PORT", "9000")
    monkeypatch.setenv("CEREBRUM_DATA_DIR", str(tmp_path))

    assert (load().port, load().data_dir) == (9000, tmp_path)
    assert load(port="9001", seed=None).port == 9001


@pytest.mark.parametrize(
    ("name", "value"), [("port", "0"), ("port", "70000"), ("port", "x"), ("seed", "-1"), ("log_level", "LOUD")]
)
def test_what_cannot_be_used_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{name: value})

    assert name in caught.value.detail
    assert repr(value) in caught.value.detail
    assert "docs/settings.md" in caught.value.remedy


def test_an_unknown_setting_is_refused_naming_the_nearest() -> None:
    with pytest.raises(SettingsError) as caught:
        load(prot=1)

    assert caught.value.remedy == "did you mean port?"


def test_a_misspelt_variable_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEREBRUM_DATADIR", "x")

    assert misspelt() == ["CEREBRUM_DATADIR: did you mean CEREBRUM_DATA_DIR?"]
