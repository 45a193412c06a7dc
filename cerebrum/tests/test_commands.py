"""The commands, run as a user runs them, in this process where that is enough."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cerebrum.__main__ import COMMANDS, main
from cerebrum.store import Store
from tests.serving import Service, free_port, run

HOME = Path(__file__).resolve().parent.parent
TALK = "Hello there!\nDo you like tea?\nI like tea with milk.\n\nnever said\n"


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    return ["--data-dir", str(tmp_path / "memory"), "--port", str(free_port())]


def talk(place: list[str], text: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return main(["chat", *place, *more])


def stats(place: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert main(["stats", "--json", *place]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_talking_in_the_terminal_is_learned(
    place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert talk(place, TALK, monkeypatch) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert stats(place, capsys)["exchanges"] == 3

    assert talk(place, "hello\n", monkeypatch, "--frozen") == 0
    assert stats(place, capsys)["exchanges"] == 3


def test_stats_can_be_read_by_people(
    place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(place, TALK, monkeypatch)
    capsys.readouterr()

    assert main(["stats", *place]) == 0

    lines = capsys.readouterr().out.splitlines()
    printed = dict(line.split(maxsplit=1) for line in lines)
    assert (printed["status"], printed["exchanges"]) == ("ok", "3")
    assert len(printed) == len(lines)  # nothing is said twice


def test_characters_that_a_terminal_has_not_are_replaced(place: list[str]) -> None:
    said = b"We saw snow \xe2\x98\x83 and \xff.\nsnow\n"  # a snowman, and what is no UTF-8
    command = [sys.executable, "-m", "cerebrum", "chat", *place]

    ran = subprocess.run(
        command, cwd=HOME, env=os.environ | {"PYTHONUTF8": "1"}, input=said, capture_output=True, check=False
    )
    narrow = subprocess.run(
        command,
        cwd=HOME,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        input=b"snow\n",
        capture_output=True,
        check=False,
    )

    assert (ran.returncode, narrow.returncode) == (0, 0), ran.stderr + narrow.stderr
    assert len(ran.stdout.splitlines()) == 2
    assert narrow.stdout.isascii()


@pytest.mark.parametrize("command", ["stats", "replay", "verify", "repair"])
def test_what_only_looks_makes_no_record(command: str, place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, *place]) == 2

    assert "there is no record at" in capsys.readouterr().err
    assert not Path(place[1]).exists()


@pytest.mark.parametrize("command", ["chat", "stats", "restore"])
def test_a_data_directory_that_is_a_file_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("kept")

    assert main([command, *([str(file)] if command == "restore" else []), "--data-dir", str(file)]) == 2

    assert capsys.readouterr().err == f"cerebrum: {file} is a file; name a folder with --data-dir\n"
    assert file.read_text() == "kept"


def test_a_program_that_has_read_from_its_input_can_run_a_command(place: list[str]) -> None:
    program = f"import sys; input(); from cerebrum.__main__ import main; sys.exit(main(['chat', *{place!r}]))"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input="read before\nHello there!\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr


def test_a_python_without_the_packages_is_told_the_remedy() -> None:
    command = [sys.executable, "-S", "-m", "cerebrum", "stats"]  # -S: without site-packages

    ran = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert re.fullmatch(r"cerebrum: this Python lacks \w+; .*requirements\.txt.*\n", ran.stderr)


def test_what_is_no_copy_is_refused_by_its_own_name(
    place: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# no copy\n" * 100)

    assert main(["restore", *place, str(page)]) == 65

    told = capsys.readouterr().err
    assert f"{page} is damaged: file is not a database; name a whole copy" in told
    assert "restoring-" not in told


def test_a_replay_tells_rate_chain_and_equality(
    place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(place, TALK, monkeypatch)
    capsys.readouterr()

    assert main(["replay", *place]) == 0

    printed = capsys.readouterr().out
    assert "saved mind at 3: equal" in printed
    assert "3 records in" in printed
    assert "the chain holds" in printed


def test_a_replay_tells_a_saved_mind_that_is_another(
    place: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(place, TALK, monkeypatch)
    [about] = (Path(place[1]) / "saved").glob("*/about.json")
    document = json.loads(about.read_text())
    about.write_text(json.dumps(document | {"state_hash": "0" * 64}))

    assert main(["replay", *place]) == 1
    assert "saved mind at 3: DIFFERENT" in capsys.readouterr().out


def test_a_restored_copy_is_the_record_again_in_a_new_epoch(
    place: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(place, TALK, monkeypatch)
    store = Store(Path(place[1]) / "mind.sqlite3")
    store.copy_to(tmp_path / "copy.sqlite3")
    before = (store.seq, store.head, store.epoch)
    store.close()
    talk(place, "something more\n", monkeypatch)

    assert main(["restore", *place, str(tmp_path / "copy.sqlite3")]) == 0

    assert "restored 3 records" in capsys.readouterr().out
    restored = Store(Path(place[1]) / "mind.sqlite3")
    assert (restored.seq, restored.head) == before[:2]
    assert restored.epoch != before[2]
    restored.close()
    [kept] = Path(place[1]).glob("mind-before-*.sqlite3")
    whole = Store(kept)
    assert whole.seq == 4
    whole.close()
    assert stats(place, capsys)["exchanges"] == 3


def test_a_damaged_copy_is_refused_and_the_record_stays(
    place: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(place, TALK, monkeypatch)
    store = Store(Path(place[1]) / "mind.sqlite3")
    store.copy_to(tmp_path / "copy.sqlite3")
    store.close()
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(copy.read_bytes().replace(b"with milk", b"with salt"))

    assert main(["restore", *place, str(copy)]) == 65

    assert "record 3 " in capsys.readouterr().err
    assert stats(place, capsys)["exchanges"] == 3
    assert main(["restore", *place, str(tmp_path / "nowhere")]) == 2


@pytest.mark.parametrize("arguments", [["serve", "--port", "x"], ["serve", "--prot", "1"], ["sing"], [], ["restore"]])
def test_what_cannot_be_understood_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(arguments))  # argparse ends by itself

    assert ended.value.code == 2


@pytest.mark.parametrize("command", list(COMMANDS))
def test_help_names_every_setting(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(flag in printed for flag in ("--port", "--data-dir", "--seed", "--active-limit", "--log-level"))


@pytest.mark.slow
def test_chat_and_stats_go_to_the_running_service(tmp_path: Path) -> None:
    with Service(tmp_path / "memory") as service:
        place = ("--data-dir", tmp_path / "memory", "--port", service.port)
        said = run("chat", *place, feed="Hello there!\n")
        found = run("stats", "--json", *place)

    assert said.returncode == 0, said.stderr
    assert str(service.port) in said.stderr
    assert json.loads(found.stdout)["exchanges"] == 1
