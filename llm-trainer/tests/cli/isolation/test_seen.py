"""A real process, looked at from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_trainer.cli.isolation.seen import look

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows its processes in /proc")

CHILD = """
import socket, sys
door = socket.create_server(("127.0.0.1", 0))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 0))
named = socket.socket(socket.AF_UNIX); named.bind(sys.argv[1] + "/door")
held = open(sys.argv[1] + "/held", "w")
out = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
print(door.getsockname()[1], udp.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other() -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as door:
        yield int(door.getsockname()[1])


def test_files_sockets_and_doors_of_a_process_are_seen(tmp_path: Path, other: int) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), str(other)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert child.stdout is not None
    port, udp = map(int, child.stdout.readline().split())
    seen = look(port)
    child.communicate()

    assert seen is not None
    assert (seen.pid, seen.parent, seen.user) == (child.pid, os.getpid(), os.getuid())
    assert seen.program == os.path.normpath(sys.executable)
    assert seen.folder == str(tmp_path)
    assert str(tmp_path / "held") in seen.files
    assert str(tmp_path / "door") in seen.named_sockets
    assert seen.listening == {("127.0.0.1", port)}
    assert seen.connected == {("127.0.0.1", other)}
    assert seen.udp == {("127.0.0.1", udp)}
    assert any(file.endswith(".so") or ".so." in file for file in seen.mapped)
    assert seen.tracer == 0
    assert look(port) is None


def test_a_port_that_nobody_has_is_nobodys() -> None:
    assert look(9) is None
