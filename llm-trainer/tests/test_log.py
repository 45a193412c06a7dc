"""Records leave as one JSON object a line, whatever text is in them."""

import json
import logging
from collections.abc import Iterator

import pytest

from llm_trainer import log


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
