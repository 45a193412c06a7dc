"""The tests' PostgreSQL ends with them, however they end."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgresql import Server
from tests.serving import wait_until

HOME = Path(__file__).resolve().parents[2]
TESTS = """
import time
from tests.postgresql import postgresql_server
with postgresql_server() as server:
    print(server.port, flush=True)
    time.sleep(600)
"""


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_server_ends_when_the_tests_are_killed(postgresql: Server) -> None:
    assert answers(postgresql.port)  # there is PostgreSQL here
    with subprocess.Popen([sys.executable, "-c", TESTS], cwd=HOME, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        port = int(tests.stdout.readline())
        assert answers(port)
        tests.kill()

    wait_until(lambda: not answers(port), 60)
