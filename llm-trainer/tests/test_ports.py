"""A port is had at once or not at all, and the refusal names port, setting and remedy."""

import socket
import time

import pytest

from llm_trainer.errors import SettingsError
from llm_trainer.ports import bind, check_port_free


@pytest.fixture
def taken() -> int:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_refused_naming_port_setting_and_remedy(taken: int) -> None:
    with pytest.raises(SettingsError) as refusal:
        check_port_free(taken, "middleware_port")

    assert str(taken) in refusal.value.detail
    assert "middleware_port" in refusal.value.detail
    assert "middleware_port" in refusal.value.remedy


def test_the_refusal_costs_next_to_nothing(taken: int) -> None:
    began = time.process_time()
    with pytest.raises(SettingsError):
        check_port_free(taken, "x")

    assert time.process_time() - began < 0.05


def test_a_bound_socket_keeps_others_away() -> None:
    with bind(0, "x") as mine:
        mine.listen()
        with pytest.raises(SettingsError):
            check_port_free(mine.getsockname()[1], "x")


def test_a_port_just_given_back_is_free(taken: int) -> None:
    with bind(0, "x") as mine:
        port = mine.getsockname()[1]

    check_port_free(port, "x")
