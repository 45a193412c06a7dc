from __future__ import annotations

import os
import sys
import time
import venv
from pathlib import Path

import pytest

from llm_trainer.cli import environment, installer
from llm_trainer.cli.environment import Project, ensure
from llm_trainer.cli.installer import EnvironmentUnavailable, clean, parse_pip_config


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose lock is empty: nothing here asks an index."""
    (tmp_path / "requirements.lock").write_text("")
    monkeypatch.setattr(environment, "private_uv", lambda *_: None)
    monkeypatch.setattr(environment, "make", lambda folder, *_: venv.create(folder, symlinks=os.name != "nt"))
    monkeypatch.setattr(environment, "install", lambda *_: None)
    return Project(tmp_path, "llm_trainer", "platform", "platform-command")


def make(project: Project) -> bool:
    return ensure(project, "requirements.lock", project.folder / ".tools", lambda _: None)


def test_a_second_start_has_nothing_to_do_and_takes_no_time(project: Project) -> None:
    assert make(project)
    began = time.monotonic()

    assert not make(project)

    assert time.monotonic() - began < 0.5


def test_an_environment_is_made_again_when_its_lock_or_its_python_is_not_the_same(project: Project) -> None:
    make(project)
    (project.folder / "requirements.lock").write_text("# another\n")
    assert make(project)

    project.python.unlink()
    assert make(project)
    assert project.python.exists()


def test_the_environment_offers_the_projects_command(project: Project) -> None:
    make(project)
    command = installer.scripts(project.venv) / ("platform-command.cmd" if os.name == "nt" else "platform-command")

    ran = installer.run([str(command)])

    assert ran.returncode == 0
    assert sys.platform[:3].lower() in ran.stdout.lower()


def test_a_copy_without_its_lock_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnavailable, match="whole copy"):
        make(Project(tmp_path, "x", "x", "x"))


def test_a_python_that_is_none_is_a_sentence(project: Project) -> None:
    with pytest.raises(EnvironmentUnavailable, match="no-such-python"):
        ensure(project, "requirements.lock", project.folder, lambda _: None, python="no-such-python")


def test_other_environments_do_not_reach_ours() -> None:
    dirty = {"VIRTUAL_ENV": "/x", "PYTHONPATH": "/x", "PYTHONHOME": "/x", "UV_PROJECT_ENVIRONMENT": "/x", "KEPT": "1"}

    assert clean(dirty).keys() & dirty.keys() == {"KEPT"}


def test_what_pip_was_told_last_holds() -> None:
    listing = (
        ":env:.index-url='http://c'\nglobal.index-url='http://a'\ninstall.index-url='http://b'\nglobal.cert='/pem'"
    )

    assert parse_pip_config(listing) == {"index-url": "http://c", "cert": "/pem"}


@pytest.mark.slow
def test_an_index_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "requirements.lock").write_text("nothing==1 --hash=sha256:" + "0" * 64)

    with pytest.raises(EnvironmentUnavailable, match="package index cannot be reached") as caught:
        make(Project(tmp_path, "x", "x", "x"))

    assert "\n" not in str(caught.value)
