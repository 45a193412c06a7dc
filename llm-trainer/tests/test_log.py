"""Records leave as one JSON object a line, whatever text is in them."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_trainer import log

HOME = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_one_json_line_with_level_logger_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    logging.getLogger("a.place").info("exchange number=%d", 7)

    (record,) = written(capsys)
    assert record["event"] == "exchange number=7"
    assert (record["level"], record["logger"]) == ("info", "a.place")
    assert "timestamp" in record


@pytest.mark.parametrize("payload", ["a\nb", "a\r\n{}", "\x1b[31mred", "\u202eabc", "\u2028", "\x00"])
def test_no_text_can_forge_a_second_line_or_paint_the_terminal(
    payload: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure()
    logging.getLogger("x").warning("heard %s", payload)

    raw = capsys.readouterr().err
    assert raw.count("\n") == 1
    assert raw.isascii()
    assert "\x1b" not in raw
    assert payload in json.loads(raw)["event"]


def test_records_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("WARNING")
    logging.getLogger("x").info("quiet")

    assert written(capsys) == []


def test_what_the_http_clients_chat_about_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("DEBUG")
    logging.getLogger("httpx2").info("HTTP Request: POST http://secret")

    assert written(capsys) == []


def test_a_log_file_stays_below_its_limit_and_the_older_part_is_kept(tmp_path: Path) -> None:
    program = (
        "import logging, sys\n"
        "from llm_trainer import log\n"
        "log.LIMIT_BYTES = 20_000\n"
        "log.configure()\n"
        "for number in range(1_000):\n"
        "    logging.getLogger('x').info('line %d', number)\n"
    )
    path = tmp_path / "service.log"
    for mode in ("ab", "wb"):
        with path.open(mode) as sink:
            subprocess.run([sys.executable, "-c", program], stderr=sink, check=True, cwd=HOME)
        lines = path.read_text("utf-8").splitlines()
        assert path.stat().st_size < 20_000 + 200 * log.LINES_BETWEEN_LOOKS
        assert [json.loads(line)["event"] for line in lines][-1] == "line 999"
        if sys.platform in ("linux", "darwin"):
            older = (tmp_path / "service.log.1").read_text("utf-8").splitlines()
            before = int(json.loads(older[-1])["event"].split()[1])
            assert int(json.loads(lines[0])["event"].split()[1]) == before + 1
